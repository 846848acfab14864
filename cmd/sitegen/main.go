// Command sitegen turns the packages of a software project into a static download site and the redirects for its web
// server. For a list of its commands, run sitegen help.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/Slicer/sitegen/generator/progress"
)

// endTime is the time between a signal and the end of the program, if it has not ended by itself. Commands end much
// faster, unless they wait for something that cannot be interrupted, such as standard input or a named pipe in place of
// a file. After two seconds, a build has also stopped its after_change commands (see output). The site is complete even
// if the program ends in the middle of a build: the next run does the rest.
const endTime = 5 * time.Second

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, func() {
		stop() // a second signal ends the program immediately
		time.Sleep(endTime)
		fmt.Fprintln(os.Stderr, "sitegen: interrupted")
		os.Exit(interrupted)
	})
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr, os.Environ()))
}

// run runs the program and returns its exit code. Results go to stdout, messages to stderr.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer, environ []string) int {
	p := &program{stdout: stdout, environ: environ, messages: newMessages(progress.New(stderr, time.Now))}
	root := p.rootCommand()
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	root.SetArgs(append([]string{}, args...)) // nil would mean os.Args
	cmd, err := root.ExecuteContextC(ctx)
	code := p.exit(ctx, cmd, err)
	p.record.end(ctx, p.messages, code, err)
	return code
}
