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

// explainCommand is sitegen explain.
type explainCommand struct{ *program }

func (p explainCommand) define() *cobra.Command {
	cmd := p.command(&cobra.Command{
		Use:   "explain [flags] URL",
		Short: "say what a URL of the download API or a redirect answers, and why",
		Long: `explain answers "why did I get this?". Of the download API it prints the parameters of
the URL as they are read, the packages that are candidates, the step of the offset, and
the answer; of other paths the rules that are tried, one after the other. It looks at
the packages of the last build here or, with --source, at those of a source, at
rules.txt and at the aliases of pages. Quote the URL: & and ? mean something to the
shell.
`,
		Example: `  sitegen explain '/download?os=win&stability=release'
  sitegen explain '/find?os=linux&version=5.2&offset=-1'
  sitegen explain --source sample 'https://download.example.org/bitstream/660fa2e930e435b0e355f67c'`,
		Args: oneURL,
	}, p.explain)
	addOptions(cmd, "source", "app", "data", "redirects", "log_format")
	flags := cmd.Flags()
	flags.String("server", "", "say as well what the server `NAME` answers: "+strings.Join(servers.Names(), ", "))
	note(flags, "server", "Redirects", "")
	flags.String("target", "", "the older name of --server")
	_ = flags.MarkHidden("target")
	cmd.MarkFlagsMutuallyExclusive("server", "target")
	for _, name := range []string{"server", "target"} {
		_ = cmd.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(servers.Names(), cobra.ShellCompDirectiveNoFileComp))
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
	err = inspect.Explain(cmd.Context(), o, p.stdout, args[0], cmp.Or(cmd.Flag("server").Value.String(), cmd.Flag("target").Value.String()))
	if _, ok := errors.AsType[url.EscapeError](err); ok {
		err = fault.Wrap(fault.Usage, err, "")
	}
	return err
}
