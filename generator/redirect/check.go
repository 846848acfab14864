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

// Severity is the weight of a finding: an error stops a build, a warning does not.
type Severity int

// The severities.
const (
	Note    Severity = iota // what a server does not answer, whatever the rules
	Warning                 // does not stop a build
	Error
)

// String returns the word for people.
func (s Severity) String() string { return [...]string{"note", "warning", "error"}[s] }

// Finding is a mistake in a table, or something that the author of a rule should know.
type Finding struct {
	Severity Severity
	Pos      fault.Place // zero when it concerns no line
	Message  string
}

// String returns path:line:col and the message.
func (f Finding) String() string {
	if f.Pos == (fault.Place{}) {
		return f.Message
	}
	return f.Pos.String() + ": " + f.Message
}

// Split separates findings into warnings and an error that joins the errors. Notes are in neither.
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

// Site is what Check needs to know of the site besides its rules.
type Site struct {
	Pages map[string]bool // paths that are files: "/", "/docs/install/" (a folder's index.html), "/robots.txt"
	Host  string          // of the site, with the port if there is one
	Hosts []string        // that rules may lead to, with that of the site
}

// path returns the path and query of a target on the site itself, whether it is a path or a whole URL.
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

// has reports whether there is a page, with or without a slash at the end of its path.
func (s Site) has(path string) bool {
	return s.Pages[path] || s.Pages[path+"/"] || s.Pages[trimSlash(path)]
}

// Check finds what is wrong with the rules of a table, all at once, in the order of the lines. What one server makes of
// them is in its Compilation.
func Check(t *Table, site Site) []Finding {
	c := &checker{table: t, site: site}
	for _, r := range t.Rules.All() {
		if r.Origin == Inherited { // of the profile: it knows nothing of this site's pages
			continue
		}
		c.unreachable(r)
		c.shadows(r)
		c.host(r)
		c.follow(r)
	}
	c.hidden()
	slices.SortStableFunc(c.findings, func(a, b Finding) int {
		return cmp.Or(strings.Compare(a.Pos.File, b.Pos.File), a.Pos.Line-b.Pos.Line, a.Pos.Col-b.Pos.Col)
	})
	return c.findings
}

type checker struct {
	table    *Table
	site     Site
	findings []Finding
}

func (c *checker) add(s Severity, r *Rule, format string, args ...any) {
	c.findings = append(c.findings, Finding{s, r.Pos, fmt.Sprintf(format, args...)})
}

// unreachable finds rules that never match, because the API or another rule answers before them.
func (c *checker) unreachable(r *Rule) {
	switch api := c.table.Index.Answer(r.Source, ""); {
	case api.Kind != lookup.NotOurs && api.Kind != lookup.NoSuchID:
		c.add(Error, r, "this rule never matches: the download API answers %s", r.Source)
		return
	case strings.HasPrefix(r.Source, "/assets/") || strings.HasPrefix(r.Source, "/-/"):
		c.add(Error, r, "this rule never matches: rules do not apply to files that sitegen generates (found %s)",
			r.Source)
		return
	}
	if _, _, ok := c.table.Index.Spec().Permalink(r.Source); ok {
		c.add(Error, r, "this rule never matches: %s is a permalink of the catalogue", r.Source)
		return
	}
	before := c.table.Rules.Exact(r.Source)
	if r.Pattern() {
		before = c.table.Rules.Patterns()
	}
	for _, b := range before {
		if b == r {
			return
		}
		if !coversPath(b, r) || !implies(r.Conditions, b.Conditions) {
			continue
		}
		if implies(b.Conditions, r.Conditions) && coversPath(r, b) {
			c.add(Error, r, "a second rule for %s; the first is %s", r.Source, b.Pos)
		} else {
			c.add(Error, r, "this rule never matches: %s at %s matches before it", b.Source, b.Pos)
		}
		return
	}
}

// coversPath reports whether r matches every path that other matches.
func coversPath(r, other *Rule) bool {
	mine, theirs := strings.Split(r.Source, "/"), strings.Split(other.Source, "/")
	for i, m := range mine {
		if m == "*" {
			return true
		}
		if i >= len(theirs) {
			return false
		}
		_, mineOpen := placeholder(m)
		_, theirsOpen := placeholder(theirs[i])
		switch {
		case theirs[i] == "*":
			return false
		case mineOpen && (theirsOpen || capturedRE.MatchString(theirs[i])):
		case !mineOpen && !theirsOpen && m == theirs[i]:
		default:
			return false
		}
	}
	return len(mine) == len(theirs)
}

