package redirect

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/Slicer/sitegen/generator/fault"
)

// Rule is the answer to a path or to a pattern of paths. Parse, AliasRules and InheritedRules create rules and check
// them.
//
// The source is compared with the decoded path of a request; case matters, a slash at the end does not. A source is a
// pattern if it has an asterisk, which matches any text, or a placeholder :name, which matches text without a slash.
// The target may use what they match, percent-encoded if the rule redirects; see EncodePath. For example,
//
//	/docs/:version/* https://docs.example.org/:version/:splat 302
//
// redirects /docs/5.2/a%20b/c to https://docs.example.org/5.2/a%20b/c.
type Rule struct {
	Source     string // decoded; starts with a slash and does not end in one
	Conditions []Condition
	Target     string // encoded; a path of this site or an http(s) URL; "" for the site's own page with status 404, 410
	Status     int    // 301, 302, 303, 307, 308: a Location; 200: the page at Target; 404, 410: an error page
	Force      bool   // written with "!": the rule comes before a file at the path
	Origin     Origin
	Pos        fault.Place

	// LeftOut is why the rule cannot be had on a server for plain files, and what to do. It is "" for other rules. Such
	// a rule answers no request.
	LeftOut string

	path    []piece        // Source, split at its placeholders and asterisks
	target  []piece        // Target, split at its placeholders
	expr    *regexp.Regexp // matches the paths of a pattern; nil if the source is exact
	prefix  string         // common to all paths that expr matches; a cheap first test
	pattern *Rule          // the rule that this one was made from, see Rules.Exact; nil for a line of a file
}

// Condition is a query parameter that a rule requires. If a query has several parameters of that name, the first one
// counts.
type Condition struct {
	Name  string
	Value string // literal, compared with the decoded parameter; "" when Placeholder is set
	// Placeholder is the name under which a target can use the value of the parameter, which must not be empty.
	Placeholder string
}

// Splat is the name under which a target uses the text that the first asterisk of the source matched, written :splat.
const Splat = "splat"

// piece is a piece of a source or a target: text, or a placeholder. In a source, the name of an asterisk is Splat and
// star is set.
type piece struct {
	text, name string
	star       bool
}

// Pattern reports whether the rule has an asterisk or placeholders in its source.
func (r *Rule) Pattern() bool { return r.expr != nil }

// Moved reports whether the rule redirects, that is, answers with a Location.
func (r *Rule) Moved() bool { return r.Status >= 301 && r.Status <= 308 }

// PassesQuery reports whether the query of a request is added to the target: the rule redirects, and its target has no
// query of its own.
func (r *Rule) PassesQuery() bool { return r.Moved() && !strings.Contains(r.Target, "?") }

// Written returns the rule as it was written in a file. It is the rule itself, unless Rules.Exact made it from a
// pattern.
func (r *Rule) Written() *Rule {
	if r.pattern != nil {
		return r.pattern
	}
	return r
}

// Unreserved is the class of characters that mean the same in a URL whether or not they are percent-encoded (RFC 3986,
// section 2.3).
const Unreserved = `[A-Za-z0-9._~-]`

// Expr returns a regular expression that matches the decoded paths of the source. Its groups are the placeholders in
// the order of Names. It is not anchored, and a dot in it must match line ends, too. For the source /docs/:v/*, it is
//
//	/docs/([^/]+)(?:/(.*))?
func (r *Rule) Expr() string {
	return r.ExprOf(regexp.QuoteMeta, `[^/]`, `.`)
}

// EncodedExpr returns an expression for paths that are percent-encoded, by EncodePath or as other programs do. What the
// groups match can be used in a target as it is. For the source /café (x)/:n, it is
//
//	/caf%[Cc]3%[Aa]9%20(?:\(|%28)x(?:\)|%29)/([…]+)/?
func (r *Rule) EncodedExpr() string {
	return r.EncodedExprOf(`[%`+KeptInValue+`]`, `[%`+KeptInPath+`]`)
}

// EncodedExprOf is EncodedExpr with other classes of characters, see ExprOf.
func (r *Rule) EncodedExprOf(one, any string) string { return r.ExprOf(encodedLiteral, one, any) }

// encodedLiteral returns an expression for a text in percent-encoded form. Hexadecimal digits may be in upper or lower
// case, and some programs encode characters that need not be.
func encodedLiteral(text string) string {
	var b strings.Builder
	digit := func(c byte) {
		if c >= 'A' {
			fmt.Fprintf(&b, "[%c%c]", c, c|0x20)
			return
		}
		b.WriteByte(c)
	}
	for i := range len(text) {
		switch c := text[i]; {
		case strings.IndexByte("!'()*,:@$&+;=", c) >= 0:
			hex := fmt.Sprintf("%02X", c)
			b.WriteString("(?:" + regexp.QuoteMeta(string(c)) + "|%" + hex[:1])
			digit(hex[1])
			b.WriteByte(')')
		case c != '/' && !keptInValue(c):
			hex := fmt.Sprintf("%02X", c)
			b.WriteByte('%')
			digit(hex[0])
			digit(hex[1])
		default:
			b.WriteString(regexp.QuoteMeta(string(c)))
		}
	}
	return b.String()
}

