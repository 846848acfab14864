package redirect

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/lookup"
)

// RecordPath returns the path of the file that holds the answer of /find for a package.
func RecordPath(p *catalog.Package) string { return "/api/v1/packages/" + p.ID + ".json" }

// Link is a permalink that leads to a package.
type Link struct {
	Path    string // without lookup.RecordSuffix
	Package *catalog.Package
	Query   lookup.Query // the API query that the path is short for
	Moves   bool         // whether it may lead to another package later, as /latest/win does
}

// Links returns all permalinks that lead to a package: first those that move, then the others, each group sorted by
// path.
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

// linkValues returns the values of a parameter that a permalink to one of the packages can have.
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

// each calls yield with every combination of values for names. chosen holds the values of the combination so far. For
// names os and stability, values win and linux, release and nightly, it calls yield four times.
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

// moves reports whether a permalink with this answer may lead to another package later. Only a whole version, such as
// 5.12.4, and a revision always lead to the same package.
func moves(a *lookup.Answer) bool {
	switch q := a.Query; q.Finds {
	case lookup.ByVersion:
		return a.Package.Version != q.Value
	case lookup.ByRevision:
		return false
	}
	return true
}

// FileURLs holds the URLs of the packages' files in a compact form, which servers compile to few bytes. The URLs of
// most packages differ only in the package's id, and the URLs of the others differ only in the middle.
type FileURLs struct {
	ByID Around            // the text around the id in the URLs of most packages
	Rest Around            // the text around the middle in all other URLs
	Mid  map[string]string // the middles of the other URLs, by package id
}

// Around is the text before and after the part of a URL that differs from package to package.
type Around struct{ Before, After string }

// Join returns the URL with the given middle.
func (a Around) Join(middle string) string { return a.Before + middle + a.After }

// NewFileURLs splits the URLs of packages into what they have in common and what differs. For instance, from
//
//	https://files.example.org/item/a1/download   (package a1)
//	https://files.example.org/item/b2/download   (package b2)
//	https://files.example.org/file/77/download   (package c3)
//	https://files.example.org/file/78/download   (package d4)
//
// it returns
//
//	ByID: "https://files.example.org/item/" and "/download"
//	Rest: "https://files.example.org/file/" and "/download"
//	Mid:  c3: "77", d4: "78"
//
// The text in Rest ends and starts at a slash: it is ".../file/" rather than ".../file/7", although both 77 and 78
// start with a 7. So a package that is added later, with the URL .../file/81/download, rarely changes Rest.
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

// around returns the text that the URLs of packages have in common at both ends, in whole segments.
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
	for _, p := range packages { // in a short URL, the two ends must not overlap
		if len(before)+len(after) > len(p.URL) {
			after = ""
		}
	}
	return Around{before, after}
}

// URL returns the URL of the file of the package with the given id.
func (f FileURLs) URL(id string) string {
	if middle, ok := f.Mid[id]; ok {
		return f.Rest.Join(middle)
	}
	return f.ByID.Join(id)
}
