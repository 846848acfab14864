// Package generator builds a download site: it is the whole way of a run, told top to bottom in Build.
package generator

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/output"
	"github.com/Slicer/sitegen/generator/site"
	"github.com/Slicer/sitegen/generator/history"
	"github.com/Slicer/sitegen/generator/supply/gate"
)

// Build makes the site and the web server's configuration as they should be now, and writes what is not so
// yet. Until the last good moment nothing is changed: a listing that is refused, and content or layouts
// with errors, leave the site, the maps and the catalogue as they were. Errors carry a fault.Kind. The report
// is nil unless writing had begun.
func Build(ctx context.Context, o Options) (*Report, error) {
	start := o.Now()
	out, err := openOutput(o)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	db, err := history.Open(ctx, o.catalogueFile())
	if err != nil {
		return nil, err
	}
	defer db.Close()

	// The packages: from the source, past the gate; or, offline, those published last.
	cat, err := o.read(ctx, db, start)
	if err != nil {
		return nil, err
	}
	report := cat.report(o)

	// The files: only if anything that they are made from has changed, or they are not as they were written.
	in, err := o.siteInput(cat)
	if err != nil {
		return nil, err
	}
	folders, err := loadFolders(ctx, &in)
	if err != nil {
		return nil, err
	}
	inputs, err := o.fingerprint(in.Options, cat.published, folders)
	if err != nil {
		return nil, err
	}
	current, err := out.Verify(ctx, inputs)
	if err != nil {
		return nil, err
	}
	var plan *output.Plan
	if !current {
		made, err := o.render(ctx, in)
		if err != nil {
			return nil, err
		}
		report.warn(made.warnings)
		report.Stopped = made.stopped
		if plan, err = out.Plan(ctx, made.files, made.keep()...); err != nil {
			return nil, planFault(err)
		}
	}

	// All is well: keep the catalogue, then put the files in place.
	change, err := cat.record(ctx, db)
	if err != nil {
		return nil, err
	}
	report.change(change)
	if plan == nil {
		public, maps := out.Count()
		report.Pages.Unchanged, report.Maps.Unchanged, report.Unchanged = public, maps, true
	} else {
		report.files(plan)
		if len(report.Stopped) > 0 {
			inputs = "" // the next run is to say so again
		}
		err = cmp.Or(applyFault(out.Apply(ctx, plan, inputs)), stoppedFault(report.Stopped))
	}
	report.Seconds = o.Now().Sub(start).Seconds()
	return report, err
}

// reloadTime is how long Nginx may take from "nginx -s reload" to its new workers. With the largest
// configuration here it takes a fifth of a second; a busy machine may need more.
const reloadTime = 2 * time.Second

// openOutput takes the lock of the data folder: one run at a time.
func openOutput(o Options) (*output.Writer, error) {
	c := &o.Config
	commands := make([][]string, len(c.AfterChange))
	for i, command := range c.AfterChange {
		commands[i] = command.Args
	}
	out, err := output.Open(output.Options{
		Public: c.Out, Redirects: c.Redirects, Data: c.Data,
		Jobs: c.Jobs, Precompress: o.precompress(), AfterChange: commands, ReloadTime: reloadTime,
		Force: c.Force, Now: o.Now, Log: o.Log,
	})
	if locked, ok := errors.AsType[*output.LockedError](err); ok {
		return nil, fault.Wrap(fault.Locked, locked, "Wait for it to end; the lock goes with the process that holds it.")
	}
	return out, err
}

// rendering is all files of a build, in memory.
type rendering struct {
	files    []output.File
	warnings fault.Findings
	stopped  []Stopped // servers that have no files among these
}

// keep lists the folders of the servers that stay as they are.
func (r *rendering) keep() (folders []string) {
	for _, s := range r.stopped {
		folders = append(folders, s.Server)
	}
	return folders
}

// render makes all files.
func (o *Options) render(ctx context.Context, in site.Input) (*rendering, error) {
	e, err := site.NewEdition(ctx, in, nil)
	if err != nil {
		return nil, err
	}
	var r rendering
	if r.files, r.warnings, err = e.Files(ctx); err != nil {
		if _, ok := errors.AsType[fault.Findings](err); ok {
			err = fault.Wrap(fault.Content, err, "Nothing was written; mend these and build again.")
		}
		return nil, err
	}
	return &r, o.redirects(in.Index, e, &r)
}

// planFault marks an error of comparing with the disk.
func planFault(err error) error {
	if _, ok := errors.AsType[*output.InTheWayError](err); ok {
		return fault.Wrap(fault.Content, err, "Move them away, or replace them with --force.")
	}
	return err
}

// applyFault marks an error of writing.
func applyFault(err error) error {
	command, ok := errors.AsType[*output.CommandError](err)
	if !ok {
		return err
	}
	hint := "The new maps are in place; the command is run again by the next build."
	if command.PutBack {
		hint = "The old maps are back. See what the command says, then build again."
	}
	return fault.Wrap(fault.AfterChange, err, hint)
}

// stoppedFault is the error of a build that succeeded except for some servers.
func stoppedFault(stopped []Stopped) error {
	var errs []error
	for _, s := range stopped {
		errs = append(errs, fmt.Errorf("the redirects for %s stay as they were: %s", s.Server, s.Reason))
	}
	return fault.Wrap(fault.Limit, errors.Join(errs...), "Everything else is in place.")
}

// read gets the packages to publish, and lets them past the gate.
func (o *Options) read(ctx context.Context, db *history.DB, start time.Time) (*catalogue, error) {
	before, err := db.Published(ctx)
	if err != nil {
		return nil, err
	}
	if o.Config.Offline {
		return o.stored(ctx, db.Reader, before)
	}
	cat, err := o.fetch(ctx, db, start)
	if err != nil {
		return nil, err
	}
	refusals := gate.Check(&o.profile().Scheme, before, cat.published)
	if !o.Config.Force {
		return cat, gate.Err(refusals, cat.held)
	}
	for _, r := range refusals {
		o.Log.Warn("published by force", "problem", r.Problem)
	}
	return cat, nil
}
