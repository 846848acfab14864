package site

import (
	"strings"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/lookup"
)

// Permalinks lists the permalinks of a package: paths that redirect to it without a query.
type Permalinks struct {
	Item   Item
	Always []string // lead to the package forever: they name its version or revision
	Newest []string // lead to it while it is the newest of its series or for its system
}

// permalinksOf returns the permalinks of packages. Packages without one are left out, because permalinks lead only to
// packages for the default architecture and to the latest build of a version.
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

// series returns the part of a version that releases with the same features share: 5.12 for 5.12.4.
func series(version string) string {
	parts := strings.SplitN(version, ".", 3)
	return strings.Join(parts[:min(2, len(parts))], ".")
}
