package site

import (
	"encoding/xml"
	"fmt"
	"strings"
	"time"

	"github.com/Slicer/sitegen/generator/output"
)

// feedLength is the maximum number of entries in a feed.
const feedLength = 50

// atomFeed is an Atom feed (RFC 4287).
type atomFeed struct {
	XMLName xml.Name    `xml:"http://www.w3.org/2005/Atom feed"`
	Lang    string      `xml:"xml:lang,attr"`
	ID      string      `xml:"id"`
	Title   string      `xml:"title"`
	Updated string      `xml:"updated"` // RFC 3339
	Author  string      `xml:"author>name"`
	Links   []atomLink  `xml:"link"`
	Entries []atomEntry `xml:"entry"`
}

type atomLink struct {
	Rel  string `xml:"rel,attr"`
	Type string `xml:"type,attr"`
	Href string `xml:"href,attr"`
}

type atomEntry struct {
	ID      string   `xml:"id"`
	Title   string   `xml:"title"`
	Updated string   `xml:"updated"` // RFC 3339
	Link    atomLink `xml:"link"`
	Summary string   `xml:"summary"` // plain text
}

// addFeeds adds the feed of releases and the feed of days with nightly builds.
func addFeeds(b *Build, releases []*Release) {
	b.AddFile(output.Pages, "releases.atom", encodeXML(releaseFeed(b, releases)))
	b.AddFile(output.Pages, "preview.atom", encodeXML(previewFeed(b, b.derived.days)))
}

func releaseFeed(b *Build, releases []*Release) atomFeed {
	var entries []atomEntry
	for _, r := range releases[:min(len(releases), feedLength)] {
		revision := ""
		if r.Revisions() {
			revision = fmt.Sprintf(", revision %d", r.Revision)
		}
		summary := fmt.Sprintf("%s %s%s, for %s.", b.Site.Project, r.Version, revision, platformList(b, r.Items))
		entries = append(entries, entry(b, r.URL(), b.Site.Project+" "+r.Version, summary, r.Updated))
	}
	return feed(b, "/releases.atom", "/releases/", b.Site.Project+" releases", entries)
}

func previewFeed(b *Build, days []Day) atomFeed {
	var entries []atomEntry
	for _, d := range days[:min(len(days), feedLength)] {
		newest := d.Items[0]
		title := strings.TrimSpace(b.Site.Project+" "+newest.Version) + " preview of " + d.Anchor()
		summary := "For " + platformList(b, d.Items) + "."
		if newest.Revisions() {
			summary = fmt.Sprintf("Revision %d, for %s.", newest.Revision, platformList(b, d.Items))
		}
		entries = append(entries, entry(b, d.URL(), title, summary, d.Updated()))
	}
	return feed(b, "/preview.atom", "/preview/", b.Site.Project+" preview builds", entries)
}

// feed returns a feed. The feed is published at the path self and describes the page at the path page. Its update time
// is that of the newest entry.
func feed(b *Build, self, page, title string, entries []atomEntry) atomFeed {
	if b.Site.Sample {
		title += " (sample data)"
	}
	f := atomFeed{
		Lang: "en", ID: b.AbsURL(page), Title: title, Author: b.Site.Title, Entries: entries,
		Updated: rfc3339(time.Time{}),
		Links: []atomLink{
			{Rel: "self", Type: "application/atom+xml", Href: b.AbsURL(self)},
			{Rel: "alternate", Type: "text/html", Href: b.AbsURL(page)},
		},
	}
	for _, e := range entries {
		f.Updated = max(f.Updated, e.Updated) // in UTC and of the same length, so they sort as strings
	}
	return f
}

// entry returns an entry about the page at url. The URL is also the permanent id of the entry.
func entry(b *Build, url, title, summary string, updated time.Time) atomEntry {
	return atomEntry{
		ID: b.AbsURL(url), Title: title, Summary: summary, Updated: rfc3339(updated),
		Link: atomLink{Rel: "alternate", Type: "text/html", Href: b.AbsURL(url)},
	}
}

func rfc3339(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func platformList(b *Build, items []Item) string {
	spec := b.Index.Spec()
	return strings.Join(platformTitles(spec, platformsOf(spec, items)), ", ")
}
