package site_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/site"
)

func TestAliases(t *testing.T) {
	e, err := site.NewEdition(t.Context(), siteInput(t, map[string]string{
		"about.md":          "---\ntitle: About /us\naliases:\n  - /who/\n  - /us/all\n  - /us\n---\nText\n",
		"plain.md":          "---\ntitle: Plain\n---\nNo aliases: here.\n",
		"draft.md":          "---\ntitle: Draft\ndraft: true\naliases: [/d]\n---\n",
		"docs/index.md":     "---\ntitle: Docs\naliases: [/manual]\n---\n",
		"releases/0.0.1.md": "---\naliases: [/never]\n---\n",
	}, nil), nil)
	if err != nil {
		t.Fatal(err)
	}
	want := []site.Alias{
		{From: "/who/", To: "/about/", At: fault.Place{File: "content/about.md", Line: 4, Col: 5}},
		{From: "/us/all", To: "/about/", At: fault.Place{File: "content/about.md", Line: 5, Col: 5}},
		{From: "/us", To: "/about/", At: fault.Place{File: "content/about.md", Line: 6, Col: 5}},
		{From: "/manual", To: "/docs/", At: fault.Place{File: "content/docs/index.md", Line: 3, Col: 11}},
	}
	if diff := cmp.Diff(want, e.Aliases()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
