package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/Slicer/sitegen/generator/fault"
)

// interrupted is the exit code after Ctrl-C or SIGTERM, as a shell would give it.
const interrupted = 130

// exitCodes says what each exit code means. Scripts depend on the numbers: they never change.
var exitCodes = []struct {
	code    int
	kind    fault.Kind // of the errors that end with it, for 1 to 8
	meaning string
}{
	{0, 0, "success; a build that found nothing new as well"},
	{1, fault.Unexpected, "something unexpected: a full disk, a folder without permission"},
	{2, fault.Usage, "the command line, the environment or sitegen.yaml is wrong"},
	{3, fault.Gate, "the new catalogue would wreck the site, nothing was changed; look at the source, then --force"},
	{4, fault.Source, "the source cannot be reached, or what it answers is not a listing of packages"},
	{5, fault.Content, "content, layouts or redirect rules have errors, nothing was written"},
	{6, fault.AfterChange, "an after_change command did not succeed; if it was the first, the old maps are back"},
	{7, fault.Locked, "another run is at work in the same site folder"},
	{8, fault.Limit, "the redirects pass a limit of a server: its own are as they were, everything else is in place"},
	{interrupted, 0, "interrupted (Ctrl-C, SIGTERM); what is served is whole, the next run does the rest"},
}

// exit reports how a command ended and gives the exit code.
func (p *program) exit(ctx context.Context, cmd *cobra.Command, err error) int {
	if err == nil {
		return 0
	}
	if ctx.Err() != nil {
		message := "interrupted"
		if err != context.Canceled {
			message += ": " + err.Error()
		}
		p.messages.fail(errors.New(message)) // the hints would be about a fault that is none
		return interrupted
	}
	if !p.started {
		err = fault.Wrap(fault.Usage, err, cmd.CommandPath()+" --help says what there is.")
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

// exitCodeTable lists the exit codes, one to a line.
func exitCodeTable() string {
	var b strings.Builder
	for _, c := range exitCodes {
		fmt.Fprintf(&b, "%5d  %s\n", c.code, c.meaning)
	}
	return b.String()
}
