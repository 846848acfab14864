package output

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path"

	"github.com/Slicer/sitegen/generator/parallel"
)

// Apply carries out the plan. It runs the commands of after_change if maps have changed or the commands are still due
// from an earlier run, and stores the inputs for [Writer.Verify]. Inputs is a fingerprint of everything
// that the files were made from; with an empty one, no later run can skip rendering. A Writer that was opened read-only
// returns an error.
//
// After an error, each file is complete, old or new, and the next run does the rest. The error of a command is a
// [*CommandError]. When ctx is done, Apply stops between two files.
func (w *Writer) Apply(ctx context.Context, p *Plan, inputs string) error {
	if w.lock == nil {
		return errors.New("write the site: it was opened read-only")
	}
	a := &apply{Writer: w, plan: p, before: w.manifest, settled: make(map[string]entry, len(p.settled)+len(p.steps))}
	maps.Copy(a.settled, p.settled)
	if !p.Empty() || !w.manifest.Complete || w.manifest.Reload || w.manifest.Listing != w.listing {
		if err := a.run(ctx); err != nil {
			return err
		}
	}
	done := manifest{header: w.options.header(), Files: a.settled}
	done.Complete, done.Inputs, done.Listing = true, inputs, w.listing
	return w.save(done)
}

// apply carries out one plan.
type apply struct {
	*Writer
	plan    *Plan
	before  manifest         // when the work began
	roots   [2]folder        // by Root
	settled map[string]entry // files that are on disk as they should be, so far, and those that the next run removes
	wrote   func(n int)      // shows the progress
	lines   *os.File         // the listing, to which hashes are appended as they become known; nil without writes
}

// run writes and removes files in the order that the package comment explains.
func (a *apply) run(ctx context.Context) error {
	chmod, err := a.data.masksModes()
	if err != nil {
		return err
	}
	for _, r := range []Root{Public, Redirects} {
		if a.options.dir(r) == "" {
			continue
		}
		if a.roots[r], err = openRoot(a.options.dir(r), chmod); err != nil {
			return err
		}
		defer a.roots[r].Close()
	}
	if err := a.begin(); err != nil {
		return err
	}
	defer a.lines.Close() // each line is written at once
	a.openClosed()
	err = a.writeSite(ctx)
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("write the site: %w; every file is complete, the next run does the rest", err)
	}
	if err != nil {
		return err
	}
	return a.list(a.settled, nil)
}

// openClosed mends the modes of folders. Where that is not possible, because the folder belongs to somebody else or the
// file system has no modes, the site may still be readable, so it is no error.
func (a *apply) openClosed() {
	for _, name := range a.plan.closed {
		r, dir := splitName(name)
		root := a.roots[r].root
		if err := open(path.Clean(dir), root.Stat, root.Chmod); err != nil {
			a.options.Log.Warn("the web server may not be able to read a folder", "folder", a.options.locate(name),
				"error", reason(err))
		}
	}
}

// begin cleans up after a killed run, and writes the manifest with the names of all files that will change.
func (a *apply) begin() error {
	change := mapChange{a}
	if !a.before.Reload {
		if err := change.drop(); err != nil { // the maps of that run have been accepted
			return err
		}
	}
	if !a.before.Complete {
		if err := a.sweep(); err != nil {
			return err
		}
	}
	if a.plan.Empty() {
		return nil
	}
	next := manifest{header: a.options.header(), Files: maps.Clone(a.plan.settled)}
	next.Reload = a.plan.Reload
	for _, name := range a.plan.remove {
		next.Files[name] = entry{Path: name}
	}
	for _, s := range a.plan.steps {
		for _, name := range s.names() {
			next.Files[name] = entry{Path: name}
		}
	}
	before := a.before.Files // which save replaces
	if err := a.save(next); err != nil {
		return err
	}
	if err := a.list(before, a.plan.steps); err != nil {
		return err
	}
	return a.openListing()
}

