package redirect

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/lookup"
)

// Severity ranks a finding: an error stops a build, a warning or a note does not.
type Severity int

// The severities, in ascending order.
const (
	Note    Severity = iota // a kind of request that a server answers differently, whatever the rules
	Warning                 // something that the author of a rule should look at
	Error                   // a mistake; the build stops
)

// String returns "note", "warning" or "error".
func (s Severity) String() string { return [...]string{"note", "warning", "error"}[s] }

// Finding is a mistake in a table, or a fact about a rule that its author should know.
type Finding struct {
	Severity Severity
	Pos      fault.Place // zero if the finding is not about a line
	Message  string
}

// String returns the message, after path:line:col if the finding has a place.
func (f Finding) String() string {
	if f.Pos == (fault.Place{}) {
		return f.Message
	}
	return f.Pos.String() + ": " + f.Message
}

// Split separates findings into the warnings and one error that joins all errors. It drops the notes.
func Split(findings []Finding) (warnings fault.Findings, err error) {
	var errs []error
	for _, f := range findings {
		switch f.Severity {
		case Error:
			errs = append(errs, errors.New(f.String()))
		case Warning:
			warnings = append(warnings, f.Pos.Errorf("%s", f.Message))
		}
	}
	return warnings, errors.Join(errs...)
}

// Site describes what Check needs to know about the site besides its table.
type Site struct {
	Host  string   // the site's own host, with the port if it has one
	Hosts []string // hosts that a target may be on
}

// path returns the path and query of a target if it is on the site itself. The target may be a path or a whole URL:
// "/a?x=1" and "https://download.example/a?x=1" both return "/a?x=1".
func (s Site) path(target string) (path string, ok bool) {
	if strings.HasPrefix(target, "/") {
		return target, true
	}
	_, rest, _ := strings.Cut(target, "://")
	end := strings.IndexAny(rest+"/", "/?#")
	if s.Host == "" || !strings.EqualFold(rest[:end], s.Host) {
		return "", false
	}
	return "/" + strings.TrimPrefix(rest[end:], "/"), true
}

// Check returns everything that is wrong with the rules of a table, sorted by file and line: at most one error for a
// rule, and one for a loop. It checks what holds for all servers; the limits of a single server are in its Compilation.
func Check(t *Table, site Site) []Finding {
	c := &checker{table: t, site: site, order: map[*Rule]int{}, exact: map[string][]*Rule{}, failed: map[*Rule]bool{},
		hops: map[*Rule]hop{}, into: map[*Rule]*loop{}}
	for i, r := range t.Rules.All() {
		c.order[r] = i
		if !r.Pattern() {
			c.exact[r.Source] = append(c.exact[r.Source], r)
		}
	}
	var rules []*Rule // those of this site that match some request
	for _, r := range t.Rules.All() {
		// The rules of the profile are written without knowledge of this site's pages.
		if r.Origin != Inherited && !c.unreachable(r) && !c.shadowed(r) {
			rules = append(rules, r)
		}
	}
	c.loops(rules)
	for _, r := range rules {
		c.host(r)
		c.follow(r)
	}
	for _, r := range t.Rules.LeftOut() {
		c.add(Warning, r, "this rule is left out: %s", r.LeftOut)
	}
	c.hidden()
	slices.SortStableFunc(c.findings, func(a, b Finding) int { return a.Pos.Compare(b.Pos) })
	return c.findings
}

type checker struct {
	table    *Table
	site     Site
	order    map[*Rule]int      // the positions of the rules in the order in which they are tried
	exact    map[string][]*Rule // the rules that are no patterns, by source
	findings []Finding
	failed   map[*Rule]bool  // the rules that have an error
	hops     map[*Rule]hop   // the results of next
	into     map[*Rule]*loop // the loop that a rule is in or leads into; nil for none
}

// add adds a finding about a rule, unless the rule already has an error: a line has one error, the first one found.
func (c *checker) add(s Severity, r *Rule, format string, args ...any) {
	if c.failed[r] {
		return
	}
	c.failed[r] = s == Error
	c.findings = append(c.findings, Finding{s, r.Pos, fmt.Sprintf(format, args...)})
}

// unreachable adds a finding and returns true if a rule never matches because the API or another rule answers first.
func (c *checker) unreachable(r *Rule) bool {
	switch api := c.table.Index.Answer(r.Source, ""); {
	case api.Kind != lookup.NotOurs && api.Kind != lookup.NoSuchID:
		c.add(Error, r, "this rule never matches: the download API answers %s", r.Source)
		return true
	case withoutRules(r.Source), withoutRules(r.Source + "/"):
		c.add(Error, r, "this rule never matches: rules do not apply to files that sitegen generates, or to "+
			"hidden files "+
			"(found %s)",
			r.Source)
		return true
	}
	if _, _, ok := c.table.Index.Spec().Permalink(r.Source); ok {
		c.add(Error, r, "this rule never matches: %s is a permalink of the catalogue", r.Source)
		return true
	}
	for _, list := range [][]*Rule{c.exact[r.Source], c.table.Rules.Patterns()} {
		for _, b := range list {
			if c.order[b] >= c.order[r] {
				break
			}
			if implies(r.Conditions, b.Conditions) && coversPath(b, r) {
				c.behind(r, b)
				return true
			}
		}
	}
	return false
}

