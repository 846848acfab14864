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

// OS is an operating system as Girder's meta.os and the os parameter spell it.
type OS string

// The operating systems that packages are made for.
const (
	Windows OS = "win"
	MacOS   OS = "macosx"
	Linux   OS = "linux"
)

// OSes lists the operating systems in the order of the download page's columns.
func OSes() []OS { return []OS{Windows, MacOS, Linux} }

// Title is the name people know the operating system by.
func (o OS) Title() string {
	switch o {
	case Windows:
		return "Windows"
	case MacOS:
		return "macOS"
	case Linux:
		return "Linux"
	}
	return string(o)
}

// Arch is a processor architecture as Girder's meta.arch and the arch parameter spell it.
type Arch string

// The architectures that packages are made for.
const (
	AMD64 Arch = "amd64"
	ARM64 Arch = "arm64"
	I386  Arch = "i386"
)

// Arches lists the architectures, the default one first.
func Arches() []Arch { return []Arch{AMD64, ARM64, I386} }

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

// Package is one published installer. Publish checks every field that comes from outside; code that holds
// a Package may write ID, OS, Arch, Revision, Version, Release and SHA512 into a path, a URL or a
// configuration file as they are, and BuildDate into a page or a string. Name, ProductName and Unversioned
// are free text of one line: escape them.
type Package struct {
	ID          string    // 24 lower-case hex digits; Girder item._id
	Name        string    // Girder item.name, for instance Slicer_win_amd64_34645
	ProductName string    // Girder meta.baseName
	OS          OS        // Girder meta.os
	Arch        Arch      // Girder meta.arch
	Revision    int       // Girder meta.revision, 0 to MaxRevision
	Version     string    // see VersionOf; "" when the package has none
	Release     string    // Girder meta.release; "" for a nightly build
	PreRelease  bool      // Girder meta.pre_release: a release not yet let go
	BuildDate   string    // Girder meta.build_date, as Girder spells it
	Built       time.Time // BuildDate read, in UTC
	Size        int64     // bytes; Girder item.size
	Unversioned string    // Girder meta.version where no Version can be told from it
	SHA512      string    // 128 lower-case hex digits; Girder meta.sha512; "" when unknown
}

// Matches reports whether a query for stability s may find the package. A release not yet let go is found
// by Any only.
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

// Stability is what the package object calls its kind: a package with a release name is a release even
// before it is let go.
func (p *Package) Stability() Stability {
	if p.Release != "" {
		return Release
	}
	return Nightly
}

// Day is the UTC day of the build, YYYY-MM-DD.
func (p *Package) Day() string { return p.Built.Format(time.DateOnly) }

// Platform is the pair that an order of packages belongs to.
type Platform struct {
	Arch Arch
	OS   OS
}

// String gives the platform as one word, for instance amd64-win.
func (p Platform) String() string { return string(p.Arch) + "-" + string(p.OS) }

// Platform is the pair the package was built for.
func (p *Package) Platform() Platform { return Platform{p.Arch, p.OS} }

// Compare orders packages newest first: revision descending, then build time descending. The id, newest
// first as well, only settles builds of the same instant, so that every run gives the same order.
func Compare(a, b *Package) int {
	return cmp.Or(
		cmp.Compare(b.Revision, a.Revision),
		b.Built.Compare(a.Built),
		strings.Compare(b.ID, a.ID),
	)
}
