package lookup

import (
	"cmp"
	"slices"

	"github.com/Slicer/sitegen/generator/catalog"
)

// Index answers queries about a set of published packages. It is immutable.
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

// New returns an index of packages, which may be in any order.
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

// Spec returns the grammar of requests.
func (x *Index) Spec() *Spec { return x.spec }

// Packages returns the published packages, newest first. The caller must not change the slice.
func (x *Index) Packages() []*catalog.Package { return x.packages }

// Package returns the package with an id, or nil if it is not published.
func (x *Index) Package(id string) *catalog.Package { return x.byID[id] }

// Platforms returns the platforms that have packages, ordered by architecture and then by operating system, as in the
// scheme.
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

// Heads returns the newest build of each revision of a platform, lowest revision first. The parameter offset counts
// these.
func (x *Index) Heads(pf catalog.Platform) []*catalog.Package {
	if p := x.platforms[pf]; p != nil {
		return p.heads
	}
	return nil
}

// Table returns the table of a platform and stability, or nil if the platform has no packages.
func (x *Index) Table(pf catalog.Platform, s catalog.Stability) *Table {
	if p := x.platforms[pf]; p != nil {
		return p.tables[s]
	}
	return nil
}

// Find returns the package that a query finds for one operating system and stability, or nil if none matches.
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

// find returns the package that a query finds, without regard to its offset.
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

// step returns the newest build of the revision that is offset distinct revisions above that of base, or below if
// offset is negative. For example, with builds of the revisions 100, 110 and 120, an offset of -2 from a build of 120
// leads to 100. It returns nil if there are not enough revisions.
func (pl *platform) step(base *catalog.Package, offset int) *catalog.Package {
	i, _ := slices.BinarySearchFunc(pl.heads, base.Revision,
		func(p *catalog.Package, r int) int { return cmp.Compare(p.Revision, r) })
	if i += offset; i < 0 || i >= len(pl.heads) {
		return nil
	}
	return pl.heads[i]
}
