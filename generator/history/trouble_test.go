package history

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/sqlite"
	"github.com/Slicer/sitegen/generator/testutil"
)

var atNoon = Run{At: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC), Source: "https://example.com/api/v1",
	App: testutil.App}

// recorded returns a catalogue with the live packages, and its path.
func recorded(t *testing.T) (s *DB, path string, packages []*catalog.Package) {
	t.Helper()
	packages = testutil.Packages(t, "live")
	path = filepath.Join(t.TempDir(), FileName)
	s, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	if _, err := s.Record(t.Context(), Snapshot{Run: atNoon, Published: packages}); err != nil {
		t.Fatal(err)
	}
	return s, path, packages
}

func exec(t *testing.T, db *sqlite.DB, statement string) {
	t.Helper()
	if err := db.Exec(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}

// TestCatalogueOfSchema1 opens a catalogue with the first schema, which lacks the column unversioned. Its packages must
// be unchanged, and the next run must report the new values as changes.
func TestCatalogueOfSchema1(t *testing.T) {
	path := filepath.Join(t.TempDir(), FileName)
	old := format
	old.Migrations = migrations[:1]
	db, err := sqlite.Open(t.Context(), path, old)
	if err != nil {
		t.Fatal(err)
	}
	exec(t, db, `INSERT INTO packages VALUES ('5643ea671d8b43b18422de50', 'Viewer_linux_amd64_24735', 'Viewer', 'linux', 'amd64', 24735, '', '', 1,
		'2015-11-12T01:24:55.867000+00:00', 431661894, '', '2026-11-22T12:00:00Z', '2026-11-22T12:00:00Z', NULL)`)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	s, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	packages, err := s.Published(t.Context())
	if err != nil || len(packages) != 1 || packages[0].Unversioned != "" {
		t.Fatalf("%+v, error %v", packages, err)
	}
	next := *packages[0]
	next.Unversioned = "4.5.0-1"
	change, err := s.Record(t.Context(), Snapshot{Run: atNoon, Published: []*catalog.Package{&next}})
	if err != nil {
		t.Fatal(err)
	}
	want := []Changed{{&next, []FieldChange{{"unversioned", "", "4.5.0-1"}}}}
	if diff := cmp.Diff(want, change.Changed); diff != "" {
		t.Errorf("changed (-want +got):\n%s", diff)
	}
	checkPublished(t, s, []*catalog.Package{&next})
}

// TestRecordFailures checks that a failed run leaves the catalogue unchanged, and that the next run succeeds.
func TestRecordFailures(t *testing.T) {
	tests := []struct {
		name        string
		cause, mend string
		want        string
		hint        string
		kind        fault.Kind
	}{
		{"disk full", "PRAGMA max_page_count = 1", "PRAGMA max_page_count = 1000000", "database or disk is full",
			"Free some space", fault.Unexpected},
		{"read-only", "PRAGMA query_only = on", "PRAGMA query_only = off", "attempt to write a readonly database",
			"permissions", fault.Unexpected},
		{"broken rule", "CREATE TRIGGER no BEFORE INSERT ON packages BEGIN SELECT raise(ABORT, 'no more'); END",
			"DROP TRIGGER no", "no more", "", fault.Unexpected},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s, path, packages := recorded(t)
			next := *packages[0]
			next.ID = strings.Repeat("f", 24)
			changed := append([]*catalog.Package{&next}, packages[10:]...)
			held := []catalog.Held{{ID: "x", Value: strings.Repeat("v", 100_000)}}

			exec(t, s.file, test.cause)
			change, err := s.Record(t.Context(), Snapshot{Run: atNoon, Published: changed, Held: held})
			if err == nil || !change.Empty() {
				t.Fatalf("change %+v, error %v", change, err)
			}
			if want := "store the catalogue: " + path + ": " + test.want; err.Error() != want {
				t.Errorf("error %q, want %q", err, want)
			}
			if fault.KindOf(err) != test.kind {
				t.Errorf("kind %v, want %v", fault.KindOf(err), test.kind)
			}
			if hints := strings.Join(fault.Hints(err), " "); !strings.Contains(hints, test.hint) ||
				(hints == "") != (test.hint == "") {
				t.Errorf("hints %q, want %q", hints, test.hint)
			}
			checkPublished(t, s, packages)

			exec(t, s.file, test.mend)
			if _, err := s.Record(t.Context(), Snapshot{Run: atNoon, Published: changed, Held: held}); err != nil {
				t.Fatal(err)
			}
			checkPublished(t, s, changed)
		})
	}
}

