package output_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/output"
)

// These are the tests of a writer that owns a folder within public/, as the download statistics do.

// statistics returns the statistics of a site: another writer, in the same folder.
func (s *site) statistics() *site {
	o := s.options
	o.Public, o.Redirects, o.Data = s.place("public/download-stats"), "", s.place("var/statistics")
	o.Precompress = output.Precompress{Gzip: true}
	o.Adopt = func(path string) bool {
		known, err := filepath.Match("cube-*.json*", path)
		return err == nil && known || strings.HasPrefix(path, "assets/") || path == "index.html" ||
			path == "summary.json"
	}
	return &site{t: s.t, options: o}
}

// in returns what is in the folder of the statistics.
func in(tree map[string]string) map[string]string {
	found := map[string]string{}
	for name, text := range tree {
		if file, ok := strings.CutPrefix(name, "public/download-stats/"); ok && !strings.HasSuffix(file, ".gz") {
			found[file] = text
		}
	}
	return found
}

func TestSeparateFolder(t *testing.T) {
	s := newSite(t)
	build := []output.File{page("index.html", "home"), nginxMap("a.conf", "1")}
	s.build(build...)
	stats := s.statistics()
	first := []output.File{streamed(record("cube-2025.json", "c")), record("summary.json", "s"),
		page("index.html", "p")}
	next := []output.File{record("summary.json", "s2"), streamed(record("cube-2025.json", "c")),
		page("index.html", "p")}
	for round, files := range [][]output.File{first, first, next} {
		p := stats.build(files...)
		if round == 1 && !p.Empty() {
			t.Errorf("the second run changes %+v", p)
		}
		for _, s := range []*site{s, stats} {
			if !s.verifies("inputs") {
				t.Errorf("round %d: %s does not verify", round, s.options.Public)
			}
		}
		if p := s.build(build...); !p.Empty() {
			t.Errorf("round %d: the build changes %+v", round, p)
		}
	}
	want := map[string]string{"cube-2025.json": "c", "summary.json": "s2", "index.html": "p"}
	if diff := cmp.Diff(want, in(s.tree())); diff != "" {
		t.Error(diff)
	}

	w := s.open() // each has a lock of its own
	defer w.Close()
	v, err := output.Open(stats.options)
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	_, err = v.Plan(t.Context(), []output.File{nginxMap("a.conf", "1")})
	if err == nil || err.Error() != "redirects/a.conf: there is no folder for maps" {
		t.Errorf("maps: error is %v", err)
	}
}

// The files of versions that had no manifest are replaced, kept or removed like our own; anything else stays.
func TestEarlierFilesAreAdopted(t *testing.T) {
	s := newSite(t)
	stats := s.statistics()
	text := long(2000)
	for file, old := range map[string]string{
		"index.html": "old page", "index.html.gz": "old page, compressed", "summary.json": "old",
		"cube-2024.json":    text,
		"cube-2024.json.gz": "old", "cube-2025-01.json": "month", "cube-2025-01.json.gz": "month, compressed",
		"assets/stats.1.js": "old", "assets/stats.2.js": "new", "notes.txt": "mine", "more/index.html": "mine",
	} {
		s.put("public/download-stats/"+file, old)
	}
	kept := s.mtime("public/download-stats/cube-2024.json")
	files := []output.File{
		record("assets/stats.2.js", "new"), streamed(record("cube-2024.json", text)), record("summary.json", "new"),
		page("index.html", text),
	}
	p := stats.build(files...)
	want := output.Changes{
		Written: []string{"cube-2024.json", "summary.json", "index.html"}, Unchanged: 1,
		Removed: []string{"assets/stats.1.js", "cube-2025-01.json"},
	}
	if diff := cmp.Diff(want, p.Public); diff != "" {
		t.Error(diff)
	}
	found := map[string]string{
		"assets/stats.2.js": "new", "cube-2024.json": text, "summary.json": "new", "index.html": text,
		"notes.txt": "mine", "more/index.html": "mine",
	}
	if diff := cmp.Diff(found, in(s.tree())); diff != "" {
		t.Error(diff)
	}
	if !s.mtime("public/download-stats/cube-2024.json").Equal(kept) {
		t.Error("a file with the same content was replaced")
	}
	for _, file := range []string{"cube-2024.json", "index.html"} {
		name := "public/download-stats/" + file
		if got := unpack(t, ".gz", s.text(name+".gz")); got != text || !s.mtime(name+".gz").Equal(s.mtime(name)) {
			t.Errorf("%s.gz holds %d bytes of %v", file, len(got), s.mtime(name+".gz"))
		}
	}
	if _, err := os.Stat(s.place("public/download-stats/cube-2025-01.json.gz")); !errors.Is(err, fs.ErrNotExist) {
		t.Error("the variant of a removed file is there")
	}

	s.put("public/download-stats/cube-2030.json", "somebody's") // once there is a manifest, it says what is ours
	if p := stats.build(files...); !p.Empty() {
		t.Errorf("the second run changes %+v", p)
	}
	if _, err := stats.try("", append(files, record("cube-2030.json", "ours"))...); err == nil {
		t.Error("a file of somebody else was replaced")
	}
}

// A file that Adopt does not recognize is somebody else's.
func TestOthersAreNotAdopted(t *testing.T) {
	s := newSite(t)
	stats := s.statistics()
	s.put("public/download-stats/notes.txt", "mine")
	_, err := stats.try("", record("notes.txt", "ours"))
	if way := (*output.InTheWayError)(nil); !errors.As(err, &way) || len(way.Places) != 1 {
		t.Errorf("error is %v", err)
	}
}

// A dry run plans what a real run would do, and creates nothing: not even the data folder.
func TestReadOnly(t *testing.T) {
	s := newSite(t)
	stats := s.statistics()
	files := []output.File{record("summary.json", "1")}
	plan := func() *output.Plan {
		t.Helper()
		w, err := output.OpenReadOnly(stats.options)
		if err != nil {
			t.Fatal(err)
		}
		defer w.Close()
		p, err := w.Plan(t.Context(), files)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Apply(t.Context(), p, ""); err == nil {
			t.Error("a read-only writer applies a plan")
		}
		return p
	}
	before := s.tree()
	if diff := cmp.Diff([]string{"summary.json"}, plan().Public.Written); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(before, s.tree()); diff != "" {
		t.Error(diff)
	}
	if _, err := os.Stat(stats.options.Data); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("data folder: %v", err)
	}

	stats.build(files...)
	w, err := output.Open(stats.options) // the lock of another run does not matter
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	before = s.tree()
	if p := plan(); !p.Empty() {
		t.Errorf("the plan after a run is %+v", p.Public)
	}
	if diff := cmp.Diff(before, s.tree()); diff != "" {
		t.Error(diff)
	}
}
