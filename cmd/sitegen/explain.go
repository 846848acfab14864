package main

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/inspect"
	"github.com/Slicer/sitegen/generator/redirect/servers"
)

// explainCommand implements sitegen explain.
type explainCommand struct{ *program }

func (p explainCommand) define() *cobra.Command {
	cmd := p.command(&cobra.Command{
		Use:   "explain [flags] URL",
		Short: "show how the site answers a URL, and why",
		Long: `explain shows how sitegen finds the answer to a URL. For a URL of the download API it
prints the parameters as read, the matching packages, the effect of the offset, and the
answer; for any other path it prints the rules that are tried, in order. It uses
rules.txt, the aliases of pages, and the packages of the last build here; before the
first build, or with --source, those of the source. It prints which, and writes no files.
Quote the URL, because & and ? have a special meaning in the shell.
`,
		Example: `  sitegen explain '/download?os=win&stability=release'
  sitegen explain '/find?os=linux&version=5.2&offset=-1'
  sitegen explain --source sample 'https://download.example.org/bitstream/660fa2e930e435b0e355f67c'`,
		Args: oneURL,
	}, p.explain)
	addOptions(cmd, "source", "app", "data", "redirects", "log_format")
	flags := cmd.Flags()
	flags.String("server", "", "also show the answer of the server `NAME`: "+strings.Join(servers.Names(), ", "))
	note(flags, "server", "Redirects", "")
	flags.String("target", "", "old name of --server")
	_ = flags.MarkHidden("target")
	cmd.MarkFlagsMutuallyExclusive("server", "target")
	for _, name := range []string{"server", "target"} {
		_ = cmd.RegisterFlagCompletionFunc(name,
			cobra.FixedCompletions(servers.Names(), cobra.ShellCompDirectiveNoFileComp))
	}
	return cmd
}

func oneURL(_ *cobra.Command, args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("needs one URL, in quotes (found %d arguments)", len(args))
	}
	return nil
}

func (p explainCommand) explain(cmd *cobra.Command, args []string) error {
	o, err := p.open(cmd)
	if err != nil {
		return err
	}
	err = inspect.Explain(cmd.Context(), o, p.stdout, args[0],
		cmp.Or(cmd.Flag("server").Value.String(), cmd.Flag("target").Value.String()))
	if _, ok := errors.AsType[url.EscapeError](err); ok {
		err = fault.Wrap(fault.Usage, err, "")
	}
	return err
}
