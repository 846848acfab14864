package cloudfront

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/deploy/objects"
	"github.com/Slicer/sitegen/generator/redirect"
	"github.com/Slicer/sitegen/generator/redirect/emulate"
	"github.com/Slicer/sitegen/generator/testutil"
)

// emulation is a site for the emulator, and an edge with the bucket and the store of a deploy of the same site.
type emulation struct {
	redirect.Emulator
	table *redirect.Table
	site  siteFiles
	files *emulate.Site
	edge  *edge
}

// emulated returns an emulation of the default site with further files, some of which are not deployed.
func emulated(t *testing.T) *emulation {
	t.Helper()
	tab := newTable(t, "live", objectRules+"/assets /releases/ 302\n/forced/* /gone! 302!\n")
	f := maps.Clone(rendered(t, tab.Index))
	built := slices.Sorted(maps.Keys(f)) // without those that others write
	maps.Copy(f, siteFiles{"download-stats/index.html": "statistics", "download-stats/data.json": "{}",
		"download-stats/data.json.gz": "packed", ".git/config": "hidden", "a/.hidden/x.txt": "hidden",
		".well-known/security.txt": "contact", "a b/é.tar.gz": "an archive", "files/tool.iso": "an image",
		"files/manual.pdf": "a manual"})
	tab.Files = redirect.FilesOf(append(built, "files/manual.pdf"))
	header, err := objects.ParseRule("*.pdf Content-Disposition: attachment")
	if err != nil {
		t.Fatal(err)
	}
	tab.FileHeaders = objects.Rules{header}
	s := &emulation{table: tab, site: f, files: emulate.NewSite(f)}
	e, err := redirect.Emulate(Server{}, tab)
	if err != nil {
		t.Fatal(err)
	}
	s.Emulator = e
	s.edge = s.deploy(t)
	return s
}

// deploy returns the edge of a deploy of the site.
func (s *emulation) deploy(t *testing.T) *edge {
	t.Helper()
	b, keys := bucket{}, map[string]string{}
	for file, text := range s.site {
		if objects.Skipped(file) || file == "download-stats/data.json.gz" {
			continue
		}
		o := objects.New(file, int64(len(text)), sha256.Sum256([]byte(text)), s.table.FileHeaders.Headers(file))
		r := emulate.Reply{Status: http.StatusOK, Header: http.Header{}, Body: []byte(text)}
		for name, value := range o.Headers {
			r.Header.Set(name, value)
		}
		b[o.Key], keys["/"+file] = r, o.Key
	}
	tab := *s.table
	tab.Files.Read = s.site.File
	store, c := Compile(&tab, Options{Objects: keys})
	if err := c.Err(); err != nil {
		t.Fatal(err)
	}
	return edgeOf(t, store.Keys(), b)
}

// emulate returns the emulator's answer to a request, whose path is encoded.
func (s *emulation) emulate(t *testing.T, q string) emulate.Reply {
	t.Helper()
	at, query, _ := strings.Cut(q, "?")
	decoded, err := url.PathUnescape(at)
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.Answer(s.files, emulate.Clean(decoded), query)
	if err != nil {
		t.Fatalf("%s: %v", q, err)
	}
	return r
}

// shown is what visitors see of a reply.
func shown(r emulate.Reply) string {
	text := fmt.Sprintln(r.Status)
	for _, name := range []string{"Location", "Content-Type", "Cache-Control", "Content-Disposition"} {
		text += name + ": " + r.Header.Get(name) + "\n"
	}
	return text + string(r.Body)
}

// TestEmulator checks that the emulator answers as a deploy of the same site.
func TestEmulator(t *testing.T) {
	s := emulated(t)
	requests := []string{"/", "/index.html", "/nope", "/nope/", "/nope.txt", "/de/nope", "/assets", "/assets/", "/api/v1",
		"/old", "/old?x=y", "/docs/a/b", "/folder", "/lost", "/gone", "/forced/x", "/robots.txt?id=7", "/?os=win",
		"/?os=beos", "/?x=y", "/404.html", "/400.html", "/a%20b/%C3%A9.tar.gz", "/a%20b", "/files/", "/files",
		"/download-stats", "/download-stats/data.json.gz", "/.git/config", "/.git", "/a/.hidden/x.txt",
		"/-/error/405.html", "/-", "/o/x", "/%ff"}
	for i, file := range slices.Sorted(maps.Keys(s.site)) {
		if !strings.HasPrefix(file, "-/") && (i%20 == 0 || !strings.HasPrefix(file, "api/v1/packages/")) {
			at := (&url.URL{Path: "/" + file}).EscapedPath()
			requests = append(requests, at, at+"/", at+"x", strings.TrimSuffix(at, "index.html"),
				"/"+strings.TrimSuffix(at[1:], "/index.html")+"?x=y")
		}
	}
	for q := range testutil.RandomRequests(s.table.Index, 23, testutil.Amount(2000, 300)) {
		if !strings.HasPrefix(q, "//") {
			requests = append(requests, q)
		}
	}
	for _, q := range requests {
		if diff := cmp.Diff(shown(s.edge.visit(t, "", q)), shown(s.emulate(t, q))); diff != "" {
			t.Errorf("%s (-deploy +emulator):\n%s", q, diff)
		}
	}
	t.Logf("%d requests", len(requests))
}

