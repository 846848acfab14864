package stats

import (
	_ "embed"
	"regexp"
	"slices"
	"strings"
)

// crawlerPatterns are regular expressions, one per line, that the user agents of crawlers match. To update them, see
// crawlers_update.go.
//
//go:embed crawlers.txt
var crawlerPatterns string

// crawler is a pattern of a crawler that none of the words in bots covers.
type crawler struct {
	pattern string
	expr    *regexp.Regexp // nil until it is needed
}

// crawlers returns the patterns.
func crawlers() (list []crawler) {
	for pattern := range strings.Lines(crawlerPatterns) {
		pattern = strings.TrimSuffix(pattern, "\n")
		lower := strings.ToLower(pattern)
		if pattern == "" || pattern[0] == '#' ||
			slices.ContainsFunc(bots, func(word string) bool { return strings.Contains(lower, word) }) {
			continue
		}
		list = append(list, crawler{pattern: pattern})
	}
	return list
}

// isCrawler reports whether a user agent, for which the prefilter has been called, matches one of the patterns of
// crawlers.
func (c *Classifier) isCrawler(agent string) bool {
	end := len(c.prefilter.needs)
	for i := c.prefilter.next(c.osEnd, end); i < end; i = c.prefilter.next(i+1, end) {
		p := &c.crawlers[i-c.osEnd]
		if compile(&p.expr, p.pattern, ""); p.expr.MatchString(agent) {
			return true
		}
	}
	return false
}

// oldBrowsers are the names, in lower case, of browsers whose user agents have the form of a crawler's: Mozilla/5.0
// (compatible; NAME.
var oldBrowsers = []string{"msie", "konqueror", "windows", "icab", "omniweb", "u;", "linux", "x11", "macintosh",
	"android"}

// namesItself reports whether a user agent, in lower case, tells whom to ask about it, as only robots do: it contains a
// URL or a mail address, or begins with Mozilla/5.0 (compatible; NAME.
func namesItself(lower string) bool {
	if strings.Contains(lower, "http://") || strings.Contains(lower, "https://") || strings.Contains(lower, "+www.") {
		return true
	}
	for rest := lower; ; {
		before, after, ok := strings.Cut(rest, "@")
		if !ok {
			break
		}
		if n := len(before); n > 0 && isWordByte(before[n-1]) && len(after) > 2 && isWordByte(after[0]) {
			domain := after
			if end := strings.IndexAny(after, " ;)(,]>"); end >= 0 {
				domain = after[:end]
			}
			if strings.Contains(strings.Trim(domain, "."), ".") {
				return true
			}
		}
		rest = after
	}
	name, ok := strings.CutPrefix(lower, "mozilla/5.0 (compatible; ")
	return ok && !slices.ContainsFunc(oldBrowsers, func(b string) bool { return strings.HasPrefix(name, b) })
}

func isWordByte(c byte) bool { return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' }
