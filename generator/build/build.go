// Package build builds a site. Build runs one build from top to bottom:
//
//	supply    reads the packages from the source and checks them (gate); offline, uses those published last
//	site      renders pages, feeds and JSON records
//	redirect  compiles the redirects for each server
//	history   stores the packages in one transaction
//	output    writes the files
//
// Nothing on disk changes until every input has been validated. If the gate refuses the packages, or if content,
// layouts or rules have errors, then the site, the redirects and the history remain unchanged.
package build

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/history"
	"github.com/Slicer/sitegen/generator/output"
	"github.com/Slicer/sitegen/generator/project"
	"github.com/Slicer/sitegen/generator/redirect"
	"github.com/Slicer/sitegen/generator/site"
	"github.com/Slicer/sitegen/generator/supply"
)

// Build updates the site and the redirects. It writes only files that have changed. Errors have a fault.Kind. The
// report is nil if the packages could not be read.
func Build(ctx context.Context, p *project.Project) (*Report, error) {
	start, at := p.Now(), &phases{p: p}
	defer at.end()
	out, err := openOutput(p, at.files)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	db, err := history.Open(ctx, p.HistoryFile())
	if err != nil {
		return nil, err
	}
	defer db.Close()

	at.next("source")
	cat, err := supply.Read(ctx, p, db)
	if cat == nil {
		return nil, err
	}
	report := newReport(p, cat)
	if lost := out.Recovered(); lost != nil {
		report.Warnings = append(report.Warnings, lost.String())
	}
	if err != nil {
		report.refused(err)
		return report, err
	}

	// Render only if an input, or a file on disk, has changed since the last run.
	at.next("input")
	at.show("reading content and layouts")
	in, err := cat.Site(p)
	if err != nil {
		return report, err
	}
	inputs, err := takeFingerprint(ctx, p, &in, cat.Packages)
	if err != nil {
		return report, err
	}
	current, err := out.Verify(ctx, inputs.String())
	if err != nil {
		return report, err
	}
	var plan *output.Plan
	if !current {
		made, err := render(ctx, p, in, at)
		if err != nil {
			return report, err
		}
		report.warn(made.warnings)
		report.Stopped = made.stopped
		at.next("files")
		if plan, err = out.Plan(ctx, made.files, made.keep()...); err != nil {
			return report, planFault(err)
		}
	}

	// Every input is valid: record the packages, then write the files.
	if current {
		at.next("files")
	}
	change, err := cat.Record(ctx, db)
	if err != nil {
		return report, err
	}
	report.change(change)
	if plan == nil {
		public, maps := out.Count()
		report.Pages.Unchanged, report.Maps.Unchanged, report.Unchanged = public, maps, true
	} else {
		report.files(plan)
		text := inputs.String()
		if len(report.Stopped) > 0 {
			text = inputs.stopped() // the next run renders again and reports the limits again
		}
		err = applyFault(out.Apply(ctx, plan, text))
		if err == nil && plan.Reload && len(p.Config.AfterChange) == 0 {
			report.reload(p.Config.Servers)
		}
		err = cmp.Or(err, stoppedFault(report.Stopped))
	}
	at.end()
	report.Written, report.Seconds, report.Phases = true, p.Now().Sub(start).Seconds(), at.list
	return report, err
}

// reloadTime is the time allowed for Nginx to start new workers after "nginx -s reload". With the largest configuration
// in our tests this takes a fifth of a second; a busy machine may need longer.
const reloadTime = 2 * time.Second

