package stats

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/testutil"
)

// logOf returns a log of n lines, one download per second on 20 September 2026, beginning at the given second of the
// day. Each is of another visitor; their numbers begin with first.
func logOf(t testing.TB, first, n, second int) []byte {
	t.Helper()
	id := testutil.Packages(t, "live")[0].ID
	var b bytes.Buffer
	for i := range n {
		v := first + i
		s := second + i
		fmt.Fprintf(&b, "192.0.%d.%d - - [20/Sep/2026:%02d:%02d:%02d +0000] \"GET /bitstream/%s HTTP/1.1\" 302 0 "+
			"\"-\" \"curl/7.88.1\"\n",
			v/250, v%250, s/3600, s/60%60, s%60, id)
	}
	return b.Bytes()
}

// total returns the number of all downloads.
func total(t testing.TB, e *Engine) int {
	t.Helper()
	n := 0
	for line := range strings.Lines(export(t, e)) {
		var downloads int
		if _, err := fmt.Sscan(line[strings.LastIndexByte(line, '\t')+1:], &downloads); err == nil {
			n += downloads
		}
	}
	return n
}

// rotation is a folder of logs and an engine that reads them.
type rotation struct {
	*testing.T
	dir string
	e   *Engine
}

func newRotation(t *testing.T) *rotation {
	return &rotation{t, t.TempDir(), open(t, options(t, t.TempDir()))}
}

func (r *rotation) path(name string) string { return filepath.Join(r.dir, name) }

