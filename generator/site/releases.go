package site

import (
	"html/template"
	"slices"
	"strings"
	"time"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/language"
	"github.com/Slicer/sitegen/generator/lookup"
)

// Release is a released version with its packages. Pre-release packages are not included; a version that has nothing
// else is not a Release.
type Release struct {
	Version      string
	Revision     int       // revision of its newest package
	Built        time.Time // build time of its first package, in UTC
	Updated      time.Time // build time of its last package, in UTC
	Items        []Item    // ordered by operating system, then architecture, then newest first
	Newest       bool      // whether it is the newest of all releases
	SupersededBy string    // version of the newest release of the same series (5.12); "" for that release itself
	Notes        bool      // whether its page has hand-written notes
	Maintenance  *Series   // what is known about its series; nil if nothing is
	NewestFor    []string  // platforms for which it is the newest release, unless it is so for all: macOS (Apple chip)
	Missing      []Missing // systems that have packages of the release before, and none of this one

	notes template.HTML
	spec  *lookup.Spec
}

// URL returns the address of the release's page.
func (r *Release) URL() string { return "/releases/" + r.Version + "/" }

// Series returns the part of the version that releases with the same features share: 5.12 for 5.12.4.
func (r *Release) Series() string { return series(r.Version) }

// SumsURL returns the address of the release's checksums.
func (r *Release) SumsURL() string { return r.URL() + "SHA512SUMS" }

// Platforms returns the titles of the platforms that the release has packages for: Windows, macOS, macOS (arm64).
func (r *Release) Platforms() []string { return platformTitles(r.spec, platformsOf(r.spec, r.Items)) }

// Files returns the newest package of each platform.
func (r *Release) Files() []Item {
	return slices.CompactFunc(slices.Clone(r.Items), func(a, b Item) bool { return a.Platform() == b.Platform() })
}

// OSes returns the ids of the systems that the release has packages for, separated by spaces.
func (r *Release) OSes() string {
	var list []string
	for _, i := range r.Items {
		if !slices.Contains(list, string(i.OS)) {
			list = append(list, string(i.OS))
		}
	}
	return strings.Join(list, " ")
}

// Revisions reports whether packages have a revision of the source code.
func (r *Release) Revisions() bool { return r.spec.Revisions }

// Links returns the profile's links to other sites, which are columns of the table of packages.
func (r *Release) Links() []catalog.Link { return r.spec.Links }

// Missing is a system that a release has no packages for.
type Missing struct {
	System    string    // title
	Withdrawn time.Time // day on which the packages were withdrawn; zero if there have been none
}

// withdrawals are the packages of releases that are no longer published.
type withdrawals []Withdrawal

// of returns the time at which the packages of a release for a system were withdrawn, or zero.
func (ws withdrawals) of(release string, o catalog.OS) time.Time {
	for _, w := range ws {
		if w.Release == release && w.OS == o {
			return w.At
		}
	}
	return time.Time{}
}

// compareReleases sets Missing and NewestFor of each release. The releases must be ordered newest first.
func compareReleases(x *lookup.Index, releases []*Release, gone withdrawals) {
	spec := x.Spec()
	byVersion := map[string]*Release{}
	for n, r := range releases {
		byVersion[r.Version] = r
		for _, s := range spec.Systems {
			before := n+1 < len(releases) && releases[n+1].supports(s.ID)
			if at := gone.of(r.Version, s.ID); !r.supports(s.ID) && (before || !at.IsZero()) {
				r.Missing = append(r.Missing, Missing{s.Title, at})
			}
		}
	}
	for _, pf := range x.Platforms() {
		newest := x.Table(pf, catalog.Release).Newest
		if newest == nil {
			continue
		}
		if r := byVersion[newest.Release]; r != nil && !r.Newest {
			r.NewestFor = append(r.NewestFor, spec.PlatformTitle(pf))
		}
	}
}

// supports reports whether the release has packages for a system.
func (r *Release) supports(o catalog.OS) bool {
	return slices.ContainsFunc(r.Items, func(i Item) bool { return i.OS == o })
}

