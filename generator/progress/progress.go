// Package progress shows the progress of a long operation on a terminal, in one line below the messages:
//
//	asking data.kitware.com, 614 kB, 3s
//	reading 12 MB of 340 MB, 3%, 2m10s left
//	writing 12,300 of 23,000 files, 53%, 4s left
//	compiling the redirects, 2s
//
// The line is updated at most ten times a second, also while nothing is reported, and erased at the end. Operations
// that take less than a tenth of a second are never shown. Messages must be written through the Terminal, which keeps
// them apart from the line:
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
	"unicode/utf8"

	"github.com/dustin/go-humanize"
	"golang.org/x/term"
)

// interval is the minimum time between two updates. Numbers that change more than ten times a second are unreadable.
const interval = time.Second / 10

// Bytes is the unit of a task that is counted in bytes, and Nothing that of a task without an amount. Any other unit is
// a noun in the plural: "files".
const (
	Bytes   = "bytes"
	Nothing = ""
)

// Terminal writes messages and, below them, a progress line. It is safe for concurrent use.
type Terminal struct {
	w   io.Writer
	now func() time.Time

	mu    sync.Mutex
	task  *Task  // the task shown in the line; nil for none
	drawn string // the line on the screen; "" for none
	last  time.Time
}

// New returns a Terminal that writes to w. Tasks are only shown if w is a terminal.
func New(w io.Writer, now func() time.Time) *Terminal { return &Terminal{w: w, now: now} }

// Write writes messages, which must be complete lines. It erases the progress line; the next update draws it again
// below the messages.
func (t *Terminal) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.erase()
	return t.w.Write(p)
}

// Start starts to show a task: what is being done ("reading"), its total amount (0 if unknown), and the unit. It
// replaces the task shown before.
func (t *Terminal) Start(what string, total int64, unit string) *Task {
	if t == nil || t.columns() == 0 {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.erase()
	t.last = t.now()
	k := &Task{terminal: t, what: what, total: total, unit: unit, begin: t.last}
	k.tick = time.AfterFunc(interval, k.wait)
	t.task = k
	return k
}

// columns returns the width of the terminal, or 0 if w is not a terminal.
func (t *Terminal) columns() int {
	f, ok := t.w.(*os.File)
	if !ok {
		return 0
	}
	width, _, err := term.GetSize(int(f.Fd()))
	switch {
	case err != nil:
		return 0
	case width == 0: // unknown, as on a serial line
		return 80
	}
	return width
}

// erase erases the progress line. Errors are ignored; the next Write returns them.
func (t *Terminal) erase() {
	if t.drawn != "" {
		_, _ = io.WriteString(t.w, "\r\x1b[K")
		t.drawn = ""
	}
}

// Task is an operation whose progress is shown.
type Task struct {
	terminal *Terminal
	what     string
	total    int64
	unit     string
	begin    time.Time
	done     int64
	tick     *time.Timer
}

// Add adds n to the amount that is done.
func (k *Task) Add(n int64) { k.update(func() { k.done += n }) }

// Set sets the amount that is done to n.
func (k *Task) Set(n int64) { k.update(func() { k.done = n }) }

// update changes the amount, and redraws the line if interval has passed.
func (k *Task) update(change func()) {
	if k == nil {
		return
	}
	t := k.terminal
	t.mu.Lock()
	defer t.mu.Unlock()
	change()
	k.draw()
}

// wait redraws the line of a task that reports nothing at present, because it waits for an answer for example.
func (k *Task) wait() {
	t := k.terminal
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.task == k {
		k.draw()
		k.tick.Reset(interval)
	}
}

// draw redraws the line if interval has passed. The terminal must be locked.
func (k *Task) draw() {
	t := k.terminal
	now := t.now()
	if t.task != k || now.Sub(t.last) < interval {
		return
	}
	t.last = now
	// Leave one column free: some terminals start a new line after a character in the last column.
	if line := k.line(now, t.columns()-1); line != t.drawn {
		t.drawn = line
		_, _ = io.WriteString(t.w, "\r"+line+"\x1b[K")
	}
}

// End ends the task and erases the line.
func (k *Task) End() {
	if k == nil {
		return
	}
	t := k.terminal
	t.mu.Lock()
	defer t.mu.Unlock()
	k.tick.Stop()
	if t.task == k {
		t.erase()
		t.task = nil
	}
}

// line returns the progress line, which has at most the given number of columns. Parts that do not fit are left out,
// starting from the end.
func (k *Task) line(now time.Time, columns int) string {
	elapsed := now.Sub(k.begin)
	var parts []string
	switch {
	case k.unit == Nothing:
		parts = []string{k.what}
	case k.total == 0:
		parts = []string{k.what + " " + k.amount(k.done)}
	default:
		done := min(k.done, k.total)
		parts = []string{
			fmt.Sprintf("%s %s of %s", k.what, strings.TrimSuffix(k.amount(done), " "+k.unit), k.amount(k.total)),
			fmt.Sprintf("%d%%", int(float64(done)/float64(k.total)*100)),
		}
		if elapsed >= time.Second && done > 0 {
			left := time.Duration(float64(elapsed) * float64(k.total-done) / float64(done))
			parts = append(parts, left.Round(time.Second).String()+" left")
		}
	}
	if k.total == 0 && elapsed >= time.Second {
		parts = append(parts, elapsed.Truncate(time.Second).String())
	}
	for len(parts) > 1 && utf8.RuneCountInString(strings.Join(parts, ", ")) > columns {
		parts = parts[:len(parts)-1]
	}
	line := []rune(strings.Join(parts, ", "))
	return string(line[:min(len(line), max(columns, 0))])
}

// amount formats a number with the unit.
func (k *Task) amount(n int64) string {
	if k.unit == Bytes {
		return humanize.Bytes(uint64(max(n, 0)))
	}
	return humanize.Comma(n) + " " + k.unit
}
