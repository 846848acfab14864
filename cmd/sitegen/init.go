package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/Slicer/sitegen/generator/customize"
)

func initCommand(p *program) *cobra.Command {
	return p.command(&cobra.Command{
		Use:   "init [DIR]",
		Short: "write a new site, ready for its first build",
		Long: `init writes the files of a new site to the folder DIR, by default to the working folder:
sitegen.yaml, a profile, an example of a list of packages, two pages and a redirect
rule, each with comments. Change them step by step; sitegen serve shows the result.
It does not overwrite files.
`,
		Example: `  sitegen init my-site`,
		Args:    cobra.MaximumNArgs(1),
	}, func(_ *cobra.Command, args []string) error {
		dir := "."
		if len(args) == 1 {
			dir = args[0]
		}
		paths, err := customize.New(dir)
		if err != nil {
			return err
		}
		for _, path := range paths {
			if _, err := fmt.Fprintf(p.stdout, "created  %s\n", path); err != nil {
				return err
			}
		}
		where := "here"
		if dir != "." {
			where = "in " + dir
		}
		_, err = fmt.Fprintf(p.stdout, "next     run sitegen serve %s, and open the address that it prints\n", where)
		return err
	})
}
