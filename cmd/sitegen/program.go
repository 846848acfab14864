package main

import (
	"errors"
	"fmt"
	"io"
	"regexp"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/Slicer/sitegen/generator/fault"
)

// program is a run of sitegen: its standard output, its environment, and the state that commands share.
type program struct {
	stdout   io.Writer
	environ  []string
	messages *messages
	started  bool    // whether a command has started; earlier errors are mistakes in the command line
	record   *record // nil for a command whose runs are not recorded
}

func (p *program) rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "sitegen [command]",
		Short: "generate a download site and its redirects",
		Long: `sitegen turns the packages of a software project into a static download site, and
into the web server configuration that answers its download links.

Run it in a site folder, which contains sitegen.yaml, content/ and layouts/. All of
them are optional, so an empty folder is a site, too:

  sitegen serve --source sample     try it in a browser, without network
  sitegen build                     fetch the packages, write public/ and redirects/
  sitegen help build                everything about a command`,
		Args:    noSuchCommand,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		Version: versionLine(),

		DisableFlagsInUseLine: true,

		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.Flags().Bool("version", false, "print the version") // cobra's own flag would include -v, which is --verbose
	root.SetVersionTemplate("{{.Version}}\n")
	root.SetUsageFunc(usage)
	root.SetFlagErrorFunc(flagError)
	root.SetHelpCommand(helpCommand(p))
	root.AddCommand(backupCommand{p}.define(), buildCommand{p}.define(), compareCommand{p}.define(),
		completionCommand(p), configCommand(p), deployCommand{p}.define(), doctorCommand{p}.define(),
		explainCommand{p}.define(), initCommand(p), (&layoutsCommands{program: p}).define(), manCommand(p),
		packagesCommands{p}.define(), redirectsCommands{p}.define(), restoreCommand{p}.define(),
		selfTestCommand{p}.define(), serveCommand{p}.define(), statsCommand{p}.define(), statusCommand{p}.define(),
		versionCommand(p))
	root.AddCommand(topics()...)
	return root
}

// pathRE matches the arguments in a usage line that are paths.
var pathRE = regexp.MustCompile(`DIR|FILE|FOLDER|LOG|\.sqlite`)

// command sets the function that a command runs, and returns the command. A shell completes names of files only for a
// command that takes some.
func (p *program) command(cmd *cobra.Command, work func(cmd *cobra.Command, args []string) error) *cobra.Command {
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		p.started = true
		return work(cmd, args)
	}
	switch {
	case cmd.ValidArgsFunction != nil:
	case pathRE.MatchString(cmd.Use):
		cmd.ValidArgsFunction = cobra.FixedCompletions(nil, cobra.ShellCompDirectiveDefault)
	default:
		cmd.ValidArgsFunction = cobra.NoFileCompletions
	}
	return cmd
}

// noSuchCommand checks the arguments of a command with subcommands: any remaining argument is an unknown subcommand.
func noSuchCommand(parent *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var names []string
	for _, c := range parent.Commands() {
		names = append(names, c.Name())
	}
	return fmt.Errorf("unknown command %.40q%s", args[0], fault.DidYouMean(args[0], names))
}

// noArguments checks that a command that takes only flags has no arguments.
func noArguments(_ *cobra.Command, args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("takes no argument (found %.80q)", args[0])
	}
	return nil
}

// flagError adds the most similar flag to the error about an unknown flag.
func flagError(cmd *cobra.Command, err error) error {
	unknown, ok := errors.AsType[*pflag.NotExistError](err)
	if !ok || unknown.GetSpecifiedShortnames() != "" {
		return err
	}
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, "--"+f.Name) })
	name := "--" + unknown.GetSpecifiedName()
	return fmt.Errorf("unknown flag %.40q%s", name, fault.DidYouMean(name, names))
}
