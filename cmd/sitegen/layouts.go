package main

import (
	"encoding/json"
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/Slicer/sitegen/generator/customize"
)

// layoutsCommands implements sitegen layouts and its subcommands.
type layoutsCommands struct {
	*program
	json, keep bool
}

func (p *layoutsCommands) define() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "layouts [command]",
		Short: "list the built-in layouts, or copy one to change it",
		Long: `The pages of a site are rendered with the layouts that are built into sitegen. A file in
layouts/ with the same name replaces a built-in one. For small changes, a style sheet
layouts/assets/custom.css is enough: all pages load it last.
`,
		Args: noSuchCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(p.listCommand(), p.copyCommand(), p.diffCommand())
	return cmd
}

func (p *layoutsCommands) listCommand() *cobra.Command {
	cmd := p.command(&cobra.Command{
		Use:   "list [flags]",
		Short: "list the built-in layouts and those that the site replaces",
		Long: `list prints the name of each built-in file of layouts/: layouts, partials and assets. For
each that the site replaces, it also prints whether the built-in file has changed since
it was copied.
`,
		Example: `  sitegen layouts list`,
		Args:    noArguments,
	}, p.list)
	cmd.Flags().BoolVar(&p.json, "json", false, "print a JSON array")
	addOptions(cmd, "log_format")
	return cmd
}

func (p *layoutsCommands) list(cmd *cobra.Command, _ []string) error {
	o, err := p.open(cmd)
	if err != nil {
		return err
	}
	list, err := customize.Layouts(o)
	if err != nil {
		return err
	}
	if p.json {
		e := json.NewEncoder(p.stdout)
		e.SetIndent("", "  ")
		return e.Encode(list)
	}
	w := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	for _, l := range list {
		state := "built-in"
		switch {
		case l.Outdated:
			state = "own; the built-in one has changed since it was copied"
		case l.Own && !l.Copied:
			state = "own; not known what it was copied from"
		case l.Own:
			state = "own"
		}
		fmt.Fprintf(w, "%s\t%s\n", l.Name, state)
	}
	return w.Flush()
}

func (p *layoutsCommands) copyCommand() *cobra.Command {
	cmd := p.command(&cobra.Command{
		Use:   "copy [flags] NAME...",
		Short: "copy built-in layouts to layouts/, to change them",
		Long: `copy copies built-in files to the layouts folder of the site, where they replace the
built-in ones. It also stores them in layouts/.originals/. After an upgrade, sitegen
compares them with its built-in files and reports which have changed. Commit both
folders. copy does not overwrite your files.
`,
		Example: `  sitegen layouts copy partials/footer.html
  sitegen layouts copy --keep partials/footer.html   what was new is in your file now`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return fmt.Errorf("needs the name of a layout; sitegen layouts list prints them")
			}
			return nil
		},
	}, p.copy)
	cmd.Flags().BoolVar(&p.keep, "keep", false, "keep the site's file; only record that it is up to date")
	addOptions(cmd, "layouts", "log_format")
	return cmd
}

func (p *layoutsCommands) copy(cmd *cobra.Command, args []string) error {
	o, err := p.open(cmd)
	if err != nil {
		return err
	}
	for _, name := range args {
		path, err := customize.Copy(o, name, p.keep)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintln(p.stdout, path); err != nil {
			return err
		}
	}
	return nil
}

func (p *layoutsCommands) diffCommand() *cobra.Command {
	cmd := p.command(&cobra.Command{
		Use:   "diff [flags] [NAME...]",
		Short: "print how built-in layouts have changed since they were copied",
		Long: `diff prints, for each file that the site replaces, how the built-in file has changed
since it was copied, as a unified diff. It prints nothing if none has. When the changes
are in your file, run sitegen layouts copy --keep NAME. For a file that was not copied
by sitegen, diff prints how it differs from the built-in one. With names, it also prints
your own changes.
`,
		Example: `  sitegen layouts diff`,
		Args:    cobra.ArbitraryArgs,
	}, func(cmd *cobra.Command, args []string) error {
		o, err := p.open(cmd)
		if err != nil {
			return err
		}
		return customize.Diff(o, p.stdout, args)
	})
	addOptions(cmd, "log_format")
	return cmd
}
