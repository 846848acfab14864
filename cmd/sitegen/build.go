package main

import (
	"cmp"

	"github.com/spf13/cobra"

	"github.com/Slicer/sitegen/generator/build"
)

// buildCommand is sitegen build.
type buildCommand struct{ *program }

func (p buildCommand) define() *cobra.Command {
	cmd := p.command(&cobra.Command{
		Use:   "build [flags]",
		Short: "fetch the packages, write the site and the redirects",
		Long: `build fetches the list of packages, renders the site, and writes what changed: pages
into public/, the web server's configuration into redirects/. It then prints what it
did. A build that finds nothing new writes nothing, and one that is interrupted leaves
a whole site behind.

A list that would wreck the site (empty, without packages for an operating system,
a fifth smaller, or with an older newest release) is refused, and nothing changes.
`,
		Example: `  sitegen build                              in a site folder; cron does the same
  sitegen build --source sample              try it without network
  sitegen build --source saved.json --out www
  sitegen build --offline                    from the stored catalogue, after an edit
  sitegen build --json --quiet               the summary for a program, see docs/commands.md`,
		Args: noArguments,
	}, p.build)
	addOptions(cmd)
	addMessages(cmd)
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
	for _, w := range report.Warnings {
		p.messages.Warn(w)
	}
	switch {
	case report.Written:
		return cmp.Or(err, p.summarize(cmd, report))
	case len(report.Refused) > 0 && given(cmd, "json"):
		return cmp.Or(err, report.WriteJSON(p.stdout))
	}
	return err
}

// summarize prints what a build did, in the form that the flags ask for.
func (p buildCommand) summarize(cmd *cobra.Command, report *build.Report) error {
	switch {
	case given(cmd, "json"):
		return report.WriteJSON(p.stdout)
	case given(cmd, "quiet"):
		return nil
	}
	return printSummary(p.stdout, report, given(cmd, "verbose"))
}
