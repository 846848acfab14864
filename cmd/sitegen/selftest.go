package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/Slicer/sitegen/generator/compare"
	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/redirect/servers"
)

// selfTestCommand implements sitegen self-test.
type selfTestCommand struct{ *program }

func (p selfTestCommand) define() *cobra.Command {
	o := compare.TestOptions{}
	cmd := p.command(&cobra.Command{
		Use:   "self-test [flags] URL",
		Short: "ask a running site questions whose answers are known",
		Long: `self-test asks the site at an address questions whose answers are known, and prints each
wrong answer with the right one and the next step. Run it after an installation, an
upgrade, or a change of the web server. It only reads.

In the folder of the site, the questions are about the packages of the last build. For a
site of the sample, they are recorded in the program. In any other folder, they are made
from the JSON that the site publishes.

Some servers cannot answer everything: with --server s3, for instance, the known limits
of an S3 website are no failures. The exit code is 12 if an answer is wrong, and 13 if the
server does not answer.
`,
		Example: `  sitegen self-test https://new.example.org/
  sitegen self-test https://new.example.org/ --json
  sitegen self-test https://new.example.org/ --connect 203.0.113.7`,
		Args: oneServer,
	}, func(cmd *cobra.Command, args []string) error {
		o.Address = args[0]
		return p.selfTest(cmd, o)
	})
	addOptions(cmd, "data", "log_format")
	addMessages(cmd)
	flags := cmd.Flags()
	flags.StringVar(&o.As, "server", "", "do not count the known limits of the server `NAME`: "+
		strings.Join(servers.Names(), ", "))
	flags.StringVar(&o.Server.Connect, "connect", "", "`ADDRESS` to connect to: "+connectForms)
	flags.IntVar(&o.Parallel, "parallel", 4, "ask this `NUMBER` of questions at a time")
	addServerFlags(cmd, &o.Server)
	flags.Bool("json", false, "print the report as JSON")
	for _, name := range []string{"server", "connect", "parallel"} {
		note(flags, name, serversGroup, "")
	}
	note(flags, "json", messagesGroup, "")
	_ = cmd.RegisterFlagCompletionFunc("server", cobra.FixedCompletions(servers.Names(),
		cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func oneServer(_ *cobra.Command, args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("needs the address of a site (found %d arguments)", len(args))
	}
	return nil
}

func (p selfTestCommand) selfTest(cmd *cobra.Command, o compare.TestOptions) error {
	if o.Parallel < 1 {
		return fault.Wrap(fault.Usage, errors.New("--parallel must be at least 1"), "")
	}
	if err := cmp.Or(checkServerFlags(o.Server), checkConnect("connect", o.Server.Connect)); err != nil {
		return err
	}
	project, err := p.open(cmd)
	if err != nil {
		return err
	}
	r, err := compare.SelfTest(cmd.Context(), project, o)
	if err != nil {
		return err
	}
	switch {
	case given(cmd, "json"):
		err = printJSON(p.stdout, r)
	case !given(cmd, "quiet") || r.Failed > 0:
		err = printTest(p.stdout, r, given(cmd, "verbose"))
	}
	return errors.Join(err, r.Err())
}

// Limits of what the text report prints without --verbose: wrong answers, and differences of each.
const (
	maxWrong = 10
	maxEach  = 2
)

// printTest writes the report of a self-test as text.
func printTest(w io.Writer, r *compare.TestReport, all bool) error {
	var b strings.Builder
	row := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "%-10s %s\n", name, printable(fmt.Sprintf(format, args...)))
	}
	shown := 0
	for rest := r.Failures; len(rest) > 0; shown++ {
		if shown == maxWrong && !all {
			fmt.Fprintf(&b, "… and %d more wrong answers; --verbose prints all\n\n", r.Failed-shown)
			break
		}
		n := slices.IndexFunc(rest, func(f compare.Failure) bool { return f.Question != rest[0].Question })
		if n < 0 {
			n = len(rest)
		}
		row("question", "%s", rest[0].Question)
		for i, f := range rest[:n] {
			if i == maxEach && !all {
				row("", "… and %d more differences", n-i)
				break
			}
			row("expected", "%s %s", cmp.Or(f.Name, string(f.Kind)), f.Expected)
			row("got", "%s %s", cmp.Or(f.Name, string(f.Kind)), f.Got)
		}
		row("next", "%s", rest[0].Next)
		b.WriteByte('\n')
		rest = rest[n:]
	}
	row("site", "%s", r.Server)
	row("from", "%s", r.From)
	row("questions", "%d in %.1f s", r.Questions, r.Seconds)
	row("passed", "%d", r.Passed)
	row("failed", "%d", r.Failed)
	for _, d := range r.Declared {
		row("limit", "%d: %s", d.Count, d.Limit)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
