// Package cost measures what the run of a program takes, for comparisons side by side.
package cost

import (
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"syscall"
	"time"
)

// Cost is what one run of a program took.
type Cost struct {
	CPU, Wall time.Duration
	RSS       int64 // bytes, peak
}

// Of runs a program in a folder and waits for it. What it writes to standard error goes to ours.
func Of(dir string, argv ...string) (Cost, error) {
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir, cmd.Stderr = dir, os.Stderr
	start := time.Now()
	if err := cmd.Run(); err != nil {
		return Cost{}, fmt.Errorf("run %s: %w", argv[0], err)
	}
	usage := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	return Cost{cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), time.Since(start), usage.Maxrss << 10}, nil
}

// String gives the seconds of CPU, those of the clock, and the memory, in columns.
func (c Cost) String() string {
	return fmt.Sprintf("%6.2f s CPU  %6.2f s  %4d MiB", c.CPU.Seconds(), c.Wall.Seconds(), c.RSS>>20)
}

// Median is the run with the median CPU time; there must be one.
func Median(costs []Cost) Cost {
	sorted := slices.SortedFunc(slices.Values(costs), func(a, b Cost) int { return cmp.Compare(a.CPU, b.CPU) })
	return sorted[len(sorted)/2]
}
