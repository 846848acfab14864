package redirect

import (
	"slices"
	"strings"

	"github.com/Slicer/sitegen/generator/lookup"
)

// Rules is a set of rules in the order in which they are tried. It does not change after NewRules.
type Rules struct {
	all      []*Rule
	exact    map[string][]*Rule // by source
	patterns []*Rule
}

// NewRules puts rules into the order in which they are tried: exact sources before patterns, then by origin, then in
// the order of the argument.
func NewRules(rules []Rule) *Rules {
	s := &Rules{exact: make(map[string][]*Rule, len(rules))}
	for i := range rules {
		s.all = append(s.all, &rules[i])
	}
	slices.SortStableFunc(s.all, func(a, b *Rule) int { return int(a.Origin) - int(b.Origin) })
	for _, r := range s.all {
		if r.Pattern() {
			s.patterns = append(s.patterns, r)
			continue
		}
		s.exact[r.Source] = append(s.exact[r.Source], r)
	}
	return s
}

// All returns the rules by origin, then in the order of NewRules' argument. The caller must not change the slice.
func (s *Rules) All() []*Rule {
	if s == nil {
		return nil
	}
	return s.all
}

// Exact returns the rules of one source in the order in which they are tried. The source is decoded and has no slash at
// its end.
func (s *Rules) Exact(source string) []*Rule {
	if s == nil {
		return nil
	}
	return s.exact[source]
}

// Patterns returns the rules with placeholders or an asterisk in the order in which they are tried.
func (s *Rules) Patterns() []*Rule {
	if s == nil {
		return nil
	}
	return s.patterns
}

// Outcome is the answer of a rule to a request. It is zero if no rule matches.
type Outcome struct {
	Rule   *Rule
	Target string // the Location of a redirect, the path of the page for status 200, else ""
}

// Match returns the outcome of the first rule that matches a request. path is decoded, rawQuery still encoded. Match
// defines what rules mean: tests compare the answers of every server with it.
func (s *Rules) Match(path, rawQuery string) Outcome {
	var found Outcome
	s.each(path, rawQuery, func(t Try) bool {
		found = t.Outcome
		return t.Missed == ""
	})
	if found.Rule == nil {
		return Outcome{}
	}
	return found
}

// Try is a rule that was compared with a request.
type Try struct {
	Outcome        // of the rule, if it matches
	Tried   *Rule  // the rule
	Missed  string // why the rule does not match, for instance "the path differs"; "" if it does
}

// Trace returns the rules that are tried for a request, up to the one that matches: first those with the path as their
// source, then the patterns.
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
	for _, r := range s.exact[trimSlash(path)] {
		if stop(try(r, path, params)) {
			return
		}
	}
	for _, r := range s.patterns {
		if stop(try(r, path, params)) {
			return
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
func try(r *Rule, path string, params map[string]string) Try {
	t := Try{Tried: r}
	var values map[string]string
	if r.Pattern() {
		var m []string
		if strings.HasPrefix(path, r.prefix) {
			m = r.expr.FindStringSubmatch(path)
		}
		if m == nil {
			t.Missed = "the path differs"
			return t
		}
		values = map[string]string{}
		for i, name := range r.Names() {
			values[name] = m[i+1]
		}
	}
	for _, c := range r.Conditions {
		v, given := params[c.Name]
		switch {
		case !given:
			t.Missed = "the query has no " + c.Name
		case c.Placeholder == "" && v != c.Value:
			t.Missed = c.Name + " is not " + c.Value
		case c.Placeholder != "" && !valueRE.MatchString(v):
			t.Missed = c.Name + " is empty or has characters that are not allowed in a target"
		}
		if t.Missed != "" {
			return t
		}
		if values == nil {
			values = map[string]string{}
		}
		values[c.Placeholder] = v
	}
	t.Outcome = Outcome{Rule: r, Target: r.Expand(func(name string) string { return values[name] })}
	return t
}
