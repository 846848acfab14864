package stats

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/accesslog/loggen"
	"github.com/Slicer/sitegen/generator/testutil"
)

// The environment variables of a child process. See child.
const (
	childDir   = "SITEGEN_TEST_DIR"        // the data folder
	childLog   = "SITEGEN_TEST_LOG"        // the log to read; "" to verify the statistics instead
	childLimit = "SITEGEN_TEST_FILE_LIMIT" // the maximum size of a file (bytes); "" for no limit
	childDry   = "SITEGEN_TEST_DRY_RUN"    // not "" for a dry run
	childDrop  = "SITEGEN_TEST_DROP"       // not "" to drop the log instead of reading it
)

// TestMain runs the tests or, if the test binary has been started by start, one run in a child process, which a test
// can kill, or limit to a small disk.
func TestMain(m *testing.M) {
	if os.Getenv(childDir) == "" {
		os.Exit(m.Run())
	}
	if err := child(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// child reads a log, or verifies the statistics, as the environment variables say.
func child() error {
	if limit := os.Getenv(childLimit); limit != "" {
		n, err := strconv.ParseUint(limit, 10, 64)
		if err != nil {
			return err
		}
		signal.Ignore(syscall.SIGXFSZ) // writing then returns an error, as on a full disk
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: n, Max: n}); err != nil {
			return err
		}
	}
	var t testing.T
	ctx := context.Background()
	if os.Getenv(childLog) == "" {
		return verifyAsNobody(ctx, os.Getenv(childDir))
	}
	o := options(&t, os.Getenv(childDir))
	o.DryRun = os.Getenv(childDry) != ""
	e, err := Open(ctx, o)
	if err != nil {
		return err
	}
	if os.Getenv(childDrop) != "" {
		_, err = e.Drop(ctx, nil, []string{os.Getenv(childLog)})
		return errors.Join(err, e.Close())
	}
	_, err = e.Read(ctx, []string{os.Getenv(childLog)}, func(int64) {})
	return errors.Join(err, e.Close())
}

// nobody is the user id, and the group id, of an unprivileged user.
const nobody = 65534

// nobodyOr returns the user id of verifyAsNobody for the user who runs the tests.
func nobodyOr(user int) int {
	if user == 0 {
		return nobody
	}
	return user
}

// verifyAsNobody verifies the statistics in a folder that it cannot write. It becomes the user nobody if it is root,
// who can write everywhere.
func verifyAsNobody(ctx context.Context, dir string) error {
	if os.Getuid() == 0 {
		if err := errors.Join(syscall.Setgid(nobody), syscall.Setuid(nobody)); err != nil {
			return err
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "x"), nil, 0o644); err == nil {
		return errors.New("the folder is writable")
	}
	r, err := OpenReader(ctx, dir)
	if err != nil {
		return err
	}
	defer r.Close()
	differences, days, err := r.Verify(ctx)
	if len(differences) > 0 || days == 0 {
		return errors.Join(err, fmt.Errorf("%d days verified, differences %v", days, differences))
	}
	return err
}

// start starts a child process: see child.
func start(t *testing.T, dir, log string, env ...string) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	var stderr bytes.Buffer
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), append(env, childDir+"="+dir, childLog+"="+log)...)
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, &stderr
}

// crashLog writes a log that is several batches long. It returns its path, and its daily table.
func crashLog(t *testing.T) (path, want string) {
	t.Helper()
	var ids []string
	for _, p := range testutil.Packages(t, "live") {
		ids = append(ids, p.ID)
	}
	path = filepath.Join(t.TempDir(), "access.log")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	log := loggen.Options{
		Seed: 7, Lines: testutil.Amount(800_000, 120_000), IDs: ids, Addresses: 20_000, Agents: 300, Days: 5,
		Start: time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC),
	}
	if _, err := loggen.Write(f, log); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	e := open(t, options(t, t.TempDir()))
	read(t, e, path)
	return path, export(t, e)
}

// TestKilled kills runs at random times until one ends by itself, and checks that no download is lost or counted twice.
func TestKilled(t *testing.T) {
	log, want := crashLog(t)
	dir := t.TempDir()
	r := rand.New(rand.NewPCG(1, uint64(time.Now().UnixNano())))
	kills := 0
	for limit := 400; ; limit += 100 { // each run has more time than the one before, so that one ends
		cmd, stderr := start(t, dir, log)
		timer := time.AfterFunc(time.Duration(20+r.IntN(limit))*time.Millisecond, func() { cmd.Process.Kill() })
		err := cmd.Wait()
		timer.Stop()
		if err == nil {
			break
		}
		if exit, ok := errors.AsType[*exec.ExitError](err); !ok ||
			exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
			t.Fatalf("%v: %s", err, stderr)
		}
		kills++
	}
	e := open(t, options(t, dir))
	if diff := cmp.Diff(want, export(t, e)); diff != "" {
		t.Errorf("after %d kills: %s", kills, diff)
	}
	verified(t, e)
	t.Logf("%d kills", kills)
}

// TestDiskFull limits the size of files during a run, and checks that the next run, without a limit, counts everything.
func TestDiskFull(t *testing.T) {
	log, want := crashLog(t)
	for _, size := range []int{1_000_000, 100_000, 4_000_000}[:testutil.Amount(3, 1)] {
		dir := t.TempDir()
		cmd, stderr := start(t, dir, log, childLimit+"="+strconv.Itoa(size))
		if err := cmd.Wait(); err == nil || !strings.Contains(stderr.String(), "disk") &&
			!strings.Contains(stderr.String(), "file too large") {
			t.Errorf("%d bytes: %v: %s", size, err, stderr)
		}
		e := open(t, options(t, dir))
		read(t, e, log)
		if diff := cmp.Diff(want, export(t, e)); diff != "" {
			t.Errorf("%d bytes: %s", size, diff)
		}
		verified(t, e)
	}
}
