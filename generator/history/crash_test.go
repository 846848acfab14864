package history_test

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/history"
	"github.com/Slicer/sitegen/generator/testutil"
)

// crashVariable is the environment variable that names a catalogue. If it is set, TestMain writes that catalogue
// repeatedly instead of running tests.
const crashVariable = "SITEGEN_TEST_CRASH"

func TestMain(m *testing.M) {
	if path := os.Getenv(crashVariable); path != "" {
		writeForever(path)
	}
	os.Exit(m.Run())
}

// writeForever records two states alternately, and prints a line before each.
func writeForever(path string) {
	states := crashStates(new(testing.B))
	s, err := history.Open(context.Background(), path)
	for i := 0; err == nil; i++ {
		os.Stdout.WriteString("\n")
		_, err = s.Record(context.Background(), history.Snapshot{Run: run(day(1)), Published: states[i%2]})
	}
	os.Stderr.WriteString(err.Error())
	os.Exit(1)
}

// crashStates returns two catalogues that differ in most packages.
func crashStates(t testing.TB) [2][]*catalog.Package {
	packages := testutil.Packages(t, "live")
	return [2][]*catalog.Package{packages[:500], packages[250:]}
}

// TestKilled kills a writing process at many different moments. The catalogue must always be in one of the two states.
func TestKilled(t *testing.T) {
	path := filepath.Join(t.TempDir(), history.FileName)
	states := crashStates(t)
	for i := range testutil.Amount(20, 5) {
		cmd := exec.CommandContext(t.Context(), os.Args[0])
		cmd.Env = append(os.Environ(), crashVariable+"="+path)
		cmd.Stderr = os.Stderr
		stdout, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewReader(stdout)
		for range 2 + i%3 {
			if _, err := lines.ReadString('\n'); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Duration(i) * 2 * time.Millisecond)
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		cmd.Wait() // always fails, because the process was killed

		s, err := history.Open(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		published, err := s.Published(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if !cmp.Equal(published, states[0]) && !cmp.Equal(published, states[1]) {
			t.Errorf("kill %d: %d packages that are neither state", i, len(published))
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
