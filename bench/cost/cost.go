// Package cost measures the time and memory that a run of a program takes, to compare programs.
package cost

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"syscall"
	"time"
)

// Cost is the cost of one run of a program.
type Cost struct {
	CPU, Wall time.Duration
	RSS       int64 // peak resident memory (bytes)
}

// Of runs a program in a folder, waits for it to exit and returns its cost. The program shares our standard error.
func Of(dir string, argv ...string) (Cost, error) { return Reading(dir, nil, argv...) }

// Reading is like Of, with a standard input. It is empty if stdin is nil.
func Reading(dir string, stdin io.Reader, argv ...string) (Cost, error) {
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir, cmd.Stdin, cmd.Stderr = dir, stdin, os.Stderr
	start := time.Now()
	if err := cmd.Run(); err != nil {
		return Cost{}, fmt.Errorf("run %s: %w", argv[0], err)
	}
	usage := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	return Cost{cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), time.Since(start), usage.Maxrss << 10}, nil
}

// String returns the CPU time, the elapsed time and the memory in columns of fixed width.
func (c Cost) String() string {
	return fmt.Sprintf("%6.2f s CPU  %6.2f s  %4d MiB", c.CPU.Seconds(), c.Wall.Seconds(), c.RSS>>20)
}

// Median returns the run with the median CPU time. There must be at least one run.
func Median(costs []Cost) Cost {
	sorted := slices.SortedFunc(slices.Values(costs), func(a, b Cost) int { return cmp.Compare(a.CPU, b.CPU) })
	return sorted[len(sorted)/2]
}
