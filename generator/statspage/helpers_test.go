package statspage_test

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
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
	files, err := e.Files(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if strings.HasPrefix(f.Path, stats.BadgeFolder) {
			testutil.WriteFiles(t, public, []output.File{f})
		} else {
			testutil.WriteFiles(t, dir, []output.File{f})
		}
	}
	testutil.WriteFiles(t, dir, pagesOf(t, e, siteInput(t)))
	return public
}

// pagesOf renders the page of an engine's statistics in English and German.
func pagesOf(t testing.TB, e *stats.Engine, in site.Input) []output.File {
	t.Helper()
	summary, err := e.Summary(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	versions, err := e.Versions(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	o := statspage.Options{Versions: versions, ReleasePage: func(v string) string { return "/releases/" + v + "/" }}
	in.Languages = []string{"en", "de"}
	return pageFiles(t, in, summary, o)
}

// pageFiles renders the page of a summary.
func pageFiles(t testing.TB, in site.Input, s *stats.Summary, o statspage.Options) []output.File {
	t.Helper()
	files, err := statspage.Files(t.Context(), in, s, o)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// pageText returns the HTML of the page of a summary.
func pageText(t testing.TB, s stats.Summary, o statspage.Options) string {
	t.Helper()
	files := pageFiles(t, siteInput(t), &s, o)
	page := files[len(files)-1]
	if page.Path != "index.html" {
		t.Fatalf("the last file is %s", page.Path)
	}
	return string(page.Data)
}

// read returns the content of a file.
func read(t testing.TB, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
