package nginx_test

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/Slicer/sitegen/generator/testutil"
)

// BenchmarkRequest measures what a request costs the worker: CPU microseconds per request, from the
// worker's own accounts, beside a bare "return 302".
func BenchmarkRequest(b *testing.B) {
	_, n := serve(b, testutil.Packages(b, "archive"))
	worker := workerPID(b, n.PID())
	client := testutil.Client()
	for _, bb := range []struct{ name, request string }{
		{"return302", "/bench-base"},
		{"find", "/find?os=win&stability=release"},
		{"download", "/download?os=win&stability=nightly"},
		{"download-version", "/download?os=win&version=5.2"},
		{"download-date", "/download?os=win&stability=any&date=2021-05-03"},
		{"download-date-release", "/download?os=win&date=2021-05-03"},
		{"download-offset", "/download?os=win&stability=any&offset=-270"},
		{"findall", "/findall?offset=-1"},
		{"bitstream", "/bitstream/60add6fdae4540bf6a89bf73"},
	} {
		b.Run(bb.name, func(b *testing.B) {
			before := cpu(b, worker)
			for b.Loop() {
				res, err := client.Get(n.URL + bb.request)
				if err != nil {
					b.Fatal(err)
				}
				io.Copy(io.Discard, res.Body)
				res.Body.Close()
			}
			b.ReportMetric(float64((cpu(b, worker)-before).Microseconds())/float64(b.N), "worker-µs/op")
		})
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", worker))
	if err != nil {
		b.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		if strings.HasPrefix(line, "VmRSS") {
			b.Log("worker ", strings.TrimSpace(line))
		}
	}
}

// BenchmarkTestConfiguration runs nginx -t on the configuration of the archive.
func BenchmarkTestConfiguration(b *testing.B) {
	_, n := serve(b, testutil.Packages(b, "archive"))
	for b.Loop() {
		if out, err := n.Test(b); err != nil {
			b.Fatalf("%v\n%s", err, out)
		}
	}
}

func workerPID(b *testing.B, master int) int {
	out, err := exec.Command("pgrep", "-P", strconv.Itoa(master)).Output()
	if err != nil {
		b.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.Fields(string(out))[0])
	if err != nil {
		b.Fatal(err)
	}
	return pid
}

// cpu reads utime and stime of a process; the kernel counts them in hundredths of a second.
func cpu(b *testing.B, pid int) time.Duration {
	stat, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		b.Fatal(err)
	}
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+2:]))
	var total time.Duration
	for _, f := range fields[11:13] {
		n, err := strconv.Atoi(f)
		if err != nil {
			b.Fatal(err)
		}
		total += time.Duration(n) * 10 * time.Millisecond
	}
	return total
}
