// Command soak runs a site as a machine does for months, in minutes: cron jobs of sitegen build, stats and backup every
// few seconds, beside visitors, whose requests a real Nginx answers and logs, and beside faults:
//
//	kill -9         of every fifth run, at a random point
//	source          down, corrupt, or slower than sitegen waits
//	disks           of the site and of the backups: full, or read-only
//	logs            rotated and compressed, while they are read
//
// All the time, it asks the site questions whose answers it knows, and no answer may be wrong: each is that of the
// catalogue that is published, or, while a build publishes another one, of either. In the end, sitegen stats must have
// counted exactly the downloads of the visitors, a backup must restore, sitegen doctor must find nothing, and nothing
// may have grown without bound. It prints a report; the exit code is 1 if there was a fault.
//
//	go run ./soak -duration 30m
//
// It needs Linux, Nginx and unshare (util-linux): everything runs in its own namespace of processes and mounts, which
// ends with the program, and only on the addresses of the loopback device.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"time"
)

func main() {
	duration := flag.Duration("duration", 30*time.Minute, "how long it takes")
	program := flag.String("sitegen", "", "the `PROGRAM` to test (default: built from the sources)")
	dir := flag.String("dir", "", "an empty `FOLDER` for everything (default: a temporary one, removed at the end)")
	inside := flag.Bool("inside", false, "do not make a namespace: the program does so itself")
	flag.Parse()
	if err := run(*duration, *program, *dir, *inside); err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(1)
	}
}

func run(duration time.Duration, program, dir string, inside bool) error {
	if inside {
		return within(duration, program, dir)
	}
	if dir == "" {
		temporary, err := os.MkdirTemp("", "soak-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(temporary)
		dir = temporary
	}
	dir, err := filepath.Abs(dir)
	if err == nil {
		err = errors.Join(os.MkdirAll(dir, 0o755), os.Chmod(dir, 0o755)) // the user of Nginx must pass it
	}
	if err != nil {
		return err
	}
	if program == "" {
		program = filepath.Join(dir, "sitegen")
		if err := buildProgram(program); err != nil {
			return fmt.Errorf("build sitegen: %w", err)
		}
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	args, err := namespace()
	if err != nil {
		return err
	}
	// The shell is the first process of the namespace: it collects the children of killed runs.
	args = append(args, "sh", "-c", `"$@"; exit $?`, "sh", self, "-inside", "-duration", duration.String(), "-sitegen",
		program, "-dir", dir)
	cmd := exec.Command("unshare", args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	signal.Ignore(os.Interrupt) // it ends the program inside, which has the same terminal
	return cmd.Run()
}

// buildProgram builds sitegen in its own module, which has all that it imports.
func buildProgram(program string) error {
	module, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/Slicer/sitegen").Output()
	if err != nil {
		return err
	}
	cmd := exec.Command("go", "build", "-o", program, "./cmd/sitegen")
	cmd.Dir, cmd.Stderr = strings.TrimSpace(string(module)), os.Stderr
	return cmd.Run()
}

// namespace returns the arguments of unshare for a namespace of processes and mounts: as root, or as the root of a
// namespace of users.
func namespace() (args []string, err error) {
	args = []string{"--mount", "--pid", "--fork", "--mount-proc", "--kill-child"}
	for _, more := range [][]string{nil, {"--user", "--map-root-user"}} {
		args = append(args, more...)
		out, failed := exec.Command("unshare", append(args, "true")...).CombinedOutput()
		if failed == nil {
			return args, nil
		}
		err = fmt.Errorf("unshare: %w: %s", failed, out)
	}
	return nil, err
}

// within runs the soak within the namespace.
func within(duration time.Duration, program, dir string) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	s, err := newSoak(newPace(duration), program, dir, os.Stderr)
	if err != nil {
		return err
	}
	defer s.nginx.stop()
	s.soak(ctx)
	s.report.write(os.Stdout, s.jobs, s.samples, time.Since(s.start))
	s.writeMails(os.Stdout)
	if s.report.failed() {
		return errors.New("there were faults")
	}
	return nil
}
