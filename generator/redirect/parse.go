package redirect

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/Slicer/sitegen/generator/fault"
)

// MaxTarget is the maximum length of a target in bytes. S3 allows 2 KB for the redirect of an object. CloudFront allows
// 1 KB for a value of its key-value store, and such a value holds the source as well.
const MaxTarget = 512

// MaxSource is the maximum length of an encoded source in bytes. A key of CloudFront's key-value store has at most 512.
const MaxSource = 400

// maxNames is the maximum number of placeholders in a source, among them the first asterisk. Nginx numbers the groups
// of a regular expression with one digit: $1 to $9.
const maxNames = 9

// maxStars is the maximum number of asterisks in a source. A request could take a server a long time to compare with
// more.
const maxStars = 2

// DefaultStatus is the status of a rule without one. Netlify has the same default.
const DefaultStatus = 301

// Parse parses rules.txt, which has one rule on each line: "source [name=value …] [target] [status]", in the syntax of
// Netlify and Cloudflare Pages. A # starts a comment. Parse returns the valid rules, and with Rule.LeftOut those that
// only Netlify can have. The error joins one error for each invalid line, with name:line:col.
func Parse(name, text string) ([]Rule, error) {
	var rules []Rule
	var errs []error
	line := 0
	for content := range strings.Lines(text) {
		line++
		p := lineParser{pos: fault.Place{File: name, Line: line, Col: 1}}
		fields := split(strings.TrimPrefix(content, "\uFEFF"))
		if len(fields) == 0 {
			continue
		}
		r := p.rule(fields)
		if err := p.err(); err != nil {
			errs = append(errs, err)
			continue
		}
		if r.LeftOut == "" {
			r.compile()
		}
		rules = append(rules, r)
	}
	return rules, errors.Join(errs...)
}

// field is a word of a line and the column where it starts.
type field struct {
	text string
	col  int
}

// split splits a line into words, without its comment.
func split(line string) []field {
	var fields []field
	for i := 0; i < len(line); {
		if strings.IndexByte(" \t\r\n", line[i]) >= 0 {
			i++
			continue
		}
		if line[i] == '#' {
			break
		}
		end := strings.IndexAny(line[i:], " \t\r\n")
		if end < 0 {
			end = len(line) - i
		}
		fields = append(fields, field{line[i : i+end], i + 1})
		i += end
	}
	return fields
}

// lineParser parses one line and collects its mistakes.
type lineParser struct {
	pos      fault.Place
	mistakes []mistake // at most one for each field
}

// mistake is what is wrong with the field that starts at a column.
type mistake struct {
	col  int
	text string
}

// fail records a mistake, unless the field already has one: what follows from the first mistake is no help.
func (p *lineParser) fail(f field, format string, args ...any) {
	if !slices.ContainsFunc(p.mistakes, func(m mistake) bool { return m.col == f.col }) {
		p.mistakes = append(p.mistakes, mistake{f.col, fmt.Sprintf(format, args...)})
	}
}

// err returns the mistakes of the line as one error, or nil if there are none. For "bad /x 999" it returns
//
//	rules.txt:1:1: a source must start with a slash (found "bad"); and in column 8: invalid status (found 999); use …
func (p *lineParser) err() error {
	if len(p.mistakes) == 0 {
		return nil
	}
	slices.SortFunc(p.mistakes, func(a, b mistake) int { return a.col - b.col })
	pos := p.pos
	pos.Col = p.mistakes[0].col
	text := p.mistakes[0].text
	for _, m := range p.mistakes[1:] {
		text += fmt.Sprintf("; and in column %d: %s", m.col, m.text)
	}
	return fmt.Errorf("%s: %s", pos, text)
}

