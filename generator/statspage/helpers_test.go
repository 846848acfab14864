package statspage_test

import (
	"encoding/json"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/Slicer/sitegen"
	"github.com/Slicer/sitegen/generator/accesslog"
	"github.com/Slicer/sitegen/generator/output"
	"github.com/Slicer/sitegen/generator/site"
	"github.com/Slicer/sitegen/generator/stats"
	"github.com/Slicer/sitegen/generator/stats/downloads"
	"github.com/Slicer/sitegen/generator/statspage"
	"github.com/Slicer/sitegen/generator/testutil"
)

// siteInput returns a site with the embedded layouts.
func siteInput(t testing.TB) site.Input {
	t.Helper()
	return site.Input{
		Options: site.Options{
			Title: "Aurora downloads", Project: "Aurora", BaseURL: "https://download.example.org", Jobs: 2,
			Minify: true,
		},
		Index: testutil.NoPackages(t), Content: sitegen.Content(), Layouts: sitegen.Layouts(),
	}
}

// published is the public/ that publish copies, in memory.
var published struct {
	once  sync.Once
	files fstest.MapFS
}

// publish publishes the statistics of the test data's log, which covers forty days of 2026, with the page. It returns
// the path of public/. The first call reads the log; each returns a copy of its own, which the test may change.
func publish(t testing.TB) (public string) {
	t.Helper()
	published.once.Do(func() { published.files = inMemory(t, publishLog(t)) })
	if published.files == nil {
		t.Fatal("the statistics could not be published; another test says why")
	}
	public = t.TempDir()
	if err := os.CopyFS(public, published.files); err != nil {
		t.Fatal(err)
	}
	return public
}

// inMemory reads the files of a folder.
func inMemory(t testing.TB, dir string) fstest.MapFS {
	t.Helper()
	files := fstest.MapFS{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			files[path] = &fstest.MapFile{Data: []byte(read(t, filepath.Join(dir, path))), Mode: 0o644}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// publishLog reads the log of the test data and publishes its statistics with the page. It returns the path of public/.
func publishLog(t testing.TB) (public string) {
	t.Helper()
	e := engine(t, stats.FromCatalog(testutil.Packages(t, "live")))
	r, err := e.Read(t.Context(), []string{testutil.Path(filepath.Join("stats", "access.log.gz"))}, func(int64) {})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range r.Problems() {
		t.Error(p)
	}
	return publishAll(t, e)
}

// publishDaily publishes the statistics of a daily table with the page. It returns the path of public/.
func publishDaily(t testing.TB, packages []downloads.Package, table io.Reader) (public string) {
	t.Helper()
	e := engine(t, packages)
	if _, err := e.ImportDaily(t.Context(), "daily.tsv", table); err != nil {
		t.Fatal(err)
	}
	return publishAll(t, e)
}

// engine returns an engine without downloads.
func engine(t testing.TB, packages []downloads.Package) *stats.Engine {
	t.Helper()
	formats, err := accesslog.NewFormats(nil, accesslog.Fields{})
	if err != nil {
		t.Fatal(err)
	}
	e, err := stats.Open(t.Context(), stats.Options{
		Dir: t.TempDir(), Formats: formats, Packages: packages, MinCountry: 1,
		GeoIP: []string{testutil.Path(filepath.Join("stats", "city.mmdb"))}, LegacyFile: "viewer-download-data.json",
		Now: time.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return e
}

// publishAll publishes the statistics of an engine with the page. It returns the path of public/.
func publishAll(t testing.TB, e *stats.Engine) (public string) {
	t.Helper()
	public = t.TempDir()
	dir := filepath.Join(public, "download-stats")
	if _, err := e.Publish(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	makePage(t, dir, siteInput(t), statspage.Options{Precompress: output.Precompress{Gzip: true}})
	return public
}

// makePage renders the page of the statistics in dir.
func makePage(t testing.TB, dir string, in site.Input, o statspage.Options) (changed []string) {
	t.Helper()
	s := new(stats.Summary)
	if err := json.Unmarshal([]byte(read(t, filepath.Join(dir, stats.SummaryFile))), s); err != nil {
		t.Fatal(err)
	}
	changed, err := statspage.Make(t.Context(), in, s, dir, o)
	if err != nil {
		t.Fatal(err)
	}
	return changed
}

func read(t testing.TB, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
