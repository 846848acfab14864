package sqlite_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/sqlite"
)

// TestOpenRefuses opens files that are not databases of this version of sitegen.
func TestOpenRefuses(t *testing.T) {
	more := rollback
	more.Migrations = append([]string{}, append(rollback.Migrations, "CREATE TABLE more (x)")...)
	foreign := sqlite.Format{Name: "another"}
	tests := []struct {
		name       string
		make       func(t *testing.T, path string)
		want, hint string // for both ways to open it; want is the error after the path
	}{
		{"a newer sitegen's", func(t *testing.T, path string) { open(t, path, more).Close() },
			"written by a newer sitegen (schema 2, this version reads up to 1)", "or a newer one"},
		{"another program's", func(t *testing.T, path string) {
			if err := open(t, path, foreign).Exec(t.Context(), "CREATE TABLE moz_cookies (x)"); err != nil {
				t.Fatal(err)
			}
		}, "a database of another program", "separate data folder"},
		{"no database", func(t *testing.T, path string) {
			if err := os.WriteFile(path, bytes.Repeat([]byte("no database\n"), 100), 0o644); err != nil {
				t.Fatal(err)
			}
		}, "file is not a database", "move it away"},
		{"no bytes", func(t *testing.T, path string) {
			if err := os.WriteFile(path, nil, 0o644); err != nil {
				t.Fatal(err)
			}
		}, "the database is damaged: it has 0 bytes", "sitegen restore"},
		{"a folder", func(t *testing.T, path string) {
			if err := os.Mkdir(path, 0o755); err != nil {
				t.Fatal(err)
			}
		}, "is a directory", "another data folder"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "db")
			test.make(t, path)
			check := func(db *sqlite.DB, err error) {
				t.Helper()
				if err == nil || db != nil {
					t.Fatalf("opened it (error %v)", err)
				}
				if diff := cmp.Diff("open the test: "+path+": "+test.want, err.Error()); diff != "" {
					t.Errorf("error (-want +got):\n%s", diff)
				}
				if hints := fault.Hints(err); len(hints) != 1 || !strings.Contains(hints[0], test.hint) {
					t.Errorf("hints %q, want one with %q", hints, test.hint)
				}
			}
			check(sqlite.Open(t.Context(), path, rollback))
			check(sqlite.OpenReadOnly(t.Context(), path, rollback))
		})
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	_, write := sqlite.Open(t.Context(), filepath.Join(file, "db"), rollback)
	_, read := sqlite.OpenReadOnly(t.Context(), filepath.Join(file, "db"), rollback)
	for _, err := range []error{write, read} {
		if err == nil || !strings.Contains(err.Error(), file) {
			t.Errorf("error for a folder that is a file: %v", err)
		}
	}
}

