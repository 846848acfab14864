// Package gate decides whether a new catalogue may replace the published one. A source can fail in ways that look like
// success: a database that has lost half of its items still lists the other half with status 200, and if the spelling
// of a system changes ("windows" instead of "win"), the catalogue has no packages for it. Therefore Check compares the
// new packages with those published last, before anything is changed.
//
// It compares what people download: the newest release of each platform, the ids of releases (papers and scripts link
// to them), and the number of packages. Individual nightly builds are not compared, because they come and go. On the
// first run there is nothing to compare with, so any catalogue that has a package is accepted.
//
// A refused catalogue may be correct, for instance if a bad release was withdrawn. In this case, run the build once
// with --force. The next catalogue is compared with the one published this way.
package gate

import (
	"fmt"
	"strings"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/fault"
)

// Refusal is one reason not to publish a catalogue.
type Refusal struct {
	Problem string // what was found, and what was expected
	Check   string // hint: what to check, and when to use --force
}

// Error returns the problem without the hint.
func (r Refusal) Error() string { return r.Problem }

// RefusedError is the error of a refused catalogue.
type RefusedError struct {
	Refusals []Refusal
	Held     []catalog.HeldGroup // the records that were held back, often the cause
}

// Err returns the refusals as an error of kind fault.Gate with hints, or nil if there are none. The error wraps a
// *RefusedError. held lists the records that catalog.Publish held back.
func Err(refusals []Refusal, held []catalog.Held) error {
	if len(refusals) == 0 {
		return nil
	}
	return &RefusedError{refusals, catalog.GroupHeld(held)}
}

// Error lists the problems, then the records held back, one per line:
//
//	there is no package for Windows (6 are published now)
//	held back: 6 × system: not one of win, linux, for example "windows"; add an alias to the profile
func (e *RefusedError) Error() string {
	var lines []string
	for _, r := range e.Refusals {
		lines = append(lines, r.Problem)
	}
	for _, g := range e.Held {
		lines = append(lines, "held back: "+g.String())
	}
	return strings.Join(lines, "\n")
}

// Unwrap returns the refusals, each with its kind and hint.
func (e *RefusedError) Unwrap() []error {
	var errs []error
	for _, r := range e.Refusals {
		errs = append(errs, fault.Wrap(fault.Gate, r, r.Check))
	}
	return errs
}

// maxLoss limits the loss from one run to the next: a catalogue may lose at most one maxLoss-th of its packages, and of
// its releases.
const maxLoss = 5

// Check compares the packages to publish (after) with those published last (before). It returns all reasons to refuse
// them, or nil.
func Check(scheme *catalog.Scheme, before, after []*catalog.Package) []Refusal {
	if len(after) == 0 {
		return []Refusal{{
			Problem: fmt.Sprintf("the source lists no package that can be published (%d are published now)",
				len(before)),
			Check: "Check that the source is the right one, and why records were held back.",
		}}
	}
	var refusals []Refusal
	refusals = append(refusals, checkSystems(scheme, before, after)...)
	refusals = append(refusals, checkNewestReleases(scheme, before, after)...)
	refusals = append(refusals, checkLosses(before, after)...)
	return refusals
}

// checkSystems refuses a catalogue that has lost all packages of a system.
func checkSystems(scheme *catalog.Scheme, before, after []*catalog.Package) (refusals []Refusal) {
	for _, os := range scheme.OSes() {
		isFor := func(p *catalog.Package) bool { return p.OS == os }
		if n := count(before, isFor); n > 0 && count(after, isFor) == 0 {
			refusals = append(refusals, Refusal{
				Problem: fmt.Sprintf("there is no package for %s (%d are published now)", scheme.Title(os), n),
				Check: fmt.Sprintf("Check whether builds for %s still reach the source. If there should be none, "+
					"run once with --force.", scheme.Title(os)),
			})
		}
	}
	return refusals
}

// checkNewestReleases compares the release that the site offers first on each platform. It skips platforms whose system
// has no packages at all, because checkSystems reports those.
func checkNewestReleases(scheme *catalog.Scheme, before, after []*catalog.Package) (refusals []Refusal) {
	had, has := newestReleases(before), newestReleases(after)
	for _, platform := range scheme.Platforms() {
		was, is := had[platform], has[platform]
		if was == nil {
			continue
		}
		isFor := func(p *catalog.Package) bool { return p.OS == platform.OS }
		switch {
		case is == nil && count(after, isFor) > 0:
			refusals = append(refusals, Refusal{
				Problem: fmt.Sprintf("there is no release for %s (%s is published now)", name(scheme, platform),
					describe(scheme, was)),
				Check: withdrawn(was),
			})
		case is != nil && is.Revision < was.Revision:
			refusals = append(refusals, Refusal{
				Problem: fmt.Sprintf("the newest release for %s is %s, older than %s, which is published now",
					name(scheme, platform), describe(scheme, is), describe(scheme, was)),
				Check: withdrawn(was),
			})
		}
	}
	return refusals
}

// checkLosses counts missing packages and releases. It compares releases by id: if a source assigns new ids to all
// packages, their number is the same, but every link to a download is broken.
func checkLosses(before, after []*catalog.Package) (refusals []Refusal) {
	if lost := len(before) - len(after); lost*maxLoss > len(before) {
		refusals = append(refusals, Refusal{
			Problem: fmt.Sprintf("there are %d packages, more than a fifth fewer than the %d published now", len(after),
				len(before)),
			Check: "Check at the source whether packages were deleted on purpose, and why records were held back. If " +
				"everything is correct, run once with --force.",
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
			Problem: fmt.Sprintf("%d of the %d released packages published now are gone, or have another id", lost,
				all),
			Check: "Check at the source whether releases were deleted or have new ids: links to the old ones will " +
				"answer 404. If that is intended, run once with --force.",
		})
	}
	return refusals
}

// newestReleases returns the newest released package of each platform.
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

// describe returns "5.12.4 (revision 34645)", or "3.4 (2026-09-15)" in a scheme without revisions.
func describe(s *catalog.Scheme, p *catalog.Package) string {
	if !s.Revisions {
		return fmt.Sprintf("%s (%s)", p.Release, p.Day())
	}
	return fmt.Sprintf("%s (revision %d)", p.Release, p.Revision)
}

func withdrawn(p *catalog.Package) string {
	return fmt.Sprintf("Check at the source whether %s was deleted, moved or marked as pre-release on purpose. If "+
		"so, run once with --force.", p.Release)
}
