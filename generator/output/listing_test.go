package output_test

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/output"
)

// lostManifests are the ways in which the manifest of a site is lost.
var lostManifests = map[string]func(s *site){
	"removed":   func(s *site) { s.remove("var/manifest.json") },
	"empty":     func(s *site) { s.put("var/manifest.json", "") },
	"cut off":   func(s *site) { s.put("var/manifest.json", s.text("var/manifest.json")[:300]) },
	"one digit": func(s *site) { s.put("var/manifest.json", flip(s.text("var/manifest.json"), `"size":`)) },
	"one path":  func(s *site) { s.put("var/manifest.json", flip(s.text("var/manifest.json"), "old.jso")) },
	"data folder": func(s *site) {
		if err := os.RemoveAll(s.place("var")); err != nil {
			s.t.Fatal(err)
		}
	},
}

// flip flips the lowest bit of the byte after the first occurrence of a text.
func flip(text, after string) string {
	b := []byte(text)
	b[strings.Index(text, after)+len(after)] ^= 1
	return string(b)
}

func TestLostManifest(t *testing.T) {
	for name, lose := range lostManifests {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			s.options.Precompress = output.Precompress{Gzip: true, Brotli: true}
			s.build(page("index.html", long(3000)), record("old.json", long(2000)), page("dir/old.html", "1"),
				nginxMap("nginx/a.conf", "1"))
			s.build(page("index.html", long(3001)), record("old.json", long(2000)), record("new.json", "2"),
				nginxMap("nginx/a.conf", "2")) // dir/old.html waits for the next run
			strangers := map[string]string{"public/mine.pdf": "mine", "public/dir/mine.html": "mine",
				"public/old.jsoo": "mine", "redirects/rules.txt": "mine"}
			for file, text := range strangers {
				s.put(file, text)
			}
			s.put("public/new.json", "edited")
			lose(s)

			w := s.open()
			r := w.Recovered()
			if r == nil || r.Files != 8 || r.Changed != 1 {
				t.Fatalf("recovered %+v", r)
			}
			w.Close()
			want := []output.File{page("index.html", long(3002)), nginxMap("nginx/a.conf", "2")}
			s.build(want...) // the removals wait once more: the web server may not have read its maps yet
			s.build(want...)
			fresh := newSite(t)
			fresh.options.Precompress = s.options.Precompress
			fresh.build(want...)
			tree := fresh.tree()
			for file, text := range strangers {
				tree[file] = text
			}
			tree["public/new.json"] = "edited"
			if diff := cmp.Diff(tree, s.tree()); diff != "" {
				t.Error(diff)
			}
			if w := s.open(); w.Recovered() != nil {
				t.Errorf("recovered again: %v", w.Recovered())
			}
		})
	}
}

func TestLostManifestDoesNotReplaceOthersFiles(t *testing.T) {
	s := newSite(t)
	s.build(page("index.html", "1"), page("about.html", "1"))
	s.put("public/about.html", "mine")
	s.remove("var/manifest.json")
	before := s.tree()
	_, err := s.try("", page("index.html", "2"), page("about.html", "2"))
	if err == nil || !strings.Contains(err.Error(), s.place("public/about.html")) ||
		strings.Contains(err.Error(), "index.html") {
		t.Errorf("error is %v", err)
	}
	if diff := cmp.Diff(before, s.tree()); diff != "" {
		t.Error(diff)
	}
}

// A listing never leads out of the site's folders.
func TestListingWithoutTrust(t *testing.T) {
	s := newSite(t)
	s.build(page("index.html", "1"))
	s.put("outside/a", "1")
	if err := os.Symlink(s.place("outside"), s.place("public/link")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(s.place("outside/a"), s.place("public/a")); err != nil {
		t.Fatal(err)
	}
	sum := s.text("public/" + listing)[:64]
	var lines bytes.Buffer
	for _, name := range []string{"public/link/a", "public/a", "public/../outside/a", "outside/a", "/outside/a", "x"} {
		lines.WriteString(sum + "  " + name + "\n")
	}
	lines.WriteString("damaged\n\n" + sum)
	s.put("public/"+listing, lines.String())
	s.remove("var/manifest.json")
	if r := s.open().Recovered(); r.Files != 0 {
		t.Errorf("recovered %d files", r.Files)
	}
}

func TestDamagedListingIsMended(t *testing.T) {
	for name, damage := range map[string]func(*site){
		"removed": func(s *site) { s.remove("public/" + listing) },
		"changed": func(s *site) { s.put("public/"+listing, flip(s.text("public/"+listing), "index")) },
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			s.try("inputs", page("index.html", "1"))
			before := s.text("public/" + listing)
			if !s.verifies("inputs") {
				t.Fatal("the site is not up to date")
			}
			damage(s)
			if s.verifies("inputs") {
				t.Error("the damage is not noticed")
			}
			s.build(page("index.html", "1"))
			if diff := cmp.Diff(before, s.text("public/"+listing)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