// behind adds a finding about a rule that never matches because a rule before it does. On Netlify, such a line does no
// harm, so it is a warning; an alias that does not work is an error.
func (c *checker) behind(r, before *Rule) {
	severity := Warning
	if r.Origin == Aliased {
		severity = Error
	}
	if implies(before.Conditions, r.Conditions) && coversPath(r, before) {
		c.add(severity, r, "duplicate rule for %s; the first is at %s", r.Source, before.Pos)
		return
	}
	c.add(severity, r, "this rule never matches: %s at %s matches first", before.Source, before.Pos)
}

// coversPath reports whether r matches every path that other matches. For example, /u/* covers /u/:name, and /u/:name
// covers /u/ann, but not the other way round. It tries paths with unusual text in place of placeholders and asterisks,
// which nothing but a placeholder or an asterisk of r can match.
func coversPath(r, other *Rule) bool {
	if !r.Pattern() {
		return !other.Pattern() && r.Source == other.Source
	}
	if !strings.HasPrefix(other.Source, r.prefix) {
		return false
	}
	const one = "\uE000"
	for _, any := range []string{"", one, one + "/" + one, one + "/"} {
		var path strings.Builder
		for _, p := range other.path {
			switch {
			case p.star:
				path.WriteString(any)
			case p.name != "":
				path.WriteString(one)
			default:
				path.WriteString(p.text)
			}
		}
		if r.match(CleanPath(path.String())) == nil {
			return false
		}
	}
	return true
}

// implies reports whether every query that meets the conditions a also meets the conditions b. For example, id=7
// implies id=:x, and id=7 lang=en implies id=7.
func implies(a, b []Condition) bool {
	for _, want := range b {
		if !slices.ContainsFunc(a, func(have Condition) bool {
			return have.Name == want.Name &&
				(want.Placeholder != "" || have.Placeholder == "" && have.Value == want.Value)
		}) {
			return false
		}
	}
	return true
}

// hidden adds an error for each page that is never shown because the download API or a permalink answers at its path.
func (c *checker) hidden() {
	for _, page := range slices.Sorted(maps.Keys(c.table.Files.Pages)) {
		_, _, permalink := c.table.Index.Spec().Permalink(page)
		if page == "/" || strings.HasSuffix(page, "/index.html") || !permalink &&
			c.table.Index.Answer(page, "").Kind == lookup.NotOurs {
			continue
		}
		c.findings = append(c.findings,
			Finding{Error, fault.Place{}, fmt.Sprintf("the page %s is never shown: the download API answers there; "+
				"use another path", page)})
	}
}

// shadowed adds a finding and returns true if a rule never matches because the site has a file at its path.
func (c *checker) shadowed(r *Rule) bool {
	if r.Pattern() || r.Force || !c.table.Files.Has(r.Source) {
		return false
	}
	if r.Origin == Aliased {
		c.add(Error, r, "this alias never redirects: there is a page at %s; remove the alias", r.Source)
		return true
	}
	c.add(Warning, r, "this rule never matches: there is a file at %s, and files come before rules; write %d! if the "+
		"rule is to hide it", r.Source, r.Status)
	return true
}

// host adds an error if the target is on a host that is not allowed.
func (c *checker) host(r *Rule) {
	if !strings.HasPrefix(r.Target, "http") {
		return
	}
	u, err := url.Parse(strings.ReplaceAll(r.Target, "/:", "/")) // a placeholder is not part of the host
	if err == nil && slices.Contains(c.site.Hosts, u.Hostname()) {
		return
	}
	host := r.Target
	if err == nil {
		host = u.Hostname()
	}
	c.add(Error, r, "the target is on a host that is not allowed (found %s); allowed: %s", host,
		cmp.Or(strings.Join(c.site.Hosts, ", "), "none"))
}

// maxHops is the number of redirects that browsers follow.
const maxHops = 20

// hop is the step from a rule to its target, with x for each placeholder.
type hop struct {
	target  string // a path and query of the site; "" if the rule leads elsewhere
	rule    *Rule  // the rule that answers the target; nil for none
	missing bool   // nothing answers the target
}

// next returns the step from a rule to its target, as a browser takes it. For example, with these rules:
//
//	/a/* /b/:splat
//	/b/* /c/
//
// the target of the first rule is /b/x/x, which the second rule answers. So the first rule is the start of a chain:
// /a/* -> /b/* -> /c/.
func (c *checker) next(r *Rule) hop {
	if h, ok := c.hops[r]; ok {
		return h
	}
	var h hop
	target, internal := c.site.path(r.Expand(func(name string) string {
		if name == Splat {
			return "x/x"
		}
		return "x"
	}))
	if internal {
		path, query := splitTarget(target)
		var a Answer // of the target; a server does not try rules a second time for a target that is a file
		if r.Moved() {
			a = c.table.Answer(path, query)
		}
		// A pattern such as /* /404 404 answers for everything that does not exist.
		none := a.Status >= 400 && (a.Rule == nil || a.Rule.Pattern()) || a.Status == 0 && !c.table.Files.Has(path)
		h = hop{target: target, rule: a.Rule, missing: none && r.Fixed()}
		if h.missing {
			h.rule = nil
		}
	}
	c.hops[r] = h
	return h
}

