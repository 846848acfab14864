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
// example, with builds of the revisions 100 and 120, the steps are {100, a} and {120, b}: a request for revision 110 or
// the closest below finds a.
type Step struct {
	From    int // a revision, or a day as yyyymmdd; steps are sorted by it, each occurs once
	Package *catalog.Package
}

// newTable returns the table of the packages of one platform, which are sorted newest first.
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
		// Builds of one revision come oldest first here, so the newest one overwrites the others.
		if n := len(t.Revisions); n > 0 && t.Revisions[n-1].From == p.Revision {
			t.Revisions[n-1].Package = p
			continue
		}
		t.Revisions = append(t.Revisions, Step{p.Revision, p})
	}
	t.Days = daySteps(matching)
	return t
}

// daySteps goes through the packages by day, and adds a step whenever a package precedes all earlier ones in the order.
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
