package redirect

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/lookup"
)

// RecordPath is the static file that holds the answer of /find for a package.
func RecordPath(p *catalog.Package) string { return "/api/v1/packages/" + p.ID + ".json" }

// Link is a permalink that leads to a package.
type Link struct {
	Path    string // without .json
	Package *catalog.Package
	Moves   bool // it will lead to another package one day: what is newest
}

// Links lists the permalinks of a catalogue: those that move first, then by path.
func Links(x *lookup.Index) []Link {
	var links []Link
	spec := x.Spec()
	for _, o := range spec.OSes() {
		pf := catalog.Platform{Arch: spec.DefaultArch(), OS: o}
		for _, s := range []catalog.Stability{catalog.Release, catalog.Nightly} {
			if t := x.Table(pf, s); t != nil && t.Newest != nil {
				links = append(links, Link{spec.LatestPath(o, s), t.Newest, true})
			}
		}
		if t := x.Table(pf, catalog.Release); t != nil {
			for _, v := range slices.Sorted(maps.Keys(t.Versions)) {
				p := t.Versions[v]
				path := spec.VersionPath(v, o)
				if _, _, ok := spec.Permalink(path); ok {
					links = append(links, Link{path, p, p.Version != v})
				}
			}
		}
		for _, p := range x.Heads(pf) {
			if path := spec.RevisionPath(p.Revision, o); path != "" {
				links = append(links, Link{path, p, false})
			}
		}
	}
	slices.SortStableFunc(links, func(a, b Link) int {
		if a.Moves != b.Moves {
			return strings.Compare(strconv.FormatBool(b.Moves), strconv.FormatBool(a.Moves))
		}
		return strings.Compare(a.Path, b.Path)
	})
	return links
}
