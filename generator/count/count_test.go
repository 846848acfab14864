package count_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/klauspost/compress/gzip"

	"github.com/Slicer/sitegen/generator/build"
	"github.com/Slicer/sitegen/generator/config"
	"github.com/Slicer/sitegen/generator/count"
	"github.com/Slicer/sitegen/generator/history"
	"github.com/Slicer/sitegen/generator/project"
	"github.com/Slicer/sitegen/generator/stats"
	"github.com/Slicer/sitegen/generator/testutil"
)

// newSite creates a site with the packages of the test data in a new folder, which becomes the current folder.
func newSite(t *testing.T, settings string) *project.Project {
	t.Helper()
	t.Chdir(t.TempDir())
	p := openSite(t, "stats: {geoip: ["+testutil.Path("stats/city.mmdb")+"]}\n"+settings)
	if err := os.MkdirAll(p.Config.Data, 0o755); err != nil {
		t.Fatal(err)
	}
	db, err := history.Open(t.Context(), p.HistoryFile())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	run := history.Run{Source: testutil.API(t), App: testutil.App, At: p.Now()}
	snapshot := history.Snapshot{Run: run, Published: testutil.Packages(t, "live")}
	if _, err := db.Record(t.Context(), snapshot); err != nil {
		t.Fatal(err)
	}
	return p
}

// openSite opens the project in the current folder. Settings are its sitegen.yaml.
func openSite(t *testing.T, settings string) *project.Project {
	t.Helper()
	if err := os.WriteFile("sitegen.yaml", []byte(settings), 0o644); err != nil {
		t.Fatal(err)
	}
	c, err := config.Load(config.Input{})
	if err != nil {
		t.Fatal(err)
	}
	now := func() time.Time { return time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC) }
	p, err := project.Open(c, slog.New(slog.DiscardHandler), now)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// run counts the downloads of the log of the test data.