func (p *lineParser) rule(fields []field) Rule {
	r := Rule{Status: DefaultStatus, Pos: p.pos}
	source, rest := fields[0], fields[1:]
	r.Pos.Col = source.col
	if r.LeftOut = leftOut(fields); r.LeftOut != "" {
		r.Source = source.text
		return r
	}
	var target *field
	conditions := 0
	for conditions < len(rest) && isCondition(rest[conditions].text) {
		conditions++
	}
	if len(rest) > conditions && !isStatus(rest[conditions].text) {
		target = &rest[conditions]
	}
	r.Source = p.source(source, target)
	for _, f := range rest[:conditions] {
		r.Conditions = append(r.Conditions, p.condition(f, r.Conditions))
	}
	named := len(p.mistakes) == 0 // the names of all placeholders are known
	rest = rest[conditions:]
	if target != nil {
		rest = rest[1:]
	}
	if len(rest) > 0 && isStatus(rest[0].text) {
		r.Status, r.Force = p.status(rest[0])
		rest = rest[1:]
	}
	if len(rest) > 0 {
		texts := make([]string, len(rest))
		for i, f := range rest {
			texts[i] = f.text
		}
		p.fail(rest[0], "unexpected text after the status (found %.80q); write: source [name=value …] target status",
			strings.Join(texts, " "))
	}
	p.target(&r, source, target, named)
	return r
}

var (
	hostSourceRE = regexp.MustCompile(`^(?:[A-Za-z][A-Za-z0-9+.-]*:)?//`)
	proxyRE      = regexp.MustCompile(`^https?://`)
	visitorRE    = regexp.MustCompile(`(?i)^(?:country|language|role|cookie|sign|signed)=`)
)

// leftOut returns why a line cannot be had on a server for plain files, and what to do; "" for other lines. Netlify
// supports such lines.
func leftOut(fields []field) string {
	if hostSourceRE.MatchString(fields[0].text) {
		return "the source is on a host, but rules are for the paths of one site; if it is this site's own address, " +
			"remove scheme and host, otherwise redirect it where that host is configured"
	}
	target, status := "", ""
	for i, f := range fields[1:] {
		switch {
		case target == "" && proxyRE.MatchString(f.text):
			target = f.text
		case status == "" && isStatus(f.text):
			status = f.text
		case status != "" && visitorRE.MatchString(f.text) && i > 0:
			name, _, _ := strings.Cut(f.text, "=")
			return fmt.Sprintf("%s= needs a program that knows the visitor; remove the condition, or link to each "+
				"target from a page", name)
		}
	}
	if target != "" && strings.TrimSuffix(status, "!") == "200" {
		return "status 200 with another host needs a proxy; write 302 to redirect, or set the proxy up in the " +
			"web server"
	}
	return ""
}

