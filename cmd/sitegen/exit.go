package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/Slicer/sitegen/generator/disk"
	"github.com/Slicer/sitegen/generator/fault"
)

// interrupted is the exit code after Ctrl-C or SIGTERM. Shells use the same number: 128 + SIGINT.
const interrupted = 130

// exitCodes lists the meaning of each exit code. Scripts depend on the numbers: they never change.
var exitCodes = []struct {
	code    int
	kind    fault.Kind // for codes 1 to 14: the kind of error
	meaning string
}{
	{0, 0, "success, also when there was nothing new to build"},
	{1, fault.Unexpected, "unexpected error, for instance a full disk or a missing permission"},
	{2, fault.Usage, "the command line, the environment or sitegen.yaml is wrong"},
	{3, fault.Gate, "a build or restore would lose data; nothing was changed; check what it reads, then use --force"},
	{4, fault.Source, "the source cannot be reached, or its answer is not a list of packages"},
	{5, fault.Content, "content, layouts, redirect rules or holds.yaml have errors; nothing was written"},
	{6, fault.AfterChange, "an after_change command failed; if it was the first, the previous redirects were restored"},
	{7, fault.Locked, "another run is using the same site folder"},
	{8, fault.Limit, "the redirects exceed a limit of a server: its files are unchanged, everything else is updated"},
	{9, fault.Remote, "AWS or GitHub cannot be reached or refuses; with CloudFront, visitors see the previous deploy"},
	{10, fault.Conflict, "somebody else deployed or made a backup at the same time; visitors see that deploy"},
	{11, fault.Losses, "logs or tables could not be read, or only in part, or were empty; everything else was counted"},
	{12, fault.Differences, "compare or self-test found answers that differ"},
	{13, fault.Unreachable, "compare or self-test: a server does not answer"},
	{14, fault.Unhealthy, "sitegen doctor has found a problem; its output says what, and what to do next"},
	{interrupted, 0, "interrupted (Ctrl-C, SIGTERM); the published site is complete, the next run does the rest"},
}

// exit reports the error of a command, if it is not nil, and returns the exit code.
func (p *program) exit(ctx context.Context, cmd *cobra.Command, err error) int {
	if err == nil {
		return 0
	}
	if ctx.Err() != nil {
		message := "interrupted"
		// An error that wraps context.Canceled has more to say.
		if more, _ := strings.CutSuffix(err.Error(), context.Canceled.Error()); more != "" {
			message += ": " + strings.TrimSuffix(more, ": ")
		}
		p.messages.fail(errors.New(message)) // without hints, which would not help
		return interrupted
	}
	if !p.started {
		err = fault.Wrap(fault.Usage, err, cmd.CommandPath()+" --help lists the arguments and flags.")
	}
	if disk.IsFull(err) && len(fault.Hints(err)) == 0 {
		err = fault.Wrap(fault.KindOf(err), err, "The disk is full. Free some space and run the command again.")
	}
	p.messages.fail(err)
	return exitCode(err)
}

func exitCode(err error) int {
	kind := fault.KindOf(err)
	for _, c := range exitCodes[1:] {
		if c.kind == kind {
			return c.code
		}
	}
	return 1
}

// exitCodeTable returns the exit codes and their meanings, one per line.
func exitCodeTable() string {
	var b strings.Builder
	for _, c := range exitCodes {
		fmt.Fprintf(&b, "%5d  %s\n", c.code, c.meaning)
	}
	return b.String()
}
