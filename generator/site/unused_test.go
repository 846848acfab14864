package site_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen"
)

// TestUnused checks the warnings about files in layouts/ that nothing uses, and that the others cause none.
func TestUnused(t *testing.T) {
	in := siteInput(t, folder{
		"wide.md":  "---\ntitle: Wide\nlayout: wide.html\n---\n",
		"draft.md": "---\ntitle: Draft\nlayout: draft.html\ndraft: true\n---\n",
	}, folder{
		"page.html":             "{{define \"main\"}}{{template `partials/own.html` .}}{{end}}",
		"hom.html":              "{{define \"main\"}}{{end}}",
		"wide.html":             "{{define \"main\"}}{{with asset \"wide.css\"}}{{.URL}}{{end}}{{end}}",
		"draft.html":            "{{define \"main\"}}{{end}}",
		"README.md":             "These are our layouts.",
		"partials/own.html":     "<p>Own</p>",
		"partials/footr.html":   "<p>Own</p>",
		"partials/header.html":  "<p>Own</p>",
		"page.htm":              "<p>Own</p>",
		"custom.css":            "a { color: red }",
		"assets/custom.css":     "a { color: red }",
		"assets/syntax.css":     "a { color: red }",
		"assets/site.css":       "a { background: url(img/back.svg) }",
		"assets/img/back.svg":   "<svg xmlns=\"http://www.w3.org/2000/svg\"/>",
		"assets/img/bakc.svg":   "<svg xmlns=\"http://www.w3.org/2000/svg\"/>",
		"assets/wide.css":       "a { color: red }",
		"assets/sites.css":      "a { color: red }",
		"assets/.hidden/of.css": "a { color: red }",
	})
	in.BuiltIn = sitegen.Layouts()
	_, warnings := rendered(t, in)
	want := `content/draft.md: a draft, not published
layouts/assets/img/bakc.svg: nothing uses this file
layouts/assets/sites.css: nothing uses this file; did you mean "assets/site.css"?
layouts/custom.css: is not read; the names of layouts end in .html, and styles, scripts and pictures belong in layouts/assets/
layouts/hom.html: nothing uses this file; did you mean "home.html"?
layouts/page.htm: is not read; the names of layouts end in .html, and styles, scripts and pictures belong in layouts/assets/
layouts/partials/footr.html: nothing uses this file; did you mean "partials/footer.html"?`
	if diff := cmp.Diff(want, warnings.Error()); diff != "" {
		t.Errorf("warnings (-want +got):\n%s", diff)
	}
	in = siteInput(t, nil, folder{
		"page.html":      "{{define \"main\"}}{{with asset (printf \"%s.css\" .Page.Title)}}{{.URL}}{{end}}{{end}}",
		"assets/any.css": "a { color: red }",
	})
	in.BuiltIn = sitegen.Layouts()
	_, warnings = rendered(t, in)
	if len(warnings) > 0 {
		t.Errorf("if layouts compute the names of assets: %v", warnings)
	}
}
