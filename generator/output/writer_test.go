package output_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/output"
)

func TestBuilds(t *testing.T) {
	type run struct {
		before func(*site) // what people do between two builds
		files  []output.File
		public output.Changes
		maps   output.Changes
		tree   map[string]string // by name; variants and their contents are another test
	}
	tests := []struct {
		name string
		runs []run
	}{
		{"new, changed, unchanged, removed", []run{
			{
				files:  []output.File{record("a.json", "1"), page("index.html", "1"), nginxMap("http/a.conf", "1")},
				public: output.Changes{Written: []string{"a.json", "index.html"}},
				maps:   output.Changes{Written: []string{"http/a.conf"}},
				tree:   map[string]string{"public/a.json": "1", "public/index.html": "1", "redirects/http/a.conf": "1"},
			},
			{
				files:  []output.File{record("a.json", "1"), page("index.html", "2"), page("new/index.html", "")},
				public: output.Changes{Written: []string{"index.html", "new/index.html"}, Unchanged: 1},
				maps:   output.Changes{Removed: []string{"http/a.conf"}},
				tree:   map[string]string{"public/a.json": "1", "public/index.html": "2", "public/new/index.html": ""},
			},
			{
				files:  []output.File{page("new/index.html", "")},
				public: output.Changes{Unchanged: 1, Removed: []string{"a.json", "index.html"}},
				tree:   map[string]string{"public/new/index.html": ""},
			},
		}},
		{"foreign files stay, and keep their folders", []run{
			{
				before: func(s *site) {
					s.put("public/.gitkeep", "")
					s.put("public/.git/config", "[core]")
					s.put("redirects/rules.txt", "/a /b")
				},
				files: []output.File{page("a/b/c/index.html", "1"), page("d/e/index.html", "1"),
					nginxMap("nginx/a.conf", "1")},
				public: output.Changes{Written: []string{"a/b/c/index.html", "d/e/index.html"}},
				maps:   output.Changes{Written: []string{"nginx/a.conf"}},
				tree: map[string]string{
					"public/.gitkeep": "", "public/.git/config": "[core]", "redirects/rules.txt": "/a /b",
					"public/a/b/c/index.html": "1", "public/d/e/index.html": "1", "redirects/nginx/a.conf": "1",
				},
			},
			{
				before: func(s *site) { s.put("public/a/b/notes.txt", "mine") },
				files:  []output.File{nginxMap("nginx/a.conf", "1")},
				public: output.Changes{Removed: []string{"a/b/c/index.html", "d/e/index.html"}},
				maps:   output.Changes{Unchanged: 1},
				tree: map[string]string{
					"public/.gitkeep": "", "public/.git/config": "[core]", "redirects/rules.txt": "/a /b",
					"public/a/b/notes.txt": "mine", "redirects/nginx/a.conf": "1",
				},
			},
			{
				maps: output.Changes{Removed: []string{"nginx/a.conf"}},
				tree: map[string]string{
					"public/.gitkeep": "", "public/.git/config": "[core]", "redirects/rules.txt": "/a /b",
					"public/a/b/notes.txt": "mine",
				},
			},
		}},
		{"a hand-edited, a truncated and a missing file are mended", []run{
			{
				files:  []output.File{page("a.html", "aaa"), page("b.html", "bbb"), page("c.html", "ccc")},
				public: output.Changes{Written: []string{"a.html", "b.html", "c.html"}},
				tree:   map[string]string{"public/a.html": "aaa", "public/b.html": "bbb", "public/c.html": "ccc"},
			},
			{
				before: func(s *site) {
					s.put("public/a.html", "xxx")
					s.put("public/b.html",
						"")
					s.remove("public/c.html")
				},
				files:  []output.File{page("a.html", "aaa"), page("b.html", "bbb"), page("c.html", "ccc")},
				public: output.Changes{Written: []string{"a.html", "b.html", "c.html"}},
				tree:   map[string]string{"public/a.html": "aaa", "public/b.html": "bbb", "public/c.html": "ccc"},
			},
		}},
		{"a file becomes a folder, and a folder a file", []run{
			{
				files: []output.File{page("a", "file"), page("b/c/d", "file"), nginxMap("m", "1"),
					nginxMap("n/o", "1")},
				public: output.Changes{Written: []string{"a", "b/c/d"}},
				maps:   output.Changes{Written: []string{"m", "n/o"}},
				tree: map[string]string{"public/a": "file", "public/b/c/d": "file", "redirects/m": "1",
					"redirects/n/o": "1"},
			},
			{
				files: []output.File{page("a/x/y", "file"), page("a/x/z", "file"), page("b", "file"),
					nginxMap("m/p", "1"), nginxMap("n", "1")},
				public: output.Changes{Written: []string{"a/x/y", "a/x/z", "b"}, Removed: []string{"a", "b/c/d"}},
				maps:   output.Changes{Written: []string{"m/p", "n"}, Removed: []string{"m", "n/o"}},
				tree: map[string]string{
					"public/a/x/y": "file", "public/a/x/z": "file", "public/b": "file", "redirects/m/p": "1",
					"redirects/n": "1",
				},
			},
		}},
		{"a file of ours that somebody made a link is a file again", []run{
			{
				files:  []output.File{page("a.html", "1")},
				public: output.Changes{Written: []string{"a.html"}},
				tree:   map[string]string{"public/a.html": "1"},
			},
			{
				before: func(s *site) {
					s.put("elsewhere", "1")
					s.remove("public/a.html")
					if err := os.Symlink(s.place("elsewhere"), s.place("public/a.html")); err != nil {
						s.t.Fatal(err)
					}
				},
				files:  []output.File{page("a.html", "2")},
				public: output.Changes{Written: []string{"a.html"}},
				tree:   map[string]string{"public/a.html": "2"},
			},
		}},
		{"a file of ours that somebody made a folder is theirs when it is out of use", []run{
			{
				files:  []output.File{page("a.html", "1")},
				public: output.Changes{Written: []string{"a.html"}},
				tree:   map[string]string{"public/a.html": "1"},
			},
			{
				before: func(s *site) { s.remove("public/a.html"); s.put("public/a.html/mine", "1") },
				public: output.Changes{Removed: []string{"a.html"}},
				tree:   map[string]string{"public/a.html/mine": "1"},
			},
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newSite(t)
			for i, run := range test.runs {
				if run.before != nil {
					run.before(s)
				}
				p := s.build(run.files...)
				if diff := cmp.Diff(run.public, p.Public); diff != "" {
					t.Errorf("run %d: public: %s", i, diff)
				}
				if diff := cmp.Diff(run.maps, p.Redirects); diff != "" {
					t.Errorf("run %d: redirects: %s", i, diff)
				}
				if diff := cmp.Diff(run.tree, s.tree()); diff != "" {
					t.Errorf("run %d: on disk: %s", i, diff)
				}
				before := s.stamps()
				if p := s.build(run.files...); !p.Empty() {
					t.Errorf("run %d again: plan is not empty: %+v", i, p)
				}
				if diff := cmp.Diff(before, s.stamps()); diff != "" {
					t.Errorf("run %d again: something was written: %s", i, diff)
				}
			}
		})
	}
}

