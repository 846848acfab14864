package main

import "github.com/spf13/cobra"

func configCommand(p *program) *cobra.Command {
	cmd := p.command(&cobra.Command{
		Use:   "config [flags]",
		Short: "print every value of the configuration and where it came from",
		Long: `config reads and checks the configuration like all other commands, and prints every
value with its origin: default, profile, file and line, environment, or flag. The
output is itself a valid configuration file.
`,
		Example: `  sitegen config                    print the values that a build here would use
  sitegen config > example.yaml     a file to begin with
  SITEGEN_OUT=/srv/www sitegen config --config other/sitegen.yaml`,
		Args: noArguments,
	}, func(cmd *cobra.Command, _ []string) error {
		c, err := p.load(cmd)
		if err != nil {
			return err
		}
		return c.Print(p.stdout)
	})
	addOptions(cmd)
	return cmd
}
