package main

import (
	"log/slog"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/Slicer/sitegen/generator/backup"
	"github.com/Slicer/sitegen/generator/config"
	"github.com/Slicer/sitegen/generator/project"
)

// messagesGroup is the heading in help for the flags that control messages.
const messagesGroup = "Messages"

// The keys of the annotations that help reads from a flag.
const (
	groupNote = "group" // heading of the flag
	envNote   = "env"   // environment variable of the same option
)

// optionFlag collects the values of a flag that sets an option. It does not check them: package config does, together
// with the values from all other places, to report all errors at once.
type optionFlag struct {
	option *config.Option
	values []string
}

func (f *optionFlag) String() string { return f.option.Default }

func (f *optionFlag) Set(s string) error {
	f.values = append(f.values, s)
	return nil
}

// Type returns the placeholder for the value in help. For "bool", pflag shows no placeholder.
func (f *optionFlag) Type() string {
	if f.option.IsSwitch() {
		return "bool"
	}
	return f.option.Value
}

// addOptions adds --config and the flags of the options with the given keys to a command. Without keys, it adds the
// flags of all options that do not belong to a single command.
func addOptions(cmd *cobra.Command, keys ...string) {
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.String("config", "", "configuration `FILE` (default "+config.FileName+")")
	note(flags, "config", "", config.ConfigEnv)
	_ = cmd.MarkFlagFilename("config", "yaml")
	flags.String("overlay", "", "`NAME` of a file over it, such as staging for sitegen.staging.yaml")
	note(flags, "overlay", "", config.OverlayEnv)
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

// complete registers shell completion for the value of an option's flag.
func complete(cmd *cobra.Command, o *config.Option) {
	switch {
	case o.Kind() == "folder":
		_ = cmd.MarkFlagDirname(o.Flag)
	case len(o.Words) > 0:
		_ = cmd.RegisterFlagCompletionFunc(o.Flag, cobra.FixedCompletions(o.Words, cobra.ShellCompDirectiveDefault))
	case len(o.Choices()) > 0:
		_ = cmd.RegisterFlagCompletionFunc(o.Flag,
			cobra.FixedCompletions(o.Choices(), cobra.ShellCompDirectiveNoFileComp))
	}
}

// addMessages adds --verbose and --quiet to a command.
func addMessages(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.BoolP("verbose", "v", false, "print more: every step, every package held back")
	flags.BoolP("quiet", "q", false, "print only warnings and errors")
	note(flags, "verbose", messagesGroup, "")
	note(flags, "quiet", messagesGroup, "")
	cmd.MarkFlagsMutuallyExclusive("verbose", "quiet")
}

// note annotates a flag with its heading in help and its environment variable.
func note(flags *pflag.FlagSet, name, group, env string) {
	if group != "" {
		_ = flags.SetAnnotation(name, groupNote, []string{group})
	}
	if env != "" {
		_ = flags.SetAnnotation(name, envNote, []string{env})
	}
}

// input returns the sources of a command's configuration: its flags, the environment and the file.
func (p *program) input(cmd *cobra.Command) config.Input {
	in := config.Input{Environ: p.environ, Flags: map[string][]string{}}
	in.File, _ = cmd.Flags().GetString("config")
	in.Overlay, _ = cmd.Flags().GetString("overlay")
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if o, ok := f.Value.(*optionFlag); ok {
			in.Flags[f.Name] = o.values
		}
	})
	return in
}

// load reads the configuration of a command and sets up its messages accordingly. It completes a restore that was
// interrupted, so that no command sees half of one.
func (p *program) load(cmd *cobra.Command) (config.Config, error) {
	c, err := config.Load(p.input(cmd))
	level := slog.LevelInfo
	switch {
	case given(cmd, "cron"):
		level = notice
	case given(cmd, "quiet"):
		level = slog.LevelWarn
	case given(cmd, "verbose"):
		level = slog.LevelDebug
	}
	p.messages.set(c.LogFormat == "json", level)
	p.record.begin(cmd, &c, p.messages)
	for _, w := range c.Warnings {
		p.messages.Warn(w)
	}
	if err == nil {
		err = backup.Finish(c.Data)
	}
	return c, err
}

// open reads the configuration of a command and opens its project.
func (p *program) open(cmd *cobra.Command) (*project.Project, error) {
	c, err := p.load(cmd)
	if err != nil {
		return nil, err
	}
	return p.project(cmd, c)
}

// project opens the project for a configuration.
func (p *program) project(cmd *cobra.Command, c config.Config) (*project.Project, error) {
	o, err := project.Open(c, p.messages.Logger, time.Now)
	if err == nil {
		o.Terminal = p.progress(cmd)
	}
	return o, err
}

// given reports whether a command has a switch with the given name that is on.
func given(cmd *cobra.Command, name string) bool {
	on, err := cmd.Flags().GetBool(name)
	return err == nil && on
}
