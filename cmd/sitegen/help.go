package main

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/Slicer/sitegen/generator/config"
	"github.com/Slicer/sitegen/generator/fault"
)

func helpCommand(p *program) *cobra.Command {
	return p.command(&cobra.Command{
		Use:   "help [command or topic]",
		Short: "explain a command or topic",
		ValidArgsFunction: func(
			cmd *cobra.Command, _ []string, _ string,
		) ([]cobra.Completion, cobra.ShellCompDirective) {
			var names []cobra.Completion
			for _, c := range cmd.Root().Commands() {
				if c.Hidden {
					continue
				}
				names = append(names, cobra.CompletionWithDesc(c.Name(), c.Short))
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
	}, func(cmd *cobra.Command, args []string) error {
		found, rest, err := cmd.Root().Find(args)
		if err == nil && len(rest) > 0 {
			err = noSuchCommand(found, rest)
		}
		if err != nil {
			return fault.Wrap(fault.Usage, err, "sitegen help lists the commands and topics.")
		}
		found.InitDefaultHelpFlag()
		return found.Help()
	})
}

// topics returns the help topics other than commands.
func topics() []*cobra.Command {
	return []*cobra.Command{
		{
			Use:   "configuration",
			Short: "sitegen.yaml and the environment",
			Long:  strings.TrimSpace(configurationHelp()),
		},
		{
			Use:   "exit-codes",
			Short: "what the exit codes mean",
			Long:  "Exit codes:\n\n" + strings.TrimRight(exitCodeTable(), "\n"),
		},
	}
}

// configurationIntroduction is the beginning of the help and of the manual page about the configuration.
const configurationIntroduction = `Each value comes from the first place that sets it: a flag, an environment variable
SITEGEN_*, the file sitegen.yaml, the profile, the default. sitegen config prints all
values with their origins. Relative paths in the file start at its folder. Unknown keys
and variables are errors.
`

func configurationHelp() string {
	var b strings.Builder
	b.WriteString(configurationIntroduction + "docs/configuration.md describes each option in detail.\n")
	group := ""
	for _, o := range config.Options() {
		if o.Group != group {
			group = o.Group
			fmt.Fprintf(&b, "\n%s:\n", group)
		}
		fmt.Fprintf(&b, "  %-16s %s [%s]\n  %-16s %s, default %s\n", o.Key, o.Usage, o.Env(), "", o.Kind(),
			cmp.Or(o.Default, "empty"))
	}
	return b.String()
}
