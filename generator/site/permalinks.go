package site

import (
	"strings"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/lookup"
)

// Permalinks are the paths that lead to a package without a query.
type Permalinks struct {
	Item   Item
	Always []string // by its version and revision
	Newest []string // as long as there is nothing newer: in its series, for its system
}

// permalinksOf lists the permalinks of packages. A package that none leads to is left out: permalinks are for the
// default architecture, and a later build of the same version takes them over.
func permalinksOf(x *lookup.Index, items []Item) []Permalinks {
	spec := x.Spec()
	var list []Permalinks
	for _, i := range items {
		lead := func(paths ...string) (those []string) {
			for _, path := range paths {
				if route, query, ok := spec.Permalink(path); ok && x.Answer(string(route), query).Package == i.Package {
					those = append(those, path)
				}
			}
			return those
		}
		p := Permalinks{
			Item:   i,
			Always: lead(spec.VersionPath(i.Version, i.OS), spec.RevisionPath(i.Revision, i.OS)),
			Newest: lead(spec.VersionPath(series(i.Version), i.OS), spec.LatestPath(i.OS, catalog.Release)),
		}
		if len(p.Always)+len(p.Newest) > 0 {
			list = append(list, p)
		}
	}
	return list
}

// series is what releases with the same features have in common: 5.12 of 5.12.4.
func series(version string) string {
	parts := strings.SplitN(version, ".", 3)
	return strings.Join(parts[:min(2, len(parts))], ".")
}
