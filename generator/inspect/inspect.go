// Package inspect examines a site without changing anything: how it answers a URL, which mistakes its redirect rules
// have, and what the last build changed in its redirects. supply.Known chooses the packages.
package inspect

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/project"
	"github.com/Slicer/sitegen/generator/redirect"
	"github.com/Slicer/sitegen/generator/redirect/emulate"
	"github.com/Slicer/sitegen/generator/redirect/servers"
	"github.com/Slicer/sitegen/generator/supply"
)

// Explain prints how the site answers a URL, and why. If server is not "", it also prints how the answer of that server
// differs. It works even if pages have errors.
func Explain(ctx context.Context, p *project.Project, w io.Writer, url, server string) error {
	var as redirect.Server
	if server != "" {
		var err error
		if as, err = servers.Find(server); err != nil {
			return err
		}
	}
	x, e, err := supply.Pages(ctx, p)
	if err != nil {
		return err
	}
	if e.Err() != nil {
		p.Log.Warn("pages have errors, so their aliases may be missing: " + e.Err().Error())
	}
	table, err := p.Table(x, e.Aliases(), e.Paths())
	if err != nil {
		return err
	}
	if err := table.Explain(w, url); err != nil || as == nil {
		return err
	}
	emulation, err := redirect.Emulate(as, table)
	if err != nil {
		_, err = fmt.Fprintf(w, "on %s\n  no redirects are written, because they exceed a limit: %s\n", server, err)
		return err
	}
	return emulation.Explain(w, url, emulate.NewSite(e))
}

// CheckRedirects returns the mistakes in the redirects of the site, and the requests that each configured server
// answers differently. The error joins the mistakes in rules and pages that cannot be parsed; the findings are about
// the others.
func CheckRedirects(ctx context.Context, p *project.Project) ([]redirect.Finding, error) {
	x, e, err := supply.Pages(ctx, p)
	if err != nil {
		return nil, err
	}
	table, tableErr := p.Table(x, e.Aliases(), e.Paths())
	if table == nil {
		return nil, tableErr
	}
	findings := p.CheckRules(table)
	compiled, err := p.Compile(table)
	for _, c := range compiled {
		findings = append(findings, c.Findings...)
		for _, o := range c.Omitted {
			findings = append(findings, redirect.Finding{Message: c.Server + ": " + o.What})
		}
	}
	return findings, errors.Join(e.Err(), tableErr, err)
}

// DiffRedirects describes how the redirects of the last build differ from those of a git revision. show returns the
// contents of a file in that revision.
func DiffRedirects(p *project.Project, show func(path string) ([]byte, error)) (string, error) {
	path := filepath.Join(p.Config.Redirects, redirect.ContentsPath)
	after, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", fault.Wrap(fault.Usage, fmt.Errorf("there are no redirects yet (%s)", path),
			"Run sitegen build first.")
	}
	if err != nil {
		return "", fmt.Errorf("read the redirects: %w", err)
	}
	before, err := show(path)
	if err != nil {
		return "", err
	}
	return redirect.Diff(before, after), nil
}