func run(t *testing.T, p *project.Project, dryRun bool) *stats.Report {
	t.Helper()
	r, err := count.Run(t.Context(), p,
		count.Options{Logs: []string{testutil.Path("stats/access.log.gz")}, DryRun: dryRun})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// state describes all files and folders below the current folder: their permissions, and the sizes, times and inodes of
// files. For databases, it has the content instead, because SQLite may write unchanged pages. It leaves out locks, to
// which every run writes its process id.
func state(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.Name() == "lock" {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		all[path] = info.Mode().String()
		if strings.HasSuffix(path, ".sqlite") {
			all[path] += fmt.Sprintf("%x", sha256.Sum256([]byte(text(t, path))))
		} else if !d.IsDir() {
			all[path] += fmt.Sprint(info.Size(), info.ModTime(), info.Sys().(*syscall.Stat_t).Ino)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// published returns the names of the published files.
func published(t *testing.T) (names []string) {
	t.Helper()
	folder := os.DirFS(filepath.Join("public", count.Folder))
	if err := fs.WalkDir(folder, ".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			names = append(names, path)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return names
}

// place returns the path of a published file.
func place(name string) string { return filepath.Join("public", count.Folder, name) }

// text returns the content of a file.
func text(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestRun checks that a run publishes the statistics with their page and compressed variants, that the web server can
// read the files, and that a second run changes nothing.
func TestRun(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0o077))
	p := newSite(t, "")
	legacyFile := p.Profile.LegacyStatistics
	r := run(t, p, false)
	names := published(t)
	for _, want := range []string{"summary.json", "summary.json.gz", "badge-total.json", "badge-latest.json",
		"cube-2026-09.json", "cube-2026-10.json", "cube-2026-10.json.gz", legacyFile, legacyFile + ".gz", "index.html",
		"index.html.gz"} {
		if !slices.Contains(names, want) {
			t.Errorf("%s is not published", want)
		}
		if !strings.HasSuffix(want, ".gz") && !slices.Contains(r.Files, want) {
			t.Errorf("%s is not reported", want)
		}
	}
	for _, name := range names {
		info, err := os.Stat(place(name))
		if err != nil || info.Mode() != 0o644 {
			t.Errorf("%s has the mode %v, %v", name, info.Mode(), err)
		}
		if file, ok := strings.CutSuffix(name, ".gz"); ok && decompress(t, place(name)) != text(t, place(file)) {
			t.Errorf("%s is not %s, compressed", name, file)
		}
	}
	for _, name := range []string{"downloads.svg", "downloads-dark.svg", "version.svg", "version-dark.svg"} {
		if !strings.HasPrefix(text(t, filepath.Join("public", "badge", name)), "<svg ") ||
			!slices.Contains(r.Files, "badge/"+name) {
			t.Errorf("the badge %s is not published, or not reported", name)
		}
	}
	if text(t, place("var/"+legacyFile)) != text(t, place(legacyFile)) {
		t.Error("the file in format 1.0 is not the same at its old address")
	}
	if !strings.Contains(text(t, place("index.html")), `<a href="/download-stats/`+legacyFile+`">`) {
		t.Error("the page does not link to the file in format 1.0")
	}

	before := state(t)
	if r := run(t, p, false); len(r.Files) > 0 || r.New > 0 || r.Total == 0 {
		t.Errorf("the second run reports %+v", r)
	}
	if diff := cmp.Diff(before, state(t)); diff != "" {
		t.Errorf("the second run changes files: %s", diff)
	}
}

// decompress returns the content of a gzip file.
func decompress(t *testing.T, path string) string {
	t.Helper()
	r, err := gzip.NewReader(strings.NewReader(text(t, path)))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if _, err := b.ReadFrom(r); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestDryRun checks that a dry run reports the same as a real run, and changes nothing: before the first run, when the
// folders do not exist yet, and after it.
func TestDryRun(t *testing.T) {
	p := newSite(t, "")
	for _, when := range []string{"first", "with other layouts"} {
		before := state(t)
		dry := run(t, p, true)
		if diff := cmp.Diff(before, state(t)); diff != "" {
			t.Errorf("%s: the dry run changes files: %s", when, diff)
		}
		if diff := cmp.Diff(run(t, p, false), dry, cmpopts.IgnoreFields(stats.Report{}, "Seconds")); diff != "" {
			t.Errorf("%s: real run (-) and dry run (+): %s", when, diff)
		}
		if err := os.MkdirAll("layouts/assets", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile("layouts/assets/stats.css", []byte("h1 { color: red }"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	sheets, err := filepath.Glob(place("assets/stats.*.css"))
	if len(sheets) != 1 || err != nil { // the second run has removed that of the first run
		t.Errorf("style sheets %v, %v", sheets, err)
	}
}

// TestEarlierVersion runs in a folder that a version of sitegen without a manifest has written. Files in use must be
// replaced, tables and assets that are no longer in use must be removed, and files that sitegen did not write must
// stay.
func TestEarlierVersion(t *testing.T) {
	p := newSite(t, "")
	legacyFile := p.Profile.LegacyStatistics
	run(t, p, false)
	for _, name := range []string{"var/statistics", place(".sitegen-files")} { // which that version did not have
		if err := os.RemoveAll(name); err != nil {
			t.Fatal(err)
		}
	}
	want := published(t)
	page := text(t, place("index.html"))
	for _, name := range []string{"index.html", "summary.json.gz", "assets/stats.0000.js", "assets/stats.0000.js.gz",
		"cube-2019.json", "cube-2019.json.gz", "cube-notes.txt", "mine.json", legacyFile} {
		if err := os.WriteFile(place(name), []byte("old"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r := run(t, p, false)
	slices.Sort(r.Files)
	changed := []string{"assets/stats.0000.js", "cube-2019.json", "index.html", legacyFile, "var/" + legacyFile}
	if diff := cmp.Diff(changed, r.Files); diff != "" {
		t.Error(diff)
	}
	want = append(want, ".sitegen-files", "cube-notes.txt", "mine.json")
	slices.Sort(want)
	got := published(t)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" || text(t, place("index.html")) != page {
		t.Error(diff)
	}
	if decompress(t, place("summary.json.gz")) != text(t, place("summary.json")) {
		t.Error("summary.json.gz was not replaced")
	}
}

// TestNothingCounted checks that the tables of an earlier version stay if there are no downloads, because the data
// folder may have been lost.
func TestNothingCounted(t *testing.T) {
	p := newSite(t, "")
	legacyFile := p.Profile.LegacyStatistics
	if err := os.MkdirAll(place(""), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"cube-2019.json", "summary.json", legacyFile} {
		if err := os.WriteFile(place(name), []byte("old"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := count.Run(t.Context(), p, count.Options{}); err != nil {
		t.Fatal(err)
	}
	if text(t, place("cube-2019.json")) != "old" || text(t, place(legacyFile)) != "old" ||
		text(t, place("summary.json")) == "old" {
		t.Errorf("published: %v", published(t))
	}
	// The next run that counts something replaces them.
	run(t, p, false)
	if len(text(t, place(legacyFile))) < 1000 {
		t.Errorf("%s was not replaced", legacyFile)
	}
}

// TestSwitchedOff checks that files are removed when the options that publish them are switched off.
func TestSwitchedOff(t *testing.T) {
	p := newSite(t, "")
	legacyFile := p.Profile.LegacyStatistics
	run(t, p, false)
	p = openSite(t, "stats: {legacy: false}\nprecompress: []\n")
	run(t, p, false)
	for _, name := range published(t) {
		if strings.HasSuffix(name, ".gz") || strings.HasSuffix(name, legacyFile) {
			t.Errorf("%s is still published", name)
		}
	}
	if strings.Contains(text(t, place("index.html")), legacyFile) {
		t.Error("the page still links to the file in format 1.0")
	}
}

// TestBesideBuild checks that builds and statistics runs do not change each other's files.
func TestBesideBuild(t *testing.T) {
	t.Chdir(t.TempDir())
	p := openSite(t, "source: sample\nstats: {geoip: ["+testutil.Path("stats/city.mmdb")+"]}\n")
	buildSite := func() *build.Report {
		t.Helper()
		r, err := build.Build(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	buildSite()
	before := state(t)
	run(t, p, false)
	after := state(t)
	var changed []string
	for path, old := range before {
		if after[path] != old && filepath.Ext(path) != "" {
			changed = append(changed, path)
		}
	}
	if len(changed) > 0 {
		t.Errorf("the statistics run changes %v", changed)
	}
	statistics := published(t)
	buildSite() // links to the statistics
	if r := buildSite(); !r.Unchanged {
		t.Errorf("the build changes files: %+v", r)
	}
	if diff := cmp.Diff(statistics, published(t)); diff != "" {
		t.Error(diff)
	}
	if r := run(t, p, false); len(r.Files) > 0 {
		t.Errorf("the statistics run changes %v", r.Files)
	}
}

// TestInvalidLayout checks that nothing is published, not even the tables, if the layout of the page is invalid.
func TestInvalidLayout(t *testing.T) {
	p := newSite(t, "")
	if err := os.MkdirAll("layouts", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("layouts/stats.html", []byte(`{{define "main"}}{{.Nothing}}{{end}}`), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := count.Run(t.Context(), p, count.Options{Logs: []string{testutil.Path("stats/access.log.gz")}})
	if err == nil || !strings.HasPrefix(err.Error(), "layouts/stats.html:1:") {
		t.Errorf("error %v", err)
	}
	if _, err := os.Stat("public"); !os.IsNotExist(err) {
		t.Errorf("public: %v", err)
	}
}