// append writes lines to the end of a log.
func (r *rotation) append(name string, data []byte) {
	r.Helper()
	f, err := os.OpenFile(r.path(name), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		r.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Write(data); err != nil {
		r.Fatal(err)
	}
}

// want reads logs, and checks the total number of downloads and, unless it is -1, the number of bytes read.
func (r *rotation) want(downloads int, bytesRead int, names ...string) *Report {
	r.Helper()
	for i, n := range names {
		if n != "-" {
			names[i] = r.path(n)
		}
	}
	report := read(r, r.e, names...)
	if got := total(r, r.e); got != downloads {
		r.Errorf("%d downloads, want %d", got, downloads)
	}
	if bytesRead >= 0 && int(report.Bytes) != bytesRead {
		r.Errorf("%d bytes read, want %d", report.Bytes, bytesRead)
	}
	return report
}

// rename renames a log.
func (r *rotation) rename(from, to string) {
	r.Helper()
	if err := os.Rename(r.path(from), r.path(to)); err != nil {
		r.Fatal(err)
	}
}

func TestAppended(t *testing.T) {
	r := newRotation(t)
	r.append("access.log", logOf(t, 0, 10, 0))
	r.want(10, len(logOf(t, 0, 10, 0)), "access.log")
	r.append("access.log", logOf(t, 10, 5, 100))
	r.want(15, len(logOf(t, 10, 5, 100)), "access.log")
	r.want(15, 0, "access.log")
}

// TestCountedMessages reads a log in which several messages of syslog are in one line, each after its length, and
// continues it.
func TestCountedMessages(t *testing.T) {
	r := newRotation(t)
	counted := func(log []byte, perLine int) (text []byte) {
		for lines := range slices.Chunk(bytes.Split(bytes.TrimSpace(log), []byte("\n")), perLine) {
			for _, line := range lines {
				line = append([]byte("<190>1 2026-09-20T00:01:32Z web nginx 12 - - "), line...)
				text = append(fmt.Appendf(text, "%d ", len(line)), line...)
			}
			text = append(text, '\n')
		}
		return text
	}
	first, second := counted(logOf(t, 0, 1000, 0), 7), counted(logOf(t, 1000, 30, 2000), 30)
	r.append("access.log", first)
	r.want(1000, len(first), "access.log")
	r.append("access.log", second)
	r.want(1030, len(second), "access.log")
	r.want(1030, 0, "access.log")
	if got := drop(t, r.e, nil, []string{r.path("access.log")}); len(got.Days) != 1 || got.Days[0].After != 0 {
		t.Errorf("after drop: %+v", got.Days)
	}
}

func TestRenamed(t *testing.T) {
	r := newRotation(t)
	r.append("access.log", logOf(t, 0, 10, 0))
	r.want(10, -1, "access.log")
	r.append("access.log", logOf(t, 10, 2, 50)) // written between the run and the rotation
	r.rename("access.log", "access.log.1")
	r.append("access.log", logOf(t, 20, 3, 100))
	r.want(15, len(logOf(t, 10, 2, 50))+len(logOf(t, 20, 3, 100)), "access.log", "access.log.1")
	r.rename("access.log.1", "access.log-20260921")
	r.want(15, 0, "access.log", "access.log-20260921")
}

func TestCompressed(t *testing.T) {
	r := newRotation(t)
	log := logOf(t, 0, 100, 0)
	r.append("access.log", log)
	r.want(100, len(log), "access.log")
	r.append("access.log.2.gz", gzipped(t, append(log, logOf(t, 100, 5, 200)...)))
	r.want(105, len(logOf(t, 100, 5, 200)), "access.log.2.gz")
	r.want(105, 0, "access.log.2.gz")
	again := r.path("other-name")
	if err := os.Link(r.path("access.log.2.gz"), again); err != nil {
		t.Fatal(err)
	}
	r.want(105, 0, "other-name")
}

func TestCopyTruncated(t *testing.T) {
	r := newRotation(t)
	r.append("access.log", logOf(t, 0, 10, 0))
	r.want(10, -1, "access.log")
	if err := os.Truncate(r.path("access.log"), 0); err != nil {
		t.Fatal(err)
	}
	r.want(10, 0, "access.log")
	r.append("access.log", logOf(t, 50, 16, 9)) // begins in the second in which the first log ended
	r.want(26, -1, "access.log")
}

func TestSameLogByPipe(t *testing.T) {
	r := newRotation(t)
	log := logOf(t, 0, 15, 0)
	r.append("access.log", log)
	r.want(15, -1, "access.log")
	for range 2 {
		r.e.options.Stdin = bytes.NewReader(gzipped(t, log))
		r.want(15, -1, "-")
	}
}

func TestLateLines(t *testing.T) {
	r := newRotation(t)
	r.append("a.log", logOf(t, 0, 11, 5000))
	r.want(11, -1, "a.log")
	r.e.options.Stdin = bytes.NewReader(logOf(t, 300, 10, 0)) // older lines, from another server
	r.want(21, -1, "-")
	r.append("a.log", logOf(t, 400, 1, 0)) // a download that took hours: the line has the time when it began
	r.want(22, -1, "a.log")
}

// TestZeroBytes reads a log that was truncated while the server wrote a line (copytruncate), in two runs. The line that
// was cut is invalid, and the next one belongs to its own visitor.
func TestZeroBytes(t *testing.T) {
	r := newRotation(t)
	log := logOf(t, 0, 4, 0)
	line := len(log) / 4
	r.append("access.log", slices.Concat(log[:line], log[line:line+40], make([]byte, 5000), log[2*line:3*line]))
	if report := r.want(2, -1, "access.log"); report.BadCount() != 1 || report.Lines != 3 {
		t.Errorf("%d lines, %v invalid, want 3 lines, of which the one that was cut is invalid", report.Lines, report.Bad)
	}
	r.append("access.log", log[3*line:])
	r.want(3, line, "access.log")
}

// TestPipeWithoutLineEnding reads a pipe, whose last line is complete when the pipe ends.
func TestPipeWithoutLineEnding(t *testing.T) {
	r := newRotation(t)
	r.e.options.Stdin = bytes.NewReader(bytes.TrimSuffix(logOf(t, 0, 3, 0), []byte("\n")))
	if report := r.want(3, -1, "-"); report.Logs[0].Unfinished {
		t.Error("the last line is unfinished")
	}
	r.e.options.Stdin = bytes.NewReader(bytes.TrimSuffix(logOf(t, 3, 1, 0), []byte("\n")))
	r.want(4, -1, "-")
}

func TestIncompleteLine(t *testing.T) {
	r := newRotation(t)
	log := logOf(t, 0, 8, 0)
	r.append("access.log", log[:len(log)-40])
	if report := r.want(7, -1, "access.log"); !report.Logs[0].Unfinished || report.BadCount() != 0 {
		t.Errorf("%+v, want an unfinished line and no invalid one", report)
	}
	r.append("access.log", log[len(log)-40:])
	r.want(8, len(log)/8, "access.log")
}

func TestIncompleteLineCompressed(t *testing.T) {
	r := newRotation(t)
	log := logOf(t, 0, 8, 0)
	r.append("a.gz", gzipped(t, log[:len(log)-40])) // half of the last line: no download
	r.want(7, -1, "a.gz")
	r.append("b.gz", gzipped(t, log[:len(log)-1])) // the last line without \n: a download
	r.want(8, -1, "b.gz")
	r.append("c.gz", gzipped(t, log))
	r.want(8, -1, "c.gz")
}

// TestOtherContinuation reads logs that begin with the same lines, but continue with different ones.
func TestOtherContinuation(t *testing.T) {
	r := newRotation(t)
	r.append("a.log", append(logOf(t, 0, 5, 0), logOf(t, 5, 5, 100)...))
	r.want(10, -1, "a.log")
	r.append("b.log", append(logOf(t, 0, 5, 0), logOf(t, 50, 7, 300)...))
	r.want(17, -1, "b.log")
	r.append("c.log", logOf(t, 0, 3, 0)) // shorter
	r.want(17, -1, "c.log")
	r.want(17, -1, "a.log", "b.log", "c.log")
}

func TestTruncatedGzip(t *testing.T) {
	r := newRotation(t)
	log := logOf(t, 0, 2000, 0)
	whole := gzipped(t, log)
	path := r.path("a.gz")
	r.append("a.gz", whole[:len(whole)/2])
	for range 2 {
		report, err := r.e.Read(context.Background(), []string{path}, func(int64) {})
		if err != nil || len(report.Problems()) != 1 || !strings.Contains(report.Problems()[0], "unexpected EOF") {
			t.Fatalf("%v, problems %q", err, report.Problems())
		}
	}
	part := total(t, r.e)
	if part == 0 || part == 2000 {
		t.Errorf("%d downloads in half a file, want some, but fewer than 2,000", part)
	}
	r.append("a.gz", whole[len(whole)/2:])
	r.want(2000, -1, "a.gz")
	r.want(2000, 0, "a.gz")
}

func TestHostileLines(t *testing.T) {
	r := newRotation(t)
	one := logOf(t, 0, 1, 0)
	var log []byte
	log = append(log, one...)
	log = append(log, bytes.Repeat([]byte("x"), 1<<20)...)
	log = append(log, '\n')
	log = append(log, bytes.Replace(logOf(t, 1, 1, 1), []byte("Sep"), []byte("Foo"), 1)...)
	log = append(log, bytes.Replace(logOf(t, 2, 1, 2), []byte("curl"), []byte("c\xff\xfe\x00rl"), 1)...)
	log = append(log, bytes.Replace(logOf(t, 3, 1, 3), []byte("+0000"), []byte("+0530"), 1)...) // the day before
	log = append(log, "\n\x16\x03\x01\n"...)
	r.append("a.log", log)
	report := r.want(3, len(log), "a.log")
	if report.BadCount() != 4 || len(report.Bad) != 4 {
		t.Errorf("invalid lines %+v, want 4 different ones", report.Bad)
	}
	if !strings.Contains(export(t, r.e), "2026-09-19\t") {
		t.Error("the time zone +0530 was ignored")
	}
}

func TestUnknownFormat(t *testing.T) {
	r := newRotation(t)
	r.append("a.log", []byte("what is\nthis?\n"))
	r.append("b.log", logOf(t, 0, 2, 0))
	report, err := r.e.Read(context.Background(), []string{r.path("a.log"), r.path("none.log"), r.path("b.log")},
		func(int64) {})
	if err != nil {
		t.Fatal(err)
	}
	if p := report.Problems(); len(p) != 2 || !strings.Contains(p[0], "known format") ||
		!strings.Contains(p[1], "none.log") {
		t.Errorf("problems %q", p)
	}
	if n := total(t, r.e); n != 2 {
		t.Errorf("%d downloads, want the 2 of the valid log", n)
	}
}

func TestTwoRuns(t *testing.T) {
	o := options(t, t.TempDir())
	open(t, o)
	if _, err := Open(context.Background(), o); fault.KindOf(err) != fault.Locked {
		t.Errorf("got %v, want an error of the kind Locked", err)
	}
}

// TestOnlyCR checks that a log whose lines end in CR is not passed over in silence.
func TestOnlyCR(t *testing.T) {
	r := newRotation(t)
	for _, n := range []int{3, 300} {
		log := write(t, r.dir, fmt.Sprintf("%d.log", n), bytes.ReplaceAll(logOf(t, 0, n, 0), []byte("\n"), []byte("\r")))
		report, err := r.e.Read(context.Background(), []string{log}, func(int64) {})
		if err != nil || len(report.Problems()) != 1 || !strings.Contains(report.Problems()[0], "CR without LF") {
			t.Errorf("%d lines: %+v, %v", n, report, err)
		}
	}
}