// What the web server reads can be read by everybody, whatever the umask of the build is.
func TestModesWithoutUmask(t *testing.T) {
	for _, umask := range []int{0o022, 0o027, 0o077, 0} {
		t.Run(fmt.Sprintf("%03o", umask), func(t *testing.T) {
			defer syscall.Umask(syscall.Umask(umask))
			s := newSite(t)
			s.options.Public = s.place("new/folders/public")
			s.options.Precompress = output.Precompress{Gzip: true, Brotli: true}
			s.build(page("a/b/index.html", long(2000)), nginxMap("nginx/http/a.conf", "1"))
			s.options.AfterChange = [][]string{{"false"}}
			_, err := s.try("", page("c/index.html", ""), nginxMap("nginx/http/a.conf", "2")) // puts the map back
			if err == nil {
				t.Fatal("no error")
			}
			for _, root := range []string{filepath.Dir(filepath.Dir(s.options.Public)), s.options.Redirects} {
				err := filepath.WalkDir(root, func(place string, d fs.DirEntry, err error) error {
					if err != nil {
						return err
					}
					want := fs.FileMode(0o644)
					if d.IsDir() {
						want = 0o755
					}
					info, err := d.Info()
					if err == nil && info.Mode().Perm()&0o755 != want {
						t.Errorf("%s has mode %o, want %o", place, info.Mode().Perm(), want)
					}
					return err
				})
				if err != nil {
					t.Fatal(err)
				}
			}
			info, err := os.Stat(filepath.Join(s.options.Data, "manifest.json"))
			if err != nil || int(info.Mode().Perm()) != 0o644&^umask {
				t.Errorf("the manifest has mode %o, %v", info.Mode().Perm(), err)
			}
		})
	}
}

