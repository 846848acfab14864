package site

import (
	"encoding/xml"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/Slicer/sitegen/generator/output"
)

// sitemapSet is a sitemap: see https://www.sitemaps.org/protocol.html.
type sitemapSet struct {
	XMLName xml.Name       `xml:"http://www.sitemaps.org/schemas/sitemap/0.9 urlset"`
	URLs    []sitemapEntry `xml:"url"`
}

type sitemapEntry struct {
	Loc     string `xml:"loc"`
	LastMod string `xml:"lastmod,omitempty"` // YYYY-MM-DD
}

// addSitemap adds sitemap.xml, which lists the pages that search engines may show, and a robots.txt that refers to it.
func addSitemap(b *Build) error {
	b.AddFile(output.Pages, "sitemap.xml", encodeXML(sitemapOf(b)))
	b.AddFile(output.Pages, "robots.txt", robots(b))
	return nil
}

func sitemapOf(b *Build) sitemapSet {
	var set sitemapSet
	for _, p := range b.Pages() {
		if p.NoIndex {
			continue
		}
		entry := sitemapEntry{Loc: b.AbsURL(p.URL())}
		if !p.Date.IsZero() {
			entry.LastMod = p.Date.UTC().Format(time.DateOnly)
		}
		set.URLs = append(set.URLs, entry)
	}
	if b.Stats {
		for _, l := range b.locales {
			set.URLs = append(set.URLs, sitemapEntry{Loc: b.AbsURL(l.link(StatsURL))})
		}
	}
	slices.SortFunc(set.URLs, func(a, b sitemapEntry) int { return strings.Compare(a.Loc, b.Loc) })
	return set
}

// robots returns a robots.txt that keeps search engines from fetching fragments and packages.
func robots(b *Build) []byte {
	return fmt.Appendf(nil, "User-agent: *\nDisallow: /-/\nDisallow: /bitstream/\nDisallow: "+
		"/download?\n\nSitemap: %s\n", b.AbsURL("/sitemap.xml"))
}

// encodeXML returns an indented XML document that ends with a line feed.
func encodeXML(v any) []byte {
	body, err := xml.MarshalIndent(v, "", " ")
	if err != nil {
		panic(err) // impossible: the documents are structs of strings
	}
	return append(append([]byte(xml.Header), body...), '\n')
}
