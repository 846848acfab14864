package swap_test

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/backup/swap"
)

// names are the files that the tests replace. The first one is a database.
var names = []string{"a.sqlite", "b.sqlite", "key"}

// killVariable is the environment variable that names a folder. If it is set, TestMain replaces the files in this
// folder repeatedly instead of running tests.
const killVariable = "SITEGEN_TEST_SWAP"

func TestMain(m *testing.M) {
	if dir := os.Getenv(killVariable); dir != "" {
		fmt.Fprintln(os.Stderr, replaceForever(dir))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// replaceForever finishes what a killed process has begun, and replaces all files again and again, each time with the
// next number. It prints a line before each.
func replaceForever(dir string) error {
	if err := swap.Finish(dir); err != nil {
		return err
	}
	state, err := stateOf(dir)
	if err != nil {
		return err
	}
	for n := state; ; n++ {
		fmt.Println(n)
		if err := replace(dir, n+1); err != nil {
			return err
		}
	}
}

// replace replaces all files. Each contains the number n, in as many lines as it takes to write for a while.
func replace(dir string, n int) error {
	s, err := swap.Begin(dir)
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := os.WriteFile(s.Path(name), content(n), 0o600); err != nil {
			return err
		}
	}
	return s.Commit()
}

func content(n int) []byte { return []byte(strings.Repeat(fmt.Sprintln(n), 1000)) }

// stateOf returns the number that all files contain.
func stateOf(dir string) (int, error) {
	state := -1
	for _, name := range names {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return 0, err
		}
		var n int
		if _, err := fmt.Sscan(string(data), &n); err != nil || string(data) != string(content(n)) {
			return 0, fmt.Errorf("%s is cut: %w", name, err)
		}
		if state >= 0 && n != state {
			return 0, fmt.Errorf("%s has the state %d, %s %d", names[0], state, name, n)
		}
		state = n
	}
	return state, nil
}

// TestReplace replaces files twice, with the files that SQLite writes next to a database.
func TestReplace(t *testing.T) {
	dir := t.TempDir()
	if swap.Pending(dir) {
		t.Error("a swap is pending in an empty folder")
	}
	if err := replace(dir, 1); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, swap.Before)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("there is a folder of replaced files: %v", err)
	}
	for _, name := range []string{"a.sqlite-wal", "a.sqlite-shm", "b.sqlite-journal", "other"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for n := 2; n <= 3; n++ {
		if err := replace(dir, n); err != nil {
			t.Fatal(err)
		}
		if got, err := stateOf(dir); got != n || err != nil {
			t.Errorf("state %d, want %d: %v", got, n, err)
		}
		if got, err := stateOf(filepath.Join(dir, swap.Before)); got != n-1 || err != nil {
			t.Errorf("replaced state %d, want %d: %v", got, n-1, err)
		}
		if swap.Pending(dir) {
			t.Error("the swap is pending")
		}
	}
	if diff := cmp.Diff([]string{"a.sqlite", "b.sqlite", "before-restore", "key", "other"}, list(t, dir)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

func list(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// TestAbort ends a swap before it is committed.
func TestAbort(t *testing.T) {
	dir := t.TempDir()
	if err := replace(dir, 1); err != nil {
		t.Fatal(err)
	}
	s, err := swap.Begin(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.Path("key"), content(2), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.Abort(); err != nil {
		t.Fatal(err)
	}
	if got, err := stateOf(dir); got != 1 || err != nil || swap.Pending(dir) {
		t.Errorf("state %d: %v", got, err)
	}
}

// TestKilled kills a process that replaces files at many different moments. After Finish, all files have the state that
// was there, or the next one.
func TestKilled(t *testing.T) {
	dir := t.TempDir()
	if err := replace(dir, 0); err != nil {
		t.Fatal(err)
	}
	pending := 0
	for i := range 60 {
		cmd := exec.CommandContext(t.Context(), os.Args[0])
		cmd.Env = append(os.Environ(), killVariable+"="+dir)
		cmd.Stderr = os.Stderr
		stdout, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewReader(stdout)
		last := ""
		for range 1 + i%3 {
			if last, err = lines.ReadString('\n'); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Duration(i) * 50 * time.Microsecond)
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		for { // what it has printed before the end
			line, err := lines.ReadString('\n')
			if err != nil {
				break
			}
			last = line
		}
		cmd.Wait() // always fails, because the process was killed
		if swap.Pending(dir) {
			pending++
		}
		if err := swap.Finish(dir); err != nil {
			t.Fatal(err)
		}
		var before int
		if _, err := fmt.Sscan(last, &before); err != nil {
			t.Fatal(err)
		}
		if got, err := stateOf(dir); err != nil || got != before && got != before+1 {
			t.Fatalf("kill %d in state %d: state %d: %v", i, before, got, err)
		}
	}
	t.Logf("60 kills, %d of them in the middle of moving files", pending)
}
