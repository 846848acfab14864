package generator

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/redirect"
	"github.com/Slicer/sitegen/generator/redirect/emulate"
	"github.com/Slicer/sitegen/generator/redirect/servers"
	"github.com/Slicer/sitegen/generator/site"
)

// rulesName is the file that people write, in the redirects folder.
const rulesName = "rules.txt"

// servers are those that the configuration selects.
func (o *Options) servers() ([]redirect.Server, error) {
	var list []redirect.Server
	for _, name := range o.Config.Servers {
		s, err := servers.Find(name)
		if err != nil {
			return nil, err
		}
		list = append(list, s)
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

// Explain prints what a URL answers and why; server names one to ask what it answers, "" for none. Pages with mistakes
// do not keep a rule from being explained.
func Explain(ctx context.Context, o Options, w io.Writer, url, server string) error {
	var as redirect.Server
	if server != "" {
		var err error
		if as, err = servers.Find(server); err != nil {
			return err
		}
	}
	x, e, err := o.pages(ctx)
	if err != nil {
		return err
	}
	if e.Err() != nil {
		o.Log.Warn("pages have errors, so their aliases may be missing: " + e.Err().Error())
	}
	table, err := o.table(x, e.Aliases())
	if err != nil {
		return err
	}
	if err := table.Explain(w, url); err != nil || as == nil {
		return err
	}
	emulation, err := redirect.Emulate(as, table)
	if err != nil {
		_, err = fmt.Fprintf(w, "on %s\n  a limit is passed, so nothing is written for it: %s\n", server, err)
		return err
	}
	return emulation.Explain(w, url, emulate.NewSite(e))
}

// pages plans the pages for the packages of Packages.
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

// redirects adds the table, compiled for every selected server. Rules that are wrong stop the build, all at once; a
// server whose limit is passed is left out alone.
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
	list, err := o.servers()
	if err != nil {
		return err
	}
	for _, s := range list {
		c := s.Compile(table)
		if err := c.Err(); err != nil {
			r.stopped = append(r.stopped, Stopped{Server: s.Name(), Target: s.Name(), Reason: strings.ReplaceAll(err.Error(), "\n", "; ")})
			continue
		}
		warnings, _ := sortFindings(c.Findings) // no error is among them
		r.warnings = append(r.warnings, warnings...)
		r.files = append(r.files, c.Files...)
	}
	r.files = append(r.files, redirect.Contents(table))
	return nil
}

// sortFindings separates warnings from errors. Notes are in neither.
func sortFindings(findings []redirect.Finding) (warnings fault.Findings, err error) {
	var wrong []error
	for _, f := range findings {
		switch f.Severity {
		case redirect.Error:
			wrong = append(wrong, errors.New(f.String()))
		case redirect.Warning:
			warnings = append(warnings, fault.Place(f.Pos).Errorf("%s", f.Message))
		}
	}
	return warnings, errors.Join(wrong...)
}

// serverFindings lists what the selected servers find in a table, and in notes what each of them does not answer.
func (o *Options) serverFindings(t *redirect.Table) ([]redirect.Finding, error) {
	list, err := o.servers()
	var findings []redirect.Finding
	for _, s := range list {
		c := s.Compile(t)
		findings = append(findings, c.Findings...)
		for _, omitted := range c.Omitted {
			findings = append(findings, redirect.Finding{Message: s.Name() + ": " + omitted.What})
		}
	}
	return findings, err
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

// CheckRedirects finds what is wrong with the redirects of the site, with the packages of Packages. Its error holds lines
// and pages that cannot be read; the findings are about all others.
func CheckRedirects(ctx context.Context, o Options) ([]redirect.Finding, error) {
	x, e, err := o.pages(ctx)
	if err != nil {
		return nil, err
	}
	table, tableErr := o.table(x, e.Aliases())
	if table == nil {
		return nil, tableErr
	}
	findings, err := o.serverFindings(table)
	return append(o.ruleFindings(table, e), findings...), errors.Join(e.Err(), tableErr, err)
}

// DiffRedirects describes how the maps in the redirects folder differ from those of a revision. show returns a file of the
// revision by its path.
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
