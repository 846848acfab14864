package count_test

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/count"
	"github.com/Slicer/sitegen/generator/project"
	"github.com/Slicer/sitegen/generator/stats"
	"github.com/Slicer/sitegen/generator/testutil"
)

// publishedText returns the published files of the site in the current folder, by name.
func publishedText(t *testing.T) map[string]string {
	t.Helper()
	files := map[string]string{}
	for _, name := range published(t) {
		files[name] = text(t, place(name))
	}
	return files
}

// newTableSite creates a site without the statistics of format 1.0, which a table does not contain.
func newTableSite(t *testing.T) *project.Project {
	t.Helper()
	newSite(t, "")
	return openSite(t, "stats: {geoip: ["+testutil.Path("stats/city.mmdb")+"], legacy: false}\n")
}

// TestImportTable counts a log, exports the table, and imports it on another site, as TSV and as CSV. The site must
// publish the same files.
func TestImportTable(t *testing.T) {
	p := newTableSite(t)
	if _, err := count.Run(t.Context(), p,
		count.Options{Logs: []string{testutil.Path("stats/access.log.gz")}}); err != nil {
		t.Fatal(err)
	}
	want := publishedText(t)
	r, err := stats.OpenReader(t.Context(), p.Config.Data)
	if err != nil {
		t.Fatal(err)
	}
	tables := map[string]*bytes.Buffer{"tsv": {}, "csv": {}}
	for format, table := range tables {
		if err := r.Export(t.Context(), table, stats.Filter{}, stats.Table{Format: format, Arch: true}); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	for format, table := range tables {
		other := newTableSite(t)
		lines, changed, err := count.ImportTable(t.Context(), other, "table", table)
		if err != nil || lines == 0 || len(changed) == 0 {
			t.Fatal(lines, changed, err)
		}
		if diff := cmp.Diff(want, publishedText(t)); diff != "" {
			t.Errorf("%s: %s", format, diff)
		}
	}
}