// releasesOf groups packages by release. The release with the newest package comes first. The packages must be ordered
// newest first.
func releasesOf(spec *lookup.Spec, packages []Item) []*Release {
	byVersion := map[string]*Release{}
	var releases []*Release
	for _, p := range packages { // newest first, so the first package of a release is its newest
		if !p.Matches(catalog.Release) {
			continue
		}
		r := byVersion[p.Release]
		if r == nil {
			r = &Release{Version: p.Release, Revision: p.Revision, Built: p.Built, Updated: p.Built, spec: spec}
			byVersion[p.Release] = r
			releases = append(releases, r)
		}
		r.Items = append(r.Items, p)
		r.Built = earlier(r.Built, p.Built)
		r.Updated = later(r.Updated, p.Built)
	}
	for _, r := range releases {
		slices.SortStableFunc(r.Items, func(a, b Item) int { return spec.Compare(a.Platform(), b.Platform()) })
	}
	supersede(releases)
	return releases
}

// supersede sets Newest and SupersededBy of each release. The releases must be ordered newest first.
func supersede(releases []*Release) {
	heads := map[string]string{} // newest version of each series
	for i, r := range releases {
		r.Newest = i == 0
		head := heads[r.Series()]
		if head == "" {
			heads[r.Series()] = r.Version
		}
		r.SupersededBy = head
	}
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// ReleaseList is the content of the page of all releases.
type ReleaseList struct {
	Series  []ReleaseSeries
	Systems []catalog.System
	Years   []int // of the releases, newest first
}

// ReleaseSeries is the releases of a series, newest first.
type ReleaseSeries struct {
	Name     string // 5.12
	Ended    time.Time
	Releases []*Release
}

// releaseList groups releases by series. The series with the newest release comes first.
func releaseList(spec *lookup.Spec, releases []*Release) ReleaseList {
	l := ReleaseList{Systems: spec.Systems}
	at := map[string]int{} // index of each series
	for _, r := range releases {
		n, ok := at[r.Series()]
		if !ok {
			n = len(l.Series)
			at[r.Series()] = n
			s := ReleaseSeries{Name: r.Series()}
			if r.Maintenance != nil {
				s.Ended = r.Maintenance.Ended
			}
			l.Series = append(l.Series, s)
		}
		l.Series[n].Releases = append(l.Series[n].Releases, r)
		if year := r.Built.Year(); !slices.Contains(l.Years, year) {
			l.Years = append(l.Years, year)
		}
	}
	slices.SortFunc(l.Years, func(a, b int) int { return b - a })
	return l
}

// ReleasePage is the content of the page of a release, except its notes, which are the Body.
type ReleasePage struct {
	*Release
	NewestVersion string   // version of the newest of all releases
	Previous      *Release // the release before it; nil if it is the first
	Next          *Release // the release after it; nil if it is the newest
	Permalinks    []Permalinks
	Software      softwareApplications // for search engines
}

// addReleases adds a page for each release and the page that lists all of them, and sets Notes of each release.
func addReleases(b *Build, releases []*Release) {
	for n, r := range releases {
		r.Maintenance = b.data.seriesOf(r.Version)
		data := ReleasePage{Release: r, NewestVersion: releases[0].Version, Permalinks: permalinksOf(b.Index, r.Items),
			Software: software(b, r.Items)}
		if n > 0 {
			data.Next = releases[n-1]
		}
		if n+1 < len(releases) {
			data.Previous = releases[n+1]
		}
		if text, ok := b.Text(r.URL()); ok {
			r.notes = b.markdown.render(text.body.markdown, nil)
			r.Notes = r.notes != ""
		}
		b.addLocalized(Page{
			Path: "releases/" + r.Version + "/index.html", Layout: "release.html",
			Date: r.Updated, Image: r.CardURL(), Data: data,
		}, heading{"release.title", "release.description",
			language.Values{"project": b.Site.Project, "version": r.Version}})
	}
	b.addLocalized(Page{
		Path: "releases/index.html", Layout: "releases.html",
		Date: newestUpdate(releases), Data: releaseList(b.Index.Spec(), releases),
	}, heading{"releases.title", "releases.description", language.Values{"project": b.Site.Project}})
}

// newestUpdate returns the build time of the newest package of all releases, or zero if there are no releases.
func newestUpdate(releases []*Release) time.Time {
	var t time.Time
	for _, r := range releases {
		t = later(t, r.Updated)
	}
	return t
}

// PlatformTitle returns the name of a platform: Windows, macOS (Apple chip).
func (r *Release) PlatformTitle(p catalog.Platform) string { return r.spec.PlatformTitle(p) }
