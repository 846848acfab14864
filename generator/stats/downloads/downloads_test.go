package downloads

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/sqlite"
)

func open(t *testing.T, path string) *DB {
	t.Helper()
	d, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

// count returns the number that a query selects.
func count(t *testing.T, r *Reader, query string) int {
	t.Helper()
	n, _, err := sqlite.One(t.Context(), r.file, sqlite.Value[int], query)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// add adds n hits of one package on a day. Their visitors and times are 0, 1, 2 and so on.
func add(t *testing.T, d *DB, day int32, n int) error {
	t.Helper()
	b, err := d.Begin(t.Context())
	if err != nil {
		return err
	}
	defer b.Rollback()
	ids, err := b.Packages([]string{strings.Repeat("a", 24)})
	if err != nil {
		return err
	}
	agent, place, err := names(b)
	if err != nil {
		return err
	}
	hits := make([]Hit, n)
	for i := range hits {
		hits[i] = Hit{Day: day, Visitor: int64(i), Package: ids[0], Agent: agent, Place: place, First: int32(i),
			Counted: true}
	}
	if err := b.AddHits(hits); err != nil {
		return err
	}
	return b.Commit()
}

// TestBatchDiskFull checks that a failed batch is rolled back, and that its error names the file and has a hint.
func TestBatchDiskFull(t *testing.T) {
	path := filepath.Join(t.TempDir(), FileName)
	d := open(t, path)
	limit := func(pages string) { // the pragma applies to one connection; there is no other yet
		t.Helper()
		if err := d.file.Exec(t.Context(), "PRAGMA max_page_count = "+pages); err != nil {
			t.Fatal(err)
		}
	}
	limit("1")
	err := add(t, d, 19815, 10_000)
	if err == nil || err.Error() != "write downloads: "+path+": database or disk is full" {
		t.Errorf("got error %v, want: disk is full", err)
	}
	if hints := fault.Hints(err); len(hints) != 1 || !strings.Contains(hints[0], "Free some space") {
		t.Errorf("got hints %q, want one to free space", hints)
	}
	if n := count(t, d.Reader, "SELECT count(*) FROM packages"); n != 0 {
		t.Errorf("got %d packages after a failed batch, want none", n)
	}
	limit("1000000")
	if err := add(t, d, 19815, 10_000); err != nil {
		t.Fatal(err)
	}
	if n := count(t, d.Reader, "SELECT sum(length(hits)) / 24 FROM parts"); n != 10_000 {
		t.Errorf("got %d hits, want 10,000", n)
	}
}

// TestReadWhileWriting reads the total between the batches of a run, and verifies all numbers at the end.
func TestReadWhileWriting(t *testing.T) {
	path := filepath.Join(t.TempDir(), FileName)
	d := open(t, path)
	count := func(day int32, n int) {
		t.Helper()
		if err := add(t, d, day, n); err != nil {
			t.Fatal(err)
		}
		if r, err := d.Recount(t.Context(), true); err != nil || len(r.Days) != 1 {
			t.Fatal(r, err)
		}
	}
	if _, err := d.SetPackages(t.Context(), []Package{{Bitstream: strings.Repeat("a", 24)}}); err != nil {
		t.Fatal(err)
	}
	count(19815, 10)
	r, err := OpenReadOnly(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for i, day := range []int32{19816, 19817} {
		if n, err := r.Total(t.Context()); err != nil || n != int64(10*(i+1)) {
			t.Errorf("got %d downloads, want %d; error %v", n, 10*(i+1), err)
		}
		count(day, 10)
	}
	if differences, days, err := r.Verify(t.Context()); len(differences) != 0 || days != 3 || err != nil {
		t.Errorf("%d days verified, differences %v, error %v", days, differences, err)
	}
}

// TestDocuments checks that documents are stored until a number of their period changes, or the options do.
func TestDocuments(t *testing.T) {
	d := open(t, filepath.Join(t.TempDir(), FileName))
	stored := func() (periods []string) {
		t.Helper()
		for _, period := range []string{"", "2024", "2024-04", "2024-05"} {
			data, err := d.Documents.Get(t.Context(), period, "part")
			if err != nil {
				t.Fatal(err)
			}
			if data != nil {
				periods = append(periods, period)
			}
		}
		return periods
	}
	set := func() {
		t.Helper()
		for _, period := range []string{"", "2024", "2024-04", "2024-05"} {
			if err := d.Documents.Set(t.Context(), period, "part", []byte("x")); err != nil {
				t.Fatal(err)
			}
		}
	}
	setOptions := func(options string) {
		t.Helper()
		if err := d.Documents.SetOptions(t.Context(), options); err != nil {
			t.Fatal(err)
		}
	}
	setOptions("1")
	set()
	setOptions("1")
	if diff := cmp.Diff([]string{"", "2024", "2024-04", "2024-05"}, stored()); diff != "" {
		t.Error(diff)
	}
	if err := add(t, d, 19815, 1); err != nil { // 2024-04-02
		t.Fatal(err)
	}
	if _, err := d.Recount(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"2024-05"}, stored()); diff != "" {
		t.Error(diff)
	}
	set()
	setOptions("2")
	if diff := cmp.Diff([]string(nil), stored()); diff != "" {
		t.Error(diff)
	}
}