// Modes that keep the web server from reading the site are mended by the next run.
func TestModesAreMended(t *testing.T) {
	files := []output.File{page("index.html", long(2000)), page("a/b/index.html", "1"), nginxMap("nginx/a.conf", "1")}
	tests := []struct {
		name      string
		mode      fs.FileMode // before
		want      fs.FileMode // after
		unchanged bool
	}{
		{"public/index.html", 0o600, 0o644, false},
		{"public/index.html.gz", 0o640, 0o644, false},
		{"public/index.html", 0o666, 0o644, false},
		{"public/index.html", 0o664, 0o664, true},
		{"redirects/nginx/a.conf", 0o600, 0o644, false},
		{"public", 0o700, 0o755, false},
		{"public/a", 0o750, 0o755, false},
		{"public/a", 0o777, 0o775, false},
		{"public/a", 0o775, 0o775, true},
		{"public/a", 0o750 | fs.ModeSetgid, 0o750 | fs.ModeSetgid, true},
		{"redirects/nginx", 0o700, 0o755, false},
		{"public/mine.html", 0o600, 0o600, true},
		{"public/mine", 0o700, 0o700, true},
	}
	for _, test := range tests {
		t.Run(fmt.Sprintf("%s %v", test.name, test.mode), func(t *testing.T) {
			s := newSite(t)
			s.options.Precompress.Gzip = true
			if _, err := s.try("inputs", files...); err != nil {
				t.Fatal(err)
			}
			s.put("public/mine.html", "mine")
			s.put("public/mine/index.html", "mine")
			if err := os.Chmod(s.place(test.name), test.mode); err != nil {
				t.Fatal(err)
			}
			if got := s.verifies("inputs"); got != test.unchanged {
				t.Errorf("up to date: %v, want %v", got, test.unchanged)
			}
			p, err := s.try("inputs", files...)
			if err != nil || p.Empty() != test.unchanged {
				t.Errorf("unchanged: %v, want %v (error %v)", p.Empty(), test.unchanged, err)
			}
			info, err := os.Stat(s.place(test.name))
			if err != nil {
				t.Fatal(err)
			}
			if got := info.Mode() & (fs.ModePerm | fs.ModeSetgid); got != test.want {
				t.Errorf("mode %v, want %v", got, test.want)
			}
			if !s.verifies("inputs") {
				t.Error("not up to date afterwards")
			}
		})
	}
}

// The data folder is private, except in a group that an administrator has set up.
func TestDataFolderIsPrivate(t *testing.T) {
	for _, modes := range [][2]fs.FileMode{
		{0, 0o700}, {0o755, 0o700}, {0o770 | fs.ModeSetgid, 0o770 | fs.ModeSetgid},
		{0o775 | fs.ModeSetgid, 0o770 | fs.ModeSetgid}, {0o777 | fs.ModeSticky, 0o777 | fs.ModeSticky},
	} {
		s := newSite(t)
		if modes[0] != 0 {
			if err := errors.Join(os.Mkdir(s.options.Data, 0o700), os.Chmod(s.options.Data, modes[0])); err != nil {
				t.Fatal(err)
			}
		}
		s.build(page("index.html", "1"))
		info, err := os.Stat(s.options.Data)
		if err != nil || info.Mode()&^fs.ModeDir != modes[1] {
			t.Errorf("%v becomes %v (%v)", modes[0], info.Mode(), err)
		}
	}
	s := newSite(t)
	s.options.Data = s.place(".") // the web server has to pass through it
	s.chmod(".", 0o755)
	s.build(page("index.html", "1"))
	if info, err := os.Stat(s.options.Data); err != nil || info.Mode().Perm() != 0o755 {
		t.Errorf("the site's folder has mode %v (%v)", info.Mode(), err)
	}
}

