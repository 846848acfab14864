package store

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/testutil"
)

var atNoon = Run{At: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC), Source: "https://example.com/api/v1", App: testutil.App}

// recorded is a catalogue of the live profile.
func recorded(t *testing.T) (*Store, []*catalog.Package) {
	t.Helper()
	packages := testutil.Packages(t, "live")
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), CatalogueFile))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	if _, err := s.Record(t.Context(), atNoon, packages, nil); err != nil {
		t.Fatal(err)
	}
	return s, packages
}

func exec(t *testing.T, db *sql.DB, statement string) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}

func query[T any](t *testing.T, db *sql.DB, statement string) (value T) {
	t.Helper()
	if err := db.QueryRowContext(t.Context(), statement).Scan(&value); err != nil {
		t.Fatal(err)
	}
	return value
}

func TestOpenRefuses(t *testing.T) {
	tests := []struct {
		name string
		make func(t *testing.T, path string)
		want string // after "open the catalogue: <path>: "
		hint string
	}{
		{"a newer sitegen's", func(t *testing.T, path string) {
			db, err := open(t.Context(), path, append(catalogueMigrations, "CREATE TABLE more (x)"))
			if err != nil {
				t.Fatal(err)
			}
			db.Close()
		}, "written by a newer sitegen (schema 3, this one knows 2)", "or a newer one"},
		{"another program's", func(t *testing.T, path string) {
			db, err := connect(path)
			if err != nil {
				t.Fatal(err)
			}
			exec(t, db, "CREATE TABLE moz_cookies (x)")
			db.Close()
		}, "a database of another program", "of its own"},
		{"no database", func(t *testing.T, path string) {
			if err := os.WriteFile(path, bytes.Repeat([]byte("no database\n"), 100), 0o644); err != nil {
				t.Fatal(err)
			}
		}, "file is not a database", "Move it aside"},
		{"a folder", func(t *testing.T, path string) {
			if err := os.Mkdir(path, 0o755); err != nil {
				t.Fatal(err)
			}
		}, "unable to open database file: is a directory", "may be read and written"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), CatalogueFile)
			test.make(t, path)
			s, err := Open(t.Context(), path)
			if err == nil || s != nil {
				t.Fatalf("opened it (error %v)", err)
			}
			if diff := cmp.Diff("open the catalogue: "+path+": "+test.want, err.Error()); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
			if hints := fault.Hints(err); len(hints) != 1 || !strings.Contains(hints[0], test.hint) {
				t.Errorf("hints %q, want one with %q", hints, test.hint)
			}
		})
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), filepath.Join(file, CatalogueFile)); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("a folder that is a file: %v", err)
	}
}

func TestMigrations(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	scripts := []string{"CREATE TABLE a (x); INSERT INTO a VALUES (1)", "ALTER TABLE a ADD COLUMN y; UPDATE a SET y = x + 1"}
	for n := range len(scripts) + 1 {
		db, err := open(t.Context(), path, scripts[:n])
		if err != nil {
			t.Fatal(err)
		}
		if got := query[int](t, db, "PRAGMA user_version"); got != n {
			t.Errorf("user_version %d, want %d", got, n)
		}
		db.Close()
	}
	_, err := open(t.Context(), path, append(scripts, "CREATE TABLE b (x); CREATE TABLE a (x)"))
	if err == nil || !strings.Contains(err.Error(), "table a already exists") {
		t.Errorf("error %v, want that of the third script", err)
	}
	db, err := open(t.Context(), path, scripts)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if sum := query[int](t, db, "SELECT sum(x + 10 * y) FROM a"); sum != 21 {
		t.Errorf("the tables hold %d, want 21", sum)
	}
	if n := query[int](t, db, "SELECT count(*) FROM sqlite_schema WHERE name = 'b'"); n != 0 {
		t.Error("half of the third script stayed")
	}
}