var (
	conditionRE = regexp.MustCompile(`^[A-Za-z0-9._~-]+=`)
	statusRE    = regexp.MustCompile(`^[0-9]{1,4}!?$`)
	nameRE      = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*$`)
	colonRE     = regexp.MustCompile(`/:(?:[^A-Za-z]|$)`)
	valueRE     = regexp.MustCompile(`^` + Unreserved + `+$`)
)

func isCondition(s string) bool { return conditionRE.MatchString(s) }
func isStatus(s string) bool    { return statusRE.MatchString(s) }

// source checks the path of a rule, whose target decides what some placeholders are; target is nil for none. It returns
// the path decoded, without a slash at its end.
func (p *lineParser) source(f field, target *field) string {
	path, err := cleanSource(f.text)
	if err != nil {
		p.fail(f, "%s (found %.80q)", err, f.text)
		return ""
	}
	to := ""
	if target != nil {
		to = target.text
	}
	var names []string
	stars := 0
	for _, piece := range sourcePieces(path, to) {
		switch {
		case piece.star:
			if stars++; stars > 1 {
				continue
			}
		case piece.name == "":
			continue
		}
		if slices.Contains(names, piece.name) {
			p.fail(f, "the placeholder :%s occurs twice (found %.80q)", piece.name, f.text)
		}
		names = append(names, piece.name)
	}
	switch {
	case stars > maxStars:
		p.fail(f, "more than %d asterisks (found %.80q); use :name for one segment", maxStars, f.text)
	case len(names) > maxNames:
		p.fail(f, "more than %d placeholders (found %.80q)", maxNames, f.text)
	case colonRE.MatchString(path):
		p.fail(f, "invalid placeholder (found %.80q); write a colon and a name of letters and digits", f.text)
	}
	return path
}

// cleanSource decodes the path of a rule and removes the slash at its end. The error says why no request matches it.
func cleanSource(text string) (string, error) {
	switch {
	case !utf8.ValidString(text):
		return "", errors.New("not UTF-8")
	case !strings.HasPrefix(text, "/"):
		return "", errors.New("a source must start with a slash")
	case strings.ContainsAny(text, "?#"):
		return "", errors.New("a source has no query and no fragment; " +
			"write conditions after it: /store id=:id /blog/:id")
	}
	if upper := strings.ToUpper(text); strings.Contains(upper, "%2A") || strings.Contains(upper, "/%3A") ||
		strings.Contains(upper, "%2F") {
		return "", errors.New("an asterisk, a slash or a colon at the start of a segment cannot be percent-encoded")
	}
	path, err := url.PathUnescape(text)
	if err != nil {
		return "", errors.New("a percent sign must be followed by two hex digits; write %25 for a literal percent sign")
	}
	if strings.ContainsFunc(path, func(r rune) bool { return r < ' ' || r == 0x7f || r == utf8.RuneError }) {
		return "", errors.New("a source must not contain control characters")
	}
	if len((&url.URL{Path: path}).EscapedPath()) > MaxSource {
		return "", fmt.Errorf("longer than %d bytes, the most that every server supports", MaxSource)
	}
	if strings.Contains(path, "//") {
		return "", errors.New("two slashes in a row never match; servers merge them before they look for rules")
	}
	for segment := range strings.SplitSeq(path, "/") {
		if segment == "." || segment == ".." {
			return "", errors.New("a dot segment never matches; servers resolve . and .. before they look for rules")
		}
	}
	if path != "/" {
		path = strings.TrimSuffix(path, "/")
	}
	return path, nil
}

func (p *lineParser) condition(f field, before []Condition) Condition {
	name, value, _ := strings.Cut(f.text, "=")
	c := Condition{Name: name}
	if slices.ContainsFunc(before, func(b Condition) bool { return b.Name == name }) {
		p.fail(f, "the parameter %s occurs twice", name)
	}
	if ph, ok := strings.CutPrefix(value, ":"); ok {
		if !nameRE.MatchString(ph) || ph == Splat {
			p.fail(f, "invalid placeholder (found %.80q); write a colon and a name of letters and digits", value)
		}
		c.Placeholder = ph
		return c
	}
	if !valueRE.MatchString(value) {
		p.fail(f, "invalid condition (found %.80q); write name=:placeholder, or name=value with a value of letters, "+
			"digits and ._~-", f.text)
	}
	c.Value = value
	return c
}

func (p *lineParser) status(f field) (int, bool) {
	digits, force := strings.CutSuffix(f.text, "!")
	n, _ := strconv.Atoi(digits)
	switch n {
	case 301, 302, 303, 307, 308, 200, 404, 410:
	default:
		p.fail(f, "invalid status (found %s); use 301, 302, 303, 307, 308, 200, 404 or 410", f.text)
	}
	return n, force
}

// target checks a target and, if named is set, that the rule defines each of its placeholders.
func (p *lineParser) target(r *Rule, source field, f *field, named bool) {
	switch {
	case r.Status >= 400 && (f == nil || f.text == "/404" || f.text == "/404.html"):
		return // the site's own page
	case f == nil && r.Status == 200: // the file at the path, which the rules after this one do not apply to
		f = &field{splatRE.ReplaceAllLiteralString(r.Source, ":"+Splat), source.col}
	case f == nil:
		p.fail(source, "the target is missing; write: %s /target %d", r.Source, r.Status)
		return
	}
	text := f.text
	if r.Moved() && utf8.ValidString(text) {
		text = encodeTarget(text)
	}
	if err := CheckTarget(text, r.Status); err != nil {
		p.fail(*f, "%s", err)
		return
	}
	r.Target = text
	if !named {
		return
	}
	known := sourceNames(r)
	for _, c := range r.Conditions {
		if c.Placeholder == "" {
			continue
		}
		if slices.Contains(known, c.Placeholder) {
			p.fail(source, "the placeholder :%s occurs twice", c.Placeholder)
		}
		known = append(known, c.Placeholder)
	}
	for _, m := range unknownRE.FindAllStringSubmatch(r.Target, -1) {
		if name := cmp.Or(m[1], m[2]); !slices.Contains(known, name) {
			p.fail(*f, "unknown placeholder (found %q)%s; write %%3A for a literal colon", name,
				fault.DidYouMean(name, known))
		}
	}
}

// sourceNames returns the names of the placeholders of a source.
func sourceNames(r *Rule) []string {
	var names []string
	for _, p := range sourcePieces(r.Source, r.Target) {
		if p.name != "" && !slices.Contains(names, p.name) {
			names = append(names, p.name)
		}
	}
	return names
}

var (
	splatRE = regexp.MustCompile(`\*`)
	// unknownRE matches what looks like a placeholder of a target: at the start of a segment or of a value, or :splat.
	// Elsewhere, as in /wiki/Help:Contents, a colon before an unknown name is text.
	unknownRE = regexp.MustCompile(`(?:[/=]:([A-Za-z][A-Za-z0-9_]*)|:(splat)\b)`)
)

// targetRE matches text that needs no quoting in a Location header, a string of an Nginx configuration and a JSON file.
// The dollar sign is valid in a URL, but starts a variable in Nginx.
var targetRE = regexp.MustCompile(`^[A-Za-z0-9._~:/?#@!&'()*+,;=%-]+$`)

var (
	badEscapeRE = regexp.MustCompile(`%(?:[^0-9A-Fa-f]|.[^0-9A-Fa-f]|.?$)`)
	hostRE      = regexp.MustCompile(`^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$`)
	portRE      = regexp.MustCompile(`^(?::[0-9]{1,5})?$`)
)

// CheckTarget returns an error if any of the servers cannot redirect to a target, or serve it with status 200.
func CheckTarget(target string, status int) error {
	found := func(what string) error { return fmt.Errorf("%s (found %.80q)", what, target) }
	file := status == 200 || status >= 400
	switch {
	case len(target) > MaxTarget:
		return found(fmt.Sprintf("longer than %d bytes, the most that every server supports", MaxTarget))
	case !utf8.ValidString(target) || strings.ContainsFunc(target, unicode.IsControl):
		return found("not UTF-8, or a control character")
	case !file && !targetRE.MatchString(target):
		return fmt.Errorf("the target has characters that must be percent-encoded (found %.80q); write %.200s",
			target, encodeTarget(target))
	case badEscapeRE.MatchString(target):
		return found("a percent sign must be followed by two hex digits; write %25 for a literal percent sign")
	case strings.HasPrefix(target, "//"):
		return found("two slashes lead to another host; write https: before them")
	case strings.HasPrefix(target, "/"):
		switch {
		case file && strings.ContainsAny(target, "?#%"):
			return found(fmt.Sprintf("status %d serves a file of the site; the target cannot have a query, "+
				"fragment or "+
				"escape", status))
		case file && hiddenFile(target):
			return found("files and folders whose names start with a dot are not served")
		}
		return nil
	case file:
		return found(fmt.Sprintf("status %d serves a file of the site; the target must start with a slash", status))
	}
	rest, ok := strings.CutPrefix(target, "https://")
	if !ok {
		rest, ok = strings.CutPrefix(target, "http://")
	}
	if !ok {
		return found("a target must start with a slash, https:// or http://")
	}
	authority, path := rest, ""
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		authority, path = rest[:end], rest[end:]
	}
	host, port, _ := strings.Cut(authority, ":")
	if port != "" || strings.HasSuffix(authority, ":") {
		port = ":" + port
	}
	if !hostRE.MatchString(host) || !portRE.MatchString(port) {
		return found("invalid host; write a lower-case host name without a user or a placeholder")
	}
	if path == "" || path[0] != '/' {
		return found("a slash must follow the host")
	}
	return nil
}

// encodeTarget percent-encodes the characters of a target that targetRE does not allow, such as those of other scripts.
func encodeTarget(target string) string {
	return encodeBytes(target, func(c byte) bool { return targetRE.MatchString(string(rune(c))) && c < 0x80 })
}
