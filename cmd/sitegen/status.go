package main

import (
	"cmp"
	"fmt"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"github.com/Slicer/sitegen/generator/runs"
	"github.com/Slicer/sitegen/generator/status"
)

// statusCommand implements sitegen status.
type statusCommand struct{ *program }

func (p statusCommand) define() *cobra.Command {
	cmd := p.command(&cobra.Command{
		Use:   "status [flags]",
		Short: "show how the last runs ended, and what is published",
		Long: `status shows the last good build, statistics run, deploy and backup, the failures since,
the runs that are going on, and the packages that are published. It only reads, contacts no
server, and takes a fraction of a second, so that a monitor can run it every minute. The
exit code is 0 if the state could be read, also after failed runs: --json has their exit
codes. sitegen doctor looks for faults, and says how to mend them.
`,
		Example: `  sitegen status
  sitegen status --json | jq '.commands[] | select(.name == "build") | .failures'`,
		Args: noArguments,
	}, p.status)
	addOptions(cmd, "data", "log_format")
	cmd.Flags().Bool("json", false, "print the state as JSON")
	note(cmd.Flags(), "json", messagesGroup, "")
	return cmd
}

func (p statusCommand) status(cmd *cobra.Command, _ []string) error {
	o, err := p.open(cmd)
	if err != nil {
		return err
	}
	s, readErr := status.Read(cmd.Context(), o)
	if given(cmd, "json") {
		return cmp.Or(printJSON(p.stdout, s), readErr)
	}
	return cmp.Or(printStatus(newRows(true), s).write(p.stdout), readErr)
}

// printStatus adds the rows of a status.
func printStatus(t *rows, s *status.Status) *rows {
	t.row("site", "%s, %s", s.Site, s.BaseURL)
	if len(s.Running) == 0 {
		t.row("running", "none")
	}
	for _, r := range s.Running {
		process := ""
		if r.PID > 0 {
			process = fmt.Sprintf(", process %d", r.PID)
		}
		if r.Since != nil {
			process += ", since " + ago(*r.Since, s.At)
		}
		t.row("running", "%s%s", r.What, process)
	}
	for _, c := range s.Commands {
		t.row(c.Name, "%s", lastGood(c.Good, s.At))
		if c.Failures > 0 {
			t.row("", "%s since %s; the last one with exit code %d: %s", plural(c.Failures, "failed run"),
				ago(*c.FailingSince, s.At), c.Last.Code, printable(c.Last.Error))
		}
	}
	if s.Packages == nil {
		t.row("packages", "nothing has been built yet")
		return t
	}
	t.row("packages", "%d published, %d held back, %d withdrawn; the last change was %s", s.Packages.Published,
		s.Packages.Held, s.Packages.Withdrawn, ago(s.Packages.Changed, s.At))
	for _, r := range s.Packages.Reasons {
		t.row("held back", "%d  %s: %s", r.Count, printable(r.Field), printable(r.Reason))
	}
	if n := s.Packages.Newest; n != nil {
		t.row("newest", "%s, built %s", printable(n.Name), printable(n.Built))
	}
	return t
}

// lastGood describes the last good run of a command.
func lastGood(r *runs.Run, now time.Time) string {
	if r == nil {
		return "no good run"
	}
	return fmt.Sprintf("good run %s, %.1f s", ago(r.End(), now), r.Seconds)
}

// ago formats a time: 2026-11-27 03:00:00 UTC (2 hours ago).
func ago(t, now time.Time) string {
	return t.UTC().Format(time.DateTime+" UTC") + " (" + humanize.RelTime(t, now, "ago", "from now") + ")"
}
