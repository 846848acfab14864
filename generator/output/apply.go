package output

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"time"

	"github.com/Slicer/sitegen/generator/parallel"
)

// Apply makes the disk as the plan has it, runs the commands of after_change when maps have changed or when they
// are still due from an earlier run, and remembers the inputs for [Writer.Verify]. Inputs is a fingerprint of all
// that the files were made from; an empty one is remembered as none.
//
// Every error leaves each file whole, old or new, and a next run that does the rest. A [*CommandError] says that
// a command has failed. When the context is done, Apply stops between two files.
func (w *Writer) Apply(ctx context.Context, p *Plan, inputs string) error {
	a := &apply{Writer: w, plan: p, before: w.manifest, settled: maps.Clone(p.settled)}
	if !p.Empty() || !w.manifest.Complete || w.manifest.Reload {
		if err := a.run(ctx); err != nil {
			return err
		}
	}
	done := manifest{header: w.header(), Files: a.settled}
	done.Complete, done.Inputs = true, inputs
	return w.save(done)
}

// apply is the work on one plan.
type apply struct {
	*Writer
	plan    *Plan
	before  manifest         // when the work began
	roots   [2]folder        // by Root
	settled map[string]entry // what is on disk as it should be, by now
}

// run does the work, in the order that breaks no reader.
func (a *apply) run(ctx context.Context) error {
	for _, r := range []Root{Public, Redirects} {
		dir, err := openFolder(a.dir(r))
		if err != nil {
			return err
		}
		defer dir.root.Close()
		a.roots[r] = dir
	}
	if err := a.begin(); err != nil {
		return err
	}
	if err := a.writeSite(ctx); err != nil {
		if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
			return fmt.Errorf("write the site: %w; every file is whole, the next run does the rest", err)
		}
		return err
	}
	return nil
}

// begin clears away what a killed run left, and writes down what is about to change.
func (a *apply) begin() error {
	if !a.before.Reload {
		if err := a.dropKept(); err != nil { // of maps that have been accepted since
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
	next := manifest{header: a.header(), Files: maps.Clone(a.plan.settled)}
	next.Reload = a.commandsDue()
	for _, name := range a.plan.remove {
		next.Files[name] = entry{Path: name}
	}
	for i := range a.plan.steps {
		for _, name := range a.plan.steps[i].names() {
			next.Files[name] = entry{Path: name}
		}
	}
	return a.save(next)
}

// sweep removes the temporary files of a killed run, from the folders in which it may have written.
func (a *apply) sweep() error {
	folders := map[string]bool{}
	for name := range a.before.Files {
		folders[path.Dir(name)] = true
	}
	for i := range a.plan.steps {
		folders[path.Dir(a.plan.steps[i].file.name())] = true
	}
	for name := range folders {
		r, dir := splitName(name)
		n, err := a.roots[r].sweepSub(path.Clean(dir))
		if err != nil {
			return err
		}
		if n > 0 {
			a.options.Log.Info("removed what a killed run left", "folder", a.locate(name), "files", n)
		}
	}
	return nil
}

// writeSite writes and removes, in order.
func (a *apply) writeSite(ctx context.Context) error {
	if err := a.removeOld(ctx, Public, true); err != nil {
		return err
	}
	for _, g := range []Group{Records, Pages} {
		if err := a.writeGroup(ctx, g); err != nil {
			return err
		}
	}
	if err := a.changeMaps(ctx); err != nil {
		return err
	}
	return a.removeOld(ctx, Public, false)
}

// group are the plan's steps of one group.
func (p *Plan) group(g Group) []*step {
	var steps []*step
	for i := range p.steps {
		if p.steps[i].file.Group == g {
			steps = append(steps, &p.steps[i])
		}
	}
	return steps
}

// writeGroup writes the files of a group, several at a time.
func (a *apply) writeGroup(ctx context.Context, g Group) error {
	steps := a.plan.group(g)
	results := make([][]entry, len(steps))
	err := parallel.For(ctx, a.options.Jobs, len(steps), func(i int) (err error) {
		results[i], err = a.write(steps[i])
		return err
	})
	for _, entries := range results {
		a.settle(entries)
	}
	return err
}

// settle remembers what is on disk now.
func (a *apply) settle(entries []entry) {
	for _, e := range entries {
		a.settled[e.Path] = e
	}
}

// write does one step. The file and its variants are put in place together, but for a few system calls' time.
func (a *apply) write(s *step) ([]entry, error) {
	dir, err := a.roots[s.file.Root].sub(path.Dir(s.file.Path))
	if err != nil {
		return nil, err
	}
	defer dir.root.Close()
	c := a.compressors.Get().(*compressor)
	defer a.compressors.Put(c)
	if s.write {
		s.mtime = nextMTime(a.options.Now(), s.mtime)
	}
	var out written
	if err := a.makeVariants(c, s, &out); err != nil {
		return nil, err
	}
	if s.write {
		out.add(s.file.name(), s.file.Data, s.mtime, entry{SHA256: s.sum})
	}
	for _, name := range slices.Concat(s.drop, out.drop) {
		if err := dir.remove(path.Base(name)); err != nil {
			return nil, err
		}
	}
	return out.entries, dir.put(s.file.Root == Redirects, out.contents...)
}

// written is what a step comes to.
type written struct {
	contents []content // to be put into the file's folder
	entries  []entry   // for the manifest
	drop     []string  // names of variants to be removed
}

// add takes up one file.
func (out *written) add(name string, data []byte, mtime time.Time, e entry) {
	out.contents = append(out.contents, content{name: path.Base(name), data: data, mtime: mtime})
	e.Path, e.Size, e.MTime = name, int64(len(data)), mtime.UTC()
	out.entries = append(out.entries, e)
}

// makeVariants compresses the step's file. What would be no smaller than the file is not kept.
func (a *apply) makeVariants(c *compressor, s *step, out *written) error {
	for _, i := range s.compress {
		data, err := c.compress(i, s.file.Data)
		if err != nil {
			return err
		}
		name := s.file.name() + encodings[i].ext
		if len(data) < len(s.file.Data) {
			out.add(name, data, s.mtime, entry{SHA256: sha256.Sum256(data), From: s.sum})
			continue
		}
		out.entries = append(out.entries, entry{Path: name, From: s.sum, Larger: true})
		if old, ours := a.before.Files[name]; ours && !old.Larger {
			out.drop = append(out.drop, name)
		}
	}
	return nil
}

// nextMTime is the modification time for the new content of a file that had that of old (zero: no file).
// Nginx's ETag is made of the size and the second of the time, so the second must be another one, even if the
// file changes twice within one; and a later one, so that no earlier ETag comes again.
func nextMTime(now, old time.Time) time.Time {
	now, old = now.Truncate(time.Second), old.Truncate(time.Second)
	if now.After(old) {
		return now
	}
	return old.Add(time.Second)
}

// removeOld removes the files of a root that went out of use: those that stand where a file or folder of the site
// is to be, or the others.
func (a *apply) removeOld(ctx context.Context, r Root, inWay bool) error {
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
		a.roots[r].removeEmpty(file)
	}
	return nil
}
