package preview_test

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/preview"
	"github.com/Slicer/sitegen/generator/testutil"
)

// TestEdits edits a site in many ways and requests the result of each edit.
func TestEdits(t *testing.T) {
	w := open(t, map[string]string{
		"content/a.md":     "---\ntitle: A\n---\nText of A.\n",
		"elsewhere/far.md": "---\ntitle: Far\n---\nFar away.\n",
		"pictures/dot.svg": `<svg xmlns="http://www.w3.org/2000/svg"/>`,
	}, nil)
	p := w.browse("/a/")
	for _, step := range []struct {
		name, path string
		do         func()
		status     int
		contains   string
	}{
		{"change a page", "/a/",
			func() { w.write("content/a.md", "---\ntitle: A\n---\nOther text.\n") }, 200, "Other text."},
		{"replace it by renaming", "/a/", func() {
			w.write("content/.a.md.tmp", "---\ntitle: A\n---\nReplaced.\n")
			w.check(os.Rename(w.path("content/.a.md.tmp"), w.path("content/a.md")))
		}, 200, "Replaced."},
		{"create a page in a new folder", "/docs/deep/b/",
			func() { w.write("content/docs/deep/b.md", "---\ntitle: B\n---\nText of B.\n") }, 200, "Text of B."},
		{"move the folder", "/manual/deep/b/",
			func() { w.check(os.Rename(w.path("content/docs"), w.path("content/manual"))) }, 200, "Text of B."},
		{"the old address of the moved page", "/docs/deep/b/", nil, 404, "Page not found"},
		{"change a page in the moved folder", "/manual/deep/b/",
			func() { w.write("content/manual/deep/b.md", "---\ntitle: B\n---\nB, moved.\n") }, 200, "B, moved."},
		{"delete the folder", "/manual/deep/b/",
			func() { w.check(os.RemoveAll(w.path("content/manual"))) }, 404, "Page not found"},
		{"link to a folder", "/linked/far/",
			func() { w.check(os.Symlink("../elsewhere", w.path("content/linked"))) }, 200, "Far away."},
		{"change a page in the linked folder", "/linked/far/",
			func() { w.write("elsewhere/far.md", "---\ntitle: Far\n---\nNot so far.\n") }, 200, "Not so far."},
		{"link to a file", "/dot.svg", func() { w.check(os.Symlink("../pictures/dot.svg", w.path("content/dot.svg"))) },
			200, "<svg"},
		{"write the first rule", "/old", func() { w.write("redirects/rules.txt", "/old /a/ 302\n") }, 302, ""},
		{"change the rules", "/gone", func() { w.write("redirects/rules.txt", "/gone 410\n") }, 410, "Page not found"},
		{"add an alias", "/once", func() {
			w.write("content/a.md", "---\ntitle: A\naliases: [/once]\n---\nAliased.\n")
		}, 301, ""},
		{"change the configuration", "/a/",
			func() { w.write("sitegen.yaml", "source: sample\ntitle: Another title\n") }, 200, "Another title"},
		{"add a layout", "/a/",
			func() { w.write("layouts/partials/footer.html", "<footer>My own foot</footer>") }, 200, "My own foot"},
		{"remove it", "/a/", func() { w.check(os.RemoveAll(w.path("layouts"))) }, 200, "Feed of releases"},
		{"configure another content folder", "/b/", func() {
			w.write("texts/b.md", "---\ntitle: B\n---\nB, elsewhere.\n")
			w.write("sitegen.yaml", "source: sample\ncontent: texts\n")
		}, 200, "B, elsewhere."},
		{"change a page in the other folder", "/b/",
			func() { w.write("texts/b.md", "---\ntitle: B\n---\nChanged there.\n") }, 200, "Changed there."},
	} {
		if step.do != nil {
			step.do()
		}
		for { // an edit may lead to several builds
			res := ask(t, "GET", w.url+step.path)
			if res.StatusCode == step.status && strings.Contains(res.body, step.contains) {
				break
			}
			p.until(fmt.Sprintf("%s: status %d and %q, not %d with\n%s\n", step.name, step.status, step.contains,
				res.StatusCode, res.body), func(status) bool { return true })
		}
	}
	for _, folder := range []string{"public", "var", "redirects/nginx"} {
		if _, err := os.Stat(w.path(folder)); err == nil {
			t.Errorf("%s was written", folder)
		}
	}
	p.until("the end", func(s status) bool { return s.Warnings >= 0 })
}

