package sqlite_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/sqlite"
	"github.com/Slicer/sitegen/generator/testutil"
)

// rowsOf returns the number of rows of a copy, which must be intact.
func rowsOf(t *testing.T, path string, f sqlite.Format) int {
	t.Helper()
	db, err := sqlite.OpenAny(t.Context(), path, f)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Integrity(t.Context()); err != nil {
		t.Error(err)
	}
	return count(t, db)
}

// TestCopy copies a database that is closed, one that is open, and one whose writer was killed after a commit.
func TestCopy(t *testing.T) {
	for name, f := range formats {
		t.Run(name, func(t *testing.T) {
			path := folder(t, f)
			before := listing(filepath.Dir(path))
			dir := t.TempDir()
			var copies [2][]byte
			for i := range copies {
				to := filepath.Join(dir, "copy")
				if err := sqlite.Copy(t.Context(), path, to, f); err != nil {
					t.Fatal(err)
				}
				if n := rowsOf(t, to, f); n != 2 {
					t.Errorf("%d rows, want 2", n)
				}
				if info, err := os.Stat(to); err != nil || info.Mode().Perm() != 0o600 {
					t.Errorf("mode %v: %v", info.Mode(), err)
				}
				copies[i], _ = os.ReadFile(to)
				if err := os.Remove(to); err != nil {
					t.Fatal(err)
				}
			}
			if !bytes.Equal(copies[0], copies[1]) {
				t.Error("two copies of the same state differ")
			}
			if after := listing(filepath.Dir(path)); after != before {
				t.Errorf("files before:\n%safter:\n%s", before, after)
			}

			db := open(t, path, f)
			if err := db.Exec(t.Context(), "INSERT INTO t VALUES (3)"); err != nil {
				t.Fatal(err)
			}
			if err := sqlite.Copy(t.Context(), path, filepath.Join(dir, "open"), f); err != nil {
				t.Fatal(err)
			}
			if n := rowsOf(t, filepath.Join(dir, "open"), f); n != 3 {
				t.Errorf("%d rows while it is open, want 3", n)
			}
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}

			run(t, "die after a commit", path, name, t.TempDir())
			if err := sqlite.Copy(t.Context(), path, filepath.Join(dir, "killed"), f); err != nil {
				t.Fatal(err)
			}
			if n := rowsOf(t, filepath.Join(dir, "killed"), f); n != 3+3*3*3*3*3*3 {
				t.Errorf("%d rows after a kill", n)
			}
		})
	}
}

// TestCopyOfUnfinished copies a database whose writer was killed in the middle of a transaction. The copy has the state
// before it, and the database is left as it is.
func TestCopyOfUnfinished(t *testing.T) {
	path := folder(t, rollback)
	run(t, "die while writing", path, "rollback journal", t.TempDir())
	before := listing(filepath.Dir(path))
	to := filepath.Join(t.TempDir(), "copy")
	if err := sqlite.Copy(t.Context(), path, to, rollback); err != nil {
		t.Fatal(err)
	}
	if n := rowsOf(t, to, rollback); n != 2 {
		t.Errorf("%d rows in the copy, want 2", n)
	}
	if after := listing(filepath.Dir(path)); after != before {
		t.Errorf("files before:\n%safter:\n%s", before, after)
	}
	if n := count(t, open(t, path, rollback)); n != 2 {
		t.Errorf("%d rows, want 2", n)
	}
}

// TestCopyWhileWriting copies a database while another process opens, changes and closes it all the time. Each copy is
// the state after a transaction, which adds two rows.
func TestCopyWhileWriting(t *testing.T) {
	for name, f := range formats {
		t.Run(name, func(t *testing.T) {
			path := folder(t, f)
			cmd := command("write until killed", path, name, t.TempDir())
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			defer cmd.Wait()
			defer cmd.Process.Kill()
			last := 0
			for range testutil.Amount(12, 6) {
				to := filepath.Join(t.TempDir(), "copy")
				if err := sqlite.Copy(t.Context(), path, to, f); err != nil {
					t.Fatal(err)
				}
				n := rowsOf(t, to, f)
				if n%2 != 0 || n < last {
					t.Errorf("%d rows after %d", n, last)
				}
				last = n
			}
			t.Logf("%d rows", last)
		})
	}
}

// TestCopyOfNothing copies files that are no database of the format. No copy is left behind.
func TestCopyOfNothing(t *testing.T) {
	dir := t.TempDir()
	to := filepath.Join(dir, "copy")
	if err := sqlite.Copy(t.Context(), filepath.Join(dir, "none"), to, logged); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	text := filepath.Join(dir, "text")
	if err := os.WriteFile(text, bytes.Repeat([]byte("no database"), 100), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := sqlite.Copy(t.Context(), text, to, rollback); err == nil || len(fault.Hints(err)) == 0 {
		t.Errorf("no database: %v", err)
	}
	newer := rollback
	newer.Migrations = append([]string{}, rollback.Migrations...)
	newer.Migrations = append(newer.Migrations, "CREATE TABLE u (x)")
	path := folder(t, newer)
	if err := sqlite.Copy(t.Context(), path, to, rollback); err == nil || !strings.Contains(err.Error(), "newer sitegen") {
		t.Errorf("a newer schema: %v", err)
	}
	if _, err := os.Stat(to); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a copy is left: %v", err)
	}
	if err := sqlite.Copy(t.Context(), folder(t, rollback), to, newer); err != nil {
		t.Errorf("an older schema: %v", err)
	}
}

// TestDamagedPages damages each page of a database. Integrity finds it, or the database cannot be opened.
func TestDamagedPages(t *testing.T) {
	path := folder(t, rollback)
	db := open(t, path, rollback)
	if err := db.Exec(t.Context(), "CREATE INDEX i ON t (x); "+spill); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const page = 4096
	for at := 0; at < len(data); at += page {
		damaged := bytes.Clone(data)
		clear(damaged[at : at+page/2])
		to := filepath.Join(t.TempDir(), "damaged")
		if err := os.WriteFile(to, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		db, err := sqlite.OpenAny(t.Context(), to, rollback)
		if err == nil {
			err = errors.Join(db.Integrity(t.Context()), db.Close())
		}
		if err == nil {
			t.Errorf("the damage of page %d of %d is not found", at/page+1, len(data)/page)
		}
	}
}
