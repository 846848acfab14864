package output

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/Slicer/sitegen/generator/parallel"
)

// Check returns an error unless the disk is as the last run left it: that run was complete, and no file has been
// changed or removed since. Unlike Verify, it does not need the inputs of the run, and accepts files that the next run
// removes.
func (w *Writer) Check(ctx context.Context) error {
	var entries []entry
	for _, e := range w.manifest.Files {
		if !e.nameOnly() {
			entries = append(entries, e)
		}
	}
	switch {
	case w.recovery != nil:
		return fmt.Errorf("%s %s", w.recovery.Manifest, w.recovery.Reason)
	case len(entries) == 0:
		return fmt.Errorf("%s: nothing has been built yet", w.options.Public)
	case !w.manifest.Complete:
		return errors.New("the last build was interrupted")
	}
	done := w.options.Progress("comparing", len(entries))
	return parallel.For(ctx, w.options.Jobs, len(entries), func(i int) error {
		defer done(1)
		if place := w.options.locate(entries[i].Path); !entries[i].intact(place) {
			return fmt.Errorf("%s: has been changed or removed since the last build", place)
		}
		return nil
	})
}

// IsExtra reports whether the file at a path below Public is ours, but not a file of the site: a compressed variant of
// another one, or a file that the next run removes.
func (w *Writer) IsExtra(path string) bool {
	name := (&File{Root: Public, Path: path}).name()
	e, ours := w.manifest.Files[name]
	return ours && (e.nameOnly() && w.manifest.Complete || w.manifest.isVariant(name))
}

// MissingVariants returns the paths below Public of the compressed variants that the last run has written and that are
// not on disk any more, sorted.
func (w *Writer) MissingVariants() (paths []string, err error) {
	for _, name := range slices.Sorted(maps.Keys(w.manifest.Files)) {
		root, path := splitName(name)
		if e := w.manifest.Files[name]; root != Public || !w.manifest.isVariant(name) || e.larger() {
			continue
		}
		info, err := stat(w.options.locate(name))
		if err != nil {
			return nil, err
		}
		if info == nil {
			paths = append(paths, path)
		}
	}
	return paths, nil
}

// Inputs returns the fingerprint that the last complete run passed to Apply.
func (w *Writer) Inputs() string { return w.manifest.Inputs }