// TestCatalogueOfSchema1 opens one that was written before packages told of the source's version: its packages
// are as they were, and the next run says what it learns.
func TestCatalogueOfSchema1(t *testing.T) {
	path := filepath.Join(t.TempDir(), CatalogueFile)
	db, err := open(t.Context(), path, catalogueMigrations[:1])
	if err != nil {
		t.Fatal(err)
	}
	exec(t, db, `INSERT INTO packages VALUES ('5643ea671d8b43b18422de50', 'Slicer_linux_amd64_24735', 'Slicer', 'linux', 'amd64', 24735, '', '', 1,
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
	change, err := s.Record(t.Context(), atNoon, []*catalog.Package{&next}, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := []Changed{{&next, []FieldChange{{"unversioned", "", "4.5.0-1"}}}}
	if diff := cmp.Diff(want, change.Changed); diff != "" {
		t.Errorf("changed (-want +got):\n%s", diff)
	}
	checkPublished(t, s, []*catalog.Package{&next})
}

// TestRecordInTrouble: whatever stops a run, the catalogue is what it was, and the next run mends it.
func TestRecordInTrouble(t *testing.T) {
	tests := []struct {
		name        string
		cause, mend string
		want        string
		hint        string
		kind        fault.Kind
	}{
		{"disk full", "PRAGMA max_page_count = 1", "PRAGMA max_page_count = 1000000", "database or disk is full", "make room", fault.Unexpected},
		{"read-only", "PRAGMA query_only = on", "PRAGMA query_only = off", "attempt to write a readonly database", "permissions", fault.Unexpected},
		{"broken rule", "CREATE TRIGGER no BEFORE INSERT ON packages BEGIN SELECT raise(ABORT, 'no more'); END", "DROP TRIGGER no", "no more", "", fault.Unexpected},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s, packages := recorded(t)
			next := *packages[0]
			next.ID = strings.Repeat("f", 24)
			changed := append([]*catalog.Package{&next}, packages[10:]...)
			held := []catalog.Held{{ID: "x", Value: strings.Repeat("v", 100_000)}}

			exec(t, s.db, test.cause)
			change, err := s.Record(t.Context(), atNoon, changed, held)
			if err == nil || !change.Empty() {
				t.Fatalf("change %+v, error %v", change, err)
			}
			if want := "store the catalogue: " + s.path + ": " + test.want; err.Error() != want {
				t.Errorf("error %q, want %q", err, want)
			}
			if fault.KindOf(err) != test.kind {
				t.Errorf("kind %v, want %v", fault.KindOf(err), test.kind)
			}
			if hints := strings.Join(fault.Hints(err), " "); !strings.Contains(hints, test.hint) || (hints == "") != (test.hint == "") {
				t.Errorf("hints %q, want %q", hints, test.hint)
			}
			checkPublished(t, s, packages)

			exec(t, s.db, test.mend)
			if _, err := s.Record(t.Context(), atNoon, changed, held); err != nil {
				t.Fatal(err)
			}
			checkPublished(t, s, changed)
		})
	}
}

// TestBatchInTrouble: the error of a batch names the file and helps, and nothing of the batch stays.
func TestBatchInTrouble(t *testing.T) {
	path := filepath.Join(t.TempDir(), "downloads.sqlite")
	d, err := OpenDownloads(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	d.db.SetMaxOpenConns(1) // the pragma is of a connection
	add := func() error {
		b, err := d.Begin(t.Context())
		if err != nil {
			return err
		}
		defer b.Rollback()
		id, err := b.Package(strings.Repeat("a", 24))
		if err != nil {
			return err
		}
		hits := make([]Hit, 10_000)
		for i := range hits {
			hits[i] = Hit{Visitor: int64(i), Package: id}
		}
		if err := b.AddHits(hits); err != nil {
			return err
		}
		return b.Commit()
	}
	exec(t, d.db, "PRAGMA max_page_count = 1")
	err = add()
	if err == nil || err.Error() != "write downloads: "+path+": database or disk is full" || !strings.Contains(strings.Join(fault.Hints(err), " "), "make room") {
		t.Errorf("error %v, hints %q", err, fault.Hints(err))
	}
	if n := query[int](t, d.db, "SELECT count(*) FROM packages"); n != 0 {
		t.Errorf("%d packages stayed", n)
	}
	exec(t, d.db, "PRAGMA max_page_count = 1000000")
	if err := add(); err != nil {
		t.Fatal(err)
	}
	if n := query[int](t, d.db, "SELECT count(*) FROM hits"); n != 10_000 {
		t.Errorf("%d hits", n)
	}
}

func checkPublished(t *testing.T, s *Store, want []*catalog.Package) {
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
	s, packages := recorded(t)
	other, err := Open(t.Context(), s.path)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	tx, err := other.db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	exec(t, s.db, "PRAGMA busy_timeout = 1")
	if _, err := s.Record(t.Context(), atNoon, packages, nil); fault.KindOf(err) != fault.Locked || len(fault.Hints(err)) != 1 {
		t.Errorf("error %v, want one that says who is first", err)
	}
	checkPublished(t, s, packages) // reading is no trouble
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Record(t.Context(), atNoon, packages, nil); err != nil {
		t.Error(err)
	}
}

func TestDamagedFile(t *testing.T) {
	s, _ := recorded(t)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(s.path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(s.path, info.Size()/2); err != nil {
		t.Fatal(err)
	}
	broken, err := Open(t.Context(), s.path)
	if err == nil {
		defer broken.Close()
		_, err = broken.Published(t.Context())
	}
	if err == nil || !strings.Contains(err.Error(), s.path+": database disk image is malformed") || !strings.HasPrefix(strings.Join(fault.Hints(err), ""), damaged) {
		t.Errorf("error %v, hints %q", err, fault.Hints(err))
	}
}

func TestUnreadableRow(t *testing.T) {
	s, packages := recorded(t)
	exec(t, s.db, "UPDATE packages SET build_date = 'long ago' WHERE id = '"+packages[3].ID+"'")
	_, err := s.Published(t.Context())
	if err == nil || !strings.Contains(err.Error(), packages[3].ID) || !strings.Contains(err.Error(), "long ago") {
		t.Errorf("error %v does not name the package and its date", err)
	}
}

// TestUnchangedRunWritesNothing compares the file byte for byte.
func TestUnchangedRunWritesNothing(t *testing.T) {
	s, packages := recorded(t)
	held := []catalog.Held{{ID: "x", Reason: "y"}}
	if _, err := s.Record(t.Context(), atNoon, packages, held); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(s.path)
	if err != nil {
		t.Fatal(err)
	}
	later := atNoon
	later.At = later.At.Add(time.Hour)
	if _, err := s.Record(t.Context(), later, packages, held); err != nil {
		t.Fatal(err)
	}
	if after, err := os.ReadFile(s.path); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the file has changed (%v)", err)
	}
}

func TestRunsAreCounted(t *testing.T) {
	s, packages := recorded(t)
	next := append([]*catalog.Package{}, packages[2:]...)
	changed := *next[0]
	changed.Size++
	next[0] = &changed
	for _, published := range [][]*catalog.Package{next, packages} {
		if _, err := s.Record(t.Context(), atNoon, published, []catalog.Held{{}}); err != nil {
			t.Fatal(err)
		}
	}
	rows, err := s.db.QueryContext(t.Context(), "SELECT published, held, added, changed, withdrawn, returned FROM runs ORDER BY id")
	if err != nil {
		t.Fatal(err)
	}
	got, err := collect(rows, func(rows *sql.Rows) (c [6]int, err error) {
		return c, rows.Scan(&c[0], &c[1], &c[2], &c[3], &c[4], &c[5])
	})
	n := len(packages)
	if diff := cmp.Diff([][6]int{{n, 0, n, 0, 0, 0}, {n - 2, 1, 0, 1, 2, 0}, {n, 1, 0, 1, 0, 2}}, got); diff != "" || err != nil {
		t.Errorf("runs (-want +got):\n%s%v", diff, err)
	}
}

func TestRulesOfTheTables(t *testing.T) {
	s, packages := recorded(t)
	for _, statement := range []string{
		"INSERT INTO changes VALUES (1, 'nobody', 'added', '', '', '')",
		"INSERT INTO changes VALUES (77, '" + packages[0].ID + "', 'added', '', '', '')",
		"INSERT INTO changes VALUES (1, '" + packages[0].ID + "', 'moved', '', '', '')",
		"UPDATE packages SET size = 'large'",
		"DELETE FROM packages",
	} {
		if _, err := s.db.ExecContext(t.Context(), statement); err == nil {
			t.Errorf("done: %s", statement)
		}
	}
}

func TestRecordStopsWhenTold(t *testing.T) {
	s, packages := recorded(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Record(ctx, atNoon, packages[5:], nil); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want %v", err, context.Canceled)
	}
	checkPublished(t, s, packages)
}
