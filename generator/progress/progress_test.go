package progress_test

import (
	"bytes"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/progress"
	"github.com/Slicer/sitegen/generator/testutil"
)

// clock is a clock that tests advance.
type clock struct{ time.Time }

func (c *clock) now() time.Time        { return c.Time }
func (c *clock) after(d time.Duration) { c.Time = c.Add(d) }
func newClock() *clock                 { return &clock{time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)} }

func TestLine(t *testing.T) {
	tests := []struct {
		name    string
		columns int
		total   int64
		unit    string
		after   time.Duration
		done    int64
		want    string
	}{
		{"bytes", 80, 340e6, progress.Bytes, 4 * time.Second, 12e6,
			"reading 12 MB of 340 MB, 3%, 1m49s left"},
		{"files", 80, 23000, "files", 4 * time.Second, 12300, "reading 12,300 of 23,000 files, 53%, 3s left"},
		{"too early for a forecast", 80, 134, "packages", 500 * time.Millisecond, 2, "reading 2 of 134 packages, 1%"},
		{"nothing done", 80, 134, "packages", 5 * time.Second, 0, "reading 0 of 134 packages, 0%"},
		{"all done", 80, 134, "packages", 5 * time.Second, 134, "reading 134 of 134 packages, 100%, 0s left"},
		{"more than all", 80, 134, "packages", 5 * time.Second, 200, "reading 134 of 134 packages, 100%, 0s left"},
		{"of unknown size", 80, 0, progress.Bytes, 5 * time.Second, 12e6, "reading 12 MB, 5s"},
		{"of unknown size, new", 80, 0, progress.Bytes, 500 * time.Millisecond, 12e6, "reading 12 MB"},
		{"without an amount", 80, 0, progress.Nothing, 65 * time.Second, 0, "reading, 1m5s"},
		{"one column narrower than the terminal", 40, 340e6, progress.Bytes, 4 * time.Second, 12e6,
			"reading 12 MB of 340 MB, 3%, 1m49s left"},
		{"as wide as the terminal", 39, 340e6, progress.Bytes, 4 * time.Second, 12e6,
			"reading 12 MB of 340 MB, 3%"},
		{"narrow", 12, 340e6, progress.Bytes, 4 * time.Second, 12e6, "reading 12 "},
		{"one column", 1, 340e6, progress.Bytes, 4 * time.Second, 12e6, ""},
		{"no size", 0, 340e6, progress.Bytes, 4 * time.Second, 12e6,
			"reading 12 MB of 340 MB, 3%, 1m49s left"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			clock, screen := newClock(), testutil.OpenTerminal(t, tt.columns)
			task := progress.New(screen.File, clock.now).Start("reading", tt.total, tt.unit)
			clock.after(tt.after)
			task.Set(tt.done)
			if diff := cmp.Diff(tt.want, screen.Text(t)); diff != "" {
				t.Errorf("the screen (-want +got):\n%s", diff)
			}
			task.End()
			if got := screen.Text(t); got != "" {
				t.Errorf("the screen is %q at the end", got)
			}
		})
	}
}

func TestDrawnTenTimesASecond(t *testing.T) {
	clock, screen := newClock(), testutil.OpenTerminal(t, 80)
	task := progress.New(screen.File, clock.now).Start("writing", 1000, "files")
	for range 1000 { // one per millisecond
		clock.after(time.Millisecond)
		task.Add(1)
	}
	task.End()
	if drawn := strings.Count(screen.Written(t), "writing"); drawn != 10 {
		t.Errorf("drawn %d times in a second", drawn)
	}
	short := progress.New(screen.File, clock.now).Start("writing", 10, "files")
	clock.after(99 * time.Millisecond)
	short.Set(10)
	short.End()
	if drawn := strings.Count(screen.Written(t), "writing"); drawn != 10 {
		t.Errorf("an operation of less than a tenth of a second is shown")
	}
}

// TestWaiting checks that a task that reports nothing is shown, too.
func TestWaiting(t *testing.T) {
	screen := testutil.OpenTerminal(t, 80)
	begin := time.Now()
	fast := func() time.Time { return begin.Add(20 * time.Since(begin)) }
	task := progress.New(screen.File, fast).Start("asking host.example,", 0, progress.Bytes)
	for end := time.Now().Add(10 * time.Second); screen.Text(t) != "asking host.example, 0 B, 2s"; {
		if time.Now().After(end) {
			t.Fatalf("the screen is %q", screen.Text(t))
		}
		time.Sleep(10 * time.Millisecond)
	}
	task.End()
	before := screen.Written(t)
	time.Sleep(200 * time.Millisecond)
	if after := screen.Written(t); after != before || screen.Text(t) != "" {
		t.Errorf("written after the end: %q", after[len(before):])
	}
}

func TestMessagesAboveLine(t *testing.T) {
	clock, screen := newClock(), testutil.OpenTerminal(t, 80)
	terminal := progress.New(screen.File, clock.now)
	tick := func(task *progress.Task) {
		clock.after(time.Second / 2)
		task.Add(1)
	}
	write := func(s string) {
		if n, err := terminal.Write([]byte(s)); n != len(s) || err != nil {
			t.Errorf("%d bytes written, error %v", n, err)
		}
	}
	write("before\n")
	first := terminal.Start("fetching", 4, "packages")
	tick(first)
	write("a message that is longer than the line\nand another\n")
	tick(first)
	second := terminal.Start("writing", 4, "files")
	tick(second)
	tick(first) // no longer shown
	first.End()
	want := "before\na message that is longer than the line\nand another\n"
	if diff := cmp.Diff(want+"writing 1 of 4 files, 25%", screen.Text(t)); diff != "" {
		t.Errorf("the screen (-want +got):\n%s", diff)
	}
	second.End()
	write("after\n")
	if diff := cmp.Diff(want+"after\n", screen.Text(t)); diff != "" {
		t.Errorf("the screen at the end (-want +got):\n%s", diff)
	}
}

func TestManyGoroutines(t *testing.T) {
	screen := testutil.OpenTerminal(t, 80)
	terminal := progress.New(screen.File,
		func() time.Time { return time.Now().Add(time.Duration(time.Now().Nanosecond()) * 1000) })
	task := terminal.Start("fetching", 400, "packages")
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for range 100 {
				task.Add(1)
			}
			_, _ = terminal.Write([]byte("done\n"))
		})
	}
	group.Wait()
	task.End()
	if got := screen.Text(t); got != strings.Repeat("done\n", 4) {
		t.Errorf("the screen is %q", got)
	}
}

// TestNoTerminal checks that only messages are written if the output is not a terminal.
func TestNoTerminal(t *testing.T) {
	file, err := os.Create(t.TempDir() + "/log")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0) // a character device, like a terminal
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	var buffer bytes.Buffer
	for _, terminal := range []*progress.Terminal{progress.New(file, time.Now), progress.New(null, time.Now),
		progress.New(&buffer, time.Now), nil} {
		task := terminal.Start("writing", 10, "files")
		if task != nil {
			t.Error("a task is shown")
		}
		task.Add(1)
		task.Set(2)
		if terminal != nil {
			_, _ = terminal.Write([]byte("message\n"))
		}
		task.End()
	}
	data, err := os.ReadFile(file.Name())
	if err != nil || string(data) != "message\n" || buffer.String() != "message\n" {
		t.Errorf("the file has %q, error %v; the buffer %q", data, err, buffer.String())
	}
}
