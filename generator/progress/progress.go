// Package progress shows the progress of a long operation on a terminal, in one line below the messages:
//
//	reading 12 MiB of 340 MiB, 3%, 2m10s left
//	writing 12,300 of 23,000 files, 53%, 4s left
//
// The line is drawn while the work goes on, ten times a second at most, and erased at its end. Work that takes less
// than a tenth of a second is never shown. Messages are written through the Terminal, so that they do not mix with
// the line:
//
//	terminal := progress.New(os.Stderr, time.Now)
//	task := terminal.Start("writing", int64(len(files)), "files")
//	defer task.End()
//	for _, f := range files {
//		write(f)
//		task.Add(1)
//	}
//
// A nil *Terminal and a nil *Task do nothing. If the output is not a terminal, only the messages are written.
package progress

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/dustin/go-humanize"
	"golang.org/x/term"
)

// interval is the shortest time between two drawings: more often than ten times a second nobody can read numbers.
const interval = time.Second / 10

// Bytes is the unit of work that is counted in bytes. Any other is the plural of what is counted: "files".
const Bytes = "bytes"

// Terminal is where messages go, with one line below them. It can be used by many goroutines at once.
type Terminal struct {
	w   io.Writer
	now func() time.Time

	mu    sync.Mutex
	task  *Task // what the line is about; nil for none
	drawn bool  // the line is on the screen
	last  time.Time
}

// New returns the terminal that messages to w go to. Tasks are shown if w is one.
func New(w io.Writer, now func() time.Time) *Terminal { return &Terminal{w: w, now: now} }

// Write writes messages, of whole lines, in place of the line of a task, which the next drawing brings back.
func (t *Terminal) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.erase()
	return t.w.Write(p)
}

// Start begins to show a task: what is done, how much of it there is (0 if that is not known), and in which unit.
// A task that began before is not shown any more.
func (t *Terminal) Start(what string, total int64, unit string) *Task {
	if t == nil || t.columns() == 0 {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.erase()
	t.last = t.now()
	t.task = &Task{terminal: t, what: what, total: total, unit: unit, begin: t.last}
	return t.task
}

// columns returns the width of the terminal, 0 if it is none.
func (t *Terminal) columns() int {
	f, ok := t.w.(*os.File)
	if !ok {
		return 0
	}
	width, _, err := term.GetSize(int(f.Fd()))
	switch {
	case err != nil:
		return 0
	case width == 0: // a serial line does not know
		return 80
	}
	return width
}

// erase takes the line away. Errors are left to the messages.
func (t *Terminal) erase() {
	if t.drawn {
		_, _ = io.WriteString(t.w, "\r\x1b[K")
		t.drawn = false
	}
}

// Task is a piece of work that is shown.
type Task struct {
	terminal *Terminal
	what     string
	total    int64
	unit     string
	begin    time.Time
	done     int64
}

// Add counts that n more are done.
func (k *Task) Add(n int64) { k.update(func() { k.done += n }) }

// Set counts that n are done.
func (k *Task) Set(n int64) { k.update(func() { k.done = n }) }

// update changes the count, and draws the line if it is time.
func (k *Task) update(change func()) {
	if k == nil {
		return
	}
	t := k.terminal
	t.mu.Lock()
	defer t.mu.Unlock()
	change()
	now := t.now()
	if t.task != k || now.Sub(t.last) < interval {
		return
	}
	t.last, t.drawn = now, true
	// One column stays free: some terminals begin a new line when the last is written to.
	_, _ = io.WriteString(t.w, "\r"+k.line(now, t.columns()-1)+"\x1b[K")
}

// End takes the line away.
func (k *Task) End() {
	if k == nil {
		return
	}
	t := k.terminal
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.task == k {
		t.erase()
		t.task = nil
	}
}

// line says how far the task is, in a number of columns at most. What does not fit is left out from the end.
func (k *Task) line(now time.Time, columns int) string {
	parts := []string{k.what + " " + k.amount(k.done)}
	if k.total > 0 {
		done := min(k.done, k.total)
		parts[0] = fmt.Sprintf("%s %s of %s", k.what, strings.TrimSuffix(k.amount(done), " "+k.unit), k.amount(k.total))
		parts = append(parts, fmt.Sprintf("%d%%", int(float64(done)/float64(k.total)*100)))
		if elapsed := now.Sub(k.begin); elapsed >= time.Second && done > 0 {
			left := time.Duration(float64(elapsed) * float64(k.total-done) / float64(done))
			parts = append(parts, left.Round(time.Second).String()+" left")
		}
	}
	for len(parts) > 1 && len(strings.Join(parts, ", ")) > columns {
		parts = parts[:len(parts)-1]
	}
	line := strings.Join(parts, ", ")
	return line[:min(len(line), max(columns, 0))]
}

// amount writes a number with the unit.
func (k *Task) amount(n int64) string {
	if k.unit == Bytes {
		return humanize.IBytes(uint64(max(n, 0)))
	}
	return humanize.Comma(n) + " " + k.unit
}