// TestCreate checks that a new database appears with its tables, whatever a killed run has left.
func TestCreate(t *testing.T) {
	for name, f := range formats {
		for _, private := range []bool{false, true} {
			f.Private = private
			path := filepath.Join(t.TempDir(), "var", "db")
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			for _, left := range []string{"", "-journal"} {
				if err := os.WriteFile(path+".new-1"+left, []byte("left"), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			open(t, path, f).Close()
			want := map[bool]string{false: "-rw-r--r-- db", true: "-rw------- db"}[private]
			if got := modes(t, filepath.Dir(path)); got != want {
				t.Errorf("%s: %s, want %s", name, got, want)
			}
			if err := os.Chmod(path, 0o644); err != nil {
				t.Fatal(err)
			}
			open(t, path, f).Close()
			if got := modes(t, filepath.Dir(path)); got != want {
				t.Errorf("%s, opened again: %s, want %s", name, got, want)
			}
		}
	}
}

// modes returns the modes and names of the files in a folder.
func modes(t *testing.T, dir string) string {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, f := range files {
		info, err := f.Info()
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, info.Mode().String()+" "+f.Name())
	}
	return strings.Join(list, ", ")
}

func TestMigrations(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	f := sqlite.Format{Name: "the test"}
	scripts := []string{
		"CREATE TABLE a (x); INSERT INTO a VALUES (1)",
		"ALTER TABLE a ADD COLUMN y; UPDATE a SET y = x + 1",
	}
	value := func(db *sqlite.DB, query string) int {
		t.Helper()
		n, _, err := sqlite.One(t.Context(), db, sqlite.Value[int], query)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	for n := 1; n <= len(scripts); n++ {
		f.Migrations = scripts[:n]
		db := open(t, path, f)
		if got := value(db, "PRAGMA user_version"); got != n {
			t.Errorf("user_version %d, want %d", got, n)
		}
		db.Close()
	}
	f.Migrations = append(scripts, "CREATE TABLE b (x); CREATE TABLE a (x)")
	_, err := sqlite.Open(t.Context(), path, f)
	if err == nil || !strings.Contains(err.Error(), "table a already exists") {
		t.Errorf("error %v, want the error of the third script", err)
	}
	f.Migrations = scripts
	db := open(t, path, f)
	if sum := value(db, "SELECT sum(x + 10 * y) FROM a"); sum != 21 {
		t.Errorf("the sum of the tables is %d, want 21", sum)
	}
	if n := value(db, "SELECT count(*) FROM sqlite_schema WHERE name = 'b'"); n != 0 {
		t.Error("a part of the third script was not rolled back")
	}
}

// TestMigrationShrinks checks that a migration that deletes most of a database makes the file smaller, and that its
// rows stay.
func TestMigrationShrinks(t *testing.T) {
	for name, f := range formats {
		path := filepath.Join(t.TempDir(), "db")
		f.Migrations = []string{`CREATE TABLE a (x); CREATE TABLE b (x);
			INSERT INTO a VALUES (7);
			WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
			INSERT INTO b SELECT randomblob(1000) FROM n`}
		open(t, path, f).Close()
		before, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		f.Migrations = append(f.Migrations, "DROP TABLE b")
		db := open(t, path, f)
		for query, want := range map[string]int{"PRAGMA freelist_count": 0, "SELECT sum(x) FROM a": 7} {
			if n, _, err := sqlite.One(t.Context(), db, sqlite.Value[int], query); err != nil || n != want {
				t.Errorf("%s: %s: %d, %v, want %d", name, query, n, err, want)
			}
		}
		db.Close()
		after, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if after.Size() > before.Size()/10 {
			t.Errorf("%s: %d bytes, %d before the migration", name, after.Size(), before.Size())
		}
	}
}

// TestUpdate checks that a transaction is committed or rolled back as a whole.
func TestUpdate(t *testing.T) {
	for name, f := range formats {
		t.Run(name, func(t *testing.T) {
			db := open(t, folder(t, f), f)
			failure := errors.New("failure")
			for _, want := range []error{failure, nil} {
				err := db.Update(t.Context(), func(tx *sqlite.Tx) error {
					s, err := tx.Prepare(t.Context(), "INSERT INTO t VALUES (?)")
					if err != nil {
						t.Fatal(err)
					}
					if _, err := s.Exec(t.Context(), 3); err != nil {
						t.Fatal(err)
					}
					if n := count(t, tx); n != 3 {
						t.Errorf("%d rows in the transaction, want 3", n)
					}
					return want
				})
				if err != want {
					t.Errorf("error %v, want %v unchanged", err, want)
				}
				if n := count(t, db); (want == nil) != (n == 3) {
					t.Errorf("%d rows after the error %v", n, want)
				}
			}
			if err := db.View(t.Context(), func(tx *sqlite.Tx) error {
				_, err := tx.Exec(t.Context(), "DELETE FROM t")
				return err
			}); err != nil || count(t, db) != 3 {
				t.Errorf("%d rows after View, error %v", count(t, db), err)
			}
		})
	}
}

// TestEach checks that rows are read one by one, and that errors of the callback and of the database differ.
func TestEach(t *testing.T) {
	path := folder(t, rollback)
	db := openReadOnly(t, path, rollback)
	stop := errors.New("stop")
	n := 0
	if err := sqlite.Each(t.Context(), db, sqlite.Value[int], func(x int) error {
		n += x
		return stop
	}, "SELECT x FROM t WHERE x >= ? ORDER BY x", 1); err != stop || n != 1 {
		t.Errorf("error %v after a sum of %d, want %v unchanged after the first row", err, n, stop)
	}
	if n := count(t, db); n != 2 { // the only connection is free again
		t.Errorf("%d rows", n)
	}
	list, err := sqlite.Collect(t.Context(), db, sqlite.Value[int], "SELECT x FROM t ORDER BY x")
	if diff := cmp.Diff([]int{1, 2}, list); diff != "" || err != nil {
		t.Error(err, diff)
	}
	x, ok, err := sqlite.One(t.Context(), db, sqlite.Value[int], "SELECT x FROM t WHERE x > 5")
	if x != 0 || ok || err != nil {
		t.Errorf("no row: %d, %v, %v", x, ok, err)
	}
	for _, query := range []string{"SELECT nothing", "SELECT 'no number'", "SELECT abs(-9223372036854775808)"} {
		_, _, err := sqlite.One(t.Context(), db, sqlite.Value[int], query)
		if err == nil || !strings.HasPrefix(err.Error(), path+": ") {
			t.Errorf("%s: error %v does not name the file", query, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	err = sqlite.Each(ctx, db, sqlite.Value[int], func(int) error {
		cancel()
		return nil
	}, "WITH RECURSIVE c (x) AS (VALUES (1) UNION ALL SELECT x + 1 FROM c) SELECT x FROM c")
	if err == nil || ctx.Err() == nil {
		t.Errorf("endless rows ended with %v", err)
	}
}
