package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// helpWidth is the width of help texts, in columns.
const helpWidth = 100

// usage prints the usage of a command: examples, subcommands, and flags grouped under headings.
func usage(cmd *cobra.Command) error {
	var b strings.Builder
	if cmd.Runnable() {
		fmt.Fprintf(&b, "Usage:\n  %s\n", cmd.UseLine())
	}
	if cmd.Example != "" {
		fmt.Fprintf(&b, "\nExamples:\n%s\n", cmd.Example)
	}
	list := func(heading string, wanted func(*cobra.Command) bool) {
		for _, c := range cmd.Commands() {
			if !wanted(c) {
				continue
			}
			if heading != "" {
				fmt.Fprintf(&b, "\n%s:\n", heading)
				heading = ""
			}
			fmt.Fprintf(&b, "  %-14s %s\n", c.Name(), c.Short)
		}
	}
	list("Commands", func(c *cobra.Command) bool { return c.IsAvailableCommand() || c.Name() == "help" })
	list("Topics for sitegen help", func(c *cobra.Command) bool { return c.IsAdditionalHelpTopicCommand() })
	for _, set := range groups(cmd.LocalFlags()) {
		fmt.Fprintf(&b, "\n%s:\n%s", set.Name(), set.FlagUsagesWrapped(helpWidth))
	}
	_, err := fmt.Fprint(cmd.OutOrStderr(), b.String())
	return err
}

// groups groups flags by heading; flags without a heading come last.
func groups(flags *pflag.FlagSet) []*pflag.FlagSet {
	var sets []*pflag.FlagSet
	set := func(name string) *pflag.FlagSet {
		for _, s := range sets {
			if s.Name() == name {
				return s
			}
		}
		s := pflag.NewFlagSet(name, pflag.ContinueOnError)
		s.SortFlags = false
		sets = append(sets, s)
		return s
	}
	general := pflag.NewFlagSet("General", pflag.ContinueOnError)
	general.SortFlags = false
	flags.VisitAll(func(f *pflag.Flag) {
		shown := *f
		// Hide the type of the value: for switches, pflag would print --quiet[=true|false].
		shown.Value = struct{ pflag.Value }{f.Value}
		if env := f.Annotations[envNote]; len(env) > 0 {
			shown.Usage += " [" + env[0] + "]"
		}
		if group := f.Annotations[groupNote]; len(group) > 0 {
			set(group[0]).AddFlag(&shown)
		} else {
			general.AddFlag(&shown)
		}
	})
	return append(sets, general)
}
