package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/Slicer/sitegen/generator/config"
	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/manual"
)

// epochEnv is the environment variable with the date, in seconds since 1970, that reproducible builds write to files:
// https://reproducible-builds.org/specs/source-date-epoch/
const epochEnv = "SOURCE_DATE_EPOCH"

func manCommand(p *program) *cobra.Command {
	return p.command(&cobra.Command{
		Use:   "man DIR",
		Short: "write the manual pages to a folder",
		Long: `man writes the manual pages of all commands, and of sitegen.yaml, to the folders man1 and
man5 in DIR, where man finds them. They have the same text as the help. The Debian package
contains them already.

With SOURCE_DATE_EPOCH (seconds since 1970) in the environment, the pages have that date;
otherwise they have none.
`,
		Example: `  sitegen man ~/.local/share/man     then: man sitegen-build`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return fmt.Errorf("needs a folder (found %d arguments)", len(args))
			}
			return nil
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
			return nil, cobra.ShellCompDirectiveFilterDirs
		},
	}, func(cmd *cobra.Command, args []string) error {
		date, err := p.sourceDate()
		if err != nil {
			return err
		}
		pages := manualPages(cmd.Root(), date)
		for _, page := range pages {
			path := filepath.Join(args[0], filepath.FromSlash(page.FileName()))
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				return err
			}
			if err := os.WriteFile(path, page.Bytes(), 0o644); err != nil {
				return err
			}
		}
		p.messages.Info(fmt.Sprintf("%s in %s", plural(len(pages), "manual page"), args[0]))
		return nil
	})
}

// sourceDate returns the date in SOURCE_DATE_EPOCH, or the zero time if it is not set.
func (p *program) sourceDate() (time.Time, error) {
	for _, v := range p.environ {
		name, value, _ := strings.Cut(v, "=")
		if name != epochEnv || value == "" {
			continue
		}
		seconds, err := strconv.ParseInt(value, 10, 64)
		if err != nil || seconds < 0 {
			err = fmt.Errorf("%s must be a number of seconds since 1970 (found %.40q)", epochEnv, value)
			return time.Time{}, fault.Wrap(fault.Usage, err, "")
		}
		return time.Unix(seconds, 0), nil
	}
	return time.Time{}, nil
}

// manualPages returns the manual pages of a command, of its subcommands, and of the configuration.
func manualPages(root *cobra.Command, date time.Time) []*manual.Page {
	origin := "sitegen " + programVersion()
	page := func(name string, section int, summary string) *manual.Page {
		return &manual.Page{Name: name, Section: section, Summary: summary, Origin: origin, Date: date}
	}
	var pages []*manual.Page
	var add func(*cobra.Command)
	add = func(cmd *cobra.Command) {
		m := page(manualName(cmd), 1, cmd.Short)
		describeCommand(m, cmd)
		pages = append(pages, m)
		for _, c := range cmd.Commands() {
			if c.IsAvailableCommand() {
				add(c)
			}
		}
	}
	add(root)
	options := page(config.FileName, 5, "the configuration of a site")
	describeConfiguration(options)
	return append(pages, options)
}

// manualName returns the name of the manual page of a command, such as sitegen-stats-export.
func manualName(cmd *cobra.Command) string { return strings.ReplaceAll(cmd.CommandPath(), " ", "-") }

// describeCommand writes what the help of a command has, in the sections that readers of manual pages expect.
func describeCommand(m *manual.Page, cmd *cobra.Command) {
	cmd.InitDefaultHelpFlag()
	m.Heading("Synopsis")
	m.Markdown("**" + cmd.CommandPath() + "**" + strings.TrimPrefix(cmd.UseLine(), cmd.CommandPath()))
	m.Heading("Description")
	if cmd.Long == "" {
		m.Text(cmd.CommandPath() + ": " + cmd.Short + ".")
	} else {
		m.Text(cmd.Long)
	}
	heading := "Commands"
	for _, c := range cmd.Commands() {
		if !c.IsAvailableCommand() {
			continue
		}
		if heading != "" {
			m.Heading(heading)
			heading = ""
		}
		m.Item("**" + manualName(c) + "**(1)")
		m.Text(c.Short)
	}
	m.Heading("Options")
	for _, set := range groups(cmd.LocalFlags()) {
		m.Subheading(set.Name())
		set.VisitAll(func(f *pflag.Flag) { describeFlag(m, f) })
	}
	if cmd.Example != "" {
		m.Heading("Examples")
		m.Literal(cmd.Example)
	}
	m.Heading("Exit status")
	if cmd.HasParent() {
		m.Text("0 for success; sitegen(1) lists all exit codes.")
	} else {
		for _, e := range exitCodes {
			m.Item(fmt.Sprintf("**%d**", e.code))
			m.Text(e.meaning)
		}
	}
	m.Heading("See also")
	above := ""
	if cmd.HasParent() {
		above = "**" + manualName(cmd.Parent()) + "**(1), "
	}
	m.Markdown(above + "**" + config.FileName + "**(5)")
}

// describeFlag writes an item about a flag.
func describeFlag(m *manual.Page, f *pflag.Flag) {
	if f.Hidden {
		return
	}
	term := "**--" + f.Name + "**"
	if f.Shorthand != "" {
		term = "**-" + f.Shorthand + "**, " + term
	}
	value, text := pflag.UnquoteUsage(f)
	if value != "" {
		term += " *" + value + "*"
	}
	switch f.DefValue {
	case "", "0", "false", "[]":
	default:
		text += " (default " + f.DefValue + ")"
	}
	m.Item(term)
	m.Text(text)
}

// describeConfiguration writes the page about sitegen.yaml, from the table of all options.
func describeConfiguration(m *manual.Page) {
	m.Heading("Description")
	m.Text(configurationIntroduction)
	group := ""
	for _, o := range config.Options() {
		if o.Group != group {
			group = o.Group
			m.Heading(group)
		}
		m.Item("**" + o.Key + "**: " + o.Kind())
		m.Markdown(o.Doc)
		origin := "Default: " + o.DefaultText() + ". Environment: `" + o.Env() + "`."
		if o.Flag != "" {
			origin += " Flag: `--" + o.Flag + "`."
		}
		m.Continue()
		m.Markdown(origin)
	}
	m.Heading("Files")
	m.Item("**" + config.FileName + "**")
	m.Text("in the folder of the site, or the file in --config or " + config.ConfigEnv)
	m.Heading("See also")
	m.Markdown("**sitegen**(1), **sitegen-config**(1), **sitegen-init**(1)")
}
