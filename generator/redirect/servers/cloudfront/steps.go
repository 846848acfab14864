package cloudfront

import (
	"maps"
	"slices"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/lookup"
)

// Bits of change.mask, and the number of masks that are not zero.
const (
	anyBit = 1 << iota
	nightlyBit
	releaseBit
	masks = 7
)

// bits lists the bits of a mask with their stabilities.
var bits = []struct {
	mask      int
	stability catalog.Stability
}{{anyBit, catalog.Any}, {nightlyBit, catalog.Nightly}, {releaseBit, catalog.Release}}

// steps returns the tables of one architecture by revision, by day and by version.
//
// A row of the first two lists what changes at its key: for each system and stability, from which revision or day on
// another package is the answer. For example, with these packages for win (system 0) and linux (system 1),
//
//	revision 100: nightly builds A (win) and B (linux)
//	revision 120: release C (win)
//
// the table by revision has two rows, with the keys of 100 and 120, see numberKey:
//
//	100   system 0, any and nightly: A; system 1, any and nightly: B
//	120   system 0, any and release: C
//
// The nightly build of win at or before revision 130 is A: the last row that changes it is the one of 100. Each leaf
// starts with rows that repeat the last changes before it, so one leaf is enough. A change of "any" in the table by
// revision is a revision that an offset counts; the nodes above count them.
//
// In the tables by day and by version, a change also has the revision of its package, from which an offset counts. A
// row of the table by version has all packages of the version. See leaf for the text of a leaf.
func (s *store) steps(x *lookup.Index, arch catalog.Arch, at map[*catalog.Package]ref) [3]*tree {
	var tables [3]map[string]map[change]bool
	for kind := range tables {
		tables[kind] = map[string]map[change]bool{}
	}
	base := func(kind int, p *catalog.Package) string { // see change.base
		if kind == 0 {
			return ""
		}
		return numberKey(p.Revision)
	}
	oses := x.Spec().OSes()
	for o, name := range oses {
		for _, b := range bits {
			t := x.Table(catalog.Platform{Arch: arch, OS: name}, b.stability)
			if t == nil {
				continue
			}
			add := func(kind int, key string, p *catalog.Package) {
				if tables[kind][key] == nil {
					tables[kind][key] = map[change]bool{}
				}
				for c := range tables[kind][key] {
					if c.os == o && c.at == at[p] {
						delete(tables[kind][key], c)
						c.mask |= b.mask
						tables[kind][key][c] = true
						return
					}
				}
				tables[kind][key][change{o, b.mask, at[p], base(kind, p)}] = true
			}
			for _, step := range t.Revisions {
				add(0, numberKey(step.From), step.Package)
			}
			for _, step := range t.Days {
				add(1, numberKey(step.From), step.Package)
			}
			for v, p := range t.Versions {
				add(2, v, p)
			}
		}
	}
	var trees [3]*tree
	for kind, table := range tables {
		var rows []row
		for _, key := range slices.Sorted(maps.Keys(table)) {
			rows = append(rows, row{key: key, changes: sortedChanges(slices.Collect(maps.Keys(table[key])))})
		}
		trees[kind] = s.tree(stepNodes, rows, &carry{columns: map[column]last{}, oses: len(oses), counted: kind == 0,
			empty: kind == 2})
	}
	return trees
}

func sortedChanges(list []change) []change {
	slices.SortFunc(list, func(a, b change) int { return (a.os*masks + a.mask) - (b.os*masks + b.mask) })
	return list
}

// carry holds the last changes of a table before the next leaf.
type carry struct {
	columns map[column]last
	oses    int
	counted bool // whether the nodes have counts
	empty   bool // no leaf repeats changes, as in the table by version
}

// column is a system and one bit of a mask.
type column struct{ os, bit int }

// last is the last change of a column.
type last struct {
	key, base string
	at        ref
}

// begin writes the start of a leaf.
func (c *carry) begin(l *leaf, n *node) {
	l.systems = make([]system, c.oses)
	if c.counted {
		n.counts = make([]int, c.oses)
	}
	if !c.empty {
		rows := map[string]map[change]int{}
		for col, was := range c.columns {
			if rows[was.key] == nil {
				rows[was.key] = map[change]int{}
			}
			rows[was.key][change{os: col.os, at: was.at, base: was.base}] |= col.bit
		}
		for _, key := range slices.Sorted(maps.Keys(rows)) {
			var list []change
			for ch, mask := range rows[key] {
				ch.mask = mask
				list = append(list, ch)
			}
			*l = l.with(row{key: key, changes: sortedChanges(list)})
		}
	}
}

// add notes the changes of a row that was added to a leaf.
func (c *carry) add(r row, n *node) {
	for _, ch := range r.changes {
		for _, b := range bits {
			if ch.mask&b.mask != 0 {
				c.columns[column{ch.os, b.mask}] = last{r.key, ch.base, ch.at}
			}
		}
		if c.counted && ch.mask&anyBit != 0 {
			n.counts[ch.os]++
		}
	}
}
