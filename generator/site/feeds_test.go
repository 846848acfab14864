package site_test

import (
	"encoding/xml"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen"
	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/site"
)

// atom is a feed as a feed reader sees it.
type atom struct {
	XMLName xml.Name `xml:"http://www.w3.org/2005/Atom feed"`
	ID      string   `xml:"id"`
	Title   string   `xml:"title"`
	Updated string   `xml:"updated"`
	Author  string   `xml:"author>name"`
	Links   []struct {
		Rel  string `xml:"rel,attr"`
		Href string `xml:"href,attr"`
	} `xml:"link"`
	Entries []struct {
		ID      string `xml:"id"`
		Title   string `xml:"title"`
		Updated string `xml:"updated"`
		Summary string `xml:"summary"`
		Content struct {
			Type string `xml:"type,attr"`
			Base string `xml:"http://www.w3.org/XML/1998/namespace base,attr"`
			HTML string `xml:",chardata"`
		} `xml:"content"`
		Link struct {
			Href string `xml:"href,attr"`
		} `xml:"link"`
	} `xml:"entry"`
}

func readAtom(t *testing.T, file string) atom {
	t.Helper()
	var f atom
	if err := xml.Unmarshal([]byte(file), &f); err != nil {
		t.Fatal(err)
	}
	return f
}

func TestFeedsOfTheCatalogue(t *testing.T) {
	files := archiveSite(t)
	for _, tt := range []struct {
		path, first string
		entries     int
	}{
		{"releases.atom", "Aurora 5.12.4", 40},
		{"preview.atom", "Aurora 5.13.0 preview of 2026-11-20", 50},
	} {
		t.Run(tt.path, func(t *testing.T) {
			f := readAtom(t, files[tt.path])
			if len(f.Entries) < tt.entries || len(f.Entries) > 50 {
				t.Fatalf("%d entries", len(f.Entries))
			}
			if f.Entries[0].Title != tt.first {
				t.Errorf("first entry %q, want %q", f.Entries[0].Title, tt.first)
			}
			if len(f.Links) != 2 || f.Links[0].Rel != "self" ||
				f.Links[0].Href != "https://download.example.org/"+tt.path {
				t.Errorf("links %v, want one to the feed itself", f.Links)
			}
			if f.ID == "" || f.Title == "" || f.Author != "Aurora" {
				t.Errorf("id %q, title %q, author %q", f.ID, f.Title, f.Author)
			}
			newest := time.Time{}
			ids := map[string]bool{}
			for _, e := range f.Entries {
				at, err := time.Parse(time.RFC3339, e.Updated)
				if err != nil {
					t.Errorf("%s: %v", e.ID, err)
				}
				if at.After(newest) {
					newest = at
				}
				if ids[e.ID] || !strings.HasPrefix(e.ID, "https://download.example.org/") {
					t.Errorf("id %q is not a URL of the site, or occurs twice", e.ID)
				}
				ids[e.ID] = true
				file, anchor, _ := strings.Cut(strings.TrimPrefix(e.Link.Href, "https://download.example.org/"), "#")
				if page := files[file+"index.html"]; page == "" || !strings.Contains(page, `id="`+anchor+`"`) &&
					anchor != "" {
					t.Errorf("link %s is broken", e.Link.Href)
				}
			}
			if f.Updated != newest.Format(time.RFC3339) {
				t.Errorf("feed updated %s, its newest entry %s", f.Updated, newest)
			}
		})
	}
}

func TestFeedEntries(t *testing.T) {
	files := downloadSite(t, append(someReleases(), newPackage(10, onMac, nightly("5.9.0"), built("2026-03-11"))),
		func(in *site.Input) { in.Project, in.Sample = "A & B </title>", true })
	titles := func(f atom) (list []string) {
		for _, e := range f.Entries {
			list = append(list, e.Title+": "+e.Summary)
		}
		return list
	}
	releases := readAtom(t, files["releases.atom"])
	if diff := cmp.Diff([]string{
		"A & B </title> 5.8.1: A & B </title> 5.8.1, revision 211, for Windows, macOS.",
		"A & B </title> 5.8.0: A & B </title> 5.8.0, revision 200, for Windows.",
		"A & B </title> 5.6.2: A & B </title> 5.6.2, revision 100, for Windows, Linux.",
	}, titles(releases)); diff != "" {
		t.Errorf("releases (-want +got):\n%s", diff)
	}
	if !strings.HasSuffix(releases.Title, "(sample data)") {
		t.Errorf("title %q does not mention that this is sample data", releases.Title)
	}
	if diff := cmp.Diff([]string{
		"A & B </title> 5.9.0 preview of 2026-03-11: Revision 30010, for macOS.",
		"A & B </title> 5.9.0 preview of 2026-03-10: Revision 30009, for Windows.",
	}, titles(readAtom(t, files["preview.atom"]))); diff != "" {
		t.Errorf("preview (-want +got):\n%s", diff)
	}
}

