package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/sqlite"
	"github.com/Slicer/sitegen/generator/testutil"
)

// TestReadOnlyCreatesNothing opens databases in every state that a finished, running or killed writer leaves. Nothing
// in their folder changes, whether the reader may write to it or not.
func TestReadOnlyCreatesNothing(t *testing.T) {
	tests := []struct {
		name, format string
		prepare      func(t *testing.T, path, format string)
		want         int // rows
	}{
		{"closed", "rollback journal", nil, 2},
		{"closed", "write-ahead log", nil, 2},
		{"a writer was killed", "write-ahead log", die, 66},
		{"a writer is running", "rollback journal", work, 3},
		{"a writer is running", "write-ahead log", work, 3},
		{"a writer has just opened it", "write-ahead log", func(t *testing.T, path, format string) {
			count(t, open(t, path, formats[format]))
		}, 2},
	}
	for _, test := range tests {
		t.Run(test.name+", "+test.format, func(t *testing.T) {
			path := folder(t, formats[test.format])
			if test.prepare != nil {
				test.prepare(t, path, test.format)
			}
			dir := filepath.Dir(path)
			before := listing(dir)
			db := openReadOnly(t, path, formats[test.format])
			if n := count(t, db); n != test.want {
				t.Errorf("%d rows, want %d", n, test.want)
			}
			if err := db.Exec(t.Context(), "INSERT INTO t VALUES (9)"); err == nil {
				t.Error("a row was added")
			}
			if err := db.Exec(t.Context(), "CREATE TEMP TABLE z (x)"); err == nil {
				t.Error("a temporary table was created")
			}
			if diff := cmp.Diff(before, listing(dir)); diff != "" {
				t.Errorf("while it is open: %s", diff)
			}
			if err := db.Close(); err != nil {
				t.Error(err)
			}
			if diff := cmp.Diff(before, listing(dir)); diff != "" {
				t.Error(diff)
			}

			if err := os.Chmod(dir, 0o555); err != nil {
				t.Fatal(err)
			}
			defer os.Chmod(dir, 0o755)
			got := run(t, "read as another user", path, test.format, t.TempDir())
			if want := fmt.Sprint(test.want, " rows"); got != want {
				t.Errorf("in a read-only folder: %q, want %q", got, want)
			}
			if diff := cmp.Diff(before, listing(dir)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// die starts a writer that is killed right after a commit.
func die(t *testing.T, path, format string) {
	if out := run(t, "die after a commit", path, format, t.TempDir()); out != "" {
		t.Fatal(out)
	}
}

// work starts a writer that commits and keeps the database open until the test ends.
func work(t *testing.T, path, format string) {
	if err := open(t, path, formats[format]).Exec(t.Context(), "INSERT INTO t VALUES (3)"); err != nil {
		t.Fatal(err)
	}
}

// TestMissing checks that opening a missing database creates nothing, and that the error has a hint.
func TestMissing(t *testing.T) {
	for name, f := range formats {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "var", "db")
			check := func(text string) {
				t.Helper()
				before := listing(dir)
				_, err := sqlite.OpenReadOnly(t.Context(), path, f)
				if !errors.Is(err, fs.ErrNotExist) || fault.KindOf(err) != fault.Usage {
					t.Errorf("error %v", err)
				} else if diff := cmp.Diff("open the test: "+path+": "+text, err.Error()); diff != "" {
					t.Error(diff)
				}
				if hints := fault.Hints(err); len(hints) != 1 ||
					!strings.HasPrefix(hints[0], "Run sitegen test first") {
					t.Errorf("hints %q", hints)
				}
				if diff := cmp.Diff(before, listing(dir)); diff != "" {
					t.Error(diff)
				}
			}
			check("file does not exist")
			if err := os.Mkdir(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			check("file does not exist")
			open(t, path, sqlite.Format{Name: "another", WAL: f.WAL}).Exec(t.Context(), "PRAGMA user_version = 0; VACUUM")
			check("the database has no tables")
		})
	}
}

// TestOlderSchema checks that a database with an older schema is neither read nor changed, and that the next writer
// updates it.
func TestOlderSchema(t *testing.T) {
	for name, f := range formats {
		t.Run(name, func(t *testing.T) {
			path := folder(t, f)
			before := listing(filepath.Dir(path))
			newer := f
			newer.Migrations = append([]string{}, append(f.Migrations, "ALTER TABLE t ADD COLUMN y")...)
			_, err := sqlite.OpenReadOnly(t.Context(), path, newer)
			if err == nil || err.Error() != "open the test: "+path+
				": written by an older sitegen (schema 1, this version reads 2)" {
				t.Errorf("error %v", err)
			}
			if hints := fault.Hints(err); len(hints) != 1 || !strings.HasPrefix(hints[0], "Run sitegen test once") {
				t.Errorf("hints %q", hints)
			}
			if diff := cmp.Diff(before, listing(filepath.Dir(path))); diff != "" {
				t.Error(diff)
			}
			open(t, path, newer).Close()
			if n := count(t, openReadOnly(t, path, newer)); n != 2 {
				t.Errorf("%d rows", n)
			}
		})
	}
}

// TestReadWhileWriting checks that a reader sees a single state while a writer commits, copies its log and closes, and
// that the writer's file is complete afterwards.
func TestReadWhileWriting(t *testing.T) {
	path := folder(t, logged)
	writer := open(t, path, logged)
	insert := func() {
		t.Helper()
		if err := writer.Exec(t.Context(), "INSERT INTO t SELECT randomblob(1000) FROM t, t, t"); err != nil {
			t.Fatal(err)
		}
	}
	insert() // 2 and 8 rows
	reader := openReadOnly(t, path, logged)
	if err := reader.View(t.Context(), func(tx *sqlite.Tx) error {
		for range 3 {
			if n := count(t, tx); n != 10 {
				t.Errorf("%d rows, want 10", n)
			}
			insert()
			if err := writer.Exec(t.Context(), "PRAGMA wal_checkpoint(PASSIVE)"); err != nil {
				t.Fatal(err)
			}
			if err := writer.Exec(t.Context(), "DELETE FROM t WHERE rowid > 10"); err != nil {
				t.Fatal(err)
			}
		}
		return writer.Close()
	}); err != nil {
		t.Error(err)
	}
	if n := count(t, reader); n != 10 {
		t.Errorf("%d rows after the writer, want 10", n)
	}
	reader.Close()
	if n := count(t, open(t, path, logged)); n != 10 {
		t.Errorf("%d rows for the next writer, want 10", n)
	}
}

// TestOpenAtAnyTime opens and reads a database repeatedly while writers come and go. Each time it sees complete
// transactions, or gets an error that asks to try again.
func TestOpenAtAnyTime(t *testing.T) {
	for name, f := range formats {
		t.Run(name, func(t *testing.T) {
			path := folder(t, f)
			writer := command("write until killed", path, name, t.TempDir())
			if err := writer.Start(); err != nil {
				t.Fatal(err)
			}
			good, rows := 0, map[int]bool{}
			for end := time.Now().Add(time.Duration(testutil.Amount(2000,
				500)) * time.Millisecond); time.Now().Before(end); {
				n, err := readOnce(t, path, f)
				if err != nil && fault.KindOf(err) != fault.Locked {
					t.Fatal(err)
				}
				if err != nil {
					continue
				}
				if n%2 != 0 {
					t.Fatalf("%d rows: half of a transaction", n)
				}
				good, rows[n] = good+1, true
			}
			if err := writer.Process.Kill(); err != nil {
				t.Error(err)
			}
			_ = writer.Wait()
			if len(rows) < 3 {
				t.Errorf("read %d times, %d states: too few for this test", good, len(rows))
			}
			t.Logf("read %d times, %d states", good, len(rows))
		})
	}
}

// TestReadDuringCommits reads while another process commits all the time, which changes the index of the log. No read
// fails.
func TestReadDuringCommits(t *testing.T) {
	path := folder(t, logged)
	writer := command("commit until killed", path, "write-ahead log", t.TempDir())
	if err := writer.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := writer.Process.Kill(); err != nil {
			t.Errorf("the writer has ended: %v", err)
		}
		_ = writer.Wait()
	}()
	seen := map[string]bool{}
	for range testutil.Amount(400, 100) {
		db, err := sqlite.OpenReadOnly(t.Context(), path, logged)
		if fault.KindOf(err) == fault.Locked {
			continue // the writer had not started
		}
		if err != nil {
			t.Fatal(err)
		}
		for range 200 {
			x, _, err := sqlite.One(t.Context(), db, sqlite.Value[string], "SELECT hex(x) FROM t WHERE rowid = 1")
			if err != nil && fault.KindOf(err) != fault.Locked {
				t.Fatal(err)
			}
			seen[x] = true
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if len(seen) < 10 {
		t.Errorf("%d states: too few for this test", len(seen))
	}
}

// readOnce opens a database and counts its rows.
func readOnce(t *testing.T, path string, f sqlite.Format) (rows int, err error) {
	db, err := sqlite.OpenReadOnly(t.Context(), path, f)
	if err != nil {
		return 0, err
	}
	defer db.Close()
	err = sqlite.Each(t.Context(), db, sqlite.Value[int], func(int) error {
		rows++
		return nil
	}, "SELECT length(x) FROM t")
	return rows, err
}

// TestChangedWhileRead checks that a reader without locks notices that a writer has changed the file.
func TestChangedWhileRead(t *testing.T) {
	path := folder(t, logged)
	if err := os.Chtimes(path, time.Time{}, time.Now().Add(-time.Hour)); err != nil { // modification times are coarse
		t.Fatal(err)
	}
	reader := openReadOnly(t, path, logged)
	writer := open(t, path, logged)
	if err := writer.Exec(t.Context(), "INSERT INTO t VALUES (3)"); err != nil {
		t.Fatal(err)
	}
	if n := count(t, reader); n != 2 { // the new row is only in the log
		t.Errorf("%d rows, want 2", n)
	}
	err := sqlite.Each(t.Context(), reader, sqlite.Value[int], func(int) error { return writer.Close() },
		"SELECT x FROM t")
	_, after := sqlite.Collect(t.Context(), reader, sqlite.Value[int], "SELECT x FROM t")
	_, wrong := sqlite.Collect(t.Context(), reader, sqlite.Value[int], "SELECT nothing")
	for _, err := range []error{err, after, wrong} {
		if fault.KindOf(err) != fault.Locked || len(fault.Hints(err)) != 1 {
			t.Errorf("error %v, hints %q", err, fault.Hints(err))
		} else if diff := cmp.Diff(path+": another process wrote to it while it was being read",
			err.Error()); diff != "" {
			t.Error(diff)
		}
	}
	if n := count(t, openReadOnly(t, path, logged)); n != 3 {
		t.Errorf("%d rows when it is opened again, want 3", n)
	}
}

// TestInterrupted reads files that SQLite cannot read without writing, because their writer was killed. Nothing changes
// in their folder, nothing stays among the temporary files, and the next writer finds the same rows.
func TestInterrupted(t *testing.T) {
	tests := []struct {
		name, format, do string
		change           func(path string) error
		want             int // rows
	}{
		{"a transaction to roll back", "rollback journal", "die while writing", nil, 2},
		{"a transaction that is in the log", "write-ahead log", "die while writing", nil, 2},
		{"a log without its index", "write-ahead log", "die after a commit",
			func(path string) error { return os.Remove(path + "-shm") }, 66},
		{"a log without transactions", "write-ahead log", "die while writing",
			func(path string) error { return os.Truncate(path+"-wal", 32) }, 2},
		{"a log without transactions and index", "write-ahead log", "die while writing",
			func(path string) error { return errors.Join(os.Truncate(path+"-wal", 32), os.Remove(path+"-shm")) }, 2},
		{"a log whose header is damaged", "write-ahead log", "die while writing",
			func(path string) error {
				file, err := os.OpenFile(path+"-wal", os.O_WRONLY, 0)
				if err != nil {
					return err
				}
				_, err = file.WriteAt([]byte("damaged"), 16)
				return errors.Join(err, file.Close())
			}, 2},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel() // SQLite waits up to 10 s for a log that it takes for one that is being written
			f := formats[test.format]
			path := folder(t, f)
			if out := run(t, test.do, path, test.format, t.TempDir()); out != "" {
				t.Fatal(out)
			}
			if test.change != nil {
				if err := test.change(path); err != nil {
					t.Fatal(err)
				}
			}
			before := listing(filepath.Dir(path))
			db := openReadOnly(t, path, f)
			if err := db.Exec(t.Context(), "INSERT INTO t VALUES (9)"); err == nil {
				t.Error("a row was added")
			}
			for range 2 {
				if n := count(t, db); n != test.want {
					t.Errorf("%d rows, want %d", n, test.want)
				}
			}
			if diff := cmp.Diff(before, listing(filepath.Dir(path))); diff != "" {
				t.Error(diff)
			}
			tmp := t.TempDir()
			if err := errors.Join(os.Chmod(tmp, 0o777), os.Chmod(filepath.Dir(path), 0o555)); err != nil {
				t.Fatal(err)
			}
			if out := run(t, "read as another user", path, test.format, tmp); out != fmt.Sprint(test.want, " rows") {
				t.Errorf("another user reads %q", out)
			}
			if list := listing(tmp); list != "" {
				t.Errorf("in TMPDIR: %s", list)
			}
			if err := os.Chmod(filepath.Dir(path), 0o700); err != nil {
				t.Fatal(err)
			}
			if n := count(t, open(t, path, f)); n != test.want {
				t.Errorf("the next writer finds %d rows, want %d", n, test.want)
			}
		})
	}
}

// TestScratch changes a private copy. It appears in no folder and is gone when the process ends, even if it is killed.
func TestScratch(t *testing.T) {
	for name, f := range formats {
		t.Run(name, func(t *testing.T) {
			tmp := t.TempDir()
			t.Setenv("TMPDIR", tmp)
			path := folder(t, f)
			before := listing(filepath.Dir(path))
			newer := f
			newer.Migrations = append([]string{}, append(f.Migrations, "ALTER TABLE t ADD COLUMN y")...)
			db, err := sqlite.OpenScratch(t.Context(), path, newer)
			if err != nil {
				t.Fatal(err)
			}
			const much = "INSERT INTO t (x, y) SELECT x, zeroblob(30000000) FROM t" // exceeds the cache
			if err := db.Exec(t.Context(), much); err != nil {
				t.Fatal(err)
			}
			if n := count(t, db); n != 4 {
				t.Errorf("%d rows, want 4", n)
			}
			if list := listing(tmp); list != "" {
				t.Errorf("in TMPDIR: %s", list)
			}
			if err := db.Close(); err != nil {
				t.Error(err)
			}
			if out := run(t, "copy and die", path, name, tmp); out != "" {
				t.Errorf("output of the killed process: %s", out)
			}
			if list := listing(tmp); list != "" {
				t.Errorf("in TMPDIR: %s", list)
			}
			if diff := cmp.Diff(before, listing(filepath.Dir(path))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestScratchOfAnyState checks that a copy has what a running writer has committed, and that a missing file results in
// an empty database.
func TestScratchOfAnyState(t *testing.T) {
	path := folder(t, logged)
	work(t, path, "write-ahead log")
	db, err := sqlite.OpenScratch(t.Context(), path, logged)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if n := count(t, db); n != 3 {
		t.Errorf("%d rows, want 3", n)
	}
	dir := t.TempDir()
	none, err := sqlite.OpenScratch(t.Context(), filepath.Join(dir, "var", "db"), logged)
	if err != nil {
		t.Fatal(err)
	}
	defer none.Close()
	if n := count(t, none); n != 0 {
		t.Errorf("%d rows, want 0", n)
	}
	if list := listing(dir); list != "" {
		t.Error(list)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := sqlite.OpenScratch(ctx, path, logged); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want %v", err, context.Canceled)
	}
}