// openOutput opens the output folders and locks the data folder, so that only one run works on a site at a time.
func openOutput(p *project.Project, progress func(what string, files int) func(n int)) (*output.Writer, error) {
	c := &p.Config
	commands := make([][]string, len(c.AfterChange))
	for i, command := range c.AfterChange {
		commands[i] = command.Args
	}
	o := p.BuildOutput()
	o.AfterChange, o.CommandTime, o.ReloadTime = commands, c.AfterChangeTimeout, reloadTime
	o.Force, o.Progress = c.Force, progress
	out, err := output.Open(o)
	if _, ok := errors.AsType[*output.SharedError](err); ok {
		return nil, project.Shared(err)
	}
	if locked, ok := errors.AsType[*output.LockedError](err); ok {
		return nil, fault.Wrap(fault.Locked, locked, "Wait for it to end; the lock is released when its process ends.")
	}
	return out, err
}

// rendering holds all files of a build, in memory.
type rendering struct {
	files    []output.File
	warnings fault.Findings
	stopped  []Stopped // servers without new files, because the redirects exceed a limit
}

// keep returns the folders of the stopped servers, whose files must remain unchanged.
func (r *rendering) keep() (folders []string) {
	for _, s := range r.stopped {
		folders = append(folders, s.Server)
	}
	return folders
}

// render renders all files of the site and compiles the redirects, for each configured server. All mistakes in pages
// and rules are reported at once. If the redirects exceed a limit of a server, only the files of that server remain
// unchanged.
func render(ctx context.Context, p *project.Project, in site.Input, at *phases) (*rendering, error) {
	at.next("pages")
	done := func(int) {}
	in.Rendered = func() { done(1) }
	e, err := site.NewEdition(ctx, in, nil)
	if err != nil {
		return nil, err
	}
	table, tableErr := p.Table(in.Index, e.Aliases(), e.Paths())
	if table == nil {
		return nil, tableErr
	}
	table.Files.Read = e.File
	done = at.count("rendering", len(e.Pages()), "pages")
	files, warnings, err := e.Files(ctx, p.Server(table, tableErr == nil))
	if err != nil && fault.KindOf(err) != fault.Content {
		return nil, err
	}
	ruleWarnings, ruleErr := redirect.Split(p.CheckRules(table))
	if err := errors.Join(err, tableErr, ruleErr); err != nil {
		return nil, fault.Wrap(fault.Content, err, "Nothing was written. Correct these and build again.")
	}
	outdated, err := p.OutdatedLayouts()
	if err != nil {
		return nil, err
	}
	r := &rendering{files: files, warnings: slices.Concat(warnings, ruleWarnings, outdated)}
	at.next("redirects")
	at.show("compiling the redirects")
	compiled, err := p.Compile(table)
	if err != nil {
		return nil, err
	}
	for _, c := range compiled {
		warnings, err := redirect.Split(c.Findings)
		if err != nil {
			r.stopped = append(r.stopped, Stopped{Server: c.Server, Target: c.Server, Reason: err.Error()})
			continue
		}
		r.warnings = append(r.warnings, warnings...)
		r.files = append(r.files, c.Files...)
	}
	r.files = append(r.files, redirect.Contents(table))
	return r, nil
}

// planFault adds the kind and hint to an error of output.Writer.Plan.
func planFault(err error) error {
	if _, ok := errors.AsType[*output.InTheWayError](err); ok {
		return fault.Wrap(fault.Content, err, "Move the files away, or replace them with --force.")
	}
	return err
}

// applyFault adds the kind and hint to an error of output.Writer.Apply.
func applyFault(err error) error {
	command, ok := errors.AsType[*output.CommandError](err)
	if !ok {
		return err
	}
	hint := "The new redirects are in place; the next build runs the command again."
	if command.Restored {
		hint = "The previous redirects were restored. Read the command's output, then build again."
	}
	return fault.Wrap(fault.AfterChange, err, hint)
}

// stoppedFault returns the error of a build that succeeded, except for some servers.
func stoppedFault(stopped []Stopped) error {
	var errs []error
	for _, s := range stopped {
		errs = append(errs, fmt.Errorf("the redirects for %s are unchanged: %s", s.Server, s.Reason))
	}
	return fault.Wrap(fault.Limit, errors.Join(errs...), "Everything else is up to date.")
}
