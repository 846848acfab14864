package site_test

import (
	"encoding/json"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen"
	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/site"
)

func TestSearchIndex(t *testing.T) {
	content := fstest.MapFS{
		"guide.md": {Data: []byte("---\ntitle: Guide\ndescription: How to start.\n---\n# First *steps* {#first}\n\n" +
			"```sh\n# not a heading\n```\n\nText\n\n### On Linux ###\n#nor this\n")},
		"draft.md": {Data: []byte("---\ntitle: Draft\ndraft: true\n---\n")},
	}
	in := downloadInput(t, []*catalog.Package{newPackage(1, onLinux), newPackage(2, onWindows, nightly("5.13.0"))})
	in.Content = site.Overlay(content, sitegen.Content())
	files, _ := rendered(t, in)
	var index []map[string]string
	if err := json.Unmarshal([]byte(files["search/index.json"]), &index); err != nil {
		t.Fatal(err)
	}
	var urls []string
	byURL := map[string]map[string]string{}
	for _, e := range index {
		urls = append(urls, e["u"])
		byURL[e["u"]] = e
	}
	slices.Sort(urls)
	if diff := cmp.Diff([]string{"/", "/api/", "/guide/", "/preview/", "/preview/2026/", "/preview/bisect/", "/releases/",
		"/releases/5.12.1/"}, urls); diff != "" {
		t.Errorf("pages in the index (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]string{"t": "Guide", "u": "/guide/",
		"x": "How to start. First *steps* · On Linux"}, byURL["/guide/"]); diff != "" {
		t.Errorf("the guide (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]string{"t": "Aurora 5.12.1", "u": "/releases/5.12.1/", "k": "Release",
		"x": "2 March 2026 (2026-03-02), Linux"}, byURL["/releases/5.12.1/"]); diff != "" {
		t.Errorf("the release (-want +got):\n%s", diff)
	}
}
