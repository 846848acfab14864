package generator

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/redirect"
	"github.com/Slicer/sitegen/generator/redirect/cloudfront"
	"github.com/Slicer/sitegen/generator/redirect/netlify"
	"github.com/Slicer/sitegen/generator/redirect/nginx"
	"github.com/Slicer/sitegen/generator/redirect/s3"
	"github.com/Slicer/sitegen/generator/site"
)

// rulesName is the file that people write, in the redirects folder.
const rulesName = "rules.txt"

// allTargets are the servers that sitegen writes redirects for. One more is a folder and a line here.
func allTargets() []redirect.Target {
	return []redirect.Target{nginx.Target{}, s3.Target{}, cloudfront.Target{}, netlify.Target{}}
}

// Target finds a server by its name.
func Target(name string) (redirect.Target, error) {
	var names []string
	for _, t := range allTargets() {
		if t.Name() == name {
			return t, nil
		}
		names = append(names, t.Name())
	}
	return nil, fault.Wrap(fault.Usage, fmt.Errorf("no such target (found %.40q); %s%s", name, strings.Join(names, ", "), fault.DidYouMean(name, names)), "")
}

// targets are those that the configuration selects.
func (o *Options) targets() ([]redirect.Target, error) {
	var list []redirect.Target
	for _, name := range o.Config.Targets {
		t, err := Target(name)
		if err != nil {
			return nil, err
		}
		list = append(list, t)
	}
	return list, nil
}

// rulesText reads redirects/rules.txt; a site without rules need not have the file.
func (o *Options) rulesText() (name, text string, err error) {
	name = filepath.Join(o.Config.Redirects, rulesName)
	b, err := os.ReadFile(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return name, "", fault.Wrap(fault.Usage, fmt.Errorf("read the redirect rules: %w", err), "")
	}
	return name, string(b), nil
}

// table collects what the servers have to know. Its error holds every mistake in rules.txt and aliases; the table
// has the others then, to be checked as well.
func (o *Options) table(x *lookup.Index, aliases []site.Alias) (*redirect.Table, error) {
	name, text, err := o.rulesText()
	if err != nil {
		return nil, err
	}
	written, err := redirect.Parse(name, text)
	aliased, aliasErr := aliasRules(aliases)
	legacy := o.profile().LegacyRules
	inherited, inheritedErr := redirect.InheritedRules(x, legacy.Name, legacy.Text)
	rules := append(append(written, aliased...), inherited...)
	return &redirect.Table{Index: x, Rules: redirect.NewRules(rules)}, fault.Wrap(fault.Content, errors.Join(err, aliasErr, inheritedErr), "")
}

func aliasRules(aliases []site.Alias) ([]redirect.Rule, error) {
	list := make([]redirect.Alias, len(aliases))
	for i, a := range aliases {
		list[i] = redirect.Alias{From: a.From, To: a.To, Pos: redirect.Pos(a.At)}
	}
	return redirect.AliasRules(list)
}

// Table is the table that a command beside build speaks of. Pages with mistakes do not hinder it.
func (o *Options) Table(ctx context.Context) (*redirect.Table, error) {
	x, e, err := o.pages(ctx)
	if err != nil {
		return nil, err
	}
	if e.Err() != nil {
		o.Log.Warn("pages have errors, so their aliases may be missing: " + e.Err().Error())
	}
	return o.table(x, e.Aliases())
}

// pages plans the pages for the packages that Packages gives.
func (o *Options) pages(ctx context.Context) (*lookup.Index, *site.Edition, error) {
	packages, err := o.Packages(ctx)
	if err != nil {
		return nil, nil, err
	}
	in, err := o.siteInput(&catalogue{published: packages, spec: o.spec()})
	if err != nil {
		return nil, nil, err
	}
	e, err := site.NewEdition(ctx, in, nil)
	return in.Index, e, err
}

