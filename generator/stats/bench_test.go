package stats

import (
	"cmp"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/Slicer/sitegen/generator/accesslog/loggen"
	"github.com/Slicer/sitegen/generator/testutil"
)

// benchLog writes the log of the benchmarks into the folder SITEGEN_BENCH_DIR, or into a temporary folder. The
// environment variable SITEGEN_BENCH_LINES sets its number of lines, which is 5,000,000 for the figures in
// docs/stats.md.
func benchLog(b *testing.B) (path string, s loggen.Stats) {
	b.Helper()
	lines, err := strconv.Atoi(cmp.Or(os.Getenv("SITEGEN_BENCH_LINES"), "200000"))
	if err != nil {
		b.Fatal(err)
	}
	var ids []string
	for _, p := range testutil.Packages(b, "live") {
		ids = append(ids, p.ID)
	}
	dir := cmp.Or(os.Getenv("SITEGEN_BENCH_DIR"), b.TempDir())
	f, err := os.Create(filepath.Join(dir, "bench.log"))
	if err != nil {
		b.Fatal(err)
	}
	s, err = loggen.Write(f, loggen.Options{Seed: 1, Lines: lines, IDs: ids, Addresses: max(1000, lines/25),
		Agents: 3000, Days: 120,
		Start: time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)})
	if err != nil {
		b.Fatal(err)
	}
	if err := f.Close(); err != nil {
		b.Fatal(err)
	}
	return f.Name(), s
}

// benchOptions returns the options of the benchmarks. The environment variable SITEGEN_BENCH_GEOIP can list GeoIP
// databases to use.
func benchOptions(b *testing.B, dir string) Options {
	o := options(b, dir)
	if list := os.Getenv("SITEGEN_BENCH_GEOIP"); list != "" {
		o.GeoIP = filepath.SplitList(list)
	}
	return o
}

// run opens the statistics, reads logs, and publishes into a folder.
func run(b *testing.B, o Options, public string, logs ...string) *Report {
	b.Helper()
	ctx := context.Background()
	e, err := Open(ctx, o)
	if err != nil {
		b.Fatal(err)
	}
	defer e.Close()
	r, err := e.Read(ctx, logs, func(int64) {})
	if err != nil {
		b.Fatal(err)
	}
	testutil.WriteFiles(b, public, publishedFiles(b, e))
	return r
}

// BenchmarkFirstRun measures a whole run with an empty database: it reads a log and publishes the statistics.
func BenchmarkFirstRun(b *testing.B) {
	path, s := benchLog(b)
	b.SetBytes(s.Bytes)
	for b.Loop() {
		r := run(b, benchOptions(b, b.TempDir()), b.TempDir(), path)
		if r.BadCount() != s.Bad || r.Requests != s.Downloads {
			b.Fatalf("%d invalid lines, want %d; %d requests for packages, want %d", r.BadCount(), s.Bad, r.Requests,
				s.Downloads)
		}
	}
	b.ReportMetric(peakMemory(b), "MB-peak")
}

// BenchmarkGoAccess measures how long GoAccess takes for a report on the log of BenchmarkFirstRun, for comparison.
// GoAccess stores no downloads, and does not look up packages.
func BenchmarkGoAccess(b *testing.B) {
	program, err := exec.LookPath("goaccess")
	if err != nil {
		b.Fatalf("%v; install goaccess to compare with it", err)
	}
	path, s := benchLog(b)
	b.SetBytes(s.Bytes)
	for b.Loop() {
		cmd := exec.Command(program, path, "--log-format=COMBINED", "--no-global-config", "-o",
			filepath.Join(b.TempDir(), "report.json"))
		if out, err := cmd.CombinedOutput(); err != nil {
			b.Fatalf("%v: %s", err, out)
		}
		b.ReportMetric(float64(cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss)/1000, "MB-peak")
	}
}

// BenchmarkNothingNew measures a run with a log that has been read completely.
func BenchmarkNothingNew(b *testing.B) {
	path, _ := benchLog(b)
	o, public := benchOptions(b, b.TempDir()), b.TempDir()
	run(b, o, public, path)
	for b.Loop() {
		if r := run(b, o, public, path); r.Lines != 0 {
			b.Fatalf("%d lines read again", r.Lines)
		}
	}
}

// BenchmarkOneMoreDay measures a run with the log of one more day: with a database of a week, and with one of a year.
func BenchmarkOneMoreDay(b *testing.B) {
	var ids []string
	for _, p := range testutil.Packages(b, "live") {
		ids = append(ids, p.ID)
	}
	const perDay = 20_000 // lines, 4,000 of them downloads
	day := func(n int) string {
		path := filepath.Join(b.TempDir(), strconv.Itoa(n))
		f, err := os.Create(path)
		if err != nil {
			b.Fatal(err)
		}
		defer f.Close()
		if _, err := loggen.Write(f, loggen.Options{Seed: uint64(n), Lines: perDay, IDs: ids, Addresses: 100_000,
			Agents: 3000, Days: 1,
			Start: time.Date(2025, 10, 30, 0, 0, 0, 0, time.UTC).AddDate(0, 0, n)}); err != nil {
			b.Fatal(err)
		}
		return path
	}
	for _, history := range []int{7, 365} {
		b.Run(strconv.Itoa(history)+" days", func(b *testing.B) {
			o, public := benchOptions(b, b.TempDir()), b.TempDir()
			var before []string
			for n := range history {
				before = append(before, day(n))
			}
			run(b, o, public, before...)
			n := history
			for b.Loop() {
				b.StopTimer()
				path := day(n)
				n++
				b.StartTimer()
				run(b, o, public, path)
			}
		})
	}
}

// BenchmarkVerify measures Verify, which recounts all days.
func BenchmarkVerify(b *testing.B) {
	path, _ := benchLog(b)
	o := benchOptions(b, b.TempDir())
	run(b, o, b.TempDir(), path)
	e := open(b, o)
	for b.Loop() {
		verified(b, e)
	}
}

// peakMemory returns the peak memory of the process in MB on Linux, 0 elsewhere.
func peakMemory(b *testing.B) float64 {
	runtime.GC()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kb, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(rest), " kB"))
			if err != nil {
				b.Fatal(err)
			}
			return float64(kb) / 1000
		}
	}
	return 0
}
