package redirect

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/Slicer/sitegen/generator/fault"
)

// Rule is the answer to a path or to a pattern of paths. Parse, AliasRules and InheritedRules make rules, and check
// them.
//
// A source is compared with the decoded path of a request, letter by letter; a slash at the end makes no difference. It
// is a pattern when it ends in /*, which stands for anything below, or has :name for a whole segment. What these stand
// for must consist of captured characters, so that it can be written into a Location as it is:
//
//	/docs/:version/* https://docs.example.org/:version/:splat 302
//
// redirects /docs/5.2/a/b to https://docs.example.org/5.2/a/b, and does not match /docs/5.2/a b.
type Rule struct {
	Source     string // decoded; starts with a slash, has none at its end
	Conditions []Condition
	Target     string // encoded; a path of this site or an http(s) URL; "" for 404 and 410
	Status     int    // 301, 302, 307, 308: a Location; 200: the page at Target; 404, 410: an error page
	Force      bool   // written with "!": the rule may hide a page of the site
	Origin     Origin
	Pos        fault.Place

	target []part
	expr   *regexp.Regexp // of a pattern
	prefix string         // of all paths that expr matches: most others need no matching
}

// Condition is a query parameter that a rule requires. The first parameter of its name counts.
type Condition struct {
	Name  string
	Value string // literal, compared with the decoded parameter; "" when Placeholder is set
	// Placeholder takes the value of the parameter, which must consist of unreserved characters.
	Placeholder string
}

// Captured is the class of the characters that a placeholder can stand for, CapturedSplat that of an asterisk. They
// mean the same in Go, PCRE and JavaScript. Characters that would have to be encoded again in a Location, or would end
// or add a parameter in a query string, are not among them.
const (
	Captured      = `[A-Za-z0-9._~@:,!()*'+-]`
	CapturedSplat = `[A-Za-z0-9._~@:,!()*'+/-]`
)

// Unreserved is the class of the characters in the values of conditions: those that mean the same in a query string
// with and without an escape (RFC 3986, 2.3).
const Unreserved = `[A-Za-z0-9._~-]`

// Splat is the name of what the asterisk of a source stands for.
const Splat = "splat"

// part is a piece of a target: text, or a placeholder's name.
type part struct{ text, name string }

// Pattern reports whether the rule has an asterisk or placeholders in its source. Patterns are tried after exact
// sources.
func (r *Rule) Pattern() bool { return r.expr != nil }

// Moved reports whether the rule answers with a Location.
func (r *Rule) Moved() bool { return r.Status >= 301 && r.Status <= 308 }

// Expr is the regular expression of the source, anchored at the start only: end it with the end-of-text anchor of the
// language, \z in PCRE and $ in JavaScript. Its groups are Names, in order.
func (r *Rule) Expr() string { return r.ExprOf(func(segment string) string { return segment }) }

// ExprOf is Expr for paths whose segments are encoded.
func (r *Rule) ExprOf(encode func(segment string) string) string {
	var b strings.Builder
	b.WriteString("^")
	for segment := range strings.SplitSeq(r.Source[1:], "/") {
		switch name, ok := placeholder(segment); {
		case !ok:
			b.WriteString("/" + regexp.QuoteMeta(encode(segment)))
		case name == Splat:
			b.WriteString("(?:/(" + CapturedSplat + "*))?")
		default:
			b.WriteString("/(" + Captured + "+)")
		}
	}
	if !strings.HasSuffix(r.Source, "*") {
		b.WriteString("/?")
	}
	return b.String()
}

// Names lists the placeholders of the source, in order, the splat last.
func (r *Rule) Names() []string {
	var names []string
	for segment := range strings.SplitSeq(r.Source, "/") {
		if name, ok := placeholder(segment); ok {
			names = append(names, name)
		}
	}
	return names
}

// Expand returns the target with value(name) in place of each placeholder.
func (r *Rule) Expand(value func(name string) string) string {
	var b strings.Builder
	for _, p := range r.target {
		if p.name != "" {
			b.WriteString(value(p.name))
			continue
		}
		b.WriteString(p.text)
	}
	return b.String()
}

// Fixed reports whether the target has no placeholders.
func (r *Rule) Fixed() bool {
	for _, p := range r.target {
		if p.name != "" {
			return false
		}
	}
	return true
}

// String returns the rule as a line of rules.txt.
func (r *Rule) String() string {
	var b strings.Builder
	b.WriteString(r.subject())
	if r.Target != "" {
		b.WriteString(" " + r.Target)
	}
	fmt.Fprintf(&b, " %d", r.Status)
	if r.Force {
		b.WriteString("!")
	}
	return b.String()
}

// subject is what the rule is about: its source and conditions.
func (r *Rule) subject() string {
	var b strings.Builder
	b.WriteString(r.Source)
	for _, c := range r.Conditions {
		fmt.Fprintf(&b, " %s=", c.Name)
		if c.Placeholder != "" {
			b.WriteString(":" + c.Placeholder)
			continue
		}
		b.WriteString(c.Value)
	}
	return b.String()
}

// placeholder returns the name of a segment that stands for others.
func placeholder(segment string) (string, bool) {
	if segment == "*" {
		return Splat, true
	}
	if name, ok := strings.CutPrefix(segment, ":"); ok {
		return name, true
	}
	return "", false
}

// compile prepares a rule that has been checked: the regular expression of a pattern, and the parts of the target.
func (r *Rule) compile() {
	r.target = targetParts(r.Target)
	if len(r.Names()) > 0 {
		r.expr = regexp.MustCompile(r.Expr() + `\z`)
		r.prefix, _ = r.expr.LiteralPrefix()
	}
}

var targetNameRE = regexp.MustCompile(`:([A-Za-z][A-Za-z0-9_]*)`)

// targetParts finds the placeholders of a target. The colons of a scheme and of a port are not followed by a letter.
func targetParts(target string) []part {
	var parts []part
	end := 0
	for _, m := range targetNameRE.FindAllStringSubmatchIndex(target, -1) {
		if m[0] > end {
			parts = append(parts, part{text: target[end:m[0]]})
		}
		parts = append(parts, part{name: target[m[2]:m[3]]})
		end = m[1]
	}
	if end < len(target) {
		parts = append(parts, part{text: target[end:]})
	}
	return parts
}
