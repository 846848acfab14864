package redirect

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/Slicer/sitegen/generator/fault"
)

// MaxTarget is the maximum length of a target in bytes. S3 allows 2 KB for the redirect of an object. CloudFront allows
// 1 KB for a value of its key-value store, and such a value holds the source as well.
const MaxTarget = 512

// MaxSource is the maximum length of an encoded source in bytes. A key of CloudFront's key-value store has at most 512.
const MaxSource = 400

// maxNames is the maximum number of placeholders in a source. Nginx numbers the groups of a regular expression with one
// digit: $1 to $9.
const maxNames = 9

// DefaultStatus is the status of a rule without one. Netlify has the same default.
const DefaultStatus = 301

// Parse parses rules.txt, which has one rule on each line: "source [name=value …] [target] [status]", in the syntax of
// Netlify and Cloudflare Pages. A # starts a comment. Parse returns the valid rules. The error joins one error for each
// invalid line, with name:line:col.
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
		r.compile()
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
	r.Source = p.source(source)
	for len(rest) > 0 && isCondition(rest[0].text) {
		r.Conditions = append(r.Conditions, p.condition(rest[0], r.Conditions))
		rest = rest[1:]
	}
	named := len(p.mistakes) == 0 // the names of all placeholders are known
	var target *field
	if len(rest) > 0 && !isStatus(rest[0].text) {
		target, rest = &rest[0], rest[1:]
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
		p.fail(rest[0], "unexpected text after the status (found %.80q); conditions on country, language or role are "+
			"not supported", strings.Join(texts, " "))
	}
	p.target(&r, source, target, named)
	return r
}

var (
	conditionRE = regexp.MustCompile(`^[A-Za-z0-9._~-]+=`)
	statusRE    = regexp.MustCompile(`^[0-9]{1,4}!?$`)
	nameRE      = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*$`)
	capturedRE  = regexp.MustCompile(`^` + Captured + `+$`)
	valueRE     = regexp.MustCompile(`^` + Unreserved + `+$`)
)

func isCondition(s string) bool { return conditionRE.MatchString(s) }
func isStatus(s string) bool    { return statusRE.MatchString(s) }

// source checks the path of a rule. It returns the path decoded, without a slash at its end.
func (p *lineParser) source(f field) string {
	path, err := cleanSource(f.text)
	if err != nil {
		p.fail(f, "%s (found %.80q)", err, f.text)
		return ""
	}
	segments := strings.Split(path[1:], "/")
	var names []string
	for i, segment := range segments {
		name, ok := placeholder(segment)
		switch {
		case ok && name == Splat && i < len(segments)-1:
			p.fail(f, "an asterisk must be the last segment (found %.80q); use :name for one segment", f.text)
		case ok && !nameRE.MatchString(name):
			p.fail(f, "invalid placeholder (found %.80q); write a colon and a name of letters and digits", segment)
		case ok && slices.Contains(names, name):
			p.fail(f, "the placeholder :%s occurs twice (found %.80q)", name, f.text)
		case !ok && strings.Contains(segment, "*"):
			p.fail(f, "an asterisk must be a whole segment, as in /docs/* (found %.80q)", segment)
		}
		if ok {
			names = append(names, name)
		}
	}
	if len(names) > maxNames {
		p.fail(f, "more than %d placeholders (found %.80q)", maxNames, f.text)
	}
	if path == "/*" {
		p.fail(f, "a rule for every path would hide the whole site (found %q)", f.text)
	}
	return path
}

// cleanSource decodes the path of a rule and removes the slash at its end. The error says why no request matches it.
func cleanSource(text string) (string, error) {
	switch {
	case !utf8.ValidString(text):
		return "", errors.New("not UTF-8")
	case strings.Contains(text, "://"):
		return "", errors.New("a source is a path of this site; remove scheme and host")
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
	case 301, 302, 307, 308, 200, 404, 410:
	default:
		p.fail(f, "invalid status (found %s); use 301, 302, 307, 308, 200, 404 or 410", f.text)
	}
	return n, force
}

// target checks a target and, if named is set, that the rule defines each of its placeholders.
func (p *lineParser) target(r *Rule, source field, f *field, named bool) {
	if r.Status == 404 || r.Status == 410 {
		if f != nil && f.text != "/404" && f.text != "/404.html" {
			p.fail(*f, "status %d shows the site's own error page; remove the target (found %.80q)", r.Status, f.text)
		}
		return
	}
	if f == nil {
		p.fail(source, "the target is missing; write: %s /target %d", r.Source, r.Status)
		return
	}
	if err := CheckTarget(f.text, r.Status); err != nil {
		p.fail(*f, "%s", err)
		return
	}
	r.Target = f.text
	if !named {
		return
	}
	known := r.Names()
	for _, c := range r.Conditions {
		if c.Placeholder == "" {
			continue
		}
		if slices.Contains(known, c.Placeholder) {
			p.fail(source, "the placeholder :%s occurs twice", c.Placeholder)
		}
		known = append(known, c.Placeholder)
	}
	for _, part := range targetParts(r.Target) {
		if part.name != "" && !slices.Contains(known, part.name) {
			p.fail(*f, "unknown placeholder (found %q)%s; write %%3A for a literal colon", part.name,
				fault.DidYouMean(part.name, known))
		}
	}
}

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
	switch {
	case len(target) > MaxTarget:
		return found(fmt.Sprintf("longer than %d bytes, the most that every server supports", MaxTarget))
	case !targetRE.MatchString(target):
		return fmt.Errorf("the target has characters that must be percent-encoded (found %.80q); write %.200s",
			target, encode(target))
	case badEscapeRE.MatchString(target):
		return found("a percent sign must be followed by two hex digits; write %25 for a literal percent sign")
	case strings.HasPrefix(target, "//"):
		return found("two slashes lead to another host; write https: before them")
	case strings.HasPrefix(target, "/"):
		if status == 200 && strings.ContainsAny(target, "?#%") {
			return found("status 200 serves a file of the site; the target cannot have a query, fragment or escape")
		}
		return nil
	case status == 200:
		return found("status 200 serves a file of the site; the target must start with a slash")
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

// encode percent-encodes the bytes of a target that targetRE does not allow.
func encode(target string) string {
	var b strings.Builder
	for i := range len(target) {
		if c := target[i : i+1]; targetRE.MatchString(c) {
			b.WriteString(c)
			continue
		}
		fmt.Fprintf(&b, "%%%02X", target[i])
	}
	return b.String()
}
