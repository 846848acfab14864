package site

import (
	"bytes"
	"cmp"
	"regexp"
	"strings"

	"github.com/Slicer/sitegen/generator/language"
	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/output"
)

// URLs of the search.
const (
	searchURL      = "/search/"
	searchIndexURL = "/search/index.json"
)

// Search is the content of the page that searches the site. Its script looks for words in the index.
type Search struct {
	Index    string   // URL of the index
	Revision string   // parameter that selects a build by its revision or the closest one; "" without revisions
	Date     string   // parameter that selects a build by its day
	Examples []string // what visitors may look for
}

// searchEntry is a page in the index. Keys are short, because the index has thousands of them on a large site.
type searchEntry struct {
	Title string `json:"t"`
	URL   string `json:"u"`
	Kind  string `json:"k,omitempty"` // Release; "" for a page
	Text  string `json:"x,omitempty"` // its description and headings
}

// addSearch adds the search page and its index, which lists all pages that search engines may list. Pages of content
// have their headings in it. Builds are not in it: the API finds them.
func addSearch(b *Build, releases []*Release) {
	page := Search{}
	for _, m := range b.Index.Spec().Modes() {
		switch {
		case m.Finds == lookup.ByClosestRevision && b.Index.Spec().Revisions:
			page.Revision = m.Name
		case m.Finds == lookup.ByDate:
			page.Date = m.Name
		}
	}
	if len(releases) > 0 {
		page.Examples = []string{cmp.Or(series(releases[0].Version), releases[0].Version), releases[0].Items[0].Day()}
	}
	for _, l := range b.locales {
		page.Index = l.prefix + searchIndexURL
		b.AddFile(output.Pages, page.Index[1:], encodeJSON(searchEntries(b, l, releases)))
		b.AddPage(b.localized(l, Page{
			Path: strings.TrimPrefix(searchURL, "/") + pageName, Layout: "search.html", Data: page, NoIndex: true,
		}, heading{"search.title", "search.description", language.Values{"project": b.Site.Project}}))
	}
}

// searchEntries returns the index of a language: its pages, and pages of the first language that have no translation.
func searchEntries(b *Build, l *locale, releases []*Release) []searchEntry {
	entries := []searchEntry{}
	seen := map[string]bool{}
	for _, r := range releases {
		url := l.link(r.URL())
		seen[url] = true
		entries = append(entries, searchEntry{Title: b.Site.Project + " " + r.Version, URL: url,
			Kind: l.MustText("search.release", nil),
			Text: l.Day(r.Built) + r.Built.Format(" (2006-01-02), ") + l.terms(r.systems())})
	}
	sources, pages := b.content.bySource(), b.Pages()
	for _, p := range pages {
		if l.prefix != "" && p.Lang == l.Code { // the translation replaces it
			seen[strings.TrimPrefix(p.URL(), l.prefix)] = true
		}
	}
	for _, p := range pages {
		if p.NoIndex || seen[p.URL()] || p.Lang != l.Code && p.Lang != b.locales[0].Code {
			continue
		}
		e := searchEntry{Title: p.Title, URL: p.URL(), Text: p.Description}
		if d := sources[p.Source]; d != nil {
			e.Text = strings.TrimSpace(e.Text + " " + headingTexts(d.body))
		}
		entries = append(entries, e)
	}
	return entries
}

// atxHeadingRE matches a heading of Markdown, without the attributes at its end. fenceRE matches code, which has none.
var (
	atxHeadingRE = regexp.MustCompile(`(?m)^ {0,3}#{1,6}[ \t]+(.*?)[ \t#]*(?:\{[^}]*\})?[ \t\r]*$`)
	fenceRE      = regexp.MustCompile("(?ms)^(```|~~~).*?^(```|~~~)")
)

// headingTexts returns the headings of a Markdown text, with " · " between them.
func headingTexts(markdown []byte) string {
	var list []string
	for _, m := range atxHeadingRE.FindAllSubmatch(fenceRE.ReplaceAll(markdown, nil), -1) {
		if text := string(bytes.TrimSpace(m[1])); text != "" {
			list = append(list, text)
		}
	}
	return strings.Join(list, " · ")
}
