package site

import (
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/output"
)

func TestAliasesSayWhereTheyAre(t *testing.T) {
	in := Input{Content: fstest.MapFS{
		"about.md":      {Data: []byte("---\ntitle: About\naliases:\n  - /who/\n  - /us\n---\nText\n")},
		"plain.md":      {Data: []byte("---\ntitle: Plain\n---\nNo aliases: here.\n")},
		"draft.md":      {Data: []byte("---\ntitle: Draft\ndraft: true\naliases: [/d]\n---\n")},
		"docs/index.md": {Data: []byte("---\ntitle: Docs\naliases: [/manual]\n---\n")},
	}}
	published := []output.File{{Path: "about/index.html"}, {Path: "plain/index.html"}, {Path: "docs/index.html"}}
	got, err := Aliases(in, published)
	if err != nil {
		t.Fatal(err)
	}
	want := []Alias{
		{"/who/", "/about/", "content/about.md", 4, 5},
		{"/us", "/about/", "content/about.md", 5, 5},
		{"/manual", "/docs/", "content/docs/index.md", 3, 11},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
