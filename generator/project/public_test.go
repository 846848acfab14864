package project_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/output"
	"github.com/Slicer/sitegen/generator/redirect"
	"github.com/Slicer/sitegen/generator/site"
)

// TestOtherFiles checks which files of the public folder the server has in addition to those of a build.
func TestOtherFiles(t *testing.T) {
	p, err := open(t, map[string]string{
		"public/manual.pdf": "x", "public/book/index.html": "x", "public/.git/config": "x",
		"public/.well-known/security.txt": "x", "secret.txt": "x",
	})
	if err != nil {
		t.Fatal(err)
	}
	w, err := output.Open(output.Options{Public: p.Config.Out, Redirects: p.Config.Redirects, Data: p.Config.Data})
	if err != nil {
		t.Fatal(err)
	}
	plan, err := w.Plan(t.Context(), []output.File{{Root: output.Public, Path: "about/index.html", Data: []byte("x")}})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Apply(t.Context(), plan, ""); err != nil {
		t.Fatal(err)
	}
	check := func(when string, tests map[string]bool) {
		t.Helper()
		for path, want := range tests {
			if got := p.Server(&redirect.Table{Index: lookup.New(p.Spec, nil)}, true).HasFile(path); got != want {
				t.Errorf("%s, %s: %v, want %v", when, path, got, want)
			}
		}
	}
	files := map[string]bool{
		"manual.pdf": true, "book/index.html": true, ".well-known/security.txt": true,
		"about/index.html": false, "book": false, "nope": false, ".git/config": false, "../secret.txt": false, "": false,
		"download-stats/index.html": true, "download-stats/summary.json": true,
		"badge/downloads.svg": true,
	}
	check("while a build runs", files)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	check("after the build", files)
	stats := filepath.Join(p.Config.Out, filepath.FromSlash(site.StatsURL))
	if err := os.MkdirAll(stats, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(stats, "index.html"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	check("after the first day of statistics",
		map[string]bool{"download-stats/index.html": true, "download-stats/summary.json": false, "badge/downloads.svg": false})
	if err := os.RemoveAll(p.Config.Data); err != nil {
		t.Fatal(err)
	}
	check("without a manifest, by the content", map[string]bool{"about/index.html": false, "manual.pdf": true})
}

// TestServerRules checks what the link checker is told about the rules.
func TestServerRules(t *testing.T) {
	p, err := open(t, map[string]string{"redirects/rules.txt": "/old /new/\n/go/* https://www.example.org/:splat 302\n" +
		"/app /new/ 200!\n/gone 410\n"})
	if err != nil {
		t.Fatal(err)
	}
	table, err := p.Table(lookup.New(p.Spec, nil), []site.Alias{{From: "/older", To: "/new/"}},
		nil)
	if err != nil {
		t.Fatal(err)
	}
	rule := p.Server(table, true).Rule
	for path, want := range map[string]site.RuleAnswer{
		"/old":      {Status: 301, Target: "/new/", Lasts: true, Known: true},
		"/old/":     {Status: 301, Target: "/new/", Lasts: true, Known: true},
		"/older":    {Status: 301, Target: "/new/", Lasts: true, Known: true},
		"/go/forum": {Status: 302, Target: "https://www.example.org/forum", Lasts: true},
		"/app":      {Status: 200, Target: "/new/", Force: true, Lasts: true, Known: true},
		"/gone":     {Status: 410, Lasts: true, Known: true},
	} {
		got, ok := rule(path, "")
		got.At = want.At
		if !ok || got != want {
			t.Errorf("%s: %+v, %v, want %+v", path, got, ok, want)
		}
	}
	if got, ok := rule("/bitstream/561384", ""); !ok || got.Lasts || got.Known {
		t.Errorf("a link of a retired server: %+v, %v", got, ok)
	}
	for _, path := range []string{"/new/", "/latest/win", "/nope"} {
		if got, ok := rule(path, ""); ok {
			t.Errorf("%s: %+v, want no rule", path, got)
		}
	}
}
