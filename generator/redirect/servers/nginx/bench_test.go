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

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/redirect"
	"github.com/Slicer/sitegen/generator/redirect/servers/nginx"
	"github.com/Slicer/sitegen/generator/testutil"
)

// BenchmarkRequest measures requests for the archive catalogue and, for comparison, a bare "return 302".
func BenchmarkRequest(b *testing.B) {
	s := serve(b, testutil.Packages(b, "archive"))
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
		{"bitstream-capitals", "/bitstream/60ADD6FDAE4540BF6A89BF73"},
		{"page", "/shown.html"},
	} {
		b.Run(bb.name, func(b *testing.B) { s.measure(b, bb.request) })
	}
}

// BenchmarkBitstream measures /bitstream for 12,000 packages with URLs that cannot be derived from their ids.
func BenchmarkBitstream(b *testing.B) {
	for _, form := range catalog.IDForms() {
		b.Run(string(form), func(b *testing.B) {
			scheme := inventedScheme()
			scheme.IDs = form
			packages := invented(b, scheme, 12_000, 4*time.Hour, true)
			s := serveTable(b, &redirect.Table{Index: lookup.New(lookup.NewSpec(scheme, nil), packages)})
			b.Run("known", func(b *testing.B) { s.measure(b, "/bitstream/"+packages[5000].ID) })
			b.Run("unknown", func(b *testing.B) { s.measure(b, "/bitstream/123456789012345678901234") })
			b.Run("nginx-t", s.checkConfiguration)
		})
	}
}

// BenchmarkRules measures a site with 100,000 rules.
func BenchmarkRules(b *testing.B) {
	s := serveRules(b, manyRules(95_000))
	for _, bb := range []struct{ name, request string }{
		{"return302", "/bench-base"},
		{"rule", "/old/page-4711"},
		{"tail", "/wiki/v4711/documentation/getting-started-with-segmentation.html"},
		{"page", "/shown.html"},
	} {
		b.Run(bb.name, func(b *testing.B) { s.measure(b, bb.request) })
	}
	b.Run("nginx-t", s.checkConfiguration)
}

// BenchmarkTestConfiguration runs nginx -t on the configuration of the archive catalogue.
func BenchmarkTestConfiguration(b *testing.B) {
	serve(b, testutil.Packages(b, "archive")).checkConfiguration(b)
}

// BenchmarkCompile compiles the archive catalogue.
func BenchmarkCompile(b *testing.B) {
	x := testutil.Index(b, "archive")
	for b.Loop() {
		if err := (nginx.Server{}).Compile(&redirect.Table{Index: x}).Err(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkCompileRules compiles the archive catalogue with 100,000 rules.
func BenchmarkCompileRules(b *testing.B) {
	table := &redirect.Table{Index: testutil.Index(b, "archive"), Rules: readRules(b, manyRules(95_000))}
	for b.Loop() {
		if err := (nginx.Server{}).Compile(table).Err(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkPatterns sends requests to a real Nginx with 100 patterns: one that no pattern matches, and one that the last
// pattern matches, without and with characters that must be encoded. A request for a file asks no rule.
func BenchmarkPatterns(b *testing.B) {
	var rules strings.Builder
	for i := range 100 {
		fmt.Fprintf(&rules, "/docs/v%d/* /manual/%[1]d/:splat\n", i)
	}
	s := serveRules(b, rules.String())
	for name, request := range map[string]string{
		"file": "/shown.html", "none": "/nothing", "last": "/docs/v99/a/b", "encoded": "/docs/v99/a=b&c;d/%C3%A9",
	} {
		b.Run(name, func(b *testing.B) { s.measure(b, request) })
	}
}

// measure reports the CPU time of Nginx's worker for a request, in microseconds.
func (s *server) measure(b *testing.B, request string) {
	worker := s.worker(b)
	before := cpu(b, worker)
	for b.Loop() {
		res, err := s.client.Get(s.URL + request)
		if err != nil {
			b.Fatal(err)
		}
		io.Copy(io.Discard, res.Body)
		res.Body.Close()
	}
	b.ReportMetric(float64((cpu(b, worker)-before).Microseconds())/float64(b.N), "worker-µs/op")
}

// checkConfiguration runs nginx -t and reports the size of the configuration on disk and in memory.
func (s *server) checkConfiguration(b *testing.B) {
	for b.Loop() {
		if out, err := s.Test(b); err != nil {
			b.Fatalf("%v\n%s", err, out)
		}
	}
	b.ReportMetric(float64(s.size(b))/1e6, "MB")
	b.ReportMetric(float64(s.memory(b))/1e3, "worker-MB")
}

// memory returns the resident memory of the worker in KB.
func (s *server) memory(b *testing.B) (kb int) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.worker(b)))
	if err != nil {
		b.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), "VmRSS:")
	if _, err := fmt.Sscan(rest, &kb); err != nil {
		b.Fatal(err)
	}
	return kb
}

// size returns the size of the configuration in bytes.
func (s *server) size(b *testing.B) (n int) {
	for _, data := range compile(b, s.table) {
		n += len(data)
	}
	return n
}

// worker returns the process id of the only worker.
func (s *server) worker(b *testing.B) int {
	out, err := exec.Command("pgrep", "-P", strconv.Itoa(s.PID())).Output()
	if err != nil {
		b.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.Fields(string(out))[0])
	if err != nil {
		b.Fatal(err)
	}
	return pid
}

// cpu returns the sum of a process's utime and stime, which the kernel counts in hundredths of a second.
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
