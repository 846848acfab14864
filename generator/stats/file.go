package stats

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"syscall"
	"time"
)

// pipePatience is how long a run waits for a program that writes to a named pipe. The shell has started such a program
// already: mkfifo log; zcat old.gz > log & sitegen stats log.
const pipePatience = 10 * time.Second

// errNoWriter means that a log is a named pipe to which no program writes.
var errNoWriter = errors.New("a named pipe to which no program writes; start that program first")

// openFile opens a file for reading. Opening a named pipe waits for a program that writes to it; without one, a run
// would hold its lock for ever. So openFile waits only for the given time.
func openFile(ctx context.Context, name string, patience time.Duration) (*os.File, error) {
	info, err := os.Stat(name)
	if err != nil || info.Mode()&fs.ModeNamedPipe == 0 {
		return os.Open(name)
	}
	type opened struct {
		file *os.File
		err  error
	}
	result := make(chan opened, 1)
	go func() {
		f, err := os.Open(name)
		result <- opened{f, err}
	}()
	err = errNoWriter
	select {
	case o := <-result:
		return o.file, o.err
	case <-time.After(patience):
	case <-ctx.Done():
		err = ctx.Err()
	}
	// A writer ends the wait.
	if w, err := os.OpenFile(name, os.O_WRONLY|syscall.O_NONBLOCK, 0); err == nil {
		defer w.Close()
		if o := <-result; o.err == nil {
			o.file.Close()
		}
	}
	return nil, err
}
