package main

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/Slicer/sitegen/generator/config"
	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/runs"
)

// record collects what the data folder remembers of a run: see package runs.
type record struct {
	command string
	start   time.Time
	config  *config.Config // nil until it has been read
	cron    bool
	alerts  *runs.Alerts // nil without --cron
	counts  []runs.Count
	reasons []string // of the error, which the run has printed as warnings
}

// recorded returns work for a command whose runs are recorded. Dry runs are not.
func (p *program) recorded(
	command string, work func(cmd *cobra.Command, args []string) error,
) func(cmd *cobra.Command, args []string) error {
	return func(cmd *cobra.Command, args []string) error {
		if given(cmd, "cron") {
			_ = cmd.Flags().Set("quiet", "true") // the flag exists: see addRecording
		}
		if !given(cmd, "dry-run") {
			p.record = &record{command: command, start: time.Now()}
		}
		return work(cmd, args)
	}
}

// addRecording adds --cron to a command whose runs are recorded, after addMessages.
func addRecording(cmd *cobra.Command) {
	cmd.Flags().Bool("cron", false, "like --quiet, but print an error once, again after alert_every,\n"+
		"and when it is over")
	note(cmd.Flags(), "cron", messagesGroup, "")
	cmd.MarkFlagsMutuallyExclusive("cron", "verbose")
}

// begin takes the configuration of the run, which may have errors, and silences the messages that cron has mailed.
func (r *record) begin(cmd *cobra.Command, c *config.Config, m *messages) {
	if r == nil {
		return
	}
	r.config, r.cron = c, given(cmd, "cron")
	if r.cron {
		before, _ := runs.Read(c.Data) // end reports the error; until then, every message counts as new
		r.alerts = runs.NewAlerts(before.Of(r.command), c.AlertEvery, r.start)
		m.due = r.alerts.Due
	}
}

// count sets the numbers that the run reports.
func (r *record) count(counts ...runs.Count) {
	if r != nil {
		r.counts = counts
	}
}

// because sets the reasons of the error with which the run will end.
func (r *record) because(reasons []string) {
	if r != nil {
		r.reasons = reasons
	}
}

// maxReasons is the number of reasons that are recorded. A bucket can have thousands of logs.
const maxReasons = 3

// explained returns the text of an error with its reasons, for sitegen status and doctor.
func (r *record) explained(err error) string {
	list := append([]string{err.Error()}, r.reasons[:min(len(r.reasons), maxReasons)]...)
	if more := len(r.reasons) - maxReasons; more > 0 {
		list = append(list, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(list, "; ")
}

// end records how the run ended, and writes the metrics. Trouble with that is a warning: the site is what it is.
func (r *record) end(ctx context.Context, m *messages, code int, err error) {
	if r == nil || r.config == nil {
		return
	}
	run := runs.Run{
		At: r.start.UTC(), Seconds: time.Since(r.start).Seconds(), Code: code, Counts: r.counts,
	}
	if err != nil {
		run.Error, run.Next = r.explained(err), strings.Join(fault.Hints(err), " ")
	}
	var before, after runs.Record
	change := func(s runs.State) {
		before = *s.Of(r.command)
		after = before
		after.Add(run)
		s[r.command] = &after
		if r.config.Metrics != "" {
			if err := runs.WriteMetrics(r.config.Metrics, r.config.Name, s); err != nil {
				m.Warn(err.Error())
			}
		}
		r.alerts.End(&after) // after the last warning that the record can contain
	}
	if err := runs.Update(r.config.Data, change); err != nil {
		m.Warn(err.Error())
	}
	if r.cron && after.Failures == 0 && before.Failures > 0 {
		m.Log(ctx, notice, r.command+" works again after "+plural(before.Failures, "failed run")+" since "+
			before.FailingSince.UTC().Format(time.DateTime+" UTC"))
	}
}

// notice is the level of messages that are shown with --cron besides warnings and errors.
const notice = slog.LevelInfo + 2
