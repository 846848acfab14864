package site

import (
	"bytes"
	"cmp"
	"regexp"
	"strings"

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
	entries := []searchEntry{}
	seen := map[string]bool{}
	for _, r := range releases {
		seen[r.URL()] = true
		entries = append(entries, searchEntry{Title: b.Site.Project + " " + r.Version, URL: r.URL(), Kind: "Release",
			Text: r.Built.Format("2 January 2006 (2006-01-02)") + ", " + strings.Join(r.systems(), ", ")})
	}
	sources := b.content.bySource()
	for _, p := range b.Pages() {
		if p.NoIndex || seen[p.URL()] {
			continue
		}
		e := searchEntry{Title: p.Title, URL: p.URL(), Text: p.Description}
		if d := sources[p.Source]; d != nil {
			e.Text = strings.TrimSpace(e.Text + " " + headingTexts(d.body))
		}
		entries = append(entries, e)
	}
	b.AddFile(output.Pages, searchIndexURL[1:], encodeJSON(entries))

	page := Search{Index: searchIndexURL}
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
	b.AddPage(withText(b, Page{
		Path: strings.TrimPrefix(searchURL, "/") + pageName, Layout: "search.html", Data: page, NoIndex: true,
		Title: "Search", Description: "Search the pages and releases of " + b.Site.Project + ".",
	}))
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
