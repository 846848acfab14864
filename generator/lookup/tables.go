package lookup

import (
	"cmp"
	"slices"

	"github.com/Slicer/sitegen/generator/catalog"
)

// Table holds all packages that a query without an offset can find, for one platform and stability. Servers compile
// their redirects from it.
type Table struct {
	Newest    *catalog.Package            // nil if the table is empty
	Versions  map[string]*catalog.Package // by version and by each leading part of one: 5, 5.12, 5.12.4
	Revisions []Step                      // newest package of the highest revision at or below a number
	Days      []Step                      // first package in the order built on or before a day
}

// Step is one step of a step function. Its package is the answer from From up to, but not including, the next step. For
// example, with the builds a of revision 100 and b of revision 120, the steps are {100, a} and {120, b}, so
// closest-revision=110 finds a.
type Step struct {
	From    int // a revision, or a day as yyyymmdd; steps are sorted by it, without duplicates
	Package *catalog.Package
}

// newTable returns the table of the packages of one platform, which must be ordered newest first.
func newTable(order []*catalog.Package, s catalog.Stability) *Table {
	t := &Table{Versions: map[string]*catalog.Package{}}
	var matching []*catalog.Package
	for _, p := range order {
		if p.Matches(s) {
			matching = append(matching, p)
		}
	}
	if len(matching) == 0 {
		return t
	}
	t.Newest = matching[0]
	for _, p := range matching {
		for _, v := range leadingParts(p.Version) {
			if t.Versions[v] == nil {
				t.Versions[v] = p
			}
		}
	}
	for _, p := range slices.Backward(matching) {
		// The loop runs from the oldest build to the newest, so the newest build of a revision overwrites the others.
		if n := len(t.Revisions); n > 0 && t.Revisions[n-1].From == p.Revision {
			t.Revisions[n-1].Package = p
			continue
		}
		t.Revisions = append(t.Revisions, Step{p.Revision, p})
	}
	t.Days = daySteps(matching)
	return t
}

// daySteps returns the steps for days. It visits the packages by build day, and adds a step for each package that is
// newer (by revision, see catalog.Compare) than all before it. For example, a rebuild of revision 100 on Tuesday adds
// no step after a build of revision 120 on Monday: the answer for Tuesday is still revision 120.
func daySteps(matching []*catalog.Package) []Step {
	byDay := slices.SortedStableFunc(slices.Values(matching), func(a, b *catalog.Package) int {
		return cmp.Compare(dayNumber(a.Built), dayNumber(b.Built))
	})
	var steps []Step
	var best *catalog.Package
	for _, p := range byDay {
		if best != nil && catalog.Compare(best, p) <= 0 {
			continue
		}
		best = p
		if n := len(steps); n > 0 && steps[n-1].From == dayNumber(p.Built) {
			steps[n-1].Package = p
			continue
		}
		steps = append(steps, Step{dayNumber(p.Built), p})
	}
	return steps
}

// leadingParts returns 5, 5.12 and 5.12.4 for the version 5.12.4, and nothing for an empty version.
func leadingParts(version string) []string {
	if version == "" {
		return nil
	}
	var parts []string
	for i := range version {
		if version[i] == '.' {
			parts = append(parts, version[:i])
		}
	}
	return append(parts, version)
}

// atOrBefore returns the package of the last step that starts at or before x.
func atOrBefore(steps []Step, x int) *catalog.Package {
	i, found := slices.BinarySearchFunc(steps, x, func(s Step, x int) int { return cmp.Compare(s.From, x) })
	if found {
		return steps[i].Package
	}
	if i == 0 {
		return nil
	}
	return steps[i-1].Package
}
