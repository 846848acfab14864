package redirect

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/lookup"
)

// RecordPath is the file of the site that holds the answer of /find for a package.
func RecordPath(p *catalog.Package) string { return "/api/v1/packages/" + p.ID + ".json" }

// Link is a permalink that leads to a package.
type Link struct {
	Path    string // without lookup.RecordSuffix
	Package *catalog.Package
	Query   lookup.Query // that it stands for
	Moves   bool         // it may lead to another package one day
}

// Links lists the permalinks of a catalogue: those that move first, then by path.
func Links(x *lookup.Index) []Link {
	spec := x.Spec()
	values := map[string][]string{}
	for _, p := range spec.Parameters() {
		values[p.Name] = linkValues(x, &p)
	}
	var links []Link
	for i := range spec.Permalinks() {
		l := &spec.Permalinks()[i]
		each(l.Names(), values, map[string]string{}, func(value map[string]string) {
			path := l.Expand(func(name string) string { return value[name] })
			route, query, ok := spec.Permalink(path)
			if !ok {
				return
			}
			if a := x.Answer(string(route), query); a.Package != nil {
				links = append(links, Link{path, a.Package, a.Query, moves(&a)})
			}
		})
	}
	slices.SortStableFunc(links, func(a, b Link) int {
		if a.Moves != b.Moves {
			return strings.Compare(strconv.FormatBool(b.Moves), strconv.FormatBool(a.Moves))
		}
		return strings.Compare(a.Path, b.Path)
	})
	return links
}

// linkValues lists the values of a parameter that can be part of a permalink to one of the packages.
func linkValues(x *lookup.Index, p *lookup.Parameter) []string {
	seen := map[string]bool{}
	for _, v := range p.Values {
		seen[v] = true
	}
	for _, pf := range x.Platforms() {
		switch p.Finds {
		case lookup.ByVersion:
			for v := range x.Table(pf, catalog.Any).Versions {
				seen[v] = true
			}
		case lookup.ByRevision, lookup.ByClosestRevision:
			for _, head := range x.Heads(pf) {
				seen[strconv.Itoa(head.Revision)] = true
			}
		case lookup.ByDate:
			for _, s := range x.Table(pf, catalog.Any).Days {
				seen[s.Package.Day()] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(seen))
}

// each calls yield with every combination of values for names.
func each(names []string, values map[string][]string, chosen map[string]string, yield func(map[string]string)) {
	if len(names) == 0 {
		yield(chosen)
		return
	}
	for _, v := range values[names[0]] {
		chosen[names[0]] = v
		each(names[1:], values, chosen, yield)
	}
}

// moves reports whether a permalink with this answer may have another one day: all but whole versions and revisions.
func moves(a *lookup.Answer) bool {
	switch q := a.Query; q.Finds {
	case lookup.ByVersion:
		return a.Package.Version != q.Value
	case lookup.ByRevision:
		return false
	}
	return true
}

// FileURLs holds the addresses of the packages' files in a form that compiles to few bytes: most packages of a source
// have their id in the URL, and of the others only the middle differs.
type FileURLs struct {
	ByID Around            // around the id of a package, in the URLs of most packages
	Rest Around            // around the middles
	Mid  map[string]string // the middle of the URL by id, for packages whose URL is not of the form ByID
}

// Around is what stands before and after the part of a URL that differs from package to package.
type Around struct{ Before, After string }

// Join returns the URL with its part in the middle.
func (a Around) Join(middle string) string { return a.Before + middle + a.After }

// NewFileURLs takes the URLs of packages apart. For instance, of
//
//	https://files.example.org/item/a1/download   (package a1)
//	https://files.example.org/item/b2/download   (package b2)
//	https://files.example.org/file/77/download   (package c3)
//
// ByID is what stands around the id in the first two, and c3 is in Mid. What the URLs in Mid have in common ends at
// slashes, so that one more package rarely changes it.
func NewFileURLs(packages []*catalog.Package) FileURLs {
	f := FileURLs{Mid: map[string]string{}}
	count := map[Around]int{}
	for _, p := range packages {
		if before, after, ok := strings.Cut(p.URL, p.ID); ok {
			a := Around{before, after}
			count[a]++
			if n, most := count[a], count[f.ByID]; n > most || n == most &&
				(a.Before+a.After < f.ByID.Before+f.ByID.After) {
				f.ByID = a
			}
		}
	}
	var rest []*catalog.Package
	for _, p := range packages {
		if count[f.ByID] == 0 || p.URL != f.ByID.Join(p.ID) {
			rest = append(rest, p)
		}
	}
	f.Rest = around(rest)
	for _, p := range rest {
		f.Mid[p.ID] = p.URL[len(f.Rest.Before) : len(p.URL)-len(f.Rest.After)]
	}
	return f
}

// around finds what URLs have in common at both ends, whole segments only.
func around(packages []*catalog.Package) Around {
	if len(packages) == 0 {
		return Around{}
	}
	before, after := packages[0].URL, packages[0].URL
	for _, p := range packages {
		for !strings.HasPrefix(p.URL, before) {
			before = before[:len(before)-1]
		}
		for !strings.HasSuffix(p.URL, after) {
			after = after[1:]
		}
	}
	before = before[:strings.LastIndexByte(before, '/')+1]
	if len(packages) == 1 {
		return Around{Before: before}
	}
	if i := strings.IndexByte(after, '/'); i >= 0 {
		after = after[i:]
	} else {
		after = ""
	}
	for _, p := range packages { // what is common to both ends of a short URL counts once
		if len(before)+len(after) > len(p.URL) {
			after = ""
		}
	}
	return Around{before, after}
}

// URL is where the file of the package with an id is fetched.
func (f FileURLs) URL(id string) string {
	if middle, ok := f.Mid[id]; ok {
		return f.Rest.Join(middle)
	}
	return f.ByID.Join(id)
}