// TestMistakes makes a mistake in each kind of file, requests the last good page, and corrects the mistake.
func TestMistakes(t *testing.T) {
	good := map[string]string{
		"content/a.md":                 "---\ntitle: A\n---\nText of A.\n",
		"content/b.md":                 "---\ntitle: B\n---\nText of B.\n",
		"layouts/partials/footer.html": "<footer>Foot</footer>\n",
		"redirects/rules.txt":          "/old /a/\n",
		"sitegen.yaml":                 "source: sample\n",
	}
	w := open(t, good, nil)
	p := w.browse("/a/")
	before := ask(t, "GET", w.url+"/a/").body
	for _, tt := range []struct {
		file, text string
		want       []string
		changed    bool // the mistake does not affect the page, so its newest version is shown
	}{
		{"content/a.md", "---\ntitel: A\n---\n", []string{
			`content/a.md:2:1: unknown key "titel"; did you mean "title"?`, ">    2 | titel: A\n       | ^",
		}, false},
		{"content/a.md", "---\ntitle: A\n---\nLe café [x](/nix/)\n",
			[]string{"content/a.md:4:14: link to /nix/", ">    4 | Le café [x](/nix/)\n       |             ^"}, true},
		{"content/b.md", "---\ntitle: B\nlayout: non.html\n---\n",
			[]string{`content/b.md:3:9: no layout "non.html"`}, true},
		{"layouts/partials/footer.html", "<footer>\n{{if}}\n</footer>\n",
			[]string{"layouts/partials/footer.html:2:", ">    2 | {{if}}"}, false},
		{"layouts/partials/footer.html", "<footer>\n{{.Page.Nope}}\n</footer>\n",
			[]string{"layouts/partials/footer.html:2:8: ", ">    2 | {{.Page.Nope}}"}, false},
		{"redirects/rules.txt", "/old /a/ 999\n/x\n", []string{
			"rules.txt:1:10: invalid status", ">    1 | /old /a/ 999", "rules.txt:2:1: the target is missing",
		}, false},
		{"redirects/rules.txt", "/old /nowhere/\n",
			[]string{"rules.txt:1:1: the target does not exist on the site"}, true},
		{"sitegen.yaml", "source: sample\ntitel: x\nbase_url: ftp://x\n",
			[]string{`sitegen.yaml:2:1: unknown key "titel"`, "sitegen.yaml:3:11: base_url must be an http"}, false},
	} {
		t.Run(tt.file, func(t *testing.T) {
			w.write(tt.file, tt.text)
			p.until("the mistakes", func(s status) bool {
				for _, want := range tt.want {
					if !strings.Contains(s.Problems, want) {
						return false
					}
				}
				return true
			})
			for _, want := range tt.want {
				for line := range strings.Lines(want) {
					w.prints(strings.Trim(fmt.Sprintf("%q", strings.TrimRight(line, "\n")), `"`))
				}
			}
			if res := ask(t, "GET", w.url+"/a/"); res.StatusCode != 200 || !tt.changed && res.body != before {
				t.Errorf("not the last good page: %d\n%s", res.StatusCode, cmp.Diff(before, res.body))
			}
			w.write(tt.file, good[tt.file])
			p.until("no problems", func(s status) bool { return s.Problems == "" && s.Warnings >= 0 })
			if res := ask(t, "GET", w.url+"/a/"); res.body != before {
				t.Errorf("the page differs from the original:\n%s", cmp.Diff(before, res.body))
			}
		})
	}
}

// TestDraftsAndFuture checks that drafts and future pages are served only if the flags say so.
func TestDraftsAndFuture(t *testing.T) {
	files := map[string]string{
		"content/sketch.md": "---\ntitle: Sketch\ndraft: true\n---\n",
		"content/later.md":  "---\ntitle: Later\ndate: 2999-01-01\n---\n",
	}
	for _, tt := range []struct {
		name          string
		flags         map[string][]string
		sketch, later int
	}{
		{"neither", nil, 404, 404},
		{"drafts", map[string][]string{"drafts": {"true"}}, 200, 404},
		{"future", map[string][]string{"future": {"true"}}, 404, 200},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := open(t, files, tt.flags)
			if sketch, later := ask(t, "GET", w.url+"/sketch/"),
				ask(t, "GET", w.url+"/later/"); sketch.StatusCode != tt.sketch || later.StatusCode != tt.later {
				t.Errorf("draft %d, future %d", sketch.StatusCode, later.StatusCode)
			}
		})
	}
}

