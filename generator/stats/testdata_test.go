package stats

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/Slicer/sitegen/generator/accesslog"
	"github.com/Slicer/sitegen/generator/testutil"
)

// now is the clock of the tests. It returns a time one day after the last line of the test logs.
func now() time.Time { return time.Date(2026, 10, 31, 12, 0, 0, 0, time.UTC) }

// testLog returns the path of a file in testdata/stats.
func testLog(name string) string { return testutil.Path(filepath.Join("stats", name)) }

// text returns the content of a file in testdata/stats, decompressed.
func text(t testing.TB, name string) []byte {
	t.Helper()
	f, err := os.Open(testLog(name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, _, err := accesslog.Decompress(f)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// options returns the options for a site with the catalogue "live" of package testutil.
func options(t testing.TB, dir string) Options {
	t.Helper()
	formats, err := accesslog.NewFormats(nil, accesslog.Fields{})
	if err != nil {
		t.Fatal(err)
	}
	return Options{
		Dir: dir, Formats: formats, Packages: FromCatalog(testutil.Packages(t, "live")),
		GeoIP: []string{testLog("city.mmdb")}, LegacyFile: legacyFile, Now: now, Stdin: bytes.NewReader(nil),
	}
}

// open opens the statistics, and closes them at the end of the test.
func open(t testing.TB, o Options) *Engine {
	t.Helper()
	e, err := Open(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return e
}

// read reads logs, all of which must be readable to their end.
func read(t testing.TB, e *Engine, names ...string) *Report {
	t.Helper()
	r, err := e.Read(context.Background(), names, func(int64) {})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range r.Problems() {
		t.Error(p)
	}
	return r
}

// export returns the daily table.
func export(t testing.TB, e *Engine) string {
	t.Helper()
	var b bytes.Buffer
	if err := e.Export(context.Background(), &b, Filter{}, Table{Format: "tsv"}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// write writes a file in a folder, and returns its path.
func write(t testing.TB, dir, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// gzipped compresses data with gzip.
func gzipped(t testing.TB, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// legacyFile is the file name of the statistics of format 1.0.
const legacyFile = "viewer-download-data.json"
