package redirect

import (
	"slices"
	"strings"

	"github.com/Slicer/sitegen/generator/lookup"
)

// Rules is a set of rules. The first rule that matches a request answers it. A Rules does not change after NewRules.
type Rules struct {
	all      []*Rule // in the order in which they are tried
	leftOut  []*Rule // see Rule.LeftOut
	patterns []*Rule
	sources  []string // the keys of exact, in the order of their first rules
	exact    map[string][]*Rule
}

// NewRules puts rules into the order in which they are tried: by origin, then in the order of the argument.
func NewRules(rules []Rule) *Rules {
	s := &Rules{exact: map[string][]*Rule{}}
	for i := range rules {
		if rules[i].LeftOut != "" {
			s.leftOut = append(s.leftOut, &rules[i])
			continue
		}
		s.all = append(s.all, &rules[i])
	}
	slices.SortStableFunc(s.all, func(a, b *Rule) int { return int(a.Origin) - int(b.Origin) })
	b := grouper{Rules: s, groups: map[string]*group{}}
	for _, r := range s.all {
		b.add(r)
	}
	for _, source := range b.order {
		if g := b.groups[source]; g.exact {
			s.sources = append(s.sources, source)
			s.exact[source] = g.rules
		}
	}
	return s
}

// grouper collects the rules for exact sources.
type grouper struct {
	*Rules
	order  []string // the keys of groups
	groups map[string]*group
}

// group holds the rules for a path that is the exact source of at least one rule.
type group struct {
	rules  []*Rule
	seen   int  // the number of patterns that were compared with the path
	closed bool // the last rule always matches; those after it never do
	exact  bool // one of the rules has the path as its source
}

// add adds a rule to the patterns, or to the group of its source.
func (b *grouper) add(r *Rule) {
	if r.Pattern() {
		b.patterns = append(b.patterns, r)
		return
	}
	g := b.groups[r.Source]
	if g == nil {
		g = &group{}
		b.groups[r.Source] = g
		b.order = append(b.order, r.Source)
	}
	for ; g.seen < len(b.patterns) && !g.closed; g.seen++ {
		if p := b.patterns[g.seen].at(r.Source); p != nil {
			g.rules = append(g.rules, p)
			g.closed = len(p.Conditions) == 0
		}
	}
	if !g.closed {
		g.rules = append(g.rules, r)
		g.exact = true
		g.closed = len(r.Conditions) == 0
	}
}

// at returns a pattern as a rule for one of the paths that it matches, nil if it does not match the path. For example,
// the pattern /u/:name /people/:name becomes /u/ann /people/ann.
func (r *Rule) at(path string) *Rule {
	values := r.match(path)
	if values == nil {
		return nil
	}
	exact := *r
	exact.Source, exact.expr, exact.pattern = path, nil, r
	exact.path = []piece{{text: path}}
	exact.target = nil
	for _, p := range r.target {
		if text, ok := values[p.name]; ok {
			p = piece{text: r.encode(text)}
			if r.Moved() { // a colon could start the name of another placeholder
				p.text = strings.ReplaceAll(p.text, ":", "%3A")
			}
		}
		exact.target = append(exact.target, p)
	}
	exact.Target = exact.Expand(func(name string) string { return ":" + name })
	return &exact
}

// encode encodes text of a path for the target of a rule. Targets that are files are not encoded.
func (r *Rule) encode(text string) string {
	if r.Moved() {
		return EncodePath(text)
	}
	return text
}

// match returns the decoded text of the placeholders of a pattern for a decoded path, nil if it does not match.
func (r *Rule) match(path string) map[string]string {
	if !strings.HasPrefix(path, r.prefix) {
		return nil
	}
	m := r.expr.FindStringSubmatch(path)
	if m == nil {
		return nil
	}
	values := map[string]string{}
	for i, name := range r.Names() {
		values[name] = m[i+1]
	}
	return values
}

// All returns the rules in the order in which they are tried. The caller must not change the slice.
func (s *Rules) All() []*Rule {
	if s == nil {
		return nil
	}
	return s.all
}

// LeftOut returns the rules that answer no request; Rule.LeftOut says why.
func (s *Rules) LeftOut() []*Rule {
	if s == nil {
		return nil
	}
	return s.leftOut
}

// Sources returns the exact sources at which some rule can match, in the order of their first rules. They are decoded
// and have no slash at the end.
func (s *Rules) Sources() []string {
	if s == nil {
		return nil
	}
	return s.sources
}

// Exact returns the rules for one of the paths of Sources, in the order in which they are tried. Only the last one may
// have no conditions. Patterns that come before an exact rule in the file are among them, made into exact rules.
// So a server may try exact rules before patterns, and the first line that matches still answers:
//
//	/docs/* v=:v  /old/:v/:splat      Exact("/docs/a"):  /docs/a v=:v /old/:v/a
//	/docs/a       /new                                   /docs/a /new
func (s *Rules) Exact(source string) []*Rule {
	if s == nil {
		return nil
	}
	return s.exact[source]
}

