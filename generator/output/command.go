package output

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// CommandError says that a command of after_change has failed.
type CommandError struct {
	Argv    []string // the program and its arguments
	Status  int      // exit status, -1 if it did not start or was killed
	Output  string   // the end of what it wrote
	PutBack bool     // it was the first command, and the old maps are back
	Err     error
}

func (e *CommandError) Error() string {
	maps := "the new maps stay, the next run tries again"
	if e.PutBack {
		maps = "the old maps are back"
	}
	text := fmt.Sprintf("after_change: run %q: %v; %s", strings.Join(e.Argv, " "), e.Err, maps)
	if e.Output != "" {
		text += "\n  " + strings.ReplaceAll(e.Output, "\n", "\n  ")
	}
	return text
}

func (e *CommandError) Unwrap() error { return e.Err }

const (
	outputShown = 4096            // bytes of a command's output that an error keeps: a screen of nginx -t
	graceTime   = 2 * time.Second // for a command that is asked to stop, and for what it leaves running
)

// command runs one command, with the folder of the maps in SITEGEN_REDIRECTS.
func (w *Writer) command(ctx context.Context, argv []string) *CommandError {
	if len(argv) == 0 {
		return &CommandError{Status: -1, Err: errors.New("it is empty")}
	}
	var out tail
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env = append(os.Environ(), "SITEGEN_REDIRECTS="+w.options.Redirects)
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = graceTime
	err := cmd.Run()
	if err != nil && ctx.Err() != nil {
		err = ctx.Err()
	}
	if err == nil || errors.Is(err, exec.ErrWaitDelay) { // the latter: it left a daemon that writes on
		w.options.Log.Info("after_change", "command", argv, "output", out.String())
		return nil
	}
	status := -1
	if cmd.ProcessState != nil {
		status = cmd.ProcessState.ExitCode()
	}
	return &CommandError{Argv: argv, Status: status, Output: out.String(), Err: err}
}

// tail keeps the end of what is written to it.
type tail []byte

func (t *tail) Write(p []byte) (int, error) {
	*t = append(*t, p...)
	*t = (*t)[max(0, len(*t)-outputShown):]
	return len(p), nil
}

func (t *tail) String() string { return strings.TrimSpace(string(*t)) }
