package site

import (
	"cmp"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/lookup"
)

// Reference describes the download API on the page for developers and in openapi.json. It is generated from the
// grammar, so it is always up to date.
type Reference struct {
	Links      []ExampleLink      // for common questions
	Routes     []ExampleLink      // one for each address that takes parameters
	Parameters []ExampleParameter // without those that are always an error
	Permalinks []ExamplePermalink
	Objects    []Object // of JSON files
	Modes      []string // parameters that cannot be combined
	Default    string   // architecture of a request that does not name one
	OSes       []string
	Arches     []string
	IDs        string // the form of ids, in words
	Revisions  bool   // whether packages have a revision of the source code
	OpenAPI    string // URL of the description for programs
	Examples   Examples
}

// ExampleLink is a link to the API.
type ExampleLink struct {
	URL   string // /download?os=linux&version=5.12.4
	About string // its answer: a phrase
	Live  bool   // whether the catalogue has a package for it; else, pages show the address only
}

// ExampleParameter is a parameter, and a link with it.
type ExampleParameter struct {
	lookup.Parameter
	Value string // for instance 5.12.4
	Link  ExampleLink
}

// ExamplePermalink is a permalink, and the query that it is short for.
type ExamplePermalink struct {
	ExampleLink          // /releases/5.12/linux
	Record      string   // URL of the description in JSON
	Query       string   // /download?os=linux&version=5.12
	Form        string   // /releases/{version}/{os}
	Names       []string // of the parameters in Form
}

// Examples are values for example links. If the catalogue has a release, the links lead to its packages.
type Examples struct {
	ID         string     // of a package for OS
	OS         catalog.OS // the first one that the release has a package for
	UnixOS     catalog.OS // the first one with a Unix shell, else the same as OS
	UnixSystem string     // its title
	Arch       catalog.Arch
	Version    string // version of the newest release
	Series     string // series of that release, for instance 5.12
	Revision   int
	Day        string // a build day of that release
	FileName   string // file name of that release's package for UnixOS
	SumKey     string // key of the checksum of the package for OS in JSON: sha512
	Summed     string // version of the newest release with a SHA-512 checksum; "" if there is none
	Sums       string // URL of its checksums
}

// reference describes the API. The examples use the newest release, or made-up values if there are no
// releases.
func reference(x *lookup.Index, releases []*Release) *Reference {
	spec := x.Spec()
	r := &Reference{
		Modes: spec.ModeNames(), Default: string(spec.DefaultArch()), IDs: spec.IDs.Describe(),
		Revisions: spec.Revisions, Objects: objects(spec), OpenAPI: openAPIURL,
		OSes: spec.Of(lookup.OSRole).Values, Arches: spec.Of(lookup.ArchRole).Values,
		Examples: examples(spec, releases),
	}
	for _, p := range spec.Parameters() {
		if p.Kind != lookup.Never {
			r.Parameters = append(r.Parameters, r.parameter(x, p))
		}
	}
	for n := range spec.Permalinks() {
		r.Permalinks = append(r.Permalinks, r.permalink(x, &spec.Permalinks()[n]))
	}
	r.Examples.UnixSystem = spec.Title(r.Examples.UnixOS)
	r.Routes, r.Links = r.routes(x), r.links(x)
	return r
}

func examples(spec *lookup.Spec, releases []*Release) Examples {
	e := Examples{
		ID: "id", OS: spec.Systems[0].ID, UnixOS: spec.Systems[0].ID, Arch: spec.DefaultArch(),
		Version: "1.0", Series: "1.0", Revision: 1, Day: "2026-01-31", FileName: "package",
		SumKey: "sha512",
	}
	unix := func(os catalog.OS) bool { s := spec.System(os); return s != nil && s.Family == catalog.UnixFamily }
	if i := slices.IndexFunc(spec.Systems, func(s catalog.System) bool { return unix(s.ID) }); i >= 0 {
		e.UnixOS = spec.Systems[i].ID
	}
	newest := newest(releases)
	if newest == nil {
		return e
	}
	e.Version, e.Series, e.Revision, e.Day = newest.Version, newest.Series(), newest.Revision, newest.Items[0].Day()
	if n := slices.IndexFunc(releases, (*Release).HasSums); n >= 0 {
		e.Summed, e.Sums = releases[n].Version, releases[n].SumsURL()
	}
	usual := func(i Item) bool { return i.Arch == spec.DefaultArch() }
	if n := slices.IndexFunc(newest.Items, usual); n >= 0 {
		i := newest.Items[n]
		e.ID, e.OS, e.UnixOS, e.Revision, e.Day = i.ID, i.OS, i.OS, i.Revision, i.Day()
		e.FileName = cmp.Or(i.FileName(), e.FileName)
		e.SumKey = "sha" + strconv.Itoa(i.ChecksumBits())
	}
	for _, i := range newest.Items {
		if usual(i) && unix(i.OS) {
			e.UnixOS, e.FileName = i.OS, cmp.Or(i.FileName(), e.FileName)
			break
		}
	}
	return e
}

