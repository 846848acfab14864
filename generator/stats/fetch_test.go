package stats

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestFetch reads the parts of a log from a slow server. It checks that they are fetched at the same time, but not more
// of them than allowed, that the result is that of files, and that an error concerns only one part.
func TestFetch(t *testing.T) {
	lines := slices.Collect(bytes.Lines(text(t, "access.log.gz")))
	dir := t.TempDir()
	var files, names []string
	content := map[string][]byte{}
	for part := range slices.Chunk(lines, len(lines)/100) {
		name := fmt.Sprintf("test://%03d", len(names))
		names, content[name] = append(names, name), bytes.Join(part, nil)
		files = append(files, write(t, dir, filepath.Base(name), content[name]))
		if len(names)%2 == 0 { // an object does not grow, so its last line is complete
			content[name] = bytes.TrimSuffix(content[name], []byte("\n"))
		}
	}
	content["test://large"], content["test://lost"] = content[names[0]], nil
	e := open(t, options(t, t.TempDir()))
	read(t, e, files...)

	o := options(t, t.TempDir())
	o.Stat = func(name string) (version string, size int64) {
		if name == "test://large" {
			return "1", maxFetched + 1
		}
		return "1", int64(len(content[name]))
	}
	var active, most atomic.Int32
	var opened atomic.Int64
	o.Open = func(_ context.Context, name string) (io.ReadCloser, error) {
		n := active.Add(1)
		defer active.Add(-1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		opened.Add(1)
		time.Sleep(10 * time.Millisecond)
		if name == "test://lost" {
			return nil, errors.New("no reply")
		}
		return io.NopCloser(bytes.NewReader(content[name])), nil
	}
	all := slices.Insert(slices.Clone(names), 50, "test://lost", "test://large")
	s := open(t, o)
	begin := time.Now()
	r, err := s.Read(t.Context(), all, func(int64) {})
	if err != nil {
		t.Fatal(err)
	}
	if p := r.Problems(); len(p) != 1 || !strings.Contains(p[0], "no reply") {
		t.Errorf("problems: %q", p)
	}
	if diff := cmp.Diff(export(t, e), export(t, s)); diff != "" {
		t.Error(diff)
	}
	if n := most.Load(); n < 2 || n > fetchedLogs+1 {
		t.Errorf("%d logs were opened at the same time", n)
	}
	t.Logf("%d logs, at most %d at the same time, in %v", len(all), most.Load(), time.Since(begin))

	opened.Store(0)
	if r := read(t, s, names...); r.Lines != 0 || opened.Load() != 0 {
		t.Errorf("the second run opened %d logs and read %d lines", opened.Load(), r.Lines)
	}
	ctx, cancel := context.WithCancel(t.Context())
	fresh := o
	fresh.Dir = t.TempDir()
	stopped := open(t, fresh)
	open := fresh.Open
	stopped.options.Open = func(ctx context.Context, name string) (io.ReadCloser, error) {
		cancel()
		return open(ctx, name)
	}
	if _, err := stopped.Read(ctx, names, func(int64) {}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want that the run was cancelled", err)
	}
	if n := active.Load(); n != 0 {
		t.Errorf("%d logs are still being fetched", n)
	}
}

// TestFetchMemory reads objects that are together larger than what may be fetched at the same time. It checks that no
// more than that is waiting to be read, and that each is opened once.
func TestFetchMemory(t *testing.T) {
	line := bytes.SplitAfter(text(t, "access.log.gz"), []byte("\n"))[0]
	object := bytes.Repeat(line, maxFetched/len(line))
	var names []string
	for i := range 2 * fetchedBytes / maxFetched {
		names = append(names, fmt.Sprintf("test://%03d", i))
	}
	o := options(t, t.TempDir())
	o.Stat = func(string) (version string, size int64) { return "1", int64(len(object)) }
	var opened, read atomic.Int64 // logs
	o.Open = func(context.Context, string) (io.ReadCloser, error) {
		if ahead := opened.Add(1) - read.Load(); ahead*int64(len(object)) > fetchedBytes+int64(len(object)) {
			t.Errorf("%d logs are fetched", ahead)
		}
		return io.NopCloser(bytes.NewReader(object)), nil
	}
	s := open(t, o)
	r, err := s.Read(t.Context(), names, func(n int64) { read.Store(n / int64(len(object))) })
	if err != nil {
		t.Fatal(err)
	}
	if want := int64(len(names)) * int64(len(object)/len(line)); r.Lines != want {
		t.Errorf("read %d lines, want %d", r.Lines, want)
	}
	if n := opened.Load(); n != int64(len(names)) {
		t.Errorf("opened %d logs, want %d", n, len(names))
	}
}
