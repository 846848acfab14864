package sqlite_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/Slicer/sitegen/generator/sqlite"
)

// Formats with a rollback journal and with a write-ahead log.
var (
	rollback = sqlite.Format{Name: "the test", WrittenBy: "sitegen test", Migrations: []string{"CREATE TABLE t (x)"}}
	logged   = sqlite.Format{Name: "the test", WrittenBy: "sitegen test", Migrations: rollback.Migrations, WAL: true}
)

// formats contains both by name.
var formats = map[string]sqlite.Format{"rollback journal": rollback, "write-ahead log": logged}

// Environment variables of a child process: what it does, with which file, in which format.
const childDo, childPath, childFormat = "SITEGEN_TEST_DO", "SITEGEN_TEST_PATH", "SITEGEN_TEST_FORMAT"

func TestMain(m *testing.M) {
	if do := os.Getenv(childDo); do != "" {
		if err := child(context.Background(), do, os.Getenv(childPath), formats[os.Getenv(childFormat)]); err != nil {
			fmt.Print(err)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// spill adds 64 rows. They exceed the cache, so SQLite writes to the file before the commit.
const spill = "PRAGMA cache_size = 10; INSERT INTO t SELECT randomblob(1000) FROM t, t, t, t, t, t"

// child runs in a child process and does what its environment asks for.
func child(ctx context.Context, do, path string, f sqlite.Format) error {
	switch do {
	case "die after a commit", "die while writing":
		db, err := sqlite.Open(ctx, path, f)
		if err != nil {
			return err
		}
		tx, err := db.Begin(ctx)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, spill); err != nil {
			return err
		}
		if do == "die after a commit" {
			if err := tx.Commit(); err != nil {
				return err
			}
		}
		return syscall.Kill(os.Getpid(), syscall.SIGKILL)
	case "write until killed": // adds pairs of rows, opening the database anew for each pair
		for {
			db, err := sqlite.Open(ctx, path, f)
			if err != nil {
				return err
			}
			if err := db.Exec(ctx, "INSERT INTO t VALUES (randomblob(3000)), (randomblob(3000))"); err != nil {
				return err
			}
			if err := db.Close(); err != nil {
				return err
			}
		}
	case "commit until killed": // changes one row, again and again
		db, err := sqlite.Open(ctx, path, f)
		if err != nil {
			return err
		}
		for {
			if err := db.Exec(ctx, "UPDATE t SET x = randomblob(100) WHERE rowid = 1"); err != nil {
				return err
			}
		}
	case "copy and die":
		db, err := sqlite.OpenScratch(ctx, path, f)
		if err != nil {
			return err
		}
		if err := db.Exec(ctx, spill); err != nil {
			return err
		}
		fmt.Print(listing(os.TempDir()))
		return syscall.Kill(os.Getpid(), syscall.SIGKILL)
	case "read as another user": // root may write everywhere
		if os.Getuid() == 0 {
			if err := errors.Join(syscall.Setgid(65534), syscall.Setuid(65534)); err != nil {
				return err
			}
		}
		db, err := sqlite.OpenReadOnly(ctx, path, f)
		if err != nil {
			return err
		}
		defer db.Close()
		n, _, err := sqlite.One(ctx, db, sqlite.Value[int], "SELECT count(*) FROM t")
		fmt.Print(n, " rows")
		return err
	}
	return fmt.Errorf("unknown task of a child: %q", do)
}

// command returns a child process whose TMPDIR is tmp.
func command(do, path, format, tmp string) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childDo+"="+do, childPath+"="+path, childFormat+"="+format, "TMPDIR="+tmp)
	return cmd
}

// run runs a child process and returns its output.
func run(t *testing.T, do, path, format, tmp string) string {
	t.Helper()
	cmd := command(do, path, format, tmp)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, os.Stderr
	if err := cmd.Run(); err != nil {
		exit, ok := errors.AsType[*exec.ExitError](err)
		if !ok || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
			t.Fatal(err)
		}
	}
	return out.String()
}

// folder creates a folder with a database of two rows that all users may read.
func folder(t *testing.T, f sqlite.Format) (path string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "var")
	path = filepath.Join(dir, "db")
	db := open(t, path, f)
	if err := db.Exec(t.Context(), "INSERT INTO t VALUES (1), (2)"); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	for d := filepath.Dir(dir); d != filepath.Dir(d) && strings.HasPrefix(d, os.TempDir()+"/"); d = filepath.Dir(d) {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return path
}

func open(t *testing.T, path string, f sqlite.Format) *sqlite.DB {
	t.Helper()
	db, err := sqlite.Open(t.Context(), path, f)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func openReadOnly(t *testing.T, path string, f sqlite.Format) *sqlite.DB {
	t.Helper()
	db, err := sqlite.OpenReadOnly(t.Context(), path, f)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// count returns the number of rows.
func count(t *testing.T, q sqlite.Querier) int {
	t.Helper()
	n, _, err := sqlite.One(t.Context(), q, sqlite.Value[int], "SELECT count(*) FROM t")
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// listing returns the names of the files below a folder, with their sizes and times.
func listing(dir string) string {
	var b strings.Builder
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if path != dir {
			fmt.Fprintln(&b, filepath.Base(path), info.Size(), info.ModTime())
		}
		return nil
	})
	return b.String()
}