// TestFeedContent checks the HTML in the entries: notes, links, sizes and checksums. Long notes are linked, so that a
// feed stays small.
func TestFeedContent(t *testing.T) {
	notes := fstest.MapFS{
		"releases/5.8.1.md": {Data: []byte("New: **faster** & [better](../5.8.0/).\n")},
		"releases/5.8.0.md": {Data: []byte(strings.Repeat("Much. ", 50_000))},
	}
	files := downloadSite(t, append(someReleases(), newPackage(10, onMac, nightly("5.9.0"))),
		func(in *site.Input) { in.Content = site.Overlay(notes, sitegen.Content()) })
	feed := readAtom(t, files["releases.atom"])
	first := feed.Entries[0].Content
	const want = `<p>New: <strong>faster</strong> &amp; <a href="../5.8.0/">better</a>.</p>
<ul>
<li><a href="https://download.example.org/bitstream/`
	if !strings.HasPrefix(first.HTML, want) || first.Type != "html" ||
		first.Base != "https://download.example.org/releases/5.8.1/" {
		t.Errorf("content %+v, want %s…", first, want)
	}
	for _, want := range []string{"Aurora-5.8.1-macosx-amd64.dmg</a>, 250 MB",
		"<br>SHA-512: <code>" + strings.Repeat("ab", 64) + "</code>"} {
		if !strings.Contains(first.HTML, want) {
			t.Errorf("no %q in %s", want, first.HTML)
		}
	}
	const link = `<p><a href="https://download.example.org/releases/5.8.0/#notes">What is new</a></p>`
	if second := feed.Entries[1].Content.HTML; !strings.HasPrefix(second, link) {
		t.Errorf("content %s, want %s…", second, link)
	}
	if third := feed.Entries[2].Content.HTML; !strings.HasPrefix(third, "<ul>") {
		t.Errorf("content %s of a release without notes", third)
	}
	preview := readAtom(t, files["preview.atom"]).Entries[0].Content.HTML
	if !strings.Contains(preview, ">macOS, Intel chip</a>, 250 MB") {
		t.Errorf("content %s", preview)
	}
}

// TestFeedSize checks that the feeds of a large catalogue stay small.
func TestFeedSize(t *testing.T) {
	files := archiveSite(t)
	for _, path := range []string{"releases.atom", "preview.atom"} {
		if size := len(files[path]); size > 150<<10 {
			t.Errorf("%s has %d bytes", path, size)
		}
	}
}

func TestSitemap(t *testing.T) {
	files := downloadSite(t, []*catalog.Package{newPackage(1, onLinux), newPackage(2, onLinux, nightly("5.13.0"))})
	var set struct {
		XMLName xml.Name `xml:"http://www.sitemaps.org/schemas/sitemap/0.9 urlset"`
		URLs    []struct {
			Loc     string `xml:"loc"`
			LastMod string `xml:"lastmod"`
		} `xml:"url"`
	}
	if err := xml.Unmarshal([]byte(files["sitemap.xml"]), &set); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, u := range set.URLs {
		got[strings.TrimPrefix(u.Loc, "https://download.example.org")] = u.LastMod
	}
	if diff := cmp.Diff(map[string]string{
		"/": "", "/api/": "", "/releases/": "2026-03-02", "/releases/5.12.1/": "2026-03-02",
		"/preview/": "2026-03-03", "/preview/2026/": "2026-03-03",
		"/preview/bisect/": "2026-03-03",
	}, got); diff != "" {
		t.Errorf("pages and dates (-want +got):\n%s", diff)
	}
	lines := strings.Split(files["robots.txt"], "\n")
	for _, want := range []string{"User-agent: *", "Disallow: /-/",
		"Sitemap: https://download.example.org/sitemap.xml"} {
		if !slices.Contains(lines, want) {
			t.Errorf("robots.txt has no line %q:\n%s", want, files["robots.txt"])
		}
	}
}
