package output

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/Slicer/sitegen/generator/parallel"
)

// Verify says that the disk is as the last run left it, that this run was complete, and that it was made from the
// same inputs: there is nothing to do, and nothing to render. It compares size and modification time of every
// file, and the content where the time is another.
func (w *Writer) Verify(inputs string) bool {
	m, now := w.manifest, w.header()
	now.Complete, now.Inputs = true, inputs
	if inputs == "" || m.header != now {
		return false
	}
	entries := slices.Collect(maps.Values(m.Files))
	return parallel.For(context.Background(), w.options.Jobs, len(entries), func(i int) error {
		if !entries[i].intact(w.locate(entries[i].Path)) {
			return errors.New("changed")
		}
		return nil
	}) == nil
}

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
