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

// count returns the result of a query of one number.
func count(t *testing.T, r *Reader, query string) int {
	t.Helper()
	n, _, err := sqlite.One(t.Context(), r.file, sqlite.Value[int], query)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// add adds n hits of one package, visitors and seconds counted from 0, on a day.
func add(t *testing.T, d *DB, day int32, n int) error {
	t.Helper()
	b, err := d.Begin(t.Context())
	if err != nil {
		return err
	}
	defer b.Rollback()
	id, err := b.Package(strings.Repeat("a", 24))
	if err != nil {
		return err
	}
	agent, err := b.Agent("Firefox", func() (Agent, error) { return Agent{Class: 1, Legacy: "Browser"}, nil })
	if err != nil {
		return err
	}
	place, err := b.Place("DE", "52.52,13.405")
	if err != nil {
		return err
	}
	hits := make([]Hit, n)
	for i := range hits {
		hits[i] = Hit{Day: day, Visitor: int64(i), Package: id, Agent: agent, Place: place, First: int32(i),
			Counted: true}
	}
	if err := b.AddHits(hits); err != nil {
		return err
	}
	return b.Commit()
}

// TestBatchInTrouble: the error of a batch names the file and helps, and nothing of the batch stays.
func TestBatchInTrouble(t *testing.T) {
	path := filepath.Join(t.TempDir(), FileName)
	d := open(t, path)
	limit := func(pages string) { // the pragma is of the one connection that there is so far
		t.Helper()
		if err := d.file.Exec(t.Context(), "PRAGMA max_page_count = "+pages); err != nil {
			t.Fatal(err)
		}
	}
	limit("1")
	err := add(t, d, 19815, 10_000)
	if err == nil || err.Error() != "write downloads: "+path+": database or disk is full" {
		t.Errorf("error %v", err)
	}
	if hints := fault.Hints(err); len(hints) != 1 || !strings.Contains(hints[0], "Free some space") {
		t.Errorf("hints %q", hints)
	}
	if n := count(t, d.Reader, "SELECT count(*) FROM packages"); n != 0 {
		t.Errorf("%d packages stayed", n)
	}
	limit("1000000")
	if err := add(t, d, 19815, 10_000); err != nil {
		t.Fatal(err)
	}
	if n := count(t, d.Reader, "SELECT count(*) FROM hits"); n != 10_000 {
		t.Errorf("%d hits", n)
	}
}

// TestReadWhileWriting reads the numbers while a run is at work, and checks them in the end.
func TestReadWhileWriting(t *testing.T) {
	path := filepath.Join(t.TempDir(), FileName)
	d := open(t, path)
	count := func(day int32, n int) {
		t.Helper()
		if err := add(t, d, day, n); err != nil {
			t.Fatal(err)
		}
		if days, err := d.Recount(t.Context(), true); err != nil || len(days) != 1 {
			t.Fatal(days, err)
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
			t.Errorf("%d downloads, want %d, %v", n, 10*(i+1), err)
		}
		count(day, 10)
	}
	if differences, days, err := r.Verify(t.Context()); len(differences) != 0 || days != 3 || err != nil {
		t.Errorf("%d days, differences %v, %v", days, differences, err)
	}
}

// TestDocuments are kept until a number of their period changes, or what they are made with.
func TestDocuments(t *testing.T) {
	d := open(t, filepath.Join(t.TempDir(), FileName))
	kept := func() (periods []string) {
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
	madeWith := func(options string) {
		t.Helper()
		if err := d.Documents.MadeWith(t.Context(), options); err != nil {
			t.Fatal(err)
		}
	}
	madeWith("1")
	set()
	madeWith("1")
	if diff := cmp.Diff([]string{"", "2024", "2024-04", "2024-05"}, kept()); diff != "" {
		t.Error(diff)
	}
	if err := add(t, d, 19815, 1); err != nil { // 2024-04-02
		t.Fatal(err)
	}
	if _, err := d.Recount(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"2024-05"}, kept()); diff != "" {
		t.Error(diff)
	}
	set()
	madeWith("2")
	if diff := cmp.Diff([]string(nil), kept()); diff != "" {
		t.Error(diff)
	}
}