// redirects adds the table, compiled for every selected target. Rules that are wrong stop it, all at once; a
// target whose limit is passed is left out alone.
func (o *Options) redirects(x *lookup.Index, e *site.Edition, r *rendering) error {
	table, err := o.table(x, e.Aliases())
	if err != nil {
		return err
	}
	warnings, err := sortFindings(o.ruleFindings(table, e))
	if err != nil {
		return fault.Wrap(fault.Content, err, "Nothing was written; mend the rules and build again.")
	}
	r.warnings = append(r.warnings, warnings...)
	targets, err := o.targets()
	if err != nil {
		return err
	}
	for _, target := range targets {
		warnings, err := sortFindings(redirect.Limits(table, target))
		if err != nil {
			r.stopped = append(r.stopped, Stopped{Target: target.Name(), Reason: err.Error()})
			continue
		}
		r.warnings = append(r.warnings, warnings...)
		maps, err := target.Compile(table)
		if err != nil {
			return fmt.Errorf("write the redirects for %s: %w", target.Name(), err)
		}
		r.files = append(r.files, maps...)
	}
	r.files = append(r.files, redirect.Contents(table))
	return nil
}

// sortFindings parts what deserves a look from what is wrong.
func sortFindings(findings []redirect.Finding) (warnings fault.Findings, err error) {
	var wrong []error
	for _, f := range findings {
		if f.Severity == redirect.Error {
			wrong = append(wrong, errors.New(f.String()))
			continue
		}
		warnings = append(warnings, fault.Place(f.Pos).Errorf("%s", f.Message))
	}
	return warnings, errors.Join(wrong...)
}

func (o *Options) redirectFindings(t *redirect.Table, e *site.Edition) ([]redirect.Finding, error) {
	targets, err := o.targets()
	if err != nil {
		return nil, err
	}
	return append(o.ruleFindings(t, e), redirect.Limits(t, targets...)...), nil
}

// ruleFindings checks the rules against the site's pages.
func (o *Options) ruleFindings(t *redirect.Table, e *site.Edition) []redirect.Finding {
	s := redirect.Site{Pages: pagePaths(e.Paths()), Hosts: o.Config.RedirectHosts}
	if u, err := url.Parse(o.Config.BaseURL); err == nil {
		s.Host, s.Hosts = u.Host, append([]string{u.Hostname()}, s.Hosts...)
	}
	return redirect.Check(t, s)
}

// pagePaths lists the paths under which files are found.
func pagePaths(files []string) map[string]bool {
	paths := make(map[string]bool, len(files))
	for _, f := range files {
		if !strings.HasPrefix(f, "-/") {
			paths["/"+strings.TrimSuffix(f, "index.html")] = true
			paths["/"+f] = true
		}
	}
	return paths
}

// CheckRedirects finds what is wrong with the redirects of the site, with the packages that Packages gives. Its
// error holds lines and pages that cannot be read; the findings are about all others.
func CheckRedirects(ctx context.Context, o Options) ([]redirect.Finding, error) {
	x, e, err := o.pages(ctx)
	if err != nil {
		return nil, err
	}
	table, tableErr := o.table(x, e.Aliases())
	if table == nil {
		return nil, tableErr
	}
	findings, err := o.redirectFindings(table, e)
	return findings, errors.Join(e.Err(), tableErr, err)
}

// DiffRedirects tells in words how the maps in the redirects folder differ from those of a revision.
// show gives a file of the revision by its path.
func DiffRedirects(o Options, show func(path string) ([]byte, error)) (string, error) {
	path := filepath.Join(o.Config.Redirects, redirect.ContentsPath)
	after, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", fault.Wrap(fault.Usage, fmt.Errorf("no maps are written yet (%s)", path), "Build first.")
	}
	if err != nil {
		return "", fmt.Errorf("read the maps: %w", err)
	}
	before, err := show(path)
	if err != nil {
		return "", err
	}
	return redirect.Diff(before, after), nil
}