// Patterns returns the rules with placeholders or an asterisk in the order in which they are tried, after Exact.
func (s *Rules) Patterns() []*Rule {
	if s == nil {
		return nil
	}
	return s.patterns
}

// Yields reports whether some rule without "!" matches a path, with or without a slash or index.html at its end. A file
// at the path comes before such a rule.
func (s *Rules) Yields(path string) bool {
	if s == nil {
		return false
	}
	yields := func(r *Rule) bool { return !r.Force }
	for _, p := range []string{path, trimSlash(path), strings.TrimSuffix(path, "/") + "/index.html"} {
		if slices.ContainsFunc(s.exact[p], yields) || slices.ContainsFunc(s.patterns, func(r *Rule) bool {
			return yields(r) && r.match(p) != nil
		}) {
			return true
		}
	}
	return false
}

// Outcome is the answer of a rule to a request. It is zero if no rule matches.
type Outcome struct {
	Rule   *Rule  // as it was written
	Target string // the Location of a redirect, or the decoded path of a file of the site; "" for neither
}

// Match returns the outcome of the first rule that matches a request. path is decoded, rawQuery still encoded. Match
// defines what rules mean: tests compare the answers of every server with it.
func (s *Rules) Match(path, rawQuery string) Outcome {
	var found Outcome
	s.each(path, rawQuery, func(t Try) bool {
		found = t.Outcome
		return t.Missed == ""
	})
	return found
}

// Try is a rule that was compared with a request.
type Try struct {
	Outcome        // of the rule, if it matches
	Tried   *Rule  // the rule
	Missed  string // why the rule does not match, for instance "the path differs"; "" if it does
}

// Trace returns the rules that are tried for a request, up to the one that matches. It leaves out rules with an exact
// source that is another path.
func (s *Rules) Trace(path, rawQuery string) []Try {
	var tries []Try
	s.each(path, rawQuery, func(t Try) bool {
		tries = append(tries, t)
		return t.Missed == ""
	})
	return tries
}

// each calls stop for each rule that is tried for a request, in order, until stop returns true.
func (s *Rules) each(path, rawQuery string, stop func(Try) bool) {
	if s == nil {
		return
	}
	path = CleanPath(path)
	params := lookup.DecodeQuery(rawQuery)
	tried := map[*Rule]bool{} // patterns that Exact contains
	for _, list := range [][]*Rule{s.exact[trimSlash(path)], s.patterns} {
		for _, r := range list {
			if tried[r] {
				continue
			}
			tried[r.Written()] = true
			if stop(try(r, path, rawQuery, params)) {
				return
			}
		}
	}
}

// CleanPath replaces runs of slashes in a decoded path by one slash, as every server does before it looks for rules.
func CleanPath(path string) string {
	for strings.Contains(path, "//") {
		path = strings.ReplaceAll(path, "//", "/")
	}
	return path
}

// trimSlash removes the slash at the end of a path, except from "/".
func trimSlash(path string) string {
	if path == "/" {
		return path
	}
	return strings.TrimSuffix(path, "/")
}

// try compares a rule with a request.
func try(r *Rule, path, rawQuery string, params map[string]string) Try {
	t := Try{Tried: r.Written()}
	values := map[string]string{}
	if r.Pattern() {
		if values = r.match(path); values == nil {
			t.Missed = "the path differs"
			return t
		}
		for name, text := range values {
			values[name] = r.encode(text)
		}
	}
	for _, c := range r.Conditions {
		v, given := params[c.Name]
		switch {
		case !given:
			t.Missed = "the query has no " + c.Name
		case c.Placeholder == "" && v != c.Value:
			t.Missed = c.Name + " is not " + c.Value
		case c.Placeholder != "" && v == "":
			t.Missed = c.Name + " is empty"
		case c.Placeholder != "" && !r.Moved() && !valueRE.MatchString(v):
			t.Missed = c.Name + " has characters that are not allowed in the name of a file"
		}
		if t.Missed != "" {
			return t
		}
		if c.Placeholder != "" {
			values[c.Placeholder] = EncodeValue(v)
		}
	}
	t.Outcome = Outcome{Rule: r.Written(), Target: r.Expand(func(name string) string { return values[name] })}
	if r.Moved() {
		t.Target = onThisHost(t.Target)
	}
	if r.PassesQuery() {
		t.Target = withQuery(t.Target, rawQuery)
	}
	return t
}

// onThisHost replaces slashes at the start of a path by one. Browsers would take the first segment of //evil.example/x
// as a host; a capture that starts with a slash could make such a target.
func onThisHost(target string) string {
	if strings.HasPrefix(target, "//") {
		return "/" + strings.TrimLeft(target, "/")
	}
	return target
}
