package lookup

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/Slicer/sitegen/generator/catalog"
)

// Spec is the grammar of the download API, and its only definition: Parse uses it to parse a query string, servers
// compile their maps or scripts from it, pages and documentation list it, and tests generate random requests from it. A
// new parameter or permalink is one entry in Parameters or Permalinks, a new system or architecture one entry in the
// scheme.
//
//	spec := lookup.NewSpec(scheme, links)
//	q, problem := spec.Parse(lookup.Find, "os=win&version=5.2")
//	x := lookup.New(spec, packages)
//	answer := x.Answer("/find", "os=win&version=5.2")
type Spec struct {
	*catalog.Scheme
	Links []catalog.Link // further fields of the package object

	parameters []Parameter // in the order in which Parse checks them; modes last
	permalinks []Permalink
	fields     []Field // fields of the package object, in alphabetical order
}

// Route is one of the dynamic URLs of the API.
type Route string

// The routes that take a query.
const (
	Home     Route = "/"
	Find     Route = "/find"
	FindAll  Route = "/findall"
	Download Route = "/download"
)

// Routes lists the routes.
func Routes() []Route { return []Route{Home, Find, FindAll, Download} }

// About returns the answer of the route: a phrase for tables, plain text.
func (r Route) About() string {
	switch r {
	case Download:
		return "the file of the package that the parameters select"
	case Find:
		return "a description in JSON of the package that " + string(Download) + " leads to"
	case FindAll:
		return "the same for every system, {os: {stability: package or null}}"
	}
	return "the download page, or the packages that the parameters select"
}

// Single reports whether the route answers with one package. Such a route requires the parameter os.
func (r Route) Single() bool { return r == Find || r == Download }

// ValueKind is the kind of values that a parameter accepts.
type ValueKind int

// The kinds. Numbers may have spaces around them and a plus sign, because pasted links have them.
const (
	Choice  ValueKind = iota // one of Values; case-sensitive
	Text                     // any text that is not empty
	Natural                  // a decimal number, 0 or more
	Integer                  // a decimal number with or without a sign
	Day                      // a valid date, YYYY-MM-DD
	Never                    // no value is valid: a parameter of a retired server
)

// Role is the function of a parameter in a query.
type Role int

// The roles. Each has exactly one parameter, except ModeRole and NoRole.
const (
	NoRole        Role = iota
	OSRole             // selects the system
	StabilityRole      // selects releases, nightly builds or both
	ArchRole           // selects the architecture
	OffsetRole         // moves from the found package to a newer or older one
	ModeRole           // selects how the package is found (see Finds); a query may have one
)

// Finds is the way a query finds its package.
type Finds int

// The ways to find a package.
const (
	Newest            Finds = iota // the newest one
	ByVersion                      // the newest of a version, or of one that begins with it: 5.2 finds 5.2.2
	ByRevision                     // the newest build of exactly a revision
	ByClosestRevision              // the newest build at or below a revision
	ByDate                         // the first in the order built on or before a day
)

// Parameter is one parameter of the query string.
type Parameter struct {
	Name    string
	Kind    ValueKind
	Role    Role
	Finds   Finds    // for a mode: the way to find a package
	Values  []string // for a Choice: the possible values
	Reason  string   // message for an invalid value, a phrase after the name: "is not a whole number"
	Allowed string   // the valid values: "a whole number, for instance -1"
	About   string   // the effect of the parameter: a phrase for tables, plain text
	Without string   // the effect of leaving it out: a phrase for tables, plain text; "" for none
}

