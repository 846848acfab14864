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

// The environment of a child process: the data folder, the log, how large a file may become (bytes), and whether it is
// a dry run. Without a log it verifies.
const (
	childDir   = "SITEGEN_TEST_DIR"
	childLog   = "SITEGEN_TEST_LOG"
	childLimit = "SITEGEN_TEST_FILE_LIMIT"
	childDry   = "SITEGEN_TEST_DRY_RUN"
)

// TestMain is the child process, too: a run like any other, to be killed or to be left without disk.
func TestMain(m *testing.M) {
	if os.Getenv(childDir) == "" {
		os.Exit(m.Run())
	}
	if err := child(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func child() error {
	if limit := os.Getenv(childLimit); limit != "" {
		n, err := strconv.ParseUint(limit, 10, 64)
		if err != nil {
			return err
		}
		signal.Ignore(syscall.SIGXFSZ) // so that writing fails, as it does on a full disk
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
	_, err = e.Read(ctx, []string{os.Getenv(childLog)}, func(int64) {})
	return errors.Join(err, e.Close())
}

// verifyAsNobody verifies as a user who may write nothing; root could.
func verifyAsNobody(ctx context.Context, dir string) error {
	if os.Getuid() == 0 {
		if err := errors.Join(syscall.Setgid(65534), syscall.Setuid(65534)); err != nil {
			return err
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "x"), nil, 0o644); err == nil {
		return errors.New("the folder can be written")
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

// start begins a run in a child process.
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

// crashLog is a log of some batches, and what it counts.
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
	if _, err := loggen.Write(f, loggen.Options{Seed: 7, Lines: 800_000, IDs: ids, Addresses: 20_000, Agents: 300,
		Days:  5,
		Start: time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)}); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	e := open(t, options(t, t.TempDir()))
	read(t, e, path)
	return path, export(t, e)
}

// TestKilled kills runs at random instants until one comes to its end.
func TestKilled(t *testing.T) {
	log, want := crashLog(t)
	dir := t.TempDir()
	r := rand.New(rand.NewPCG(1, uint64(time.Now().UnixNano())))
	kills := 0
	for limit := 400; ; limit += 100 { // each run gets more time, so that one ends
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

// TestDiskFull lets files grow to a size and no further, and then as far as they want.
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
