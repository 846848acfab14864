package main

import (
	"cmp"
	"time"

	"github.com/spf13/cobra"

	"github.com/Slicer/sitegen/generator"
)

func (p *program) buildCommand() *cobra.Command {
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

func (p *program) build(cmd *cobra.Command, _ []string) error {
	c, err := p.load(cmd)
	if err != nil {
		return err
	}
	report, err := generator.Build(cmd.Context(), generator.Options{Config: c, Log: p.messages.Logger, Now: time.Now})
	if report == nil {
		return err
	}
	for _, w := range report.Warnings {
		p.messages.Warn(w)
	}
	return cmp.Or(err, p.summarize(cmd, report))
}

// summarize prints what a build did, in the form that the flags ask for.
func (p *program) summarize(cmd *cobra.Command, report *generator.Report) error {
	switch {
	case given(cmd, "json"):
		return report.WriteJSON(p.stdout)
	case given(cmd, "quiet"):
		return nil
	}
	return printSummary(p.stdout, report, given(cmd, "verbose"))
}