// Parameters returns the table of parameters for a scheme.
func Parameters(s *catalog.Scheme) []Parameter {
	oses, arches, stabilities := words(s.OSes()), words(s.ArchIDs()), words(catalog.Stabilities())
	list := []Parameter{
		{
			Name: "os", Kind: Choice, Role: OSRole, Values: oses,
			Reason: "is missing or is not a known operating system", Allowed: strings.Join(oses, ", "),
			About: "operating system", Without: "an error for /download and /find; all systems for /findall and /",
		},
		{
			Name: "stability", Kind: Choice, Role: StabilityRole, Values: stabilities,
			Reason: "has an unknown value", Allowed: strings.Join(stabilities, ", "),
			About:   "releases, preview builds (nightly) or either",
			Without: "release, or any with revision; both release and nightly for /findall and /",
		},
		{
			Name: "arch", Kind: Choice, Role: ArchRole, Values: arches,
			Reason: "has an unknown value", Allowed: strings.Join(arches, ", "),
			About: "processor architecture", Without: arches[0],
		},
		{
			Name: "offset", Kind: Integer, Role: OffsetRole,
			Reason: "is not a whole number", Allowed: "a whole number, for instance -1",
			About:   "number of revisions to go up from the found package, or down if negative, of any stability",
			Without: "0",
		},
		{
			Name: "checkout-date", Kind: Never,
			Reason: "belongs to a retired server", Allowed: "date=YYYY-MM-DD, the day of the build, instead",
		},
		{
			Name: "version", Kind: Text, Role: ModeRole, Finds: ByVersion,
			Reason: "is empty", Allowed: "a version or its beginning, for instance 5.2",
			About: "a version or its beginning: 5.2 finds the newest 5.2.x",
		},
		{
			Name: "revision", Kind: Natural, Role: ModeRole, Finds: ByRevision,
			Reason: "is not a whole number", Allowed: "a decimal number, for instance 34645",
			About: "exactly this revision of the source",
		},
		{
			Name: "closest-revision", Kind: Natural, Role: ModeRole, Finds: ByClosestRevision,
			Reason: "is not a whole number", Allowed: "a decimal number, for instance 34645",
			About: "this revision or the closest one below it",
		},
		{
			Name: "date", Kind: Day, Role: ModeRole, Finds: ByDate,
			Reason: "is not a day", Allowed: "YYYY-MM-DD, for instance 2026-09-09",
			About: "built on or before this day (UTC), YYYY-MM-DD",
		},
	}
	if !s.Revisions {
		list = slices.DeleteFunc(list,
			func(p Parameter) bool { return p.Finds == ByRevision || p.Finds == ByClosestRevision })
		i := slices.IndexFunc(list, func(p Parameter) bool { return p.Role == OffsetRole })
		list[i].About = "number of days with builds to go forward from the found package, or back if negative, " +
			"of any stability"
	}
	return list
}

// NewSpec returns the grammar for a scheme.
func NewSpec(s *catalog.Scheme, links []catalog.Link) *Spec {
	return CustomSpec(s, links, Parameters(s), Permalinks(s))
}

// CustomSpec returns a grammar with its own tables of parameters and permalinks. Modes must come last, because a
// request with several modes is reported as such even if the values of the modes are invalid, too.
func CustomSpec(s *catalog.Scheme, links []catalog.Link, parameters []Parameter, permalinks []Permalink) *Spec {
	spec := &Spec{Scheme: s, Links: links, parameters: parameters}
	for _, l := range permalinks {
		l.compile(spec)
		spec.permalinks = append(spec.permalinks, l)
	}
	spec.fields = objectFields(s, links)
	return spec
}

// Parameters returns the parameters in the order in which Parse checks them. The caller must not change the slice.
func (s *Spec) Parameters() []Parameter { return s.parameters }

// Parameter returns the parameter with a name, or nil if there is none.
func (s *Spec) Parameter(name string) *Parameter {
	if i := slices.IndexFunc(s.parameters, func(p Parameter) bool { return p.Name == name }); i >= 0 {
		return &s.parameters[i]
	}
	return nil
}

// Of returns the parameter with a role, or nil if there is none.
func (s *Spec) Of(r Role) *Parameter {
	if i := slices.IndexFunc(s.parameters, func(p Parameter) bool { return p.Role == r }); i >= 0 {
		return &s.parameters[i]
	}
	return nil
}

// Mode returns the mode that finds a package in a certain way, or nil if there is none.
func (s *Spec) Mode(f Finds) *Parameter {
	if i := slices.IndexFunc(s.parameters, func(p Parameter) bool { return p.Finds == f }); i >= 0 && f != Newest {
		return &s.parameters[i]
	}
	return nil
}

// Modes returns the modes. A query may have at most one of them.
func (s *Spec) Modes() []Parameter {
	var list []Parameter
	for _, p := range s.parameters {
		if p.Role == ModeRole {
			list = append(list, p)
		}
	}
	return list
}