// TestSources checks where the packages come from: the source, or the stored packages, or the sample.
func TestSources(t *testing.T) {
	var broken atomic.Bool
	asked := make(chan struct{}, 1000)
	listing := atomic.Pointer[[]byte]{}
	live := testutil.Listing(t, "live")
	listing.Store(&live)
	girder := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case asked <- struct{}{}:
		default: // nobody waits any more
		}
		if broken.Load() {
			http.Error(w, "down", http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(*listing.Load())
	}))
	defer girder.Close()
	config := map[string]string{"sitegen.yaml": "title: Downloads\nproject: Viewer\nbase_url: " +
		"https://viewer.example\n" +
		"source: " + girder.URL + "/api/v1\ngirder:\n  retries: 0\n"}

	w := open(t, config, map[string][]string{"refresh": {"20ms"}})
	p := w.browse("/")
	if !strings.HasPrefix(p.last.Catalogue, "756 packages of "+girder.URL+"/api/v1 as of 20") {
		t.Errorf("catalogue: %s", p.last.Catalogue)
	}
	for range 6 { // the source returns the same packages each time
		<-asked
	}
	if n := strings.Count(w.log.String(), "built in"); n != 1 {
		t.Errorf("built %d times for the same packages, want once", n)
	}
	broken.Store(true)
	for !strings.Contains(w.log.String(), "500") {
		time.Sleep(20 * time.Millisecond)
	}
	fewer := bytes.Replace(live, []byte(`"meta"`), []byte(`"meat"`), 1)
	listing.Store(&fewer)
	broken.Store(false)
	p.until("other packages", func(s status) bool { return strings.HasPrefix(s.Catalogue, "755 packages of ") })

	broken.Store(true)
	w = open(t, config, nil)
	if p = w.browse("/"); p.last.Catalogue != "the 79 packages of the sample" {
		t.Errorf("catalogue: %s", p.last.Catalogue)
	}
	if log := w.log.String(); !strings.Contains(log, "there are no stored packages") || !strings.Contains(log, "500") {
		t.Errorf("the reason is not in the terminal:\n%s", log)
	}
}

// TestStatistics checks that the preview serves the published statistics, which no build writes, and no other published
// file.
func TestStatistics(t *testing.T) {
	w := open(t, map[string]string{"public/download-stats/index.html": "<h1>Downloads</h1>",
		"public/index.html": "published"}, nil)
	for path, want := range map[string]string{
		"/download-stats": "301 /download-stats/", "/download-stats/": "200", "/download-stats/none.json": "404",
		"/download-stats/../index.html": "200",
	} {
		res := ask(t, "GET", w.url+path)
		if got := strings.TrimSpace(res.Status[:3] + " " + res.Header.Get("Location")); got != want ||
			res.body == "published" {
			t.Errorf("%s: %s, want %s\n%s", path, got, want, res.body)
		}
	}
}

// TestPortInUse checks that the error for a port in use has a hint with a free port.
func TestPortInUse(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	server := preview.New(preview.Options{Listen: l.Addr().String(), Now: time.Now}, fixed{})
	err = server.Run(t.Context())
	if err == nil || !strings.HasSuffix(err.Error(), ": the port is already in use") ||
		fault.KindOf(err) != fault.Usage {
		t.Fatalf("error %v", err)
	}
	var free string
	if hints := fault.Hints(err); len(hints) == 1 {
		_, free, _ = strings.Cut(hints[0], "--listen ")
	}
	other, err := net.Listen("tcp", free)
	if err != nil {
		t.Fatalf("the port in the hint is not free: %v", err)
	}
	other.Close()
}

// TestManyEdits changes a thousand files at once.
func TestManyEdits(t *testing.T) {
	files := map[string]string{}
	for i := range 1000 {
		files[fmt.Sprintf("content/page-%d.md", i)] = "---\ntitle: Page\n---\nBefore.\n"
	}
	w := open(t, files, nil)
	p := w.browse("/page-999/")
	for name := range files {
		w.write(filepath.ToSlash(name), "---\ntitle: Page\n---\nAfter.\n")
	}
	for n := range 1000 {
		if n%100 != 0 {
			continue
		}
		for !strings.Contains(ask(t, "GET", fmt.Sprintf("%s/page-%d/", w.url, n)).body, "After.") {
			p.until("a build", func(status) bool { return true })
		}
	}
	p.until("no problems", func(s status) bool { return s.Problems == "" && s.Warnings >= 0 })
}
