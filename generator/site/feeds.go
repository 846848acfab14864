package site

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"html"
	"strings"
	"time"

	"github.com/Slicer/sitegen/generator/language"
	"github.com/Slicer/sitegen/generator/output"
)

// Limits of a feed.
const (
	feedLength = 50        // entries
	feedNotes  = 256 << 10 // bytes of notes; programs fetch a feed several times a day
)

// URLs of the feeds.
const (
	releasesFeedURL = "/releases.atom"
	previewFeedURL  = "/preview.atom"
)

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
	Content atomHTML `xml:"content"`
}

// atomHTML is HTML in an entry.
type atomHTML struct {
	Type string `xml:"type,attr"`     // html
	Base string `xml:"xml:base,attr"` // the page that relative links belong to
	HTML string `xml:",chardata"`
}

// addFeeds adds the feed of releases and the feed of days with nightly builds.
func addFeeds(b *Build, releases []*Release) {
	b.AddFile(output.Pages, releasesFeedURL[1:], encodeXML(releaseFeed(b, releases)))
	b.AddFile(output.Pages, previewFeedURL[1:], encodeXML(previewFeed(b, b.derived.days)))
}

func releaseFeed(b *Build, releases []*Release) atomFeed {
	l := b.locales[0]
	var entries []atomEntry
	left := feedNotes
	for _, r := range releases[:min(len(releases), feedLength)] {
		key := "feeds.release"
		if r.Revisions() {
			key = "feeds.release_revision"
		}
		summary := l.MustText(key, language.Values{"project": b.Site.Project, "version": r.Version,
			"revision": r.Revision, "platforms": platformList(b, r.Items)})
		notes := string(r.notes)
		if left -= len(notes); left < 0 && r.Notes {
			notes = `<p><a href="` + b.AbsURL(r.URL()+"#notes") + `">` + l.MustText("feeds.whats_new", nil) + `</a></p>` + "\n"
		}
		entries = append(entries, entry(b, r.URL(), b.Site.Project+" "+r.Version, summary, notes+files(b, r.Items),
			r.Updated))
	}
	title := l.MustText("feeds.releases", language.Values{"project": b.Site.Project})
	return feed(b, releasesFeedURL, "/releases/", title, entries)
}

func previewFeed(b *Build, days []Day) atomFeed {
	l := b.locales[0]
	var entries []atomEntry
	for _, d := range days[:min(len(days), feedLength)] {
		newest := d.Items[0]
		title := l.MustText("feeds.preview", language.Values{
			"name": strings.TrimSpace(b.Site.Project + " " + newest.Version), "day": d.Anchor()})
		key := "feeds.builds"
		if newest.Revisions() {
			key = "feeds.builds_revision"
		}
		summary := l.MustText(key, language.Values{"revision": newest.Revision, "platforms": platformList(b, d.Items)})
		entries = append(entries, entry(b, d.URL(), title, summary, files(b, d.Items), d.Updated()))
	}
	title := l.MustText("feeds.previews", language.Values{"project": b.Site.Project})
	return feed(b, previewFeedURL, "/preview/", title, entries)
}

// feed returns a feed. The feed is published at the path self and describes the page at the path page. Its update time
// is that of the newest entry.
func feed(b *Build, self, page, title string, entries []atomEntry) atomFeed {
	if b.Site.Sample {
		title = b.locales[0].MustText("feeds.sample", language.Values{"title": title})
	}
	f := atomFeed{
		Lang: b.locales[0].Code, ID: b.AbsURL(page), Title: title, Author: b.Site.Title, Entries: entries,
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

// files returns a list of packages with their sizes and checksums, in HTML.
func files(b *Build, items []Item) string {
	l := b.locales[0]
	var list strings.Builder
	list.WriteString("<ul>\n")
	for _, i := range items {
		fmt.Fprintf(&list, `<li><a href="%s">%s</a>, %s`, b.AbsURL(i.URL()),
			html.EscapeString(cmp.Or(i.FileName(), l.terms([]string{i.System(), i.ArchTitle()}))), l.Bytes(i.Size))
		if sum := i.Checksum(); sum != "" {
			fmt.Fprintf(&list, "<br>SHA-%d: <code>%s</code>", i.ChecksumBits(), sum)
		}
		for _, a := range i.Attachments() {
			fmt.Fprintf(&list, `, <a href="%s">%s</a>`, html.EscapeString(a.URL),
				html.EscapeString(b.locales[0].MustText(a.Name, nil)))
		}
		list.WriteString("</li>\n")
	}
	list.WriteString("</ul>\n")
	return list.String()
}

// entry returns an entry about the page at url, with content in HTML. The URL is also the permanent id of the entry.
func entry(b *Build, url, title, summary, content string, updated time.Time) atomEntry {
	return atomEntry{
		ID: b.AbsURL(url), Title: title, Summary: summary, Updated: rfc3339(updated),
		Link:    atomLink{Rel: "alternate", Type: "text/html", Href: b.AbsURL(url)},
		Content: atomHTML{Type: "html", Base: b.AbsURL(url), HTML: content},
	}
}

func rfc3339(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func platformList(b *Build, items []Item) string {
	spec := b.Index.Spec()
	return b.locales[0].terms(platformTitles(spec, platformsOf(spec, items)))
}