// ModeNames returns the names of the modes.
func (s *Spec) ModeNames() []string {
	var names []string
	for _, p := range s.Modes() {
		names = append(names, p.Name)
	}
	return names
}

// DefaultStability returns the stability of a request for one package that does not specify it.
func (s *Spec) DefaultStability(f Finds) catalog.Stability {
	if f == ByRevision {
		return catalog.Any
	}
	return catalog.Release
}

// CellStabilities returns the stabilities of a request for cells (FindAll, Home) that does not specify them, in the
// order of the rows.
func (s *Spec) CellStabilities() []catalog.Stability {
	return []catalog.Stability{catalog.Release, catalog.Nightly}
}

// Permalink is a path that redirects to the result of a query.
type Permalink struct {
	// Path contains names of parameters in braces: /releases/{version}/{os}. In a request, each is replaced by a value
	// that the parameter accepts and that needs no escaping in a path.
	Path  string
	Fixed []Fixed // parameters with a constant value, which do not occur in Path
	About string  // the package that it finds: a phrase for tables, plain text

	names   []string // names of the parameters in Path, in order
	pattern string
	expr    *regexp.Regexp
}

// Fixed is a parameter with a constant value.
type Fixed struct{ Name, Value string }

// RecordSuffix is the end of a permalink to the record of a package (/find) instead of the package itself (/download).
const RecordSuffix = ".json"

// Permalinks returns the table of permalinks for a scheme.
func Permalinks(s *catalog.Scheme) []Permalink {
	list := []Permalink{
		{Path: "/latest/{os}", About: "the newest release"},
		{Path: "/latest/{os}/nightly", Fixed: []Fixed{{"stability", string(catalog.Nightly)}},
			About: "the newest preview build"},
		{Path: "/releases/{version}/{os}", About: "a release, or the newest release of a series"},
	}
	if s.Revisions {
		list = append(list, Permalink{Path: "/revision/{revision}/{os}", About: "the newest build of a revision"})
	}
	return list
}

var (
	folderRE      = regexp.MustCompile(`^/[a-z]+/`)
	placeholderRE = regexp.MustCompile(`\{([a-z-]+)\}`)
)

// compile prepares a permalink. It panics on a mistake, because permalinks are constants of the program.
func (l *Permalink) compile(s *Spec) {
	if !folderRE.MatchString(l.Path) {
		panic(fmt.Sprintf("permalink %q does not begin with the name of a folder", l.Path)) // grammar.js needs it
	}
	end := 0
	for _, m := range placeholderRE.FindAllStringSubmatchIndex(l.Path, -1) {
		name := l.Path[m[2]:m[3]]
		l.names = append(l.names, name)
		l.pattern += regexp.QuoteMeta(l.Path[end:m[0]]) + "(" + s.Parameter(name).pathPattern() + ")"
		end = m[1]
	}
	l.pattern += regexp.QuoteMeta(l.Path[end:])
	l.expr = regexp.MustCompile(`^` + l.pattern + `(` + regexp.QuoteMeta(RecordSuffix) + `)?\z`)
}

// pathPattern returns the regular expression of a value in a path. It has no capturing groups.
func (p *Parameter) pathPattern() string {
	switch p.Kind {
	case Choice:
		return strings.Join(p.Values, "|")
	case Natural, Integer:
		return `[0-9]+`
	case Day:
		return `[0-9]{4}-[0-9]{2}-[0-9]{2}`
	}
	return `[0-9A-Za-z][0-9A-Za-z._-]*`
}

// Names returns the names of the parameters in the path, in order. They correspond to the groups of Pattern.
func (l *Permalink) Names() []string { return l.names }

// Matches reports whether a path without RecordSuffix is this permalink.
func (l *Permalink) Matches(path string) bool {
	m := l.expr.FindStringSubmatch(path)
	return m != nil && m[len(m)-1] == ""
}

// Pattern returns the regular expression of the path, not anchored and without RecordSuffix. It means the same in Go,
// PCRE and JavaScript.
func (l *Permalink) Pattern() string { return l.pattern }

// Expand returns the permalink with the given values of parameters.
func (l *Permalink) Expand(value func(name string) string) string {
	var path strings.Builder
	rest := l.Path
	for _, name := range l.names { // in the order of the path
		before, after, _ := strings.Cut(rest, "{"+name+"}")
		path.WriteString(before)
		path.WriteString(value(name))
		rest = after
	}
	path.WriteString(rest)
	return path.String()
}