// New folders keep the group of a folder with the setgid bit, whatever the umask is.
func TestSetgidIsInherited(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0o077))
	s := newSite(t)
	if err := os.Mkdir(s.options.Public, 0o755); err != nil {
		t.Fatal(err)
	}
	s.chmod("public", 0o750|fs.ModeSetgid)
	s.build(page("a/b/index.html", "1"))
	for name, want := range map[string]fs.FileMode{"public": 0o750, "public/a": 0o755, "public/a/b": 0o755} {
		info, err := os.Stat(s.place(name))
		if err != nil || info.Mode() != fs.ModeDir|fs.ModeSetgid|want {
			t.Errorf("%s has mode %v (%v)", name, info.Mode(), err)
		}
	}
}

// Nginx's ETag is made from second and size. Two contents must never share one, however fast they follow each other.
func TestETagChanges(t *testing.T) {
	s := newSite(t) // the clock stands still
	s.options.Precompress = output.Precompress{Gzip: true, Brotli: true}
	seen := map[time.Time]string{}
	for _, text := range []string{"A", "B", "A", "C", "AA"} {
		s.build(page("index.html", text+long(2000)))
		at := s.mtime("public/index.html")
		if at.Nanosecond() != 0 {
			t.Errorf("%s: the time %v is not a full second", text, at)
		}
		if other, ok := seen[at]; ok {
			t.Errorf("%s has the time of %s: %v", text, other, at)
		}
		seen[at] = text
		for _, ext := range []string{".gz", ".br"} {
			if v := s.mtime("public/index.html" + ext); !v.Equal(at) {
				t.Errorf("%s: %s is of %v, the page of %v", text, ext, v, at)
			}
		}
	}
}

func TestInterruptedApply(t *testing.T) {
	s := newSite(t)
	s.build(page("a.html", "old"), page("b.html", "old"))
	w := s.open()
	p, err := w.Plan(t.Context(), []output.File{page("a.html", "new"), page("c.html", "new")})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err = w.Apply(ctx, p, "inputs")
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "the next run does the rest") {
		t.Errorf("error is %v", err)
	}
	if diff := cmp.Diff(map[string]string{"public/a.html": "old", "public/b.html": "old"}, s.tree()); diff != "" {
		t.Error(diff)
	}
	if current, err := w.Verify(t.Context(), "inputs"); current || err != nil {
		t.Errorf("an interrupted run verifies: %v, %v", current, err)
	}
	if err := w.Apply(t.Context(), p, "inputs"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"public/a.html": "new", "public/c.html": "new"}, s.tree()); diff != "" {
		t.Error(diff)
	}
}

// Ctrl-C stops the comparison with the disk, too, and changes nothing.
func TestInterruptedBeforeWriting(t *testing.T) {
	s := newSite(t)
	s.build(page("a.html", "old"), page("b.html", "old"))
	before := s.stamps()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	w := s.open()
	if p, err := w.Plan(ctx, []output.File{page("a.html", "new")}); p != nil || !errors.Is(err, context.Canceled) {
		t.Errorf("Plan = %v, %v", p, err)
	}
	for _, inputs := range []string{"inputs", "other"} {
		if current, err := w.Verify(ctx, inputs); current || !errors.Is(err, context.Canceled) {
			t.Errorf("Verify(%q) = %v, %v", inputs, current, err)
		}
	}
	if diff := cmp.Diff(before, s.stamps()); diff != "" {
		t.Error(diff)
	}
}

