package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
	"unicode/utf8"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"github.com/Slicer/sitegen/generator/config"
	"github.com/Slicer/sitegen/generator/deploy"
	"github.com/Slicer/sitegen/generator/deploy/live"
	"github.com/Slicer/sitegen/generator/fault"
)

// deployAdmin implements the subcommands of sitegen deploy.
type deployAdmin struct{ deployCommand }

func (p deployAdmin) listCommand() *cobra.Command {
	cmd := p.command(&cobra.Command{
		Use:   "list [flags]",
		Short: "list the deploys",
		Long: `list prints the deploys that rollback can restore, the newest first, with the number of
packages, the newest one, and who deployed. An asterisk marks those that visitors see,
one for each edition; a question mark those that were interrupted or are still running.
`,
		Example: `  sitegen deploy list
  sitegen deploy list --edition staging --json`,
		Args: noArguments,
	}, p.list)
	p.addDeployOptions(cmd, "deploy.edition")
	return cmd
}

func (p deployAdmin) list(cmd *cobra.Command, _ []string) error {
	o, err := p.open(cmd)
	if err != nil {
		return err
	}
	list, err := deploy.List(cmd.Context(), o)
	if err != nil {
		return err
	}
	if given(cmd, "json") {
		return printJSON(p.stdout, list)
	}
	if len(list) == 0 {
		message := "nothing has been deployed yet"
		if o.Config.Origin("deploy.edition").Level > config.Default {
			message = "nothing has been deployed to edition " + o.Config.Deploy.Edition
		}
		p.messages.Info(message)
	}
	w := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	for _, d := range list {
		mark := " "
		switch {
		case d.Live:
			mark = "*"
		case d.Unfinished:
			mark = "?"
		}
		of := ""
		if d.Of != "" {
			of = ", again " + d.Of
		}
		if d.Damaged {
			of += ", record damaged: a rollback cannot return to it"
		}
		fmt.Fprintf(w, "%s %s\t%s\t%s\t%s%s\n", mark, d.ID, plural(d.Packages, "package"), printable(d.Newest),
			printable(d.By), of)
	}
	return w.Flush()
}

func (p deployAdmin) showCommand() *cobra.Command {
	cmd := p.command(&cobra.Command{
		Use:   "show [flags] ID",
		Short: "describe a deploy, and what it changed",
		Long: `show describes a deploy and how it differs from the one before: files, packages and rules.
With --verbose, it lists all of them. sitegen deploy list prints the ids. The beginning of
an id is enough, or that of the number at its end.
`,
		Example: `  sitegen deploy show "$(sitegen deploy list --json | jq -r '.[0].id')"`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return fmt.Errorf("needs the id of one deploy (found %d arguments)", len(args))
			}
			return nil
		},
	}, p.show)
	p.addDeployOptions(cmd)
	return cmd
}

func (p deployAdmin) show(cmd *cobra.Command, args []string) error {
	o, err := p.open(cmd)
	if err != nil {
		return err
	}
	d, err := deploy.Show(cmd.Context(), o, args[0])
	switch {
	case err != nil:
		return err
	case given(cmd, "json"):
		return printJSON(p.stdout, d)
	}
	t := newRows(given(cmd, "verbose"))
	status := "replaced"
	switch {
	case d.Live:
		status = "live"
	case d.Unfinished:
		status = "interrupted, or still running"
	}
	t.row("deploy", "%s", d.ID)
	t.row("edition", "%s, %s", d.Edition, status)
	t.row("time", "%s", d.Time.UTC().Format(time.DateTime+" UTC"))
	t.row("by", "%s, %s", printable(d.By), printable(d.Program))
	if d.Of != "" {
		t.row("again", "%s", d.Of)
	}
	t.row("site", "%s (%s), %s, %s", plural(d.Files, "file"), humanize.Bytes(uint64(d.Bytes)),
		plural(d.Packages, "package"), plural(d.Rules, "rule"))
	t.row("newest", "%s", printable(d.Newest))
	t.row("before", "%s", orNone(d.Previous))
	t.files(d.Changes)
	t.row("redirects", "%s", d.Redirects.Summary)
	t.lines("+", d.Redirects.Added)
	t.lines("-", d.Redirects.Removed)
	return t.write(p.stdout)
}

func (p deployAdmin) rollbackCommand() *cobra.Command {
	cmd := p.command(&cobra.Command{
		Use:   "rollback [flags] [ID]",
		Short: "make an earlier deploy live again",
		Long: `rollback makes an earlier deploy live again, in one write. It uploads nothing. Without ID,
it returns to the last deploy before the live one that had another site; run it again to
go back further. ID may be abbreviated, for instance to the number at its end. The next
sitegen deploy publishes the built site as always.
`,
		Example: `  sitegen deploy rollback --dry-run
  sitegen deploy rollback`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return fmt.Errorf("takes at most one id (found %d arguments)", len(args))
			}
			if len(args) == 1 && args[0] == "" { // a script whose variable is empty does not want any rollback
				return errors.New("the id is empty")
			}
			return nil
		},
	}, p.rollback)
	p.addDeployOptions(cmd, "deploy.edition")
	addDryRun(cmd)
	return cmd
}

