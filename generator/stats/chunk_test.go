package stats

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestWorkers reads logs of several chunks on 1, 2 and 8 CPUs, also in another order. The report, the table and the
// published files must be the same. One log changes its columns in the middle, another one has invalid and long lines.
func TestWorkers(t *testing.T) {
	cloudfront := text(t, "cloudfront.log.gz")
	lines := slices.Collect(bytes.Lines(cloudfront))
	var swapped bytes.Buffer // the same lines with time and date in the other order
	swapped.WriteString("#Fields: time date" + strings.TrimPrefix(string(lines[1]), "#Fields: date time"))
	for _, line := range lines[2:] {
		f := bytes.SplitN(line, []byte("\t"), 3)
		fmt.Fprintf(&swapped, "%s\t%s\t%s", f[1], f[0], f[2])
	}
	garbled := bytes.ReplaceAll(text(t, "access.log.gz"), []byte("\n198.51.100.7"),
		[]byte("\nx"+strings.Repeat("y", 70_000)+
			"\nnonsense\n198.51.100.7"))
	dir := t.TempDir()
	logs := []string{
		write(t, dir, "swapped", slices.Concat(cloudfront, swapped.Bytes(), cloudfront)),
		write(t, dir, "garbled", garbled), testLog("access.log.gz"), testLog("s3.log.gz"),
	}
	var want []string
	for i, cpus := range []int{1, 2, 8, 8} {
		before := runtime.GOMAXPROCS(cpus)
		e := open(t, options(t, t.TempDir()))
		if i == 3 {
			logs = slices.Clone(logs)
			rand.Shuffle(len(logs), func(a, b int) { logs[a], logs[b] = logs[b], logs[a] })
		}
		r := read(t, e, logs...)
		runtime.GOMAXPROCS(before)
		verified(t, e)
		if len(cloudfront) < 2*chunkBytes {
			t.Fatal("the log is too short for this test")
		}
		got := []string{export(t, e), fmt.Sprint(r.Lines, r.Requests, r.New, r.Successful, r.Networks, r.BadCount())}
		summary, err := os.ReadFile(filepath.Join(publish(t, e), SummaryFile))
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, string(summary))
		if want == nil {
			want = got
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%d CPUs, %q: %s", cpus, logs, diff)
		}
	}
}