func TestCleansUpAfterKilledRuns(t *testing.T) {
	s := newSite(t)
	s.build(page("a/index.html", "1"))
	for _, name := range []string{"public/a/.sitegen-tmp-X", "public/.sitegen-tmp-Y", "var/.sitegen-tmp-Z",
		"public/other/.sitegen-tmp-W"} {
		s.put(name, "half a pa")
	}
	text := s.text("var/manifest.json")
	s.put("var/manifest.json", strings.Replace(text, `"complete":true`, `"complete":false`, 1))
	s.build(page("a/index.html", "1"), page("index.html", "1"))
	want := map[string]string{
		"public/a/index.html": "1", "public/index.html": "1",
		"public/other/.sitegen-tmp-W": "half a pa", // a folder in which sitegen does not write
	}
	if diff := cmp.Diff(want, s.tree()); diff != "" {
		t.Error(diff)
	}
	if _, err := os.Stat(s.place("var/.sitegen-tmp-Z")); !os.IsNotExist(err) {
		t.Errorf("the data folder's leftover: %v", err)
	}
}

func TestVerify(t *testing.T) {
	files := []output.File{page("a.html", long(2000)), nginxMap("a.conf", "1")}
	tests := []struct {
		name   string
		change func(*site)
		inputs string
		want   bool
	}{
		{"unchanged", func(*site) {}, "inputs", true},
		{"other inputs", func(*site) {}, "other", false},
		{"no inputs", func(*site) {}, "", false},
		{"edited", func(s *site) { s.put("public/a.html", long(1999)+"x") }, "inputs", false},
		{"cut short", func(s *site) { s.put("public/a.html", long(1999)) }, "inputs", false},
		{"touched", func(s *site) { s.put("public/a.html", long(2000)) }, "inputs", true},
		{"removed", func(s *site) { s.remove("redirects/a.conf") }, "inputs", false},
		{"variant edited", func(s *site) { s.put("public/a.html.br", "x") }, "inputs", false},
		{"variant removed", func(s *site) { s.remove("public/a.html.gz") }, "inputs", false},
		{"foreign file", func(s *site) { s.put("public/b.html", "x") }, "inputs", true},
		{"manifest lost", func(s *site) { s.remove("var/manifest.json") }, "inputs", false},
		{"no brotli any more", func(s *site) { s.options.Precompress.Brotli = false }, "inputs", false},
		{"another folder", func(s *site) { s.options.Public += "2" }, "inputs", false},
		{"all copied elsewhere", func(s *site) {
			dir := s.t.TempDir()
			if err := os.CopyFS(dir, os.DirFS(s.place("."))); err != nil {
				s.t.Fatal(err)
			}
			*s = site{t: s.t, options: s.options}
			moved := siteIn(s.t, dir).options
			moved.Precompress = s.options.Precompress
			s.options = moved
		}, "inputs", true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newSite(t)
			s.options.Precompress = output.Precompress{Gzip: true, Brotli: true}
			s.build(files...)
			test.change(s)
			if got := s.verifies(test.inputs); got != test.want {
				t.Errorf("Verify = %v, want %v", got, test.want)
			}
		})
	}
}