// loop is a redirect loop.
type loop struct {
	rules []*Rule // in the order in which they lead to each other; the last leads to the first
	from  []*Rule // the other rules that lead into it
}

// loops finds the loops that rules are in or lead into. It adds one error for each, at the first of its rules in the
// file. For example, these rules have one loop, and the error is in line 2:
//
//	/x /a
//	/a /b
//	/b /a
func (c *checker) loops(rules []*Rule) {
	var all []*loop
	for _, r := range rules {
		if _, known := c.into[r]; known {
			continue
		}
		var steps []*Rule
		index := map[*Rule]int{} // in steps
		at, known, again := r, false, false
		for at != nil && !known && !again {
			index[at], steps = len(steps), append(steps, at)
			at = c.next(at).rule
			_, known = c.into[at]
			_, again = index[at]
		}
		l, before := c.into[at], steps
		if again {
			i := index[at]
			l, before = &loop{rules: steps[i:]}, steps[:i]
			all = append(all, l)
		}
		for _, s := range steps {
			c.into[s] = l
		}
		if l != nil {
			l.from = append(l.from, before...)
		}
	}
	for _, l := range all {
		c.loop(l)
	}
}

// maxListed is the maximum number of rules that the error about a loop lists as leading into it.
const maxListed = 3

// loop adds the error about a loop. A loop of the profile's rules only is an error of the first rule that leads into
// it.
func (c *checker) loop(l *loop) {
	inFile := func(a, b *Rule) int { return cmp.Or(int(a.Origin)-int(b.Origin), a.Pos.Compare(b.Pos)) }
	first := slices.MinFunc(l.rules, inFile)
	i := slices.Index(l.rules, first)
	steps := slices.Concat(l.rules[i:], l.rules[:i], []*Rule{first})
	slices.SortFunc(l.from, inFile)
	if first.Origin == Inherited {
		first = l.from[0]
	}
	from := ""
	if n := len(l.from); n > 0 {
		from = "; rules that lead into it: " + sources(l.from[:min(n, maxListed)], ", ")
		if n > maxListed {
			from += fmt.Sprintf(" and %d more", n-maxListed)
		}
	}
	c.add(Error, first, "redirect loop: %s%s", arrows(steps), from)
}

// follow follows a rule to its end and reports chains and missing targets. It ignores rules that lead into a loop.
func (c *checker) follow(r *Rule) {
	if c.into[r] != nil {
		return
	}
	steps := []*Rule{r}
	h := c.next(r)
	for ; h.rule != nil && len(steps) <= maxHops; h = c.next(h.rule) {
		steps = append(steps, h.rule)
	}
	last := steps[len(steps)-1]
	switch {
	case len(steps) > maxHops && last.Moved():
		c.add(Error, r, "redirect chain of more than %d redirects, which browsers do not follow: %s", maxHops,
			arrows(steps))
	case h.missing && (last == r || last.Origin == Inherited): // any other rule has an error of its own
		c.add(Error, r, "the target does not exist on the site (found %s)", h.target)
	}
	if len(steps) > 1 && steps[1].Moved() {
		c.chain(steps)
	}
}

// splitTarget returns the path of a target, decoded, and its query, still encoded.
func splitTarget(target string) (path, query string) {
	target, _, _ = strings.Cut(target, "#")
	target, query, _ = strings.Cut(target, "?")
	if p, err := url.PathUnescape(target); err == nil {
		target = p
	}
	return target, query
}

// chain reports a rule that takes several redirects to its target, and the rule that would take one.
func (c *checker) chain(steps []*Rule) {
	last := steps[len(steps)-1]
	if !last.Moved() {
		c.add(Warning, steps[0], "redirect chain: %s; it ends with status %d", arrows(steps), last.Status)
		return
	}
	direct := *steps[0]
	direct.Target = last.Target
	if !last.Fixed() {
		c.add(Warning, steps[0], "redirect chain: %s -> %s", arrows(steps), last.Target)
		return
	}
	c.add(Warning, steps[0], "redirect chain: %s -> %s; write: %s", arrows(steps), last.Target, direct.String())
}

// arrows lists the sources of rules that lead to each other: "/a -> /b". It leaves out the middle of a long list.
func arrows(steps []*Rule) string {
	if n := len(steps); n > maxHops {
		return sources(steps[:maxHops/2], " -> ") + " -> … -> " + sources(steps[n-1:], " -> ")
	}
	return sources(steps, " -> ")
}

// sources joins the sources of rules.
func sources(rules []*Rule, separator string) string {
	list := make([]string, len(rules))
	for i, r := range rules {
		list[i] = r.Source
	}
	return strings.Join(list, separator)
}
