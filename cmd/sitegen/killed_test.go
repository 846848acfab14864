package main

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/holds"
	"github.com/Slicer/sitegen/generator/testutil"
)

// held returns the reasons of the packages that are held back, by id. The file must be valid.
func (s *backedUp) held(t *testing.T) map[string]string {
	t.Helper()
	const path = "redirects/holds.yaml"
	text, err := os.ReadFile(filepath.Join(s.dir, path))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	list, err := holds.Parse(path, string(text))
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	reasons := map[string]string{}
	for _, h := range list {
		reasons[h.ID] = h.Why
	}
	return reasons
}

// TestHoldKilled kills hold and unhold at random times while another one edits the list, too. The list has the entry or
// not, and never loses that of the other command. Nothing is left in the folder.
func TestHoldKilled(t *testing.T) {
	t.Parallel()
	s := newBackedUp(t)
	id := func(i int) string { return s.ids[i] }
	longest := s.duration(t, "packages", "hold", "--quiet", "--why", "first", id(0))
	want := map[string]string{id(0): "first"}
	kills, done := 0, 0
	for i := range testutil.Amount(20, 8) {
		args := []string{"packages", "hold", "--quiet", "--why", "killed", id(1)}
		if _, isHeld := want[id(1)]; isHeld {
			args = []string{"packages", "unhold", "--quiet", id(1)}
		}
		var other sync.WaitGroup
		other.Go(func() { s.run(t, "packages", "hold", "--quiet", "--why", fmt.Sprint(i), id(2+i)) })
		killed := s.kill(t, longest*3, args...)
		other.Wait()
		want[id(2+i)] = fmt.Sprint(i)
		got := s.held(t)
		if killed {
			kills++
		}
		if _, before := want[id(1)]; before {
			delete(want, id(1))
		} else {
			want[id(1)] = "killed"
		}
		if diff := cmp.Diff(want, got); diff != "" { // the killed command has changed nothing
			if !killed {
				t.Fatalf("round %d (-want +got):\n%s", i, diff)
			}
			if _, after := want[id(1)]; after {
				delete(want, id(1))
			} else {
				want[id(1)] = "killed"
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("round %d: neither the old list nor the new one (-old +got):\n%s", i, diff)
			}
			continue
		}
		done++
	}
	leave := filepath.Join(s.dir, "redirects", ".holds.yaml.new") // as a kill between write and rename does
	if err := os.WriteFile(leave, []byte("holds:\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.run(t, "packages", "unhold", "--quiet", id(0))
	if left, err := filepath.Glob(filepath.Join(s.dir, "redirects", ".*")); len(left) > 0 || err != nil {
		t.Errorf("files are left: %v, %v", left, err)
	}
	s.run(t, "build", "--quiet", "--force")
	t.Logf("%d kills; %d rounds changed the entry", kills, done)
}

// TestBackupAfterKills kills builds and statistics at random times. After each kill, a backup succeeds at once, and
// what it restores is the state before or after the killed run.
func TestBackupAfterKills(t *testing.T) {
	t.Parallel()
	s := newBackedUp(t)
	lines := bytes.SplitAfter(s.log, []byte("\n"))
	s.write(t, "access.log", bytes.Join(lines[:1000], nil))
	longest := s.duration(t, "stats", "--quiet", "access.log")
	kills := 0
	fresh := &backedUp{dir: t.TempDir()}
	for _, name := range []string{"sitegen.yaml", "identity", "girder.json"} {
		data, err := os.ReadFile(filepath.Join(s.dir, name))
		if err != nil {
			t.Fatal(err)
		}
		fresh.write(t, name, data)
	}
	for i := range testutil.Amount(12, 4) {
		args := []string{"stats", "--quiet", "access.log"}
		if i%2 == 0 {
			s.write(t, "girder.json", s.sources[i/2%2])
			args = []string{"build", "--quiet", "--force"}
		} else {
			s.write(t, "access.log", bytes.Join(lines[:1000+i*700], nil))
		}
		if s.kill(t, longest/2, args...) {
			kills++
		}
		path := filepath.Join(s.dir, "backups", "killed.tar.zst")
		s.run(t, "backup", "--quiet", path)
		fresh.run(t, "restore", "--quiet", "--force", "--identity", "identity", path)
		if got := fresh.published(t, fresh.dir); !equal(got, s.states[0]) && !equal(got, s.states[1]) {
			t.Errorf("after kill %d: %d packages, which is neither state", i, len(got))
		}
		fresh.run(t, "stats", "export")
	}
	t.Logf("%d kills", kills)
}

// TestVerifyKilled kills backup --verify at random times. The next one removes the copies that it left among the
// temporary files.
func TestVerifyKilled(t *testing.T) {
	s := newBackedUp(t)
	s.run(t, "backup", "--quiet", "backups/verified.tar.zst")
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	longest := s.duration(t, "backup", "--quiet", "--verify", "backups/verified.tar.zst")
	left := 0
	for range testutil.Amount(20, 8) {
		s.kill(t, longest, "backup", "--quiet", "--verify", "backups/verified.tar.zst")
		locks, err := filepath.Glob(filepath.Join(tmp, "*.lock"))
		if err != nil || len(locks) > 1 {
			t.Fatalf("temporary files: %v, %v", locks, err)
		}
		left += len(locks)
	}
	s.run(t, "backup", "--quiet", "--verify", "backups/verified.tar.zst")
	if files, err := os.ReadDir(tmp); err != nil || len(files) > 0 {
		t.Errorf("temporary files are left: %v, %v", files, err)
	}
	t.Logf("%d killed runs left a folder", left)
}

// TestBackupOfUnfinished lists the packages and makes a backup after a build was killed in the middle of storing them.
// SQLite's journal has the pages as they were before.
func TestBackupOfUnfinished(t *testing.T) {
	t.Parallel()
	s := newBackedUp(t)
	path := filepath.Join(s.dir, "var", "catalogue.sqlite")
	want := s.published(t, s.dir)
	leaveTransaction(t, path)
	s.run(t, "packages", "list")
	s.run(t, "backup", "--quiet", "backups/unfinished.tar.zst")
	if _, err := os.Stat(path + "-journal"); err != nil {
		t.Errorf("commands that only read have removed the journal: %v", err)
	}
	if got := s.published(t, s.dir); !equal(got, want) {
		t.Errorf("%d packages, want %d", len(got), len(want))
	}
	leaveTransaction(t, path) // the journal must not be applied to the restored file
	s.run(t, "restore", "--quiet", "backups/unfinished.tar.zst")
	if got := s.published(t, s.dir); !equal(got, want) {
		t.Errorf("restored %d packages, want %d", len(got), len(want))
	}
}

// leaveTransaction leaves a database as a process does that is killed in the middle of a transaction.
func leaveTransaction(t *testing.T, path string) {
	t.Helper()
	db, err := sql.Open("sqlite3", path+"?_cache_size=1") // pages are written before the commit
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec("CREATE TABLE filler AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n " +
		"WHERE i < 500) SELECT i, randomblob(2000) FROM n"); err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for _, name := range []string{path, path + "-journal"} {
		if files[name], err = os.ReadFile(name); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(tx.Rollback(), db.Close()); err != nil {
		t.Fatal(err)
	}
	for name, data := range files {
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// TestLooksFailNoRun runs builds and statistics while status and doctor look at the same data folder all the
// time. No run fails because of them, and each look succeeds.
func TestLooksFailNoRun(t *testing.T) {
	t.Parallel()
	s := newBackedUp(t)
	config, err := os.ReadFile(filepath.Join(s.dir, "sitegen.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	s.write(t, "sitegen.yaml", append(config,
		"base_url: http://127.0.0.1:1\nname: looks\ndeploy: {bucket: download}\n"...))
	s.write(t, "access.log", s.log)
	s.run(t, "build", "--quiet", "--force")
	stop := make(chan struct{})
	var looks sync.WaitGroup
	counts := make([]int, 2)
	for i, args := range [][]string{{"status", "--json"}, {"doctor", "--json", "--web-user", "root"}} {
		looks.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				cmd := s.command(args...)
				cmd.Env = append(cmd.Environ(), "AWS_EC2_METADATA_DISABLED=true")
				out, err := cmd.Output()
				exit, failed := errors.AsType[*exec.ExitError](err)
				if failed && exit.ExitCode() != 14 || !json.Valid(out) {
					t.Errorf("%q: %v\n%s", args, err, out)
				}
				counts[i]++
			}
		})
	}
	runs := testutil.Amount(4, 2)
	for i := range runs {
		s.write(t, "girder.json", s.sources[i%2])
		s.run(t, "build", "--quiet", "--force")
		s.run(t, "stats", "--quiet", "access.log")
	}
	close(stop)
	looks.Wait()
	t.Logf("%d runs of each kind; %v looks", runs, counts)
}
