package site_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/language"
	"github.com/Slicer/sitegen/generator/output"
	"github.com/Slicer/sitegen/generator/site"
)

// statsLayouts are the layouts of a page that uses two of three assets: own.css directly, and dot.svg through own.css.
var statsLayouts = folder{
	"base.html": plain["base.html"],
	"stats.html": `{{define "main"}}<h1>{{.Page.Title}}</h1>{{.Page.Body}}` +
		`<link rel="stylesheet" href="{{(asset "own.css").URL}}">{{end}}`,
	"assets/own.css":  `a { background: url(dot.svg) }`,
	"assets/dot.svg":  `<svg xmlns="http://www.w3.org/2000/svg"/>`,
	"assets/idle.css": `b { color: red }`,
}

func TestRenderPages(t *testing.T) {
	page := func(l *language.Table, _ func(string) string) (site.Page, error) {
		return site.Page{Layout: "stats.html", Title: l.MustText("stats.title", nil), Group: output.Pages}, nil
	}
	in := siteInput(t, folder{"download-stats.md": "---\ntitle: Our downloads\n---\nAll of **them**.\n"}, statsLayouts)
	in.Index, in.Languages = nil, []string{"en", "de"}
	files, err := site.RenderPages(t.Context(), in, "download-stats/", page)
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	digest := regexp.MustCompile(`\.[0-9a-f]{12}\.`)
	for _, f := range files {
		paths = append(paths, digest.ReplaceAllString(f.Path, ".*."))
	}
	want := []string{"download-stats/assets/own.*.css", "download-stats/assets/dot.*.svg", "download-stats/index.html",
		"download-stats/de/index.html"}
	if diff := cmp.Diff(want, paths); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	html := string(files[2].Data)
	for _, want := range []string{"<h1>Our downloads</h1>", "All of <strong>them</strong>.", "/" + files[0].Path} {
		if !strings.Contains(html, want) {
			t.Errorf("no %s in %s", want, html)
		}
	}

	german := string(files[3].Data)
	for _, want := range []string{"<title>Download-Statistik", "<h1>Download-Statistik</h1>",
		`<div lang="en"><p>All of <strong>them`} {
		if !strings.Contains(german, want) {
			t.Errorf("no %s in %s", want, german)
		}
	}

	in.Layouts = site.Overlay(folder{"stats.html": `{{define "main"}}{{.Page.Titel}}{{end}}`}.fs(), in.Layouts)
	_, err = site.RenderPages(t.Context(), in, "download-stats/", page)
	if fault.KindOf(err) != fault.Content || !strings.HasPrefix(err.Error(), "layouts/stats.html:1:25: ") {
		t.Errorf("error of a layout with a mistake: %v", err)
	}
}

// TestStatsAreLinked checks that pages link to the statistics if there are any, and that a build does not make their
// page.
func TestStatsAreLinked(t *testing.T) {
	for _, on := range []bool{false, true} {
		in := siteInput(t, folder{"download-stats.md": "---\ntitle: Our downloads\n---\n"}, nil)
		in.Stats, in.Languages = on, []string{"en", "de"}
		files, _ := rendered(t, in)
		got := []bool{strings.Contains(files["index.html"], `href="/download-stats/"`),
			strings.Contains(files["sitemap.xml"], "<loc>https://download.example.org/download-stats/</loc>"),
			strings.Contains(files["de/index.html"], `href="/download-stats/de/"`),
			strings.Contains(files["sitemap.xml"], "<loc>https://download.example.org/download-stats/de/</loc>")}
		if _, made := files["download-stats/index.html"]; made || !slices.Equal(got, []bool{on, on, on, on}) {
			t.Errorf("statistics %v: linked from the home page and the sitemap %v; page made here %v", on, got, made)
		}
	}
}
