// Package catalog defines the packages of the download site, which queries can find them, and their order.
//
// A package is one installer, for one operating system and architecture, built from one revision of the source. Several
// packages may have the same revision: one for each platform, a repeated build, a release and the draft it was promoted
// from. The newest package is the one with the highest revision and, among those, with the latest build date. For
// example, of these the second is the newest, although the first was built later:
//
//	revision 33000  built 2025-06-02   a rebuild of an old release
//	revision 34000  built 2025-06-01
//
// A release that was copied from its draft has the revision and the build date of the draft. Then the release is newer.
package catalog

import (
	"cmp"
	"strings"
	"time"
)

// Stability selects a kind of builds: releases, nightly builds, or both.
type Stability string

// The values of the stability parameter.
const (
	Release Stability = "release"
	Nightly Stability = "nightly"
	Any     Stability = "any"
)

// Stabilities lists the values of the stability parameter in the order of the download page's rows.
func Stabilities() []Stability { return []Stability{Release, Nightly, Any} }

// Package is one published installer. Publish validates every field that comes from outside. So ID, OS, Arch, Revision,
// Version, Release and the checksums can be written to a path, a URL or a configuration file without escaping,
// BuildDate to a page or a string, and the URLs to a Location header. Name, ProductName, Unversioned and FileName are
// free text without line breaks, which must be escaped.
type Package struct {
	ID          string    // in the form that the scheme requires
	Name        string    // for instance Aurora_linux_34645
	ProductName string    // for instance Aurora
	OS          OS        // one of the scheme's
	Arch        Arch      // one of the scheme's
	Revision    int       // 0 to MaxRevision; see Publish for projects without revisions
	Version     string    // "" if the package has none
	Release     string    // name of the release; "" for a nightly build
	PreRelease  bool      // a pre-release: a release that is not public yet
	BuildDate   string    // as listed by the source
	Built       time.Time // BuildDate as a time in UTC
	Size        int64     // bytes
	Unversioned string    // the source's text for the version if it is not a valid Version
	SHA256      string    // 64 lower-case hex digits; "" if unknown
	SHA512      string    // 128 lower-case hex digits; "" if unknown
	FileName    string    // the name under which the file is saved; "" if the source does not list it
	URL         string    // http or https URL of the file, in visible ASCII characters
	Signature   string    // like URL: the detached signature of the file; "" if there is none
	SBOM        string    // like URL: the software bill of materials of the file; "" if there is none
	Page        string    // like URL: the page at the source where people manage the package; "" if there is none
}

// Matches reports whether a query for stability s can find the package. Only Any finds a pre-release.
func (p *Package) Matches(s Stability) bool {
	switch s {
	case Nightly:
		return p.Release == ""
	case Release:
		return p.Release != "" && !p.PreRelease
	default:
		return s == Any
	}
}

// Stability returns the package's kind for the package object: a package with a release name is a release even if it is
// a pre-release.
func (p *Package) Stability() Stability {
	if p.Release != "" {
		return Release
	}
	return Nightly
}

// Day returns the UTC day of the build, YYYY-MM-DD.
func (p *Package) Day() string { return p.Built.Format(time.DateOnly) }

// Platform returns the platform that the package was built for.
func (p *Package) Platform() Platform { return Platform{p.Arch, p.OS} }

// Compare orders packages newest first: by revision, then by build time, both descending. Of packages with the same
// revision and build time, a release comes before a pre-release, and both before a nightly build. Otherwise they are
// ordered by id, also descending, so the order is the same in every run.
func Compare(a, b *Package) int {
	return cmp.Or(
		cmp.Compare(b.Revision, a.Revision),
		b.Built.Compare(a.Built),
		cmp.Compare(b.rank(), a.rank()),
		strings.Compare(b.ID, a.ID),
	)
}

// rank returns how far a package is on its way from a draft to a release.
func (p *Package) rank() int {
	switch {
	case p.Matches(Release):
		return 2
	case p.Matches(Nightly):
		return 0
	}
	return 1
}