func checkPublished(t *testing.T, s *DB, want []*catalog.Package) {
	t.Helper()
	got, err := s.Published(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ids := func(packages []*catalog.Package) map[string]bool {
		set := make(map[string]bool)
		for _, p := range packages {
			set[p.ID] = true
		}
		return set
	}
	if diff := cmp.Diff(ids(want), ids(got)); diff != "" || len(got) != len(want) {
		t.Errorf("published (-want +got):\n%.1000s", diff)
	}
}

func TestRecordWhileAnotherWrites(t *testing.T) {
	s, path, packages := recorded(t)
	other, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	tx, err := other.file.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	exec(t, s.file, "PRAGMA busy_timeout = 1")
	_, err = s.Record(t.Context(), Snapshot{Run: atNoon, Published: packages})
	if fault.KindOf(err) != fault.Locked || len(fault.Hints(err)) != 1 {
		t.Errorf("error %v, want one about the other writer", err)
	}
	checkPublished(t, s, packages) // reading still works
	tx.Rollback()
	if _, err := s.Record(t.Context(), Snapshot{Run: atNoon, Published: packages}); err != nil {
		t.Error(err)
	}
}

func TestDamagedFile(t *testing.T) {
	s, path, _ := recorded(t)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, info.Size()/2); err != nil {
		t.Fatal(err)
	}
	broken, err := Open(t.Context(), path)
	if err == nil {
		defer broken.Close()
		_, err = broken.Published(t.Context())
	}
	if err == nil || !strings.Contains(err.Error(), path+": database disk image is malformed") ||
		!strings.HasPrefix(strings.Join(fault.Hints(err), ""), "The file is damaged.") {
		t.Errorf("error %v, hints %q", err, fault.Hints(err))
	}
}

func TestUnreadableRow(t *testing.T) {
	s, _, packages := recorded(t)
	exec(t, s.file, "UPDATE packages SET build_date = 'long ago' WHERE id = '"+packages[3].ID+"'")
	_, err := s.Published(t.Context())
	if err == nil || !strings.Contains(err.Error(), packages[3].ID) || !strings.Contains(err.Error(), "long ago") {
		t.Errorf("error %v does not name the package and its date", err)
	}
}

// TestUnchangedRunWritesNothing compares the file byte for byte.
func TestUnchangedRunWritesNothing(t *testing.T) {
	s, path, packages := recorded(t)
	held := []catalog.Held{{ID: "x", Reason: "y"}}
	if _, err := s.Record(t.Context(), Snapshot{Run: atNoon, Published: packages, Held: held}); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	later := atNoon
	later.At = later.At.Add(time.Hour)
	if _, err := s.Record(t.Context(), Snapshot{Run: later, Published: packages, Held: held}); err != nil {
		t.Fatal(err)
	}
	if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the file has changed (%v)", err)
	}
}

func TestRunsAreCounted(t *testing.T) {
	s, _, packages := recorded(t)
	next := append([]*catalog.Package{}, packages[2:]...)
	changed := *next[0]
	changed.Size++
	next[0] = &changed
	for _, published := range [][]*catalog.Package{next, packages} {
		if _, err := s.Record(t.Context(),
			Snapshot{Run: atNoon, Published: published, Held: []catalog.Held{{}}}); err != nil {
			t.Fatal(err)
		}
	}
	got, err := sqlite.Collect(t.Context(), s.file, func(row sqlite.Row) (c [6]int, err error) {
		err = row.Scan(&c[0], &c[1], &c[2], &c[3], &c[4], &c[5])
		return c, err
	}, "SELECT published, held, added, changed, withdrawn, returned FROM runs ORDER BY id")
	n := len(packages)
	want := [][6]int{{n, 0, n, 0, 0, 0}, {n - 2, 1, 0, 1, 2, 0}, {n, 1, 0, 1, 0, 2}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("runs (-want +got):\n%s%v", diff, err)
	}
}

func TestTableConstraints(t *testing.T) {
	s, _, packages := recorded(t)
	for _, statement := range []string{
		"INSERT INTO changes VALUES (1, 'nobody', 'added', '', '', '')",
		"INSERT INTO changes VALUES (77, '" + packages[0].ID + "', 'added', '', '', '')",
		"INSERT INTO changes VALUES (1, '" + packages[0].ID + "', 'moved', '', '', '')",
		"UPDATE packages SET size = 'large'",
		"DELETE FROM packages",
	} {
		if err := s.file.Exec(t.Context(), statement); err == nil {
			t.Errorf("accepted: %s", statement)
		}
	}
}

func TestRecordCanceled(t *testing.T) {
	s, _, packages := recorded(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Record(ctx, Snapshot{Run: atNoon, Published: packages[5:]}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want %v", err, context.Canceled)
	}
	checkPublished(t, s, packages)
}
