package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/dustin/go-humanize"
)

// maxFaults is the number of faults that the report has in full.
const maxFaults = 20

// report collects what happened.
type report struct {
	log io.Writer // gets each fault at once

	mu     sync.Mutex
	counts map[string]int
	names  []string // of counts, in the order of their first use
	faults []string
	more   int // faults that are not listed
	lines  []string
}

// count counts something that happened.
func (r *report) count(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := r.counts[name]; !ok {
		r.names = append(r.names, name)
	}
	r.counts[name]++
}

// fault adds something that must not happen.
func (r *report) fault(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	text := time.Now().Format(time.TimeOnly) + " " + fmt.Sprintf(format, args...)
	if len(r.faults) == maxFaults {
		r.more++
		return
	}
	r.faults = append(r.faults, text)
	fmt.Fprintln(r.log, "FAULT", text)
}

// check adds a line about a check at the end, and a fault if it failed.
func (r *report) check(what string, err error) {
	if err != nil {
		r.fault("%s: %v", what, err)
		return
	}
	r.line("ok  %s", what)
}

func (r *report) line(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = append(r.lines, fmt.Sprintf(format, args...))
}

func (r *report) failed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.faults) > 0
}

// write prints the report.
func (r *report) write(w io.Writer, jobs []*job, samples []sample, took time.Duration) {
	fmt.Fprintf(w, "\nsoak of %s\n\n", took.Round(time.Second))
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "command\truns\tgood\tkilled\tfailed in a fault\tmails\tCPU median\tlongest\t"+
		"RSS first third\tlast third\tlargest")
	for _, j := range jobs {
		first, last := thirds(j.good)
		fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%d\t%d\t%.2f s\t%.1f s\t%s\t%s\t%s\n", j.name, j.runs, len(j.good), j.killed,
			j.failed, j.mails,
			median(j.good, func(m measure) float64 { return m.cpu.Seconds() }),
			largest(j.good, func(m measure) float64 { return m.took.Seconds() }),
			bytesOf(median(first, rss)), bytesOf(median(last, rss)), bytesOf(largest(j.good, rss)))
	}
	_ = t.Flush() // errors of w do not matter: it is the terminal
	fmt.Fprintln(w)
	for _, name := range r.names {
		fmt.Fprintf(t, "%s\t%s\n", name, humanize.Comma(int64(r.counts[name])))
	}
	_ = t.Flush()
	fmt.Fprintln(w)
	writeSamples(w, samples)
	fmt.Fprintf(w, "\n%s\n", strings.Join(r.lines, "\n"))
	if len(r.faults) == 0 {
		fmt.Fprintln(w, "\nno faults")
		return
	}
	fmt.Fprintf(w, "\n%d faults:\n%s\n", len(r.faults)+r.more, strings.Join(r.faults, "\n"))
}

func bytesOf(n float64) string { return humanize.IBytes(uint64(n)) }

func rss(m measure) float64 { return float64(m.rss) }

// thirds returns the first and the last third of a list.
func thirds[T any](list []T) (first, last []T) {
	n := max(len(list)/3, min(len(list), 1))
	return list[:n], list[len(list)-n:]
}

func median[T any](list []T, value func(T) float64) float64 {
	if len(list) == 0 {
		return 0
	}
	var values []float64
	for _, x := range list {
		values = append(values, value(x))
	}
	slices.Sort(values)
	return values[len(values)/2]
}

func largest[T any](list []T, value func(T) float64) float64 {
	if len(list) == 0 {
		return 0
	}
	return value(slices.MaxFunc(list, func(a, b T) int { return cmp.Compare(value(a), value(b)) }))
}