func TestVariants(t *testing.T) {
	both := output.Precompress{Gzip: true, Brotli: true}
	noise := noise(3000)
	one := []output.File{page("a.html", long(2000))}
	tests := []struct {
		name   string
		first  []output.File // a build before, with both
		change func(*site)
		ask    output.Precompress
		files  []output.File
		want   []string // names in public/
	}{
		{"worth it", nil, nil, both, one, []string{"a.html", "a.html.br", "a.html.gz"}},
		{"gzip only", nil, nil, output.Precompress{Gzip: true}, one, []string{"a.html", "a.html.gz"}},
		{"brotli only", nil, nil, output.Precompress{Brotli: true}, one, []string{"a.html", "a.html.br"}},
		{"not asked for", nil, nil, output.Precompress{}, one, []string{"a.html"}},
		{"not worth it", nil, nil, both, []output.File{
			page("small.html", long(1024)), page("logo.png", long(2000)), page("noise.txt", noise),
			record("-/cell/1.html", long(2000)),
		}, []string{"-/cell/1.html", "logo.png", "noise.txt", "small.html"}},
		{"kinds", nil, nil, output.Precompress{Gzip: true}, []output.File{
			page("a.atom", long(2000)), page("a.css", long(2000)), page("a.js", long(2000)), page("a.json", long(2000)),
			page("a.svg", long(2000)), page("a.txt", long(2000)), page("a.xml", long(2000)),
		}, []string{
			"a.atom", "a.atom.gz", "a.css", "a.css.gz", "a.js", "a.js.gz", "a.json", "a.json.gz",
			"a.svg", "a.svg.gz", "a.txt", "a.txt.gz", "a.xml", "a.xml.gz",
		}},
		{"not for maps", nil, nil, both, []output.File{nginxMap("kvs.json", long(2000))}, nil},
		{"changed", one, nil, both, []output.File{page("a.html", long(3000))},
			[]string{"a.html", "a.html.br", "a.html.gz"}},
		{"gone with its page", one, nil, both, nil, nil},
		{"small now", one, nil, both, []output.File{page("a.html", "1")}, []string{"a.html"}},
		{"noise now", []output.File{page("a.txt", long(3000))}, nil, both, []output.File{page("a.txt", noise)},
			[]string{"a.txt"}},
		{"not asked for any more", one, nil, output.Precompress{Gzip: true}, one, []string{"a.html", "a.html.gz"}},
		{"removed by hand", one, func(s *site) { s.remove("public/a.html.gz") }, both, one,
			[]string{"a.html", "a.html.br", "a.html.gz"}},
		{"edited by hand", one, func(s *site) { s.put("public/a.html.gz", "x") }, both, one,
			[]string{"a.html", "a.html.br", "a.html.gz"}},
		{"foreign, stale", nil, func(s *site) { s.put("public/a.html.gz", "x") }, both, one,
			[]string{"a.html", "a.html.br", "a.html.gz"}},
		{"foreign, not asked for", nil, func(s *site) { s.put("public/a.html.gz", "x") }, output.Precompress{},
			one, []string{"a.html", "a.html.gz=x"}},
		{"the site's own", one, nil, both, append(one, page("a.html.gz", "mine")),
			[]string{"a.html", "a.html.br", "a.html.gz=mine"}},
		{"the site's own no more", append(one, page("a.html.gz", "mine")), nil, both, one,
			[]string{"a.html", "a.html.br", "a.html.gz"}},
		{"foreign, where ours would be larger", []output.File{page("a.txt", noise)},
			func(s *site) { s.put("public/a.txt.gz", "x") }, both, nil, []string{"a.txt.gz=x"}},
		{"manifest lost", one, func(s *site) { s.remove("var/manifest.json") }, both, one,
			[]string{"a.html", "a.html.br", "a.html.gz"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newSite(t)
			s.options.Precompress = both
			if test.first != nil {
				s.build(test.first...)
			}
			if test.change != nil {
				test.change(s)
			}
			s.options.Precompress = test.ask
			s.build(test.files...)

			var names []string
			tree := s.tree()
			for _, name := range slices.Sorted(maps.Keys(tree)) {
				short, public := strings.CutPrefix(name, "public/")
				if !public {
					continue
				}
				page, gz := strings.CutSuffix(name, ".gz")
				page, br := strings.CutSuffix(page, ".br")
				switch {
				case tree[name] == "x" || tree[name] == "mine":
					short += "=" + tree[name]
				case gz || br:
					if got := unpack(t, name, tree[name]); got != tree[page] {
						t.Errorf("%s holds %d bytes that are not the page's", name, len(got))
					}
					if len(tree[name]) >= len(tree[page]) {
						t.Errorf("%s has %d bytes, the page %d", name, len(tree[name]), len(tree[page]))
					}
					if !s.mtime(name).Equal(s.mtime(page)) {
						t.Errorf("%s is of %v, the page of %v", name, s.mtime(name), s.mtime(page))
					}
				}
				names = append(names, short)
			}
			if diff := cmp.Diff(test.want, names); diff != "" {
				t.Error(diff)
			}
			before := s.stamps()
			s.build(test.files...)
			if diff := cmp.Diff(before, s.stamps()); diff != "" {
				t.Errorf("a second run has written: %s", diff)
			}
		})
	}
}