// ExprOf returns Expr for servers that match other forms of a path. literal returns an expression for the text between
// placeholders. one and any are the classes of characters that a placeholder and an asterisk match.
func (r *Rule) ExprOf(literal func(text string) string, one, any string) string {
	var b strings.Builder
	splat := false
	for i, p := range r.path {
		if p.name == "" {
			text := p.text
			if i+1 < len(r.path) && r.whole(i+1) {
				text = strings.TrimSuffix(text, "/") // the slash before an asterisk is optional
			}
			b.WriteString(literal(text))
			continue
		}
		group := "(" + one + "+)"
		if p.star {
			group = "(" + any + "*)"
			if splat {
				group = any + "*" // only the first asterisk has a name
			}
			splat = true
			switch {
			case r.whole(i):
				group = "(?:/" + group + ")?"
			case i+1 == len(r.path) || strings.HasPrefix(r.path[i+1].text, "/"):
				group = "/?" + group // as on Netlify, /x-* matches /x-/a with the text "a"
			}
		}
		b.WriteString(group)
	}
	if n := len(r.path); n > 0 && !r.path[n-1].star {
		b.WriteString("/?")
	}
	return b.String()
}

// whole reports whether the piece i of the source is an asterisk that is a segment of its own, as in /docs/* and /*/x.
func (r *Rule) whole(i int) bool {
	return r.path[i].star && i > 0 && strings.HasSuffix(r.path[i-1].text, "/") &&
		(i+1 == len(r.path) || strings.HasPrefix(r.path[i+1].text, "/"))
}

// Names returns the names of the placeholders of the source in order. An asterisk has the name Splat; those after the
// first asterisk have none.
func (r *Rule) Names() []string {
	var names []string
	splat := false
	for _, p := range r.path {
		if p.name == "" || p.star && splat {
			continue
		}
		splat = splat || p.star
		names = append(names, p.name)
	}
	return names
}

// Expand returns the target with each placeholder replaced by value(name).
func (r *Rule) Expand(value func(name string) string) string {
	return r.ExpandText(func(text string) string { return text }, value)
}

// ExpandText is Expand for languages in which the text between placeholders must be quoted.
func (r *Rule) ExpandText(quote, value func(string) string) string {
	var b strings.Builder
	for _, p := range r.target {
		if p.name != "" {
			b.WriteString(value(p.name))
			continue
		}
		b.WriteString(quote(p.text))
	}
	return b.String()
}

// Fixed reports whether the target has no placeholders.
func (r *Rule) Fixed() bool {
	return !slices.ContainsFunc(r.target, func(p piece) bool { return p.name != "" })
}

// UsesPath reports whether the target has placeholders whose text comes from the path.
func (r *Rule) UsesPath() bool {
	names := r.Names()
	return slices.ContainsFunc(r.target, func(p piece) bool { return slices.Contains(names, p.name) })
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

// compile fills the unexported fields of a rule that has been checked.
func (r *Rule) compile() {
	r.target = targetPieces(r.Target, r.defined())
	r.path = sourcePieces(r.Source, r.Target)
	if r.path[0].name == "" {
		r.prefix = r.path[0].text
	}
	if len(r.path) == 1 {
		return
	}
	if r.whole(1) {
		r.prefix = strings.TrimSuffix(r.prefix, "/")
	}
	r.expr = regexp.MustCompile(`(?s)\A` + r.Expr() + `\z`)
}

// defined returns the names of all placeholders that a target can use: those of the source and of the conditions.
func (r *Rule) defined() []string {
	names := sourceNames(r)
	for _, c := range r.Conditions {
		if c.Placeholder != "" {
			names = append(names, c.Placeholder)
		}
	}
	return names
}

var wildRE = regexp.MustCompile(`\*|:([A-Za-z][A-Za-z0-9_]*)`)

// sourcePieces splits a source at its placeholders and asterisks. A colon in the middle of a segment starts a
// placeholder only if the target uses its name, because addresses such as /wiki/Help:Contents are common:
//
//	/docs/:v/x   /d/:v    /docs/, :v, /x
//	/help:topic  /topic   /help:topic
//	/v:number    /:number /v, :number
func sourcePieces(source, target string) []piece {
	used := map[string]bool{}
	for _, m := range targetNameRE.FindAllStringSubmatch(target, -1) {
		used[m[1]] = true
	}
	var pieces []piece
	end := 0
	for _, m := range wildRE.FindAllStringSubmatchIndex(source, -1) {
		p := piece{name: Splat, star: true}
		if m[2] >= 0 {
			p = piece{name: source[m[2]:m[3]]}
			if source[m[0]-1] != '/' && !used[p.name] {
				continue
			}
		}
		if m[0] > end {
			pieces = append(pieces, piece{text: source[end:m[0]]})
		}
		pieces = append(pieces, p)
		end = m[1]
	}
	if end < len(source) {
		pieces = append(pieces, piece{text: source[end:]})
	}
	return pieces
}

var targetNameRE = regexp.MustCompile(`:([A-Za-z][A-Za-z0-9_]*)`)

// targetPieces splits a target at its placeholders: /en/:id becomes {text: "/en/"}, {name: "id"}. A colon before a name
// that is not defined is text.
func targetPieces(target string, defined []string) []piece {
	var pieces []piece
	end := 0
	for _, m := range targetNameRE.FindAllStringSubmatchIndex(target, -1) {
		if name := target[m[2]:m[3]]; slices.Contains(defined, name) {
			if m[0] > end {
				pieces = append(pieces, piece{text: target[end:m[0]]})
			}
			pieces = append(pieces, piece{name: name})
			end = m[1]
		}
	}
	if end < len(target) {
		pieces = append(pieces, piece{text: target[end:]})
	}
	return pieces
}
