package output

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/Slicer/sitegen/generator/parallel"
)

// Verify reports whether there is nothing to do and nothing to render: the last run was complete, it was made from
// the same inputs, and the disk is as it left it. Verify compares size and modification time of every file, and the
// content where the time differs. The error is that of ctx, when it is done.
func (w *Writer) Verify(ctx context.Context, inputs string) (bool, error) {
	m, now := w.manifest, w.header()
	now.Complete, now.Inputs = true, inputs
	if inputs == "" || m.header != now {
		return false, ctx.Err()
	}
	entries := slices.Collect(maps.Values(m.Files))
	err := parallel.For(ctx, w.options.Jobs, len(entries), func(i int) error {
		if !entries[i].intact(w.locate(entries[i].Path)) {
			return errChanged
		}
		return nil
	})
	if errors.Is(err, errChanged) {
		return false, nil
	}
	return err == nil, err
}

// errChanged ends the comparison with the disk at the first difference.
var errChanged = errors.New("changed")

// Count gives how many files the last complete run left in each root. Compressed variants count with the
// file they are made from.
func (w *Writer) Count() (public, redirects int) {
	for name, e := range w.manifest.Files {
		switch root, _ := splitName(name); {
		case e.From != hash{}:
		case root == Public:
			public++
		default:
			redirects++
		}
	}
	return public, redirects
}
