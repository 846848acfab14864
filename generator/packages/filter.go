package packages

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/fault"
)

// Filter selects packages by their facts. A zero field selects all.
type Filter struct {
	OS, Arch  string // ids or aliases of the scheme
	Version   string // a version, or the beginning of one: 5.12 selects 5.12.4
	Revision  string // a decimal number
	State     State
	Stability catalog.Stability
}

// States lists the values of Filter.State.
func States() []State { return []State{Published, Held, Withdrawn, All} }

// Stabilities lists the values of Filter.Stability.
func Stabilities() []catalog.Stability {
	return []catalog.Stability{catalog.Release, PreRelease, catalog.Nightly}
}

// List returns the packages that a filter selects, newest first. A value that no package can have, or has, is an error
// of kind fault.Usage.
func (c *Catalogue) List(f Filter) ([]*Package, error) {
	matches, err := c.check(f)
	if err != nil {
		return nil, err
	}
	list := []*Package{}
	for _, p := range c.packages {
		if matches(p) {
			list = append(list, p)
		}
	}
	return list, nil
}

// check returns the function that reports whether a package matches the filter.
func (c *Catalogue) check(f Filter) (matches func(*Package) bool, err error) {
	scheme := &c.project.Profile.Scheme
	os, arch := catalog.OS(f.OS), catalog.Arch(f.Arch)
	if f.OS != "" {
		var ok bool
		if os, ok = scheme.FindOS(f.OS); !ok {
			return nil, unknown("--os", f.OS, scheme.OSes(), true)
		}
	}
	if f.Arch != "" {
		var ok bool
		if arch, ok = scheme.FindArch(f.Arch); !ok {
			return nil, unknown("--arch", f.Arch, scheme.ArchIDs(), true)
		}
	}
	if f.State != "" && !slices.Contains(States(), f.State) {
		return nil, unknown("--state", string(f.State), States(), true)
	}
	if f.Stability != "" && !slices.Contains(Stabilities(), f.Stability) {
		return nil, unknown("--stability", string(f.Stability), Stabilities(), true)
	}
	revision := -1
	if f.Revision != "" {
		var err error
		if revision, err = c.revision(f.Revision); err != nil {
			return nil, err
		}
	}
	if f.Version != "" {
		versions := c.values(func(p *Package) []string { return beginnings(p.Version) })
		if !slices.Contains(versions, f.Version) {
			return nil, unknown("--version", f.Version, versions, false)
		}
	}
	return func(p *Package) bool {
		return (f.OS == "" || p.OS == os) && (f.Arch == "" || p.Arch == arch) &&
			(revision < 0 || p.Package != nil && p.Revision == revision) &&
			(f.Version == "" || slices.Contains(beginnings(p.Version), f.Version)) &&
			(f.State == "" || f.State == All || p.State == f.State) && (f.Stability == "" || p.Stability == f.Stability)
	}, nil
}

// revision parses a revision that a package has. The error suggests the nearest one.
func (c *Catalogue) revision(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0, unknown("--revision", text, []string{}, false)
	}
	distance := func(p *Package) int { return max(p.Revision-n, n-p.Revision) }
	var nearest *Package
	for _, p := range c.packages {
		if p.Package != nil && (nearest == nil || distance(p) < distance(nearest)) {
			nearest = p
		}
	}
	switch {
	case nearest == nil:
		return 0, unknown("--revision", text, []string{}, false)
	case nearest.Revision != n:
		return 0, fault.Wrap(fault.Usage, fmt.Errorf("--revision: no package has it (found %.80q); the nearest is %d",
			text, nearest.Revision), "")
	}
	return n, nil
}

// values returns the values of a property that packages have.
func (c *Catalogue) values(of func(*Package) []string) []string {
	seen := map[string]bool{}
	var list []string
	for _, p := range c.packages {
		if p.Package == nil {
			continue
		}
		for _, v := range of(p) {
			if !seen[v] {
				seen[v] = true
				list = append(list, v)
			}
		}
	}
	return list
}

// beginnings returns the leading parts of a version, the longest first: 5.12.4, 5.12, 5.
func beginnings(version string) []string {
	if version == "" {
		return nil
	}
	list := []string{version}
	for i := strings.LastIndexByte(version, '.'); i > 0; i = strings.LastIndexByte(version[:i], '.') {
		list = append(list, version[:i])
	}
	return list
}

// unknown returns the error for a value of a flag that selects nothing. closed is true if known has all possible
// values.
func unknown[T ~string](flag, value string, known []T, closed bool) error {
	words := make([]string, len(known))
	for i, k := range known {
		words[i] = string(k)
	}
	what := fmt.Sprintf("no package has it (found %.80q)", value)
	if closed {
		what = fmt.Sprintf("must be one of %s (found %.80q)", strings.Join(words, ", "), value)
	}
	return fault.Wrap(fault.Usage, fmt.Errorf("%s: %s%s", flag, what, fault.DidYouMean(value, words)), "")
}

// Group is several published packages of the same revision, system and architecture.
type Group struct {
	Revision int          `json:"revision"`
	OS       catalog.OS   `json:"os"`
	Arch     catalog.Arch `json:"arch"`
	Packages []Duplicate  `json:"packages"` // newest first: the first is the one that ?revision= finds
}

// Duplicate is a package of a Group.
type Duplicate struct {
	*Package
	Draft bool `json:"draft"` // not part of a release
}

// Duplicates returns the groups of published packages that a filter selects, the highest revision first. A package that
// a filter does not select is listed with a group if another one of it is.
func (c *Catalogue) Duplicates(f Filter) ([]Group, error) {
	f.State = Published
	selected, err := c.List(f)
	if err != nil {
		return nil, err
	}
	chosen := map[string]bool{}
	for _, p := range selected {
		chosen[p.ID] = true
	}
	type build struct {
		platform catalog.Platform
		revision int
	}
	groups := map[build]*Group{}
	isChosen := map[*Group]bool{}
	for _, p := range c.packages {
		if p.State != Published {
			continue
		}
		b := build{p.Platform(), p.Revision}
		if groups[b] == nil {
			groups[b] = &Group{Revision: p.Revision, OS: p.OS, Arch: p.Arch}
		}
		groups[b].Packages = append(groups[b].Packages, Duplicate{p, p.Release == ""})
		isChosen[groups[b]] = isChosen[groups[b]] || chosen[p.ID]
	}
	list := []Group{}
	for _, g := range groups {
		if len(g.Packages) > 1 && isChosen[g] {
			list = append(list, *g)
		}
	}
	scheme := &c.project.Profile.Scheme
	slices.SortFunc(list, func(a, b Group) int {
		return cmp.Or(cmp.Compare(b.Revision, a.Revision),
			scheme.Compare(catalog.Platform{Arch: a.Arch, OS: a.OS}, catalog.Platform{Arch: b.Arch, OS: b.OS}))
	})
	return list, nil
}
