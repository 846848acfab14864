package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"
)

// measure is what a run has used.
type measure struct {
	took, cpu time.Duration
	rss       int64 // bytes
}

// job is a command that cron runs.
type job struct {
	name                        string
	args                        []string
	every                       time.Duration
	runs, killed, failed, mails int
	good                        []measure
	lastGood                    time.Time // start of the last good run
}

// cron runs a command again and again until the context is done. Before is called before each run, after with its
// exit code.
func (s *soak) cron(ctx context.Context, j *job, before func() error, after func(code int)) {
	for wait(ctx, j.every) {
		if err := before(); err != nil {
			s.report.fault("%s: %v", j.name, err)
		}
		after(s.run(j, true))
	}
}

// halfLog is the exit code of sitegen stats if a log cannot be read to its end: the next run does.
const halfLog = 11

// killedCode stands for the exit code of a run that was killed.
const killedCode = -1

// run runs a command once, and kills every fifth run somewhere if that is allowed. It returns the exit code.
func (s *soak) run(j *job, mayKill bool) int {
	faults := s.faults.seen()
	start := time.Now()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	kill := mayKill && rand.IntN(5) == 0
	if kill && len(j.good) > 0 {
		span := median(j.good, func(m measure) float64 { return float64(m.took) })
		timer := time.AfterFunc(time.Duration(rand.Float64()*1.1*span), cancel)
		defer timer.Stop()
	}
	out, code, m := s.sitegen(ctx, j.args...)
	j.runs++
	trouble := s.faults.since(faults)
	switch {
	case code == killedCode:
		j.killed++
		return code
	case code == 0:
		j.lastGood = start
		j.good = append(j.good, m)
	case trouble == "" && j.name == "stats" && code == halfLog:
		s.report.count("stats runs that met a log which is being compressed")
	case trouble == "":
		s.report.fault("sitegen %s: exit code %d without a fault: %s", j.name, code, out)
	default:
		j.failed++
	}
	if strings.Contains(out, "goroutine ") || strings.Contains(out, "panic:") {
		s.report.fault("sitegen %s: %s", j.name, out)
	}
	if out != "" {
		j.mails++
		s.mail(j.name, out)
	}
	return code
}

var passingRE = regexp.MustCompile(`[0-9]+`)

// mail notes what cron would mail.
func (s *soak) mail(name, text string) {
	key := name + ": " + passingRE.ReplaceAllString(strings.ReplaceAll(strings.TrimSpace(text), s.dir, ""), "#")
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mails[key]++
}

// sitegen runs the program in the folder of the site. It returns what the program printed to standard error, or to
// standard output if the exit code is 0 and there are no messages.
func (s *soak) sitegen(ctx context.Context, args ...string) (out string, code int, m measure) {
	cmd := exec.CommandContext(ctx, s.program, args...)
	cmd.Dir = s.site
	cmd.Env = append(os.Environ(), "TMPDIR="+s.temporary, "AWS_EC2_METADATA_DISABLED=true")
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	cmd.WaitDelay = 10 * time.Second // commands of after_change may outlive a killed run
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	start := time.Now()
	err := cmd.Run()
	out = stdout.String() + stderr.String()
	state := cmd.ProcessState
	if state == nil {
		return err.Error(), killedCode - 1, m
	}
	m = measure{took: time.Since(start), cpu: state.UserTime() + state.SystemTime()}
	if used, ok := state.SysUsage().(*syscall.Rusage); ok {
		m.rss = used.Maxrss << 10
	}
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		if ctx.Err() != nil {
			return out, killedCode, m
		}
		return out + status.Signal().String(), killedCode - 1, m
	}
	return out, state.ExitCode(), m
}

// must runs a command that has to succeed, and returns what it printed to standard output.
func (s *soak) must(args ...string) (string, error) {
	out, code, _ := s.sitegen(context.Background(), args...)
	if code != 0 {
		return "", errors.New(strings.Join(args, " ") + ": " + out)
	}
	return out, nil
}

// wait waits, and reports whether the context is not done.
func wait(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// writeMails prints what cron mailed.
func (s *soak) writeMails(w io.Writer) {
	fmt.Fprintln(w, "\nmails, with # for numbers:")
	for _, text := range slices.Sorted(maps.Keys(s.mails)) {
		fmt.Fprintf(w, "%d × %s\n", s.mails[text], strings.ReplaceAll(text, "\n", "\n    "))
	}
}