// Permalinks returns the permalinks. The caller must not change the slice.
func (s *Spec) Permalinks() []Permalink { return s.permalinks }

// Permalink translates the path of a permalink to a request: /download, or /find if the path ends in RecordSuffix. For
// example, /latest/linux.json becomes /find and os=linux. ok is false if the path is not a permalink. Permalink does
// not check whether the package exists.
func (s *Spec) Permalink(path string) (route Route, rawQuery string, ok bool) {
	for i := range s.permalinks {
		l := &s.permalinks[i]
		m := l.expr.FindStringSubmatch(path)
		if m == nil {
			continue
		}
		route = Download
		if m[len(m)-1] != "" {
			route = Find
		}
		return route, l.query(func(i int) string { return m[i+1] }), true
	}
	return "", "", false
}

// query returns the query string, with its parameters in alphabetical order. value returns the value of the i-th
// placeholder, which must need no escapes.
func (l *Permalink) query(value func(i int) string) string {
	var list []string
	for i, name := range l.names {
		list = append(list, name+"="+value(i))
	}
	for _, f := range l.Fixed {
		list = append(list, f.Name+"="+f.Value)
	}
	slices.Sort(list)
	return strings.Join(list, "&")
}

// Query returns the query string of the permalink, with reference(i) as the value of the i-th placeholder, for instance
// "$1" for Nginx.
func (l *Permalink) Query(reference func(i int) string) string { return l.query(reference) }

// LatestPath returns the permalink of the newest release or nightly build for a system.
func (s *Spec) LatestPath(o catalog.OS, st catalog.Stability) string {
	if st == catalog.Nightly {
		return fmt.Sprintf("/latest/%s/nightly", o)
	}
	return fmt.Sprintf("/latest/%s", o)
}

// VersionPath returns the permalink of the newest release of a version or of a series (5.12).
func (s *Spec) VersionPath(version string, o catalog.OS) string {
	return fmt.Sprintf("/releases/%s/%s", version, o)
}

// RevisionPath returns the permalink of the newest build of a revision, or "" in a scheme without revisions.
func (s *Spec) RevisionPath(revision int, o catalog.OS) string {
	if !s.Revisions {
		return ""
	}
	return fmt.Sprintf("/revision/%d/%s", revision, o)
}

func words[T ~string](list []T) []string {
	words := make([]string, len(list))
	for i, v := range list {
		words[i] = string(v)
	}
	return words
}

// Problems returns one Problem for each error page, in the order in which Parse checks for them.
func (s *Spec) Problems() []Problem {
	var list []Problem
	for i := range s.parameters {
		p := &s.parameters[i]
		if p.Role == ModeRole && !slices.ContainsFunc(list, func(l Problem) bool { return l.Param == ManyModes }) {
			list = append(list, manyModes(s, ""))
		}
		list = append(list, p.problem(""))
	}
	return list
}

// Parse parses the query string of a request (still encoded, without the question mark). The Problem is nil if the
// request is valid.
func (s *Spec) Parse(route Route, rawQuery string) (Query, *Problem) {
	given := DecodeQuery(rawQuery)
	q := Query{Route: route, OSes: s.OSes(), Arch: s.DefaultArch()}
	var modes []string
	for _, m := range s.Modes() {
		if _, ok := given[m.Name]; ok {
			modes = append(modes, m.Name)
		}
	}
	for i := range s.parameters {
		p := &s.parameters[i]
		v, ok := given[p.Name]
		switch {
		case p.Role == ModeRole && len(modes) > 1:
			problem := manyModes(s, modes[0]+" and "+modes[1])
			return Query{}, &problem
		case ok && !p.valid(v), !ok && p.Role == OSRole && route.Single():
			problem := p.problem(v)
			return Query{}, &problem
		case ok:
			q.set(p, v)
		}
	}
	if q.Stabilities == nil {
		q.Stabilities = s.CellStabilities()
		if route.Single() {
			q.Stabilities = []catalog.Stability{s.DefaultStability(q.Finds)}
		}
	}
	return q, nil
}