// sweep removes the temporary files of a killed run from the folders in which it may have written.
func (a *apply) sweep() error {
	folders := map[string]bool{Public.String(): true} // that of the listing
	for name := range a.before.Files {
		folders[path.Dir(name)] = true
	}
	for _, s := range a.plan.steps {
		folders[path.Dir(s.name)] = true
	}
	for name := range folders {
		r, dir := splitName(name)
		if a.plan.missing[name] {
			continue
		}
		n, err := a.roots[r].sweep(path.Clean(dir))
		if err != nil {
			return err
		}
		if n > 0 {
			a.options.Log.Info("removed temporary files of a killed run", "folder", a.options.locate(name), "files", n)
		}
	}
	return nil
}

// writeSite writes and removes files in order.
func (a *apply) writeSite(ctx context.Context) error {
	change := mapChange{a}
	if err := a.removeOld(ctx, Public, true); err != nil {
		return err
	}
	a.wrote = a.options.Progress("writing", len(a.plan.steps))
	for _, g := range []Group{Records, Pages} {
		if err := a.writeGroup(ctx, g); err != nil {
			return err
		}
	}
	if err := change.run(ctx); err != nil {
		return err
	}
	return a.removeOld(ctx, Public, false)
}

// writeGroup writes the files of a group, several at a time.
func (a *apply) writeGroup(ctx context.Context, g Group) error {
	batches := batches(a.plan.group(g))
	results := make([][]entry, len(batches))
	err := parallel.For(ctx, a.options.Jobs, len(batches), func(i int) (err error) {
		results[i], err = a.writeBatch(ctx, batches[i], false)
		return err
	})
	for _, entries := range results {
		a.settle(entries)
	}
	return err
}

// maxBatch is how many files of one folder are written one after the other. With fewer, the folder would be opened
// more often; with more, a folder of a thousand records would keep a single CPU busy.
const maxBatch = 64

// batches divides steps into groups of successive ones whose files are in the same folder.
func batches(steps []*step) [][]*step {
	var all [][]*step
	start := 0
	for i := range steps {
		if end := i + 1; end == len(steps) || end-start == maxBatch ||
			path.Dir(steps[end].name) != path.Dir(steps[i].name) {
			all = append(all, steps[start:end])
			start = end
		}
	}
	return all
}

// writeBatch writes files of one folder, which is opened once for all of them.
func (a *apply) writeBatch(ctx context.Context, steps []*step, durable bool) ([]entry, error) {
	name := path.Dir(steps[0].name)
	root, dir := splitName(name)
	h, err := a.roots[root].enter(path.Clean(dir), a.plan.missing[name])
	if err != nil {
		return nil, err
	}
	defer h.Close()
	t := a.tools.Get().(*tools)
	defer a.tools.Put(t)
	w := &writer{tools: t, options: &a.options, before: a.before.Files, settled: a.settled, handle: h,
		durable: durable, lines: a.lines}
	entries := make([]entry, 0, len(steps))
	for _, s := range steps {
		if err := ctx.Err(); err != nil {
			return entries, err
		}
		written, err := w.write(ctx, s)
		if err != nil {
			return entries, err
		}
		entries = append(entries, written...)
		a.wrote(1)
	}
	return entries, nil
}

// settle records files that are on disk as they should be.
func (a *apply) settle(entries []entry) {
	for _, e := range entries {
		a.settled[e.Path] = e
	}
}

// removeOld removes the files of a root that are no longer in use: with inWay those in the way of new files, otherwise
// all others.
func (a *apply) removeOld(ctx context.Context, r Root, inWay bool) error {
	removed := func(int) {}
	if r == Public && !inWay && len(a.plan.remove) > 0 {
		removed = a.options.Progress("removing", len(a.plan.remove))
	}
	for _, name := range a.plan.remove {
		root, file := splitName(name)
		if root != r || a.plan.inWay[name] != inWay {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := a.roots[r].remove(file); err != nil {
			return err
		}
		removed(1)
		a.roots[r].removeEmpty(file)
	}
	return nil
}
