package main

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"github.com/Slicer/sitegen/generator/packages"
)

// packagesCommands implements the subcommands of sitegen packages that only read.
type packagesCommands struct{ *program }

func (p packagesCommands) define() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "packages [command]",
		Short: "list the packages of the last build, or keep one off the site",
		Long: `The commands of packages work with what the last build has stored in the data folder.
They do not contact the source, and work while a build runs.
`,
		Args: noSuchCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(p.listCommand(), p.showCommand(), p.duplicatesCommand(), p.historyCommand(),
		packagesHold(p).holdCommand(), packagesHold(p).unholdCommand())
	return cmd
}

// addPackagesOptions adds the flags that all commands of packages have.
func addPackagesOptions(cmd *cobra.Command, keys ...string) {
	addOptions(cmd, append(keys, "data", "log_format")...)
	cmd.Flags().Bool("json", false, "print the result as JSON")
	note(cmd.Flags(), "json", messagesGroup, "")
	addMessages(cmd)
}

// addFilter adds flags that select packages.
func addFilter(cmd *cobra.Command, f *packages.Filter) {
	flags := cmd.Flags()
	flags.StringVar(&f.OS, "os", "", "only packages for the operating system `NAME`")
	flags.StringVar(&f.Arch, "arch", "", "only packages for the architecture `NAME`")
	flags.StringVar(&f.Version, "version", "", "only packages of `VERSION`; 5.12 includes 5.12.4")
	flags.StringVar(&f.Revision, "revision", "", "only packages of the revision `NUMBER`")
	var kinds []string
	for _, s := range packages.Stabilities() {
		kinds = append(kinds, string(s))
	}
	flags.StringVar((*string)(&f.Stability), "stability", "", "only packages of one `KIND`: "+strings.Join(kinds, ", "))
	_ = cmd.RegisterFlagCompletionFunc("stability", cobra.FixedCompletions(kinds, cobra.ShellCompDirectiveNoFileComp))
	for _, name := range []string{"os", "arch", "version", "revision", "stability"} {
		note(flags, name, "Filters", "")
	}
}

// catalogue opens what the last build has stored.
func (p packagesCommands) catalogue(cmd *cobra.Command) (*packages.Catalogue, error) {
	o, err := p.open(cmd)
	if err != nil {
		return nil, err
	}
	return packages.Open(cmd.Context(), o)
}

