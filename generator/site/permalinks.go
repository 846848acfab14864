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

// permalinksOf lists the permalinks of packages. A package that none leads to is left out: permalinks are
// for amd64, and a later build of the same version takes them over.
func permalinksOf(x *lookup.Index, items []Item) []Permalinks {
	var list []Permalinks
	for _, i := range items {
		lead := func(paths ...string) (those []string) {
			for _, path := range paths {
				if route, query, ok := lookup.Permalink(path); ok && x.Answer(string(route), query).Package == i.Package {
					those = append(those, path)
				}
			}
			return those
		}
		p := Permalinks{
			Item:   i,
			Always: lead(lookup.VersionPath(i.Version, i.OS), lookup.RevisionPath(i.Revision, i.OS)),
			Newest: lead(lookup.VersionPath(series(i.Version), i.OS), lookup.LatestPath(i.OS, catalog.Release)),
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
