package site

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/lookup"
)

// Reference describes the download API on the home page and on the page for developers. It is generated from the
// grammar, so it is always up to date.
type Reference struct {
	Parameters []lookup.Parameter // without those that are always an error
	Permalinks []ExamplePermalink
	Modes      []string // parameters that cannot be combined
	Default    string   // architecture of a request that does not name one
	OSes       []string
	Arches     []string
	Links      []catalog.Link
	IDs        string // the form of ids, in words
	Revisions  bool   // whether packages have a revision of the source code
	Examples   Examples
}

// ExamplePermalink is a permalink and the query that it is short for.
type ExamplePermalink struct {
	Path  string // /releases/5.12/linux
	Query string // /download?os=linux&version=5.12
	About string // where it leads
}

// Examples are values for example links. If the catalogue has a release, the links lead to its packages.
type Examples struct {
	OS       catalog.OS // the first of the profile
	UnixOS   catalog.OS // the first one with a Unix shell, else the same as OS
	Arch     catalog.Arch
	Version  string // version of the newest release
	Series   string // series of that release, for instance 5.12
	Revision int
	Day      string // a build day of that release
	FileName string // file name of that release's package for UnixOS
}

// reference describes the API. The examples use the newest release, or made-up values if newest is nil.
func reference(spec *lookup.Spec, newest *Release) *Reference {
	r := &Reference{
		Modes: spec.ModeNames(), Default: string(spec.DefaultArch()), Links: spec.Links, IDs: spec.IDs.Describe(),
		Revisions: spec.Revisions,
		OSes:      spec.Of(lookup.OSRole).Values, Arches: spec.Of(lookup.ArchRole).Values,
		Parameters: slices.DeleteFunc(slices.Clone(spec.Parameters()),
			func(p lookup.Parameter) bool { return p.Kind == lookup.Never }),
		Examples: examples(spec, newest),
	}
	for n := range spec.Permalinks() {
		r.Permalinks = append(r.Permalinks, r.permalink(spec, &spec.Permalinks()[n]))
	}
	return r
}

func examples(spec *lookup.Spec, newest *Release) Examples {
	e := Examples{
		OS: spec.Systems[0].ID, UnixOS: spec.Systems[0].ID, Arch: spec.DefaultArch(),
		Version: "1.0", Series: "1.0", Revision: 1, Day: "2026-01-31", FileName: "package",
	}
	for _, s := range spec.Systems {
		if s.Family == catalog.UnixFamily {
			e.UnixOS = s.ID
			break
		}
	}
	if newest == nil {
		return e
	}
	e.Version, e.Series, e.Revision, e.Day = newest.Version, newest.Series(), newest.Revision, newest.Items[0].Day()
	for _, i := range newest.Items {
		if i.OS == e.UnixOS && i.Arch == spec.DefaultArch() {
			e.FileName = cmp.Or(i.FileName(), e.FileName)
		}
	}
	return e
}

// permalink returns a permalink and its query, filled with the example values.
func (r *Reference) permalink(spec *lookup.Spec, l *lookup.Permalink) ExamplePermalink {
	value := func(name string) string {
		switch p := spec.Parameter(name); {
		case p.Role == lookup.OSRole:
			return string(r.Examples.OS)
		case p.Kind == lookup.Choice:
			return p.Values[0]
		case p.Finds == lookup.ByVersion:
			return r.Examples.Series
		case p.Kind == lookup.Day:
			return r.Examples.Day
		}
		return strconv.Itoa(r.Examples.Revision)
	}
	return ExamplePermalink{
		Path:  l.Expand(value),
		Query: string(lookup.Download) + "?" + l.Query(func(i int) string { return value(l.Names()[i]) }),
		About: l.About,
	}
}

// apiURL is the URL of the page for developers.
const apiURL = "/api/"

// addAPIPage adds the page for developers. Its introduction is content/api.md.
func addAPIPage(b *Build, releases []*Release) {
	b.AddPage(withText(b, Page{
		Path: strings.TrimPrefix(apiURL, "/") + pageName, Layout: "api.html",
		Title:       "Direct links and data",
		Description: "Permanent links to packages for scripts, and JSON files that describe them.",
		Data:        reference(b.Index.Spec(), newest(releases)),
	}))
}
