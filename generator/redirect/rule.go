package redirect

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/Slicer/sitegen/generator/fault"
)

// Rule is the answer to a path or to a pattern of paths. Parse, AliasRules and InheritedRules create rules and check
// them.
//
// The source is compared with the decoded path of a request; case matters, a slash at the end does not. A source is a
// pattern if it ends in /*, which matches everything below, or if it has a placeholder :name, which matches one whole
// segment. Both match only characters that need no encoding in a Location; see Captured. For example,
//
//	/docs/:version/* https://docs.example.org/:version/:splat 302
//
// redirects /docs/5.2/a/b to https://docs.example.org/5.2/a/b. It does not match /docs/5.2/a%20b because of the space.
type Rule struct {
	Source     string // decoded; starts with a slash and does not end in one
	Conditions []Condition
	Target     string // encoded; a path of this site or an http(s) URL; "" for status 404 and 410
	Status     int    // 301, 302, 307, 308: a Location; 200: the page at Target; 404, 410: an error page
	Force      bool   // written with "!": the rule may hide a page of the site
	Origin     Origin
	Pos        fault.Place

	target []part         // Target, split at its placeholders
	expr   *regexp.Regexp // matches the paths of a pattern; nil if the source is exact
	prefix string         // common to all paths that expr matches; a cheap first test
}

// Condition is a query parameter that a rule requires. If a query has several parameters of that name, the first one
// counts.
type Condition struct {
	Name  string
	Value string // literal, compared with the decoded parameter; "" when Placeholder is set
	// Placeholder is the name under which a target can use the value of the parameter. The value must consist of
	// unreserved characters.
	Placeholder string
}

// Captured is the class of characters that a placeholder matches; CapturedSplat is the class for an asterisk. The
// classes mean the same in the regular expressions of Go, PCRE and JavaScript. They exclude characters that must be
// encoded in a Location, such as a space, and characters that separate the parameters of a query, such as &.
const (
	Captured      = `[A-Za-z0-9._~@:,!()*'+-]`
	CapturedSplat = `[A-Za-z0-9._~@:,!()*'+/-]`
)

// Unreserved is the class of characters in the values of conditions. These mean the same in a query whether or not they
// are percent-encoded (RFC 3986, section 2.3).
const Unreserved = `[A-Za-z0-9._~-]`

// Splat is the name under which a target uses the text that the asterisk of the source matched, written :splat.
const Splat = "splat"

// part is a piece of a target: either text or the name of a placeholder.
type part struct{ text, name string }

// Pattern reports whether the rule has an asterisk or placeholders in its source. Patterns are tried after exact
// sources.
func (r *Rule) Pattern() bool { return r.expr != nil }

// Moved reports whether the rule redirects, that is, answers with a Location.
func (r *Rule) Moved() bool { return r.Status >= 301 && r.Status <= 308 }

// Expr returns a regular expression that matches the paths of the source. Its groups are the placeholders in the order
// of Names. It is anchored at the start only; append the end-of-text anchor of the language: \z in Go and PCRE, $ in
// JavaScript. For the source /docs/:v/*, Expr returns, with the character classes abbreviated:
//
//	^/docs/([…]+)(?:/([…]*))?
func (r *Rule) Expr() string { return r.ExprOf(func(segment string) string { return segment }) }

// ExprOf returns Expr for servers that match encoded paths. encode encodes one literal segment of the source.
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

// Names returns the names of the placeholders of the source in order. Splat is the last if the source has an asterisk.
func (r *Rule) Names() []string {
	var names []string
	for segment := range strings.SplitSeq(r.Source, "/") {
		if name, ok := placeholder(segment); ok {
			names = append(names, name)
		}
	}
	return names
}

// Expand returns the target with each placeholder replaced by value(name).
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

// subject returns the source and the conditions as they are written in rules.txt.
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

// placeholder returns the name of the placeholder that a segment of a source is: Splat for "*", "id" for ":id". ok is
// false for a literal segment.
func placeholder(segment string) (name string, ok bool) {
	if segment == "*" {
		return Splat, true
	}
	if name, ok := strings.CutPrefix(segment, ":"); ok {
		return name, true
	}
	return "", false
}

// compile fills the unexported fields of a rule that has been checked.
func (r *Rule) compile() {
	r.target = targetParts(r.Target)
	if len(r.Names()) > 0 {
		r.expr = regexp.MustCompile(r.Expr() + `\z`)
		r.prefix, _ = r.expr.LiteralPrefix()
	}
}

var targetNameRE = regexp.MustCompile(`:([A-Za-z][A-Za-z0-9_]*)`)

// targetParts splits a target at its placeholders: /en/:id becomes {text: "/en/"}, {name: "id"}. The colons of a scheme
// and of a port are no placeholders, since no letter follows them.
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
