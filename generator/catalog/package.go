// Package catalog is the vocabulary of the download site: what a package is, which queries may see it,
// and the order in which they see it.
//
// A package is one installer, for one operating system and architecture, built from one revision of the
// source. Several packages may share a revision: one for each platform, a build made twice, a release and
// the draft it was promoted from. The newest package is the one of the highest revision and, within a
// revision, of the latest build date.
package catalog

import (
	"cmp"
	"strings"
	"time"
)

// Stability is what a query asks for: releases, nightly builds, or either.
type Stability string

// The values of the stability parameter.
const (
	Release Stability = "release"
	Nightly Stability = "nightly"
	Any     Stability = "any"
)

// Stabilities lists the values of the stability parameter in the order of the download page's rows.
func Stabilities() []Stability { return []Stability{Release, Nightly, Any} }

// Package is one published installer. Publish checks every field that comes from outside. Code that holds a Package
// may write ID, OS, Arch, Revision, Version, Release and the checksums into a path, a URL or a configuration file as
// they are, BuildDate into a page or a string, and URL into a Location header. Name, ProductName, Unversioned and
// FileName are free text of one line: escape them.
type Package struct {
	ID          string    // in the form that the scheme asks for
	Name        string    // for instance Aurora_linux_34645
	ProductName string    // for instance Aurora
	OS          OS        // one of the scheme's
	Arch        Arch      // one of the scheme's
	Revision    int       // 0 to MaxRevision; see Publish for projects that count none
	Version     string    // "" when the package has none
	Release     string    // the name of the release; "" for a nightly build
	PreRelease  bool      // a release that is not public yet
	BuildDate   string    // as the source spells it
	Built       time.Time // BuildDate as a time in UTC
	Size        int64     // bytes
	Unversioned string    // what the source calls the version when no Version follows from it
	SHA256      string    // 64 lower-case hex digits; "" when unknown
	SHA512      string    // 128 lower-case hex digits; "" when unknown
	FileName    string    // the name the file is saved under; "" when the source does not say
	URL         string    // where the file is fetched: an http or https URL of visible ASCII characters
}

// Matches reports whether a query for stability s may find the package. Only Any finds a release that is not public
// yet.
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

// Stability is what the package object calls its kind: a package with a release name is a release even before it
// is public.
func (p *Package) Stability() Stability {
	if p.Release != "" {
		return Release
	}
	return Nightly
}

// Day is the UTC day of the build, YYYY-MM-DD.
func (p *Package) Day() string { return p.Built.Format(time.DateOnly) }

// Platform is the pair the package was built for.
func (p *Package) Platform() Platform { return Platform{p.Arch, p.OS} }

// Compare orders packages newest first: by revision, then by build time, both descending. The id, descending as well,
// only decides between builds of the same instant, so that every run has the same order.
func Compare(a, b *Package) int {
	return cmp.Or(
		cmp.Compare(b.Revision, a.Revision),
		b.Built.Compare(a.Built),
		strings.Compare(b.ID, a.ID),
	)
}
