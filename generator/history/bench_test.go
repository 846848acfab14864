package history_test

import (
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/Slicer/sitegen/generator/history"
	"github.com/Slicer/sitegen/generator/testutil"
)

// BenchmarkRecordFirst records the 11,452 packages of the archive in a new catalogue.
func BenchmarkRecordFirst(b *testing.B) {
	published := testutil.Packages(b, "archive")
	dir := b.TempDir()
	n := 0
	defer reportCPU(b)()
	for b.Loop() {
		n++
		s, err := history.Open(b.Context(), filepath.Join(dir, strconv.Itoa(n)))
		if err != nil {
			b.Fatal(err)
		}
		if _, err := s.Record(b.Context(), history.Snapshot{Run: run(time.Now()), Published: published}); err != nil {
			b.Fatal(err)
		}
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRecordUnchanged records the same packages again.
func BenchmarkRecordUnchanged(b *testing.B) {
	published := testutil.Packages(b, "archive")
	s, err := history.Open(b.Context(), filepath.Join(b.TempDir(), history.FileName))
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Record(b.Context(), history.Snapshot{Run: run(time.Now()), Published: published}); err != nil {
		b.Fatal(err)
	}
	defer reportCPU(b)()
	for b.Loop() {
		change, err := s.Record(b.Context(), history.Snapshot{Run: run(time.Now()), Published: published})
		if err != nil || !change.Empty() {
			b.Fatal(change, err)
		}
	}
}

func BenchmarkPublished(b *testing.B) {
	published := testutil.Packages(b, "archive")
	s, err := history.Open(b.Context(), filepath.Join(b.TempDir(), history.FileName))
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Record(b.Context(), history.Snapshot{Run: run(time.Now()), Published: published}); err != nil {
		b.Fatal(err)
	}
	defer reportCPU(b)()
	for b.Loop() {
		if _, err := s.Published(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}

func run(at time.Time) history.Run {
	return history.Run{At: at, Source: "https://packages.viewer.example/api/v1", App: testutil.App}
}

// reportCPU reports the CPU time of the process per iteration, because wall time is unreliable on a busy machine.
func reportCPU(b *testing.B) (stop func()) {
	used := func() time.Duration {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			b.Fatal(err)
		}
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	start := used()
	return func() { b.ReportMetric(float64((used()-start).Milliseconds())/float64(b.N), "cpu-ms/op") }
}
