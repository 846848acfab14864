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
	literal string         // the pattern as a text, if it has no special characters
	expr    *regexp.Regexp // nil until it is needed
}

// matches reports whether a user agent matches the pattern.
func (c *crawler) matches(agent string) bool {
	if c.literal != "" {
		return containsWord(agent, c.literal)
	}
	compile(&c.expr, c.pattern, "")
	return c.expr.MatchString(agent)
}

// alsoBrowsers are patterns that browsers and phones match, too: the name of a company that also has a browser (its
// crawler is a "spider"), a version of Android, and apps with a browser.
var alsoBrowsers = []string{"Sogou", `AP3A\.240617\.008`, "Viber", "Fluid", `Code\/1\.`}

// crawlers returns the patterns.
func crawlers() (list []crawler) {
	for pattern := range strings.Lines(crawlerPatterns) {
		pattern = strings.TrimSuffix(pattern, "\n")
		lower := strings.ToLower(pattern)
		if pattern == "" || pattern[0] == '#' || slices.Contains(alsoBrowsers, pattern) || hasBot(lower) ||
			slices.ContainsFunc(bots, func(word string) bool { return strings.Contains(lower, word) }) {
			continue
		}
		p := crawler{pattern: pattern}
		plain := strings.ReplaceAll(strings.ReplaceAll(pattern, `\/`, "/"), `\.`, ".")
		if regexp.QuoteMeta(plain) == strings.ReplaceAll(pattern, `\/`, "/") {
			p.literal = plain
		}
		list = append(list, p)
	}
	return list
}

// isCrawler reports whether a user agent matches one of the patterns of crawlers. The prefilter has been called for the
// agent, or for a longer text with the same words.
func (c *Classifier) isCrawler(agent string) bool {
	end := len(c.prefilter.needs)
	for i := c.prefilter.next(c.osEnd, end); i < end; i = c.prefilter.next(i+1, end) {
		if c.crawlers[i-c.osEnd].matches(agent) {
			return true
		}
	}
	return false
}

// containsWord reports whether the text contains a name at the beginning of a word: "Sonic/1", not "ViewSonic V500".
func containsWord(text, name string) bool {
	for {
		before, after, ok := strings.Cut(text, name)
		if !ok {
			return false
		}
		if n := len(before); n == 0 || !isWordByte(name[0]|0x20) || !isWordByte(before[n-1]|0x20) {
			return true
		}
		text = text[len(text)-len(after)-len(name)+1:]
	}
}

// hasBot reports whether a word in a user agent, in lower case, ends in bot or bots: Googlebot/2.1, robots. In the
// middle of a word it is something else: Caboto, htc_botdugls. So is the name of a make of phones, CUBOT.
func hasBot(lower string) bool {
	for rest := lower; ; {
		before, after, ok := strings.Cut(rest, "bot")
		if !ok {
			return false
		}
		end := strings.TrimPrefix(after, "s")
		if (end == "" || end[0] < 'a' || end[0] > 'z') && !strings.HasSuffix(before, "cu") {
			return true
		}
		rest = after
	}
}

// withoutDevice removes the first comment from the user agent of an Android device, because it contains the name of the
// device, which may be anything. For example, all of these are phones:
//
//	Mozilla/5.0 (Linux; Android 9; CUBOT X19) AppleWebKit/537.36 …
//	Mozilla/5.0 (Linux; Android 7.0; M bot 54) AppleWebKit/537.36 …
//	Mozilla/5.0 (Linux; Android 13; Spider 8) AppleWebKit/537.36 …
//
// A comment that has the address of a page, "compatible" or the name of Google may be that of a robot. Lower is the
// agent in lower case.
func withoutDevice(agent, lower string) (string, string) {
	const before = "mozilla/5.0 ("
	if !strings.HasPrefix(lower, before) || len(agent) != len(lower) {
		return agent, lower
	}
	end := strings.IndexByte(lower, ')')
	if end < 0 {
		return agent, lower
	}
	comment := lower[len(before):end]
	if !strings.Contains(comment, "android") || strings.Contains(comment, "compatible") ||
		strings.Contains(comment, "http") || strings.Contains(comment, "google") {
		return agent, lower
	}
	return agent[:len(before)] + agent[end:], lower[:len(before)] + lower[end:]
}

// platforms are texts, in lower case, one of which is in the user agent of every browser.
var platforms = []string{"windows", "macintosh", "mac os", "x11", "linux", "android", "iphone", "ipad", "ipod", "cros",
	"mobile", "tablet", "msie", "playstation", "nintendo", "xbox", "tizen", "tv", "web0s", "series", "symbian", "meego",
	"bb10", "blackberry", "playbook", "kaios", "haiku", "beos", "amiga", "bsd", "sunos", "os/2", "konqueror", "rv:",
	"u;", "opera", "brew", "j2me", "midp", "gecko"}

// isNoBrowser reports whether a user agent, in lower case, begins like that of a browser, but has not its form:
//
//	Mozilla/5.0 NAME, Mozilla/5.0 (NAME)    no platform, and no engine
//	… (KHTML, like Gecko; NAME) …           a name in the comment of the engine
func isNoBrowser(lower string) bool {
	rest, ok := strings.CutPrefix(lower, "mozilla/5.0 ")
	if !ok {
		return false
	}
	if _, after, ok := strings.Cut(rest, "khtml, like gecko; "); ok && after != "" && after[0] != ')' {
		return true
	}
	return !slices.ContainsFunc(platforms, func(p string) bool { return strings.Contains(rest, p) })
}

// oldBrowsers are the names, in lower case, of browsers whose user agents have the form of a crawler's: Mozilla/5.0
// (compatible; NAME.
var oldBrowsers = []string{"msie", "konqueror", "windows", "icab", "omniweb", "u;", "linux", "x11", "macintosh",
	"android", "ibrowse"}

// namesItself reports whether a user agent, in lower case, tells whom to ask about it, as only robots do: it contains a
// URL or a mail address, or begins with Mozilla/5.0 (compatible; NAME.
func namesItself(lower string) bool {
	// A toolbar of Internet Explorer names its maker.
	lower = strings.ReplaceAll(lower, "embedded web browser from: http://bsalsa.com", "")
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
			// The last part of a domain has letters only; android@143.0.0.0 is no address.
			domain = strings.Trim(domain, ".")
			if dot := strings.LastIndexByte(domain, '.'); dot > 0 && strings.Trim(domain[dot+1:],
				"abcdefghijklmnopqrstuvwxyz") == "" {
				return true
			}
		}
		rest = after
	}
	name, ok := strings.CutPrefix(lower, "mozilla/5.0 (compatible; ")
	return ok && !slices.ContainsFunc(oldBrowsers, func(b string) bool { return strings.HasPrefix(name, b) })
}

func isWordByte(c byte) bool { return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' }
