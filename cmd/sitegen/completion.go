package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/Slicer/sitegen/generator/fault"
)

// shells are the shells for which cobra writes a script, in the order of help.
var shells = []struct {
	name  string
	write func(root *cobra.Command, w io.Writer) error
}{
	{"bash", func(root *cobra.Command, w io.Writer) error { return root.GenBashCompletionV2(w, true) }},
	{"zsh", func(root *cobra.Command, w io.Writer) error { return root.GenZshCompletion(w) }},
	{"fish", func(root *cobra.Command, w io.Writer) error { return root.GenFishCompletion(w, true) }},
	{"powershell", func(root *cobra.Command, w io.Writer) error {
		return root.GenPowerShellCompletionWithDesc(w)
	}},
}

// completionCommand implements sitegen completion, in place of cobra's own command.
func completionCommand(p *program) *cobra.Command {
	var names []string
	for _, s := range shells {
		names = append(names, s.name)
	}
	return p.command(&cobra.Command{
		Use:   "completion SHELL",
		Short: "print a script that completes command lines in a shell",
		Long: `completion prints a script for bash, zsh, fish or powershell. With it, the Tab key completes
commands, flags, and the values of flags that have only a few. bash needs the package
bash-completion. The Debian package contains the scripts already.
`,
		Example: `  sitegen completion bash > sitegen.bash     then: source sitegen.bash
  sitegen completion zsh > _sitegen           for a folder in fpath`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return fmt.Errorf("needs the name of a shell: %s (found %d arguments)", strings.Join(names, ", "),
					len(args))
			}
			return nil
		},
		ValidArgsFunction: cobra.FixedCompletions(names, cobra.ShellCompDirectiveNoFileComp),
	}, func(cmd *cobra.Command, args []string) error {
		i := slices.Index(names, args[0])
		if i < 0 {
			err := fmt.Errorf("unknown shell %.40q%s", args[0], fault.DidYouMean(args[0], names))
			return fault.Wrap(fault.Usage, err, "The shells are "+strings.Join(names, ", ")+".")
		}
		return shells[i].write(cmd.Root(), p.stdout)
	})
}
