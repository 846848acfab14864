// Package gate stands between a new catalogue and the site. Girder answers a wrong application with an
// empty list and a lost database with a short one, both with status 200, so a listing is compared with
// what was published last before anything is changed.
//
// The gate looks at what people download: every platform's newest release, the releases by id (their links
// are in papers and scripts), and the number of packages. Nightly builds come and go, so single ones are
// not looked at. What it refuses may be right, a bad release withdrawn for instance; then a person says so
// with --force, once, and the catalogue published by force is what the next one is compared with.
package gate

import (
	"errors"
	"fmt"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/fault"
)

// Refusal is one reason not to publish a catalogue.
type Refusal struct {
	Problem string // what was found, and what was expected
	Check   string // what to look at, and when --force is right: a sentence or two
}

// Error is the problem; what to check is not part of it.
func (r Refusal) Error() string { return r.Problem }

// Err joins refusals into an error of kind fault.Gate with what to check as hints; nil when there are none.
func Err(refusals []Refusal) error {
	var errs []error
	for _, r := range refusals {
		errs = append(errs, fault.Wrap(fault.Gate, r, r.Check))
	}
	return errors.Join(errs...)
}

// A catalogue may lose one part in maxLoss of its packages, and of its releases, from one run to the next.
const maxLoss = 5

// Check compares the packages to publish with those published last and returns every reason to refuse them, nil for
// none. A first run compares with nothing: any catalogue that is not empty will do.
func Check(scheme *catalog.Scheme, before, after []*catalog.Package) []Refusal {
	if len(after) == 0 {
		return []Refusal{{
			Problem: fmt.Sprintf("the source lists no package that can be published (%d are published now)", len(before)),
			Check:   "Check that app is the application's id on that server: Girder answers a wrong one with an empty list. Check the report for packages held back.",
		}}
	}
	var refusals []Refusal
	refusals = append(refusals, checkSystems(scheme, before, after)...)
	refusals = append(refusals, checkNewestReleases(scheme, before, after)...)
	refusals = append(refusals, checkLosses(before, after)...)
	return refusals
}

// checkSystems misses the systems of before.
func checkSystems(scheme *catalog.Scheme, before, after []*catalog.Package) (refusals []Refusal) {
	for _, os := range scheme.OSes() {
		isFor := func(p *catalog.Package) bool { return p.OS == os }
		if n := count(before, isFor); n > 0 && count(after, isFor) == 0 {
			refusals = append(refusals, Refusal{
				Problem: fmt.Sprintf("there is no package for %s (%d are published now)", scheme.Title(os), n),
				Check:   fmt.Sprintf("Check whether uploads for %s reach the server. If there should be none, run once with --force.", scheme.Title(os)),
			})
		}
	}
	return refusals
}

// checkNewestReleases compares what a visitor of each platform is offered first.
func checkNewestReleases(scheme *catalog.Scheme, before, after []*catalog.Package) (refusals []Refusal) {
	had, has := newestReleases(before), newestReleases(after)
	for _, platform := range scheme.Platforms() {
		was, is := had[platform], has[platform]
		if was == nil {
			continue
		}
		isFor := func(p *catalog.Package) bool { return p.OS == platform.OS }
		switch {
		case is == nil && count(after, isFor) > 0: // else checkSystems says more
			refusals = append(refusals, Refusal{
				Problem: fmt.Sprintf("there is no release for %s (%s is published now)", name(scheme, platform), describe(was)),
				Check:   withdrawn(was),
			})
		case is != nil && is.Revision < was.Revision:
			refusals = append(refusals, Refusal{
				Problem: fmt.Sprintf("the newest release for %s is %s, older than %s, which is published now", name(scheme, platform), describe(is), describe(was)),
				Check:   withdrawn(was),
			})
		}
	}
	return refusals
}

// checkLosses counts. Releases are told by their ids, so that a server whose items all have new ones, which
// would break every link to a download, is not taken for a sound one.
func checkLosses(before, after []*catalog.Package) (refusals []Refusal) {
	if lost := len(before) - len(after); lost*maxLoss > len(before) {
		refusals = append(refusals, Refusal{
			Problem: fmt.Sprintf("there are %d packages, more than a fifth fewer than the %d published now", len(after), len(before)),
			Check:   "Check on the server whether packages were deleted on purpose, and the report for packages held back. If all is as it should be, run once with --force.",
		})
	}
	kept := make(map[string]bool, len(after))
	for _, p := range after {
		kept[p.ID] = true
	}
	isRelease := func(p *catalog.Package) bool { return p.Matches(catalog.Release) }
	lost := count(before, func(p *catalog.Package) bool { return isRelease(p) && !kept[p.ID] })
	if all := count(before, isRelease); lost*maxLoss > all {
		refusals = append(refusals, Refusal{
			Problem: fmt.Sprintf("%d of the %d released packages published now are gone, or have another id", lost, all),
			Check:   "Check on the server whether releases were deleted or uploaded anew: links to the old ones will end at a page 404. If that is meant, run once with --force.",
		})
	}
	return refusals
}

// newestReleases is the newest released package of each platform.
func newestReleases(packages []*catalog.Package) map[catalog.Platform]*catalog.Package {
	newest := make(map[catalog.Platform]*catalog.Package)
	for _, p := range packages {
		if n := newest[p.Platform()]; p.Matches(catalog.Release) && (n == nil || catalog.Compare(p, n) < 0) {
			newest[p.Platform()] = p
		}
	}
	return newest
}

func count(packages []*catalog.Package, is func(*catalog.Package) bool) (n int) {
	for _, p := range packages {
		if is(p) {
			n++
		}
	}
	return n
}

func name(s *catalog.Scheme, p catalog.Platform) string { return s.Title(p.OS) + " " + string(p.Arch) }

func describe(p *catalog.Package) string {
	return fmt.Sprintf("%s (revision %d)", p.Release, p.Revision)
}

func withdrawn(p *catalog.Package) string {
	return fmt.Sprintf("Check on the server whether %s was deleted, moved or marked as pre-release on purpose. If so, run once with --force.", p.Release)
}