// implies reports whether every query that meets conditions a meets conditions b.
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

// hidden finds pages that are never shown, because the download API or a permalink answers before them.
func (c *checker) hidden() {
	for _, page := range slices.Sorted(maps.Keys(c.site.Pages)) {
		_, _, permalink := c.table.Index.Spec().Permalink(page)
		if page == "/" || strings.HasSuffix(page, "/index.html") || !permalink &&
			c.table.Index.Answer(page, "").Kind == lookup.NotOurs {
			continue
		}
		c.findings = append(c.findings,
			Finding{Error, fault.Place{}, fmt.Sprintf("the page %s is never shown: the download API answers there; "+
				"give it another path", page)})
	}
}

// shadows finds pages that the rule hides without an exclamation mark.
func (c *checker) shadows(r *Rule) {
	if r.Force {
		return
	}
	hint := fmt.Sprintf("rules come before pages; write %d! if that is intended", r.Status)
	if r.Origin == Aliased {
		hint = "remove this alias"
	}
	if !r.Pattern() {
		if c.site.has(r.Source) {
			c.add(Error, r, "this rule hides the page %s; %s", r.Source, hint)
		}
		return
	}
	var hidden []string
	for page := range c.site.Pages {
		if strings.HasPrefix(page, r.prefix) && r.expr.MatchString(page) {
			hidden = append(hidden, page)
		}
	}
	if len(hidden) > 0 {
		c.add(Error, r, "this rule hides %d pages, %s among them; %s", len(hidden), slices.Min(hidden), hint)
	}
}

// host finds targets on a host that is not allowed.
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

// maxHops is the longest chain that is followed. Browsers follow 20.
const maxHops = 10

// follow goes from a rule to where it ends, as a browser does, with x for each placeholder.
func (c *checker) follow(r *Rule) {
	way := []*Rule{r}
	fixed := true
	for at := r; ; {
		fixed = fixed && at.Fixed()
		target, internal := c.site.path(at.Expand(func(name string) string {
			if name == Splat {
				return "x/x"
			}
			return "x"
		}))
		if !internal {
			break
		}
		path, query := splitTarget(target)
		a := c.table.Answer(path, query)
		if at.Status == 200 {
			a = Answer{Status: c.table.Index.Answer(path, "").Status} // rules are not tried again
		}
		if a.Rule == nil {
			if fixed && (a.Status >= 400 || a.Status == 0 && !c.site.has(path)) {
				c.add(Error, r, "the target does not exist on the site (found %s)", target)
			}
			break
		}
		if i := slices.Index(way, a.Rule); i >= 0 || len(way) == maxHops {
			c.loop(way, max(i, 0))
			return
		}
		way, at = append(way, a.Rule), a.Rule
	}
	if len(way) > 1 && way[1].Moved() {
		c.chain(way)
	}
}

// splitTarget separates the path of a target, decoded, from its query.
func splitTarget(target string) (path, query string) {
	target, _, _ = strings.Cut(target, "#")
	target, query, _ = strings.Cut(target, "?")
	if p, err := url.PathUnescape(target); err == nil {
		target = p
	}
	return target, query
}

// loop reports the loop at the end of a way, which begins with its i-th rule. A loop is reported once, for its first
// rule.
func (c *checker) loop(way []*Rule, i int) {
	for _, r := range way[i:] {
		if r.Pos.Line < way[0].Pos.Line && i == 0 {
			return
		}
	}
	what := "a loop"
	if i > 0 {
		what = "this leads into a loop"
	}
	c.add(Error, way[0], "%s: %s", what, arrows(append(way, way[i])))
}

// chain reports a way of several steps, and the rule that would save them.
func (c *checker) chain(way []*Rule) {
	last := way[len(way)-1]
	if !last.Moved() {
		c.add(Warning, way[0], "a chain: %s; it ends with status %d", arrows(way), last.Status)
		return
	}
	direct := *way[0]
	direct.Target = last.Target
	if !last.Fixed() {
		c.add(Warning, way[0], "a chain: %s -> %s", arrows(way), last.Target)
		return
	}
	c.add(Warning, way[0], "a chain: %s -> %s; write: %s", arrows(way), last.Target, direct.String())
}

func arrows(way []*Rule) string {
	sources := make([]string, len(way))
	for i, r := range way {
		sources[i] = r.Source
	}
	return strings.Join(sources, " -> ")
}
