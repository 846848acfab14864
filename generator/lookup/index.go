package lookup

import (
	"cmp"
	"slices"

	"github.com/Slicer/sitegen/generator/catalog"
)

// Index answers queries over a set of published packages. It is built once and not changed.
type Index struct {
	spec      *Spec
	packages  []*catalog.Package // newest first
	byID      map[string]*catalog.Package
	platforms map[catalog.Platform]*platform
}

// platform holds the packages of one operating system and architecture.
type platform struct {
	heads  []*catalog.Package // the newest build of each revision, lowest revision first
	tables map[catalog.Stability]*Table
}

// New builds the index of packages, in any order.
func New(spec *Spec, packages []*catalog.Package) *Index {
	x := &Index{
		spec:      spec,
		packages:  slices.SortedFunc(slices.Values(packages), catalog.Compare),
		byID:      make(map[string]*catalog.Package, len(packages)),
		platforms: map[catalog.Platform]*platform{},
	}
	byPlatform := map[catalog.Platform][]*catalog.Package{}
	for _, p := range x.packages {
		x.byID[p.ID] = p
		byPlatform[p.Platform()] = append(byPlatform[p.Platform()], p)
	}
	for pf, order := range byPlatform {
		heads := slices.CompactFunc(slices.Clone(order),
			func(a, b *catalog.Package) bool { return a.Revision == b.Revision })
		slices.Reverse(heads)
		plat := &platform{heads: heads, tables: map[catalog.Stability]*Table{}}
		for _, s := range catalog.Stabilities() {
			plat.tables[s] = newTable(order, s)
		}
		x.platforms[pf] = plat
	}
	return x
}

// Spec is the grammar by which requests are read.
func (x *Index) Spec() *Spec { return x.spec }

// Packages lists the published packages, newest first. The caller must not change the slice.
func (x *Index) Packages() []*catalog.Package { return x.packages }

// Package finds a package by its id, nil when it is not published.
func (x *Index) Package(id string) *catalog.Package { return x.byID[id] }

// Platforms lists the platforms that have packages, by architecture and operating system in their usual order.
func (x *Index) Platforms() []catalog.Platform {
	var list []catalog.Platform
	for _, a := range x.spec.ArchIDs() {
		for _, o := range x.spec.OSes() {
			if pf := (catalog.Platform{Arch: a, OS: o}); x.platforms[pf] != nil {
				list = append(list, pf)
			}
		}
	}
	return list
}

// Heads lists the newest build of each revision of a platform, lowest revision first: what offset counts.
func (x *Index) Heads(pf catalog.Platform) []*catalog.Package {
	if p := x.platforms[pf]; p != nil {
		return p.heads
	}
	return nil
}

// Table is what the packages of one platform and stability answer; nil when the platform has none.
func (x *Index) Table(pf catalog.Platform, s catalog.Stability) *Table {
	if p := x.platforms[pf]; p != nil {
		return p.tables[s]
	}
	return nil
}

// Find picks the package for one cell of the query: one operating system and stability. It is nil when
// nothing matches.
func (x *Index) Find(q *Query, o catalog.OS, s catalog.Stability) *catalog.Package {
	plat := x.platforms[catalog.Platform{Arch: q.Arch, OS: o}]
	if plat == nil {
		return nil
	}
	base := plat.tables[s].find(q)
	if base == nil || q.Offset == 0 {
		return base
	}
	return plat.step(base, q.Offset)
}

// find picks the package before any offset.
func (t *Table) find(q *Query) *catalog.Package {
	switch q.Finds {
	case ByVersion:
		return t.Versions[q.Value]
	case ByRevision:
		if p := atOrBefore(t.Revisions, q.Number); p != nil && p.Revision == q.Number {
			return p
		}
		return nil
	case ByClosestRevision:
		return atOrBefore(t.Revisions, q.Number)
	case ByDate:
		return atOrBefore(t.Days, q.Day)
	}
	return t.Newest
}

// step goes offset distinct revisions up or down from the revision of base.
func (pl *platform) step(base *catalog.Package, offset int) *catalog.Package {
	i, _ := slices.BinarySearchFunc(pl.heads, base.Revision,
		func(p *catalog.Package, r int) int { return cmp.Compare(p.Revision, r) })
	if i += offset; i < 0 || i >= len(pl.heads) {
		return nil
	}
	return pl.heads[i]
}
