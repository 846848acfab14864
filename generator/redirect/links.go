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