// TestEmulatorAnswers checks the emulator's answers to a request of each kind.
func TestEmulatorAnswers(t *testing.T) {
	s := emulated(t)
	const page, minutes, year = "text/html; charset=utf-8", emulate.FiveMinutes, emulate.OneYear
	var css string
	for _, file := range s.files.Paths() {
		if strings.HasPrefix(file, "assets/site.") && strings.HasSuffix(file, ".css") {
			css = file
		}
	}
	p := s.table.Index.Answer("/find", "os=win").Package
	record := redirect.RecordPath(p)
	for _, tt := range []struct {
		q                     string
		status                int
		location, media, keep string
		file                  string // whose content is the body; "" for another body
		cors                  bool
	}{
		{q: "/", status: 200, media: page, keep: minutes, file: "index.html"},
		{q: "/releases/", status: 200, media: page, keep: minutes, file: "releases/index.html"},
		{q: "/releases", status: 301, location: "/releases/", media: page, keep: minutes},
		{q: "/" + css, status: 200, media: "text/css", keep: year, file: css},
		{q: "/robots.txt", status: 200, media: "text/plain; charset=utf-8", keep: minutes, file: "robots.txt"},
		{q: "/files/tool.iso", status: 200, media: "application/octet-stream", keep: minutes, file: "files/tool.iso"},
		{q: "/404.html", status: 200, media: page, keep: emulate.NoStore, file: "404.html"},
		{q: "/api/v1/latest.json", status: 200, media: "application/json", keep: minutes, file: "api/v1/latest.json",
			cors: true},
		{q: record, status: 200, media: "application/json", keep: minutes, file: record[1:], cors: true},
		{q: "/download?os=win", status: 302, location: "/bitstream/" + p.ID, media: page, keep: minutes},
		{q: "/bitstream/" + p.ID, status: 302, location: p.URL, media: page, keep: minutes},
		{q: "/?os=win", status: 200, media: page, keep: minutes},
		{q: "/?os=beos", status: 400, media: page, keep: emulate.NoStore},
		{q: "/old", status: 301, location: "/new", media: page, keep: minutes},
		{q: "/gone", status: 410, media: page, keep: emulate.NoStore, file: "404.html"},
		{q: "/nope", status: 404, media: page, keep: emulate.NoStore, file: "404.html"},
		{q: "/nope/", status: 404, media: page, keep: emulate.NoStore, file: "404.html"},
		{q: "/api/v1", status: 404, media: page, keep: emulate.NoStore, file: "404.html"},
		{q: "/-/error/405.html", status: 404, media: page, keep: emulate.NoStore, file: "404.html"},
		{q: "/.git/config", status: 404, media: page, keep: emulate.NoStore, file: "404.html"},
		{q: "/.well-known/security.txt", status: 200, media: "text/plain; charset=utf-8", keep: minutes,
			file: ".well-known/security.txt"},
		{q: "/download-stats/data.json.gz", status: 404, media: page, keep: emulate.NoStore, file: "404.html"},
	} {
		r := s.emulate(t, tt.q)
		cors := r.Header.Get("Access-Control-Allow-Origin") == "*"
		if r.Status != tt.status || r.Location() != tt.location || r.Header.Get("Content-Type") != tt.media ||
			r.Header.Get("Cache-Control") != tt.keep || cors != tt.cors {
			t.Errorf("%s: %d %v, want %+v", tt.q, r.Status, r.Header, tt)
		}
		if tt.file != "" && string(r.Body) != s.site[tt.file] {
			t.Errorf("%s: the body is not %s:\n%.300s", tt.q, tt.file, r.Body)
		}
	}
	if got := s.emulate(t, "/files/manual.pdf").Header.Get("Content-Disposition"); got != "attachment" {
		t.Errorf("a header of deploy.headers: %q", got)
	}
}

// TestEmulatorRemoved checks that a file that is removed while the preview runs is missing then.
func TestEmulatorRemoved(t *testing.T) {
	s := emulated(t)
	if r := s.emulate(t, "/download-stats/"); r.Status != 200 || string(r.Body) != "statistics" {
		t.Errorf("before: %d %s", r.Status, r.Body)
	}
	delete(s.site, "download-stats/index.html")
	if r := s.emulate(t, "/download-stats/"); r.Status != 404 || string(r.Body) != s.site["404.html"] {
		t.Errorf("after: %d %.300s", r.Status, r.Body)
	}
}
