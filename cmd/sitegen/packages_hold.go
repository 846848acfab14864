package main

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/spf13/cobra"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/packages"
)

// packagesHold implements the subcommands of sitegen packages that change the list of the packages held back.
type packagesHold struct{ *program }

func (p packagesHold) holdCommand() *cobra.Command {
	cmd := p.command(&cobra.Command{
		Use:   "hold [flags] --why TEXT ID",
		Short: "keep a package off the site",
		Long: `hold adds a package to holds.yaml in the redirects folder, with the reason, your name and
the day, and prints what visitors get instead. The next sitegen build takes the package
off the site. Commit the file. Several packages need one command each.
`,
		Example: `  sitegen packages hold --why 'crashes at start' "$(sitegen packages list --json | jq -r '.[0].id')"`,
		Args:    onePackage,
	}, p.hold)
	addPackagesOptions(cmd, "redirects")
	cmd.Flags().String("why", "", "the reason: `TEXT` that completes \"held back: \" (required)")
	cmd.Flags().String("by", "", "who holds it back (default the user of this process): `NAME`")
	_ = cmd.MarkFlagRequired("why")
	return cmd
}

func (p packagesHold) hold(cmd *cobra.Command, args []string) error {
	o, err := p.open(cmd)
	if err != nil {
		return err
	}
	why := strings.Join(strings.Fields(cmd.Flag("why").Value.String()), " ")
	if why == "" {
		return fault.Wrap(fault.Usage, errors.New(`--why must have the reason (found "")`), "")
	}
	c, err := packages.Open(cmd.Context(), o)
	if err != nil {
		return err
	}
	pkg, err := c.Find(args[0])
	if err != nil {
		return err
	}
	r, err := c.Hold(pkg, why, strings.TrimSpace(cmd.Flag("by").Value.String()))
	if err != nil {
		return err
	}
	return p.report(cmd, r, "kept off the site from the next build on")
}

func (p packagesHold) unholdCommand() *cobra.Command {
	cmd := p.command(&cobra.Command{
		Use:   "unhold [flags] ID",
		Short: "let the next build publish a package again",
		Long: `unhold removes a package from holds.yaml in the redirects folder. The next sitegen build
publishes it again, if the source still lists it.
`,
		Example: `  sitegen packages unhold "$(sitegen packages list --json | jq -r '.[0].id')"`,
		Args:    onePackage,
	}, p.unhold)
	addPackagesOptions(cmd, "redirects")
	return cmd
}

func (p packagesHold) unhold(cmd *cobra.Command, args []string) error {
	o, err := p.open(cmd)
	if err != nil {
		return err
	}
	c, err := packages.Open(cmd.Context(), o)
	if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, packages.ErrNoBuild) {
		return err // without a build, too, the list can be edited
	}
	r, err := packages.Unhold(o, c, args[0])
	if err != nil {
		return err
	}
	return p.report(cmd, r, "published again by the next build")
}

// report prints what Hold or Unhold has done.
func (p packagesHold) report(cmd *cobra.Command, r *packages.Result, effect string) error {
	if given(cmd, "json") {
		return printJSON(p.stdout, r)
	}
	if given(cmd, "quiet") {
		return nil
	}
	t := newRows(true)
	t.row("package", "%s", printable(strings.TrimSpace(r.Name+" "+r.ID)))
	t.row("reason", "%s", printable(r.Why))
	switch {
	case r.Changed:
		t.row("file", "%s: %s", r.File, effect)
	default:
		t.row("file", "%s: unchanged", r.File)
	}
	for i, a := range r.Instead {
		name := ""
		if i == 0 {
			name = "visitors"
		}
		t.row(name, "%s  ->  %s", a.Address, insteadText(a.Package))
	}
	return t.write(p.stdout)
}

// insteadText describes what visitors get at an address.
func insteadText(pkg *catalog.Package) string {
	if pkg == nil {
		return "404"
	}
	kind := string(pkg.Stability())
	if pkg.Version != "" {
		kind += " " + pkg.Version
	}
	return fmt.Sprintf("%s, revision %d, %s", kind, pkg.Revision, pkg.ID)
}
