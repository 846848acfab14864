package main

import (
	"log/slog"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/Slicer/sitegen/generator/config"
	"github.com/Slicer/sitegen/generator/project"
)

// messagesGroup is the heading of the flags that say how much is told.
const messagesGroup = "Messages"

// The keys of what flags have noted for help.
const (
	groupNote = "group" // the heading
	envNote   = "env"   // the environment variable beside the flag
)

// optionFlag collects what is given for an option; the configuration checks it with everything else.
type optionFlag struct {
	option *config.Option
	values []string
}

func (f *optionFlag) String() string { return f.option.Default }

func (f *optionFlag) Set(s string) error {
	f.values = append(f.values, s)
	return nil
}

// Type is the word that stands for the value in help; for "bool" there is none.
func (f *optionFlag) Type() string {
	if f.option.IsSwitch() {
		return "bool"
	}
	return f.option.Value
}

// addOptions gives a command --config and the flags of options, by key; with no keys, of all options
// but those of one command alone.
func addOptions(cmd *cobra.Command, keys ...string) {
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.String("config", "", "configuration `FILE` (default "+config.FileName+")")
	note(flags, "config", "", config.ConfigEnv)
	_ = cmd.MarkFlagFilename("config", "yaml")
	for _, o := range config.Options() {
		if o.Flag == "" || len(keys) > 0 && !slices.Contains(keys, o.Key) || len(keys) == 0 && o.Command != "" {
			continue
		}
		f := flags.VarPF(&optionFlag{option: o}, o.Flag, "", o.Usage)
		if o.IsSwitch() {
			f.NoOptDefVal = "true"
		}
		note(flags, o.Flag, o.Group, o.Env())
		complete(cmd, o)
	}
}

// complete tells the shell what can follow a flag.
func complete(cmd *cobra.Command, o *config.Option) {
	switch {
	case o.Kind() == "folder":
		_ = cmd.MarkFlagDirname(o.Flag)
	case len(o.Choices()) > 0:
		_ = cmd.RegisterFlagCompletionFunc(o.Flag, cobra.FixedCompletions(o.Choices(), cobra.ShellCompDirectiveNoFileComp))
	}
}

// addMessages gives a command the flags that say how much it tells.
func addMessages(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.BoolP("verbose", "v", false, "say more: every step, every package held back")
	flags.BoolP("quiet", "q", false, "print only warnings and errors")
	note(flags, "verbose", messagesGroup, "")
	note(flags, "quiet", messagesGroup, "")
	cmd.MarkFlagsMutuallyExclusive("verbose", "quiet")
}

// note keeps with a flag what help shows of it.
func note(flags *pflag.FlagSet, name, group, env string) {
	if group != "" {
		_ = flags.SetAnnotation(name, groupNote, []string{group})
	}
	if env != "" {
		_ = flags.SetAnnotation(name, envNote, []string{env})
	}
}

// input is where the configuration of a command comes from.
func (p *program) input(cmd *cobra.Command) config.Input {
	in := config.Input{Environ: p.environ, Flags: map[string][]string{}}
	in.File, _ = cmd.Flags().GetString("config")
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if o, ok := f.Value.(*optionFlag); ok {
			in.Flags[f.Name] = o.values
		}
	})
	return in
}

// load reads the configuration of a command that has options, and sets up its messages.
func (p *program) load(cmd *cobra.Command) (config.Config, error) {
	c, err := config.Load(p.input(cmd))
	level := slog.LevelInfo
	switch {
	case given(cmd, "quiet"):
		level = slog.LevelWarn
	case given(cmd, "verbose"):
		level = slog.LevelDebug
	}
	p.messages.set(c.LogFormat == "json", level)
	for _, w := range c.Warnings {
		p.messages.Warn(w)
	}
	return c, err
}

// open reads the configuration of a command, and opens the project.
func (p *program) open(cmd *cobra.Command) (*project.Project, error) {
	c, err := p.load(cmd)
	if err != nil {
		return nil, err
	}
	return p.project(cmd, c)
}

// project opens the project of a configuration.
func (p *program) project(cmd *cobra.Command, c config.Config) (*project.Project, error) {
	o, err := project.Open(c, p.messages.Logger, time.Now)
	if err == nil {
		o.Terminal = p.progress(cmd)
	}
	return o, err
}

// given reports whether a command has a switch, and it is on.
func given(cmd *cobra.Command, name string) bool {
	on, err := cmd.Flags().GetBool(name)
	return err == nil && on
}
