package preview_test

import (
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/build"
	"github.com/Slicer/sitegen/generator/config"
	"github.com/Slicer/sitegen/generator/project"
	"github.com/Slicer/sitegen/generator/testutil"
)

// TestAsNginx checks that the preview answers as a real Nginx does.
func TestAsNginx(t *testing.T) {
	w := open(t, map[string]string{
		"sitegen.yaml":        "source: listing.json\nredirect_hosts: [wiki.example]\nservers: [nginx]\n",
		"listing.json":        string(testutil.Listing(t, "live")),
		"content/a/b.md":      "---\ntitle: B\naliases: [/bee]\n---\nText.\n",
		"content/files/x.txt": "text\n",
		"content/files/x.svg": `<svg xmlns="http://www.w3.org/2000/svg"/>`,
		"redirects/rules.txt": "/old /releases/ 301\n/moved /a/b/ 308\n/wiki/* https://wiki.example/x/:splat 302\n" +
			"/gone 410\n/other /a/b/index.html 200\n/store id=:id /releases/:id/ 307\n",
	}, nil)
	c, err := config.Load(config.Input{File: w.path("sitegen.yaml")})
	if err != nil {
		t.Fatal(err)
	}
	p, err := project.Open(c, slog.New(slog.DiscardHandler), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := build.Build(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	nginx := testutil.StartNginx(t, w.path("public"), filepath.Join(w.dir, "redirects"))
	written := []string{
		"/", "/?utm=1", "/?os=win", "/?offset=-1&stability=any", "/releases", "/releases?a=b", "/releases/",
		"/releases/index.html",
		"/a/b", "/a/b/", "/a/b/?x=1", "/a/", "/a", "/bee", "/bee/", "//a//b//", "/a/./b/../b/", "/a/%62/", "/old",
		"/old/", "/moved?x=1",
		"/wiki", "/wiki/a/b?c=d", "/gone", "/other", "/store?id=5.12.4", "/store?id=", "/store", "/files/",
		"/files/x.txt", "/files/x.svg", "/nowhere", "/nowhere/",
		"/latest/win", "/latest/macosx/nightly.json", "/releases/5.12/linux", "/releases/99/linux", "/bitstream/1",
		"/bitstream/000000000000000000000000", "/bitstream/",
		"/api/v1/latest.json", "/api/v1/nothing.json", "/api/", "/assets/none.css", "/robots.txt", "/sitemap.xml",
		"/releases.atom", "/releases/5.12.4/SHA512SUMS",
		"/.hidden", "/a/.git/config", "/findall", "/findall?os=linux&stability=nightly&offset=-3", "/find?os=linux",
		"/find", "/download?os=win&date=2021",
	}
	x := testutil.Index(t, "live")
	requests := written
	for q := range testutil.RandomRequests(x, 11, 1000) {
		requests = append(requests, q)
	}
	for _, q := range requests {
		want, got := ask(t, "GET", nginx.URL+q), ask(t, "GET", w.url+q)
		if diff := cmp.Diff(seen(want), seen(got)); diff != "" {
			t.Errorf("%s (-nginx +preview):\n%.1500s", q, diff)
		}
	}
	for _, q := range written {
		for _, method := range []string{"POST", "DELETE", "PROPFIND", "OPTIONS"} {
			want, got := ask(t, method, nginx.URL+q), ask(t, method, w.url+q)
			if diff := cmp.Diff(seen(want), seen(got)); diff != "" || got.StatusCode < 204 {
				t.Errorf("%s %s (-nginx +preview):\n%.1500s", method, q, diff)
			}
		}
	}
}

// seen returns the parts of a response that matter to clients.
func seen(res response) map[string]any {
	s := map[string]any{"status": res.StatusCode}
	for _, name := range []string{"Location", "Cache-Control", "Access-Control-Allow-Origin",
		"X-Content-Type-Options", "Content-Security-Policy", "Allow"} {
		s[name] = res.Header.Get(name)
	}
	if res.StatusCode < 300 || res.StatusCode >= 400 {
		s["Content-Type"], s["body"] = res.Header.Get("Content-Type"), res.body
	}
	return s
}