// Value returns an example of a parameter.
func (r *Reference) Value(name string) string {
	i := slices.IndexFunc(r.Parameters, func(p ExampleParameter) bool { return p.Name == name })
	return r.Parameters[i].Value
}

// value returns an example of a parameter for a package of the newest release.
func (e *Examples) value(p *lookup.Parameter) string {
	switch {
	case p.Role == lookup.OSRole:
		return string(e.OS)
	case p.Role == lookup.ArchRole:
		return string(e.Arch)
	case p.Kind == lookup.Choice:
		return p.Values[0]
	case p.Finds == lookup.ByVersion:
		return e.Series
	case p.Kind == lookup.Day:
		return e.Day
	case p.Role == lookup.OffsetRole:
		return "-1"
	}
	return strconv.Itoa(e.Revision)
}

// parameter returns a parameter with an example, a link to /find.
func (r *Reference) parameter(x *lookup.Index, p lookup.Parameter) ExampleParameter {
	value := r.Examples.value(&p)
	query := "os=" + string(r.Examples.OS)
	switch {
	case p.Role == lookup.OSRole:
	case p.Finds == lookup.ByDate:
		query += "&stability=any&" + p.Name + "=" + value
	default:
		query += "&" + p.Name + "=" + value
	}
	return ExampleParameter{p, value, link(x, string(lookup.Find)+"?"+query, p.About)}
}

// permalink returns a permalink with example values.
func (r *Reference) permalink(x *lookup.Index, l *lookup.Permalink) ExamplePermalink {
	value := func(name string) string { return r.Examples.value(x.Spec().Parameter(name)) }
	path := l.Expand(value)
	return ExamplePermalink{
		ExampleLink: link(x, path, l.About), Record: path + lookup.RecordSuffix, Form: l.Path, Names: l.Names(),
		Query: string(lookup.Download) + "?" + l.Query(func(i int) string { return value(l.Names()[i]) }),
	}
}

// routes returns a link for each route.
func (r *Reference) routes(x *lookup.Index) (list []ExampleLink) {
	for _, route := range []lookup.Route{lookup.Download, lookup.Find, lookup.FindAll, lookup.Home} {
		address := string(route)
		switch {
		case route.Single():
			address += "?os=" + string(r.Examples.OS)
		case route == lookup.Home:
			address += "?version=" + r.Examples.Series
		}
		list = append(list, link(x, address, route.About()))
	}
	return append(list, link(x, lookup.BitstreamPrefix+r.Examples.ID, "the file of one package: its permanent link"))
}

// links returns links for common questions.
func (r *Reference) links(x *lookup.Index) []ExampleLink {
	e, spec := r.Examples, x.Spec()
	download := string(lookup.Download) + "?os="
	system := spec.Title(e.OS)
	list := []ExampleLink{
		link(x, download+string(e.OS), "the newest release for "+system),
		link(x, download+string(e.OS)+"&version="+e.Series, "the newest release of a series"),
		link(x, download+string(e.UnixOS)+"&stability=nightly", "the newest preview build for "+e.UnixSystem),
		link(x, download+string(e.OS)+"&stability=any&date="+e.Day, "the newest package built by the end of that day"),
	}
	if e.Version != e.Series {
		list = slices.Insert(list, 2, link(x, download+string(e.OS)+"&version="+e.Version, "exactly this release"))
	}
	if spec.Revisions {
		list = append(list, link(x, download+string(e.OS)+"&stability=any&closest-revision="+strconv.Itoa(e.Revision),
			"the build of a revision, or the closest one below it"))
	}
	earlier := "revision"
	if !spec.Revisions {
		earlier = "day with builds"
	}
	return append(list,
		link(x, string(lookup.Find)+"?os="+string(e.OS)+"&version="+e.Version, "a description of the package in JSON"),
		link(x, "/?version="+e.Series, "the packages of a series, for every system"),
		link(x, "/?offset=-1", "the packages of one "+earlier+" earlier"))
}

// link returns a link to the API.
func link(x *lookup.Index, address, about string) ExampleLink {
	return ExampleLink{URL: address, About: about, Live: answered(x, address)}
}

// answered reports whether the API answers an address with a package or a page.
func answered(x *lookup.Index, address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	path, query := u.Path, u.RawQuery
	if route, q, ok := x.Spec().Permalink(path); ok {
		path, query = string(route), q
	}
	status := x.Answer(path, query).Status
	return status == 200 || status == 302
}

// apiURL is the URL of the page for developers.
const apiURL = "/api/"

// addAPIPage adds the page for developers, and its counterpart for programs. Its introduction is content/api.md.
func addAPIPage(b *Build, releases []*Release) {
	r := reference(b.Index, releases)
	addOpenAPI(b, r)
	// The API has one language, and so has its page.
	b.AddPage(b.localized(b.locales[0], Page{
		Path: strings.TrimPrefix(apiURL, "/") + pageName, Layout: "api.html",
		Title:       "For developers",
		Description: "Permanent links to packages for scripts, and JSON files and feeds that describe them.",
		Data:        r,
	}, heading{}))
}
