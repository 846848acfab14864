package main

import (
	"bytes"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/inspect"
	"github.com/Slicer/sitegen/generator/redirect"
)

// redirectsCommands implements sitegen redirects and its subcommands.
type redirectsCommands struct{ *program }

func (p redirectsCommands) define() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "redirects [command]",
		Short: "check the redirects, or describe what a build changed",
		Long:  `The commands of redirects work on rules.txt and the files in the redirects folder.`,
		Args:  noSuchCommand,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(p.redirectsCheckCommand(), p.redirectsDiffCommand())
	return cmd
}

func (p redirectsCommands) redirectsCheckCommand() *cobra.Command {
	cmd := p.command(&cobra.Command{
		Use:   "check [flags]",
		Short: "find mistakes in the redirect rules",
		Long: `check reports all mistakes at once, with their lines: rules that never match, occur
twice or hide a page; loops and chains; targets that do not exist on the site or are on
a host that is not allowed; and what each configured server cannot answer. A build makes
the same checks and stops on errors. It uses the packages of the last build here; before
the first build, or with --source, those of the source. It prints which, and writes no
files.
`,
		Example: `  sitegen redirects check
  sitegen redirects check --source sample`,
		Args: noArguments,
	}, p.redirectsCheck)
	addOptions(cmd, "source", "app", "data", "redirects", "log_format")
	return cmd
}

func (p redirectsCommands) redirectsCheck(cmd *cobra.Command, _ []string) error {
	o, err := p.open(cmd)
	if err != nil {
		return err
	}
	findings, unread := inspect.CheckRedirects(cmd.Context(), o)
	counts := map[redirect.Severity]int{}
	for _, f := range findings {
		counts[f.Severity]++
		where := ""
		if f.Pos != (fault.Place{}) {
			where = f.Pos.String() + ": "
		}
		if _, err := fmt.Fprintf(p.stdout, "%s%s: %s\n", where, f.Severity, f.Message); err != nil {
			return err
		}
	}
	if unread != nil && fault.KindOf(unread) != fault.Content {
		return unread
	}
	if n := counts[redirect.Error] + fault.Count(unread); n > 0 {
		err := fmt.Errorf("check the redirects: %s", plural(n, "error"))
		return fault.Wrap(fault.Content, errors.Join(unread, err), "")
	}
	_, err = fmt.Fprintf(p.stdout, "no errors, %s\n", plural(counts[redirect.Warning], "warning"))
	return err
}

func (p redirectsCommands) redirectsDiffCommand() *cobra.Command {
	cmd := p.command(&cobra.Command{
		Use:   "diff [flags] [REV]",
		Short: "describe how the redirects differ from those of a commit",
		Long: `diff compares the redirects in the redirects folder with those of a Git revision (default
HEAD) and describes the difference in plain text, for a commit message.
`,
		Example: `  sitegen redirects diff
  git commit -m "$(sitegen redirects diff)" redirects/`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 || len(args) == 1 && strings.HasPrefix(args[0], "-") {
				return fmt.Errorf("takes at most one revision (found %.80q)", args)
			}
			return nil
		},
	}, p.redirectsDiff)
	addOptions(cmd, "redirects", "log_format")
	return cmd
}

func (p redirectsCommands) redirectsDiff(cmd *cobra.Command, args []string) error {
	o, err := p.open(cmd)
	if err != nil {
		return err
	}
	rev := "HEAD"
	if len(args) == 1 {
		rev = args[0]
	}
	text, err := inspect.DiffRedirects(o, func(path string) ([]byte, error) {
		git := exec.CommandContext(cmd.Context(), "git", "show", rev+":./"+filepath.Base(path))
		git.Dir = filepath.Dir(path)
		var stderr bytes.Buffer
		git.Stderr = &stderr
		out, err := git.Output()
		if err != nil {
			return nil, fault.Wrap(fault.Usage,
				fmt.Errorf("read the redirects of %s: %w: %.300s", rev, err, strings.TrimSpace(stderr.String())),
				"Check that the redirects folder is committed.")
		}
		return out, nil
	})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(p.stdout, text)
	return err
}
