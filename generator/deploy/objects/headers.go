package objects

import (
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/Slicer/sitegen/generator/redirect/emulate"
)

// Headers holds the headers of a response by their canonical names.
type Headers map[string]string

// String returns the headers, one per line, sorted by name.
func (h Headers) String() string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(h)) {
		fmt.Fprintf(&b, "%s: %s\n", name, h[name])
	}
	return b.String()
}

// names lists the headers that S3 stores with an object and sends with it.
var names = []string{"Cache-Control", "Content-Disposition", "Content-Language", "Content-Type"}

// Rule sets a header of the files whose paths match a pattern.
type Rule struct {
	Pattern string // * matches any characters, also slashes: /assets/*, *.pdf
	Name    string // canonical name of the header
	Value   string
	match   *regexp.Regexp
}

// String returns the rule in the form that ParseRule parses.
func (r Rule) String() string { return r.Pattern + " " + r.Name + ": " + r.Value }

// ParseRule parses a rule, for example "*.pdf Content-Disposition: attachment".
func ParseRule(text string) (Rule, error) {
	pattern, header, ok := strings.Cut(strings.TrimSpace(text), " ")
	name, value, colon := strings.Cut(header, ":")
	name, value = strings.TrimSpace(name), strings.TrimSpace(value)
	if !ok || !colon || value == "" || !strings.HasPrefix(pattern, "/") && !strings.HasPrefix(pattern, "*") {
		return Rule{}, fmt.Errorf("write a pattern that begins with / or *, a space and a header: " +
			"*.pdf Content-Disposition: attachment")
	}
	i := slices.IndexFunc(names, func(n string) bool { return strings.EqualFold(n, name) })
	if i < 0 {
		return Rule{}, fmt.Errorf("the header must be one of %s", strings.Join(names, ", "))
	}
	if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r > '~' }) {
		return Rule{}, fmt.Errorf("the value of a header consists of printable ASCII characters")
	}
	return newRule(pattern, names[i], value), nil
}

func newRule(pattern, name, value string) Rule {
	re := strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, ".*")
	return Rule{pattern, name, value, regexp.MustCompile(`(?s)^` + re + `\z`)}
}

// Rules is a list of rules. Of all rules for a header that match a file, the last one counts. The default headers have
// no rules: see Headers.
type Rules []Rule

// Headers returns the headers of a file: those of the rules, and for others the defaults.
//
//	Content-Type    by the extension of the name
//	Cache-Control   a year for files in assets/, whose names contain a hash of their content; no-store for the error
//	                pages; five minutes for all others
//
// The defaults are those of the Nginx configuration. How long CloudFront itself keeps an object is up to the cache
// policy of the distribution: since objects never change, it may keep them for a year.
func (rules Rules) Headers(file string) Headers {
	h := Headers{"Content-Type": mediaType(file), "Cache-Control": emulate.CacheOf(file)}
	if file == "404.html" || file == "400.html" {
		h["Cache-Control"] = emulate.NoStore
	}
	for _, r := range rules {
		if r.match.MatchString("/" + file) {
			h[r.Name] = r.Value
		}
	}
	return h
}

// Unused returns the rules that match none of the given objects.
func (rules Rules) Unused(all []Object) (unused []Rule) {
	for _, r := range rules {
		if !slices.ContainsFunc(all, func(o Object) bool { return r.match.MatchString("/" + o.Path) }) {
			unused = append(unused, r)
		}
	}
	return unused
}

// textExtensions lists extensions of files that are text, besides those that package emulate knows.
var textExtensions = []string{"", ".asc", ".csv", ".log", ".md", ".md5", ".sha1", ".sha256", ".sha512", ".sig", ".txt",
	".yaml", ".yml"}

// mediaType returns the Content-Type of a file by its name. Unlike Nginx, it does not send unknown files as text.
func mediaType(file string) string {
	const text = "text/plain; charset=utf-8"
	if t := emulate.MediaType(file); t != text || slices.Contains(textExtensions, path.Ext(file)) {
		return t
	}
	return "application/octet-stream"
}
