package main

import (
	"cmp"

	"github.com/spf13/cobra"

	"github.com/Slicer/sitegen/generator/build"
	"github.com/Slicer/sitegen/generator/runs"
)

// buildCommand implements sitegen build.
type buildCommand struct{ *program }

func (p buildCommand) define() *cobra.Command {
	cmd := p.command(&cobra.Command{
		Use:   "build [flags]",
		Short: "fetch the packages, write the site and the redirects",
		Long: `build fetches the list of packages, renders the site, and writes what changed: pages
into public/, the web server's configuration into redirects/. Then it prints a summary.
A build that finds nothing new writes nothing. An interrupted build leaves a complete
site behind.

A list that would damage the site is refused, and nothing changes: an empty list, one
without packages for an operating system, one with a fifth fewer packages, or one whose
newest release is older than the published one.
`,
		Example: `  sitegen build                              run in a site folder, by hand or from cron
  sitegen build --source sample              try it without network
  sitegen build --source saved.json --out www
  sitegen build --offline                    from the stored catalogue, after an edit
  sitegen build --json --quiet               print only the summary, as JSON (docs/commands.md)`,
		Args: noArguments,
	}, p.recorded(runs.Build, p.build))
	addOptions(cmd)
	addMessages(cmd)
	addRecording(cmd)
	cmd.Flags().Bool("json", false, "print the summary as JSON, even with --quiet")
	note(cmd.Flags(), "json", messagesGroup, "")
	return cmd
}

func (p buildCommand) build(cmd *cobra.Command, _ []string) error {
	project, err := p.open(cmd)
	if err != nil {
		return err
	}
	report, err := build.Build(cmd.Context(), project)
	if report == nil {
		return err
	}
	p.record.count(buildCounts(report)...)
	for _, w := range report.Warnings {
		p.messages.Warn(w)
	}
	switch {
	case report.Written:
		err = cmp.Or(err, p.summarize(cmd, report))
		if len(report.Reload) > 0 {
			p.messages.Info(reloadHint(report.Reload))
		}
		return err
	case len(report.Refused) > 0 && given(cmd, "json"):
		return cmp.Or(err, report.WriteJSON(p.stdout))
	}
	return err
}

// summarize prints the report of a build, as text or, with --json, as JSON.
func (p buildCommand) summarize(cmd *cobra.Command, report *build.Report) error {
	switch {
	case given(cmd, "json"):
		return report.WriteJSON(p.stdout)
	case given(cmd, "quiet"):
		return nil
	}
	return printSummary(p.stdout, report, given(cmd, "verbose"))
}

// buildCounts returns the numbers of a build for its record.
func buildCounts(r *build.Report) []runs.Count {
	count := func(name, help string, n int) runs.Count {
		return runs.Count{Name: name, Help: help, Value: float64(n)}
	}
	return []runs.Count{
		count("published_packages", "packages on the site", r.Published),
		count("held_back_records", "records that are not published", len(r.Held)),
		count("added_packages", "packages seen for the first time", len(r.Added)),
		count("withdrawn_packages", "packages no longer published", len(r.Withdrawn)),
		count("files", "files of the site", r.Pages.Written+r.Pages.Unchanged),
		count("written_files", "files of the site that were new or changed", r.Pages.Written),
		count("warnings", "problems that did not stop the build", len(r.Warnings)),
	}
}
