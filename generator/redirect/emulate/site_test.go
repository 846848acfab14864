package emulate_test

import (
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/Slicer/sitegen/generator/redirect/emulate"
)

// memory holds the files of a site by path.
type memory map[string]string

func (m memory) Paths() []string      { return slices.Sorted(maps.Keys(m)) }
func (m memory) Has(path string) bool { _, ok := m[path]; return ok }
func (m memory) File(path string) ([]byte, error) {
	if !m.Has(path) {
		return nil, fs.ErrNotExist
	}
	return []byte(m[path]), nil
}

func TestServe(t *testing.T) {
	site := emulate.NewSite(memory{"index.html": "home", "404.html": "none", "docs/index.html": "docs",
		"docs/a/b.txt": "b", "assets/x.12.css": "css", "x.json": "{}"})
	for _, tt := range []struct{ path, query, want string }{
		{"/", "", "200 home"},
		{"/index.html", "", "200 home"},
		{"/docs/", "x=y", "200 docs"},
		{"/docs", "", "301 /docs/"},
		{"/docs", "x=y", "301 /docs/?x=y"},
		{"/docs/a/", "", "404 none"},
		{"/docs/a", "", "301 /docs/a/"},
		{"/docs/a/b.txt", "", "200 b"},
		{"/docs/a/b.txt/", "", "404 none"},
		{"/doc", "", "404 none"},
		{"/nope/", "", "404 none"},
		{"/x.json", "", "200 {}"},
	} {
		r, err := site.Serve(tt.path, tt.query)
		got := strings.TrimSpace(fmt.Sprintf("%d %s%s", r.Status, r.Location(), r.Body))
		if err != nil || got != tt.want {
			t.Errorf("%s: %s, %v, want %s", tt.path, got, err, tt.want)
		}
	}
	if r, err := site.Serve("/assets/x.12.css", ""); err != nil || r.Header.Get("Cache-Control") != emulate.OneYear ||
		r.Header.Get("Content-Type") != "text/css" {
		t.Errorf("an asset: %v, %v", r.Header, err)
	}
	bare := emulate.NewSite(memory{})
	if r, err := bare.NotFound("/x"); err != nil || r.Status != 404 || string(r.Body) != "Not Found\n" {
		t.Errorf("a site without 404.html: %d %s, %v", r.Status, r.Body, err)
	}
}

// TestErrorLanguages checks that error pages are in the language of the path.
func TestErrorLanguages(t *testing.T) {
	site := emulate.NewSite(memory{"404.html": "none", "-/error/405.html": "refused", "-/error/de/404.html": "nichts",
		"-/error/de/405.html": "abgelehnt"})
	for path, want := range map[string]string{"/": "none refused", "/x": "none refused", "/de": "none refused",
		"/de/": "nichts abgelehnt", "/de/x": "nichts abgelehnt", "/dex/": "none refused", "/x/de/": "none refused", "": "none refused"} {
		missing, err := site.Missing(410, path)
		refused, err2 := site.Refuse("POST", path)
		got := fmt.Sprintf("%s %s", missing.Body, refused.Body)
		if err != nil || err2 != nil || got != want || missing.Status != 410 || refused.Status != 405 {
			t.Errorf("%q: %d %d %s, want %s; %v, %v", path, missing.Status, refused.Status, got, want, err, err2)
		}
	}
}

func TestClean(t *testing.T) {
	for path, want := range map[string]string{
		"/": "/", "": "/", "//": "/", "/a//b": "/a/b", "//a/": "/a/", "/a/./b/": "/a/b/", "/a/b/..": "/a/",
		"/a/../..": "/", "/a/.": "/a/", "/..": "/", "a": "/a", "/a/b/../": "/a/",
	} {
		if got := emulate.Clean(path); got != want {
			t.Errorf("%q: %q, want %q", path, got, want)
		}
	}
}
