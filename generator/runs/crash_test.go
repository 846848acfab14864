package runs_test

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/Slicer/sitegen/generator/runs"
)

// recordingDir is the environment variable with the data folder of the process that TestKilled kills.
const recordingDir = "TEST_RECORDING_DIR"

// TestKilled kills a process that records one run after the other. What it has recorded stays, the file is never
// damaged, and the lock is free.
func TestKilled(t *testing.T) {
	if dir := os.Getenv(recordingDir); dir != "" {
		recordForEver(t, dir)
	}
	dir := t.TempDir()
	failures := 0
	for i := range 30 {
		cmd := exec.Command(os.Args[0], "-test.run=^TestKilled$")
		cmd.Env = append(os.Environ(), recordingDir+"="+dir)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		recorded := 0
		for recorded <= i%7 && lines.Scan() { // one line for each record
			recorded++
		}
		time.Sleep(time.Duration(i*211%997) * time.Microsecond)
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait()
		s, err := runs.Read(dir)
		if err != nil {
			t.Fatalf("after kill %d: %v", i, err)
		}
		if got := s.Of(runs.Build).Failures; got < failures+recorded {
			t.Fatalf("after kill %d: %d failures, want at least %d", i, got, failures+recorded)
		}
		failures = s.Of(runs.Build).Failures
	}
	if err := runs.Update(dir, func(runs.State) {}); err != nil {
		t.Error(err)
	}
	parse(t, filepath.Join(dir, "aurora.prom"))
}

func recordForEver(t *testing.T, dir string) {
	for {
		change := func(s runs.State) {
			r := *s.Of(runs.Build)
			r.Add(run(0, 4))
			s[runs.Build] = &r
			if err := runs.WriteMetrics(filepath.Join(dir, "aurora.prom"), "aurora", s); err != nil {
				t.Error(err)
			}
		}
		if err := runs.Update(dir, change); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stdout.WriteString("recorded\n"); err != nil {
			t.Fatal(err)
		}
	}
}
