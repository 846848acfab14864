package site_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen"
	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/site"
)

// withGuide returns an input with a content page.
func withGuide(t *testing.T, body string) site.Input {
	in := downloadInput(t, append(someReleases(), newPackage(30, onLinux, nightly("5.9.0"))))
	in.Content = site.Overlay(fstest.MapFS{"guide.md": {Data: []byte("---\ntitle: Guide\n---\n" + body)}},
		sitegen.Content())
	return in
}

func TestValuesInContent(t *testing.T) {
	for _, tt := range []struct{ body, want string }{
		{"The newest is {{version}}.", "<p>The newest is 5.8.1.</p>"},
		{`In {{ version "5.8" }} and {{version "5.8.0"}}.`, "<p>In 5.8.1 and 5.8.0.</p>"},
		{`See {{release "5.6"}}.`, `<p>See <a href="/releases/5.6.2/">5.6.2</a>.</p>`},
		{"`curl {{latest \"win\"}}`", "<p><code>curl https://download.example.org/latest/win</code></p>"},
		{"{{.Site.Project}} at {{.Site.BaseURL}}", `<p>Aurora at <a href="https://download.example.org">https://download.example.org</a></p>`},
		{`\{{version}} and ${{ secrets.TOKEN }} and {{ foo | bar }} and {{`,
			"<p>{{version}} and ${{ secrets.TOKEN }} and {{ foo | bar }} and {{</p>"},
	} {
		files, _ := rendered(t, withGuide(t, tt.body))
		_, main, _ := strings.Cut(files["guide/index.html"], "</h1>")
		main, _, _ = strings.Cut(main, "</main>")
		if diff := cmp.Diff(tt.want, strings.TrimSpace(main)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.body, diff)
		}
	}
}

func TestMistakesInValues(t *testing.T) {
	for _, tt := range []struct{ body, want string }{
		{`Text.

In {{version "9.9"}}.`, `content/guide.md:6:4: {{version}}: no such release (found "9.9")`},
		{"{{relaese \"5.8\"}}", `content/guide.md:4:1: no value {{relaese}}; did you mean "release"?`},
		{"{{release}}", `content/guide.md:4:1: {{release}}: needs an argument, such as {{release "5.8"}}`},
		{`{{latest "lniux"}}`, `content/guide.md:4:1: {{latest}}: no release for this system (found "lniux"); did you mean "linux"?`},
	} {
		_, _, err := site.Render(t.Context(), withGuide(t, tt.body))
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want %q", tt.body, err, tt.want)
		}
	}
}

// TestValuesFollowThePackages checks that a page is rendered again if only the packages have changed.
func TestValuesFollowThePackages(t *testing.T) {
	in := withGuide(t, "The newest is {{version}}.")
	before, err := site.NewEdition(t.Context(), in, nil)
	if err != nil {
		t.Fatal(err)
	}
	if text, err := before.File("guide/index.html"); err != nil || !strings.Contains(string(text), "newest is 5.8.1.") {
		t.Fatalf("%v in %s", err, text)
	}
	in.Index = downloadInput(t, []*catalog.Package{newPackage(1, onLinux)}).Index
	after, err := site.NewEdition(t.Context(), in, before)
	if err != nil {
		t.Fatal(err)
	}
	if text, err := after.File("guide/index.html"); err != nil || !strings.Contains(string(text), "newest is 5.12.1.") {
		t.Errorf("%v in %s", err, text)
	}
}

// FuzzValues checks that texts without values remain unchanged, and that no text makes the program panic.
func FuzzValues(f *testing.F) {
	for _, text := range []string{"", "{{version}}", `{{release "5.8"}}`, "\\{{version}}", "{{", "{{ x }}", `{{version "`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		site.CheckInsert(t, []byte(text))
	})
}