func (p packagesCommands) listCommand() *cobra.Command {
	var f packages.Filter
	cmd := p.command(&cobra.Command{
		Use:   "list [flags]",
		Short: "list packages",
		Long: `list prints the packages of the last build, the newest first: their ids, state, kind,
version, revision, system, architecture, day of the build and size. Without --state, it
lists the published ones. A package is "held" if the source lists it but a build does
not publish it, and "withdrawn" if the source no longer lists it.
`,
		Example: `  sitegen packages list --os win --stability release
  sitegen packages list --state held`,
		Args: noArguments,
	}, func(cmd *cobra.Command, _ []string) error { return p.list(cmd, f) })
	addPackagesOptions(cmd)
	addFilter(cmd, &f)
	var states []string
	for _, s := range packages.States() {
		states = append(states, string(s))
	}
	cmd.Flags().StringVar((*string)(&f.State), "state", string(packages.Published),
		"only packages in `STATE`: "+strings.Join(states, ", "))
	note(cmd.Flags(), "state", "Filters", "")
	_ = cmd.RegisterFlagCompletionFunc("state", cobra.FixedCompletions(states, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func (p packagesCommands) list(cmd *cobra.Command, f packages.Filter) error {
	c, err := p.catalogue(cmd)
	if err != nil {
		return err
	}
	list, err := c.List(f)
	switch {
	case err != nil:
		return err
	case given(cmd, "json"):
		return printJSON(p.stdout, list)
	}
	p.messages.Info(fmt.Sprintf("%s of the last build (%s)", plural(len(list), "package"), c.Label()))
	w := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	for _, pkg := range list {
		fmt.Fprintln(w, packageRow(pkg))
	}
	return w.Flush()
}

// packageRow returns the cells of a package in a table.
func packageRow(pkg *packages.Package) string {
	cells := []string{printable(pkg.ID), string(pkg.State)}
	if pkg.Package != nil {
		cells = append(cells, packageCells(pkg)...)
	} else {
		cells = append(cells, "-", "-", "-", "-", "-", "-", "-")
	}
	cells = append(cells, printable(pkg.Name))
	if pkg.Held != nil {
		cells = append(cells, fmt.Sprintf("%s: %s", printable(pkg.Held.Field), printable(pkg.Held.Reason)))
	}
	if pkg.NextBuild != "" {
		cells = append(cells, nextBuild(pkg))
	}
	return strings.Join(cells, "\t")
}

// nextBuild describes what the next build does with a package.
func nextBuild(pkg *packages.Package) string {
	return string(pkg.NextBuild) + " from the next build on"
}

// packageCells returns the facts of a package in a table.
func packageCells(pkg *packages.Package) []string {
	return []string{string(pkg.Stability), orDash(pkg.Version), fmt.Sprint(pkg.Revision), string(pkg.OS),
		string(pkg.Arch), pkg.Day(), humanize.Bytes(uint64(pkg.Size))}
}

func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

// onePackage checks the arguments of a command that is about one package.
func onePackage(_ *cobra.Command, args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("needs the id, the file name or the revision of one package (found %d arguments)", len(args))
	}
	return nil
}

func (p packagesCommands) showCommand() *cobra.Command {
	cmd := p.command(&cobra.Command{
		Use:   "show [flags] ID",
		Short: "describe a package",
		Long: `show prints everything that is known about a package: its facts and checksums, its state
and the reason if it is held back, the addresses of the site and the redirect rules that
lead to it, and its changes. ID can also be the name of the package or of its file, its revision, or the
address of its download, if only one package has it.
`,
		Example: `  sitegen packages show "$(sitegen packages list --json | jq -r '.[0].id')"`,
		Args:    onePackage,
	}, p.show)
	addPackagesOptions(cmd)
	return cmd
}

func (p packagesCommands) show(cmd *cobra.Command, args []string) error {
	c, err := p.catalogue(cmd)
	if err != nil {
		return err
	}
	pkg, err := c.Find(args[0])
	if err != nil {
		return err
	}
	d, err := c.Show(pkg)
	switch {
	case err != nil:
		return err
	case given(cmd, "json"):
		return printJSON(p.stdout, d)
	}
	return printPackage(p, d)
}

// printPackage prints the description of a package as a table.
func printPackage(p packagesCommands, d *packages.Description) error {
	t := newRows(true)
	row := func(name, text string) {
		if text != "" {
			t.row(name, "%s", printable(text))
		}
	}
	row("package", d.Name)
	row("id", d.ID)
	row("state", stateOf(&d.Package))
	if d.NextBuild != "" {
		row("", nextBuild(&d.Package))
	}
	if h := d.Held; h != nil {
		row("held back", h.Field+": "+h.Reason)
		row("", h.Place)
		row("", h.Hint)
	}
	if d.Package.Package != nil {
		row("kind", string(d.Stability))
		row("version", d.Version)
		row("revision", fmt.Sprint(d.Revision))
		row("system", string(d.OS)+" "+string(d.Arch))
		row("built", d.BuildDate)
		row("size", fmt.Sprintf("%s (%d bytes)", humanize.Bytes(uint64(d.Size)), d.Size))
		row("file", d.FileName)
		row("sha256", d.SHA256)
		row("sha512", d.SHA512)
		row("download", d.URL)
		row("signature", d.Signature)
		row("sbom", d.SBOM)
	}
	if d.Source != d.URL {
		row("source", d.Source)
	}
	for i, a := range d.Addresses {
		if i > 0 {
			t.row("", "%s", a)
			continue
		}
		t.row("addresses", "%s", a)
	}
	for i, r := range d.Rules {
		name := ""
		if i == 0 {
			name = "rules"
		}
		t.row(name, "%s", printable(r.Place+": "+r.Rule))
	}
	for i, change := range d.Changes {
		name := ""
		if i == 0 {
			name = "changes"
		}
		t.row(name, "%s  run %d  %s", change.Time.UTC().Format(time.DateOnly), change.Run, describeChange(change))
	}
	return t.write(p.stdout)
}

// stateOf returns the state of a package, with the day of its withdrawal.
func stateOf(pkg *packages.Package) string {
	if pkg.WithdrawnAt == nil {
		return string(pkg.State)
	}
	return fmt.Sprintf("%s, not published since %s", pkg.State, pkg.WithdrawnAt.UTC().Format(time.DateOnly))
}

// describeChange describes a change in words: changed size from 10 to 20.
func describeChange(c packages.Change) string {
	if c.Field == "" {
		return c.Kind
	}
	return fmt.Sprintf("%s %s from %.60q to %.60q", c.Kind, c.Field, c.Before, c.After)
}

func (p packagesCommands) duplicatesCommand() *cobra.Command {
	var f packages.Filter
	cmd := p.command(&cobra.Command{
		Use:   "duplicates [flags]",
		Short: "list packages with the same revision, system and architecture",
		Long: `duplicates prints the groups of published packages that have the same revision, system and
architecture, each with the page of its folder at the source. The first of a group is
the newest one: ?revision= finds it. A draft is a package that is not part of a release;
next to a release it is usually what the release was copied from.
`,
		Example: `  sitegen packages duplicates --os win`,
		Args:    noArguments,
	}, func(cmd *cobra.Command, _ []string) error { return p.duplicates(cmd, f) })
	addPackagesOptions(cmd)
	addFilter(cmd, &f)
	return cmd
}

func (p packagesCommands) duplicates(cmd *cobra.Command, f packages.Filter) error {
	c, err := p.catalogue(cmd)
	if err != nil {
		return err
	}
	groups, err := c.Duplicates(f)
	switch {
	case err != nil:
		return err
	case given(cmd, "json"):
		return printJSON(p.stdout, groups)
	}
	p.messages.Info(fmt.Sprintf("%s of packages with the same revision, system and architecture",
		plural(len(groups), "group")))
	w := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	for _, g := range groups {
		for i, d := range g.Packages {
			revision, platform := "", ""
			if i == 0 {
				revision, platform = fmt.Sprint(g.Revision), string(g.OS)+" "+string(g.Arch)
			}
			kind := strings.TrimSpace(string(d.Stability) + " " + d.Version)
			if d.Draft {
				kind = "draft"
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", revision, platform, d.ID, kind,
				d.Built.Format(time.DateTime), printable(d.Source))
		}
	}
	return w.Flush()
}

func (p packagesCommands) historyCommand() *cobra.Command {
	var f packages.Filter
	cmd := p.command(&cobra.Command{
		Use:   "history [flags] [ID]",
		Short: "list the changes of packages",
		Long: `history prints the changes of all packages, or of one, the oldest first: the day, the
number of the build that stored the change, and what it was. A package is added when it
is first published, withdrawn when it is no longer published, and returned when it is
published again; changed names the field.
`,
		Example: `  sitegen packages history --os win
  sitegen packages history "$(sitegen packages list --json | jq -r '.[0].id')"`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return fmt.Errorf("takes at most one package (found %d arguments)", len(args))
			}
			return nil
		},
	}, func(cmd *cobra.Command, args []string) error { return p.history(cmd, args, f) })
	addPackagesOptions(cmd)
	addFilter(cmd, &f)
	return cmd
}

func (p packagesCommands) history(cmd *cobra.Command, args []string, f packages.Filter) error {
	c, err := p.catalogue(cmd)
	if err != nil {
		return err
	}
	id := ""
	if len(args) == 1 {
		pkg, err := c.Find(args[0])
		if err != nil {
			return err
		}
		id = pkg.ID
	}
	changes, err := c.History(f, id)
	switch {
	case err != nil:
		return err
	case given(cmd, "json"):
		return printJSON(p.stdout, changes)
	}
	w := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	for _, change := range changes {
		fmt.Fprintf(w, "%s\trun %d\t%s\t%s\t%s\n", change.Time.UTC().Format(time.DateOnly), change.Run, change.ID,
			printable(change.Name), printable(describeChange(change)))
	}
	return w.Flush()
}