func (p deployAdmin) rollback(cmd *cobra.Command, args []string) error {
	o, err := p.open(cmd)
	if err != nil {
		return err
	}
	r, err := deploy.Rollback(cmd.Context(), o, strings.Join(args, ""), runOptions(cmd))
	if err != nil {
		return err
	}
	return p.report(cmd, r)
}

func (p deployAdmin) promoteCommand() *cobra.Command {
	cmd := p.command(&cobra.Command{
		Use:   "promote [flags] EDITION",
		Short: "make the deploy of an edition the one that visitors see",
		Long: `promote makes the deploy that is live in an edition live in production, or in the edition
that --to names, in one write. Visitors see exactly what was looked at.
`,
		Example: `  sitegen deploy --edition staging && sitegen deploy promote staging`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 || !live.ValidEdition(args[0]) {
				return fmt.Errorf("needs the name of one edition (found %q)", args)
			}
			return nil
		},
		ValidArgsFunction: p.editions,
	}, p.promote)
	p.addDeployOptions(cmd)
	addDryRun(cmd)
	cmd.Flags().String("to", live.Production, "the edition that becomes the same `EDITION`")
	_ = cmd.RegisterFlagCompletionFunc("to", p.editions)
	return cmd
}

func (p deployAdmin) promote(cmd *cobra.Command, args []string) error {
	o, err := p.open(cmd)
	if err != nil {
		return err
	}
	to := cmd.Flag("to").Value.String()
	if !live.ValidEdition(to) {
		return fault.Wrap(fault.Usage, fmt.Errorf("--to must be the name of an edition (found %.80q)", to), "")
	}
	if args[0] == to {
		return fault.Wrap(fault.Usage, fmt.Errorf("edition %s cannot be promoted to itself", to), "Name the edition "+
			"whose site was looked at, for instance staging. --to names the one that becomes the same.")
	}
	r, err := deploy.Promote(cmd.Context(), o, args[0], to, runOptions(cmd))
	if err != nil {
		return err
	}
	return p.report(cmd, r)
}

func (p deployAdmin) initCommand() *cobra.Command {
	cmd := p.command(&cobra.Command{
		Use:   "init [flags]",
		Short: "check everything that a deploy needs",
		Long: `init checks what a deploy needs, and prints what is missing, each with the next step: the
configuration, the credentials, the bucket, the key-value store, and each right on them.
To try the rights, it writes an object and a key that are not part of the site, and
deletes them again. The website configuration of an S3 website is written back as it is.
Nothing else is changed. If everything is there, the exit code is 0.
`,
		Example: `  sitegen deploy init`,
		Args:    noArguments,
	}, p.init)
	p.addDeployOptions(cmd, "out", "redirects", "data", "deploy.edition")
	return cmd
}

func (p deployAdmin) init(cmd *cobra.Command, _ []string) error {
	o, err := p.open(cmd)
	if err != nil {
		return err
	}
	list, missing := deploy.Requirements(cmd.Context(), o)
	if given(cmd, "json") {
		return cmp.Or(printJSON(p.stdout, list), missing)
	}
	return cmp.Or(writeRequirements(p.stdout, list), missing)
}

// nextWidth is the width of the table of requirements, in columns. Only what was found may be longer, such as an ARN.
const nextWidth = 80

// writeRequirements prints requirements as a table.
func writeRequirements(w io.Writer, list []deploy.Requirement) error {
	status, name := 0, 0
	for _, r := range list {
		status, name = max(status, len(r.Status)), max(name, len(r.Name))
	}
	var b strings.Builder
	for _, r := range list {
		fmt.Fprintf(&b, "%-*s  %-*s  %s\n", status, r.Status, name, r.Name, printable(r.Detail))
		indent := strings.Repeat(" ", status+name+4)
		arrow := "-> "
		for _, line := range wrap(printable(r.Next), nextWidth-len(indent)-len(arrow)) {
			fmt.Fprintf(&b, "%s%s%s\n", indent, arrow, line)
			arrow = "   "
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// wrap splits a text into lines of at most width columns, between words. A command of the AWS CLI at its end is a line
// of its own, so that it can be copied.
func wrap(text string, width int) (lines []string) {
	text, command, found := strings.Cut(text, ": aws ")
	if found {
		text += ":"
	}
	for _, word := range strings.Fields(text) {
		last := len(lines) - 1
		if last >= 0 && utf8.RuneCountInString(lines[last])+1+utf8.RuneCountInString(word) <= width {
			lines[last] += " " + word
		} else {
			lines = append(lines, word)
		}
	}
	if found {
		lines = append(lines, "aws "+command)
	}
	return lines
}
