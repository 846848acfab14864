package website

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"

	"github.com/Slicer/sitegen/generator/deploy/live"
)

// Damage is the difference between what the manifest lists and what the bucket contains. Pass it to Plan, which then
// stores again what is missing or different.
//
// S3 lists sizes and ETags, but not headers and the locations of redirects. So a header that somebody else has changed
// is not found.
type Damage struct {
	Manifest  error    // why the manifest cannot be read; nil if it can. Then all other fields but Foreign are empty
	Missing   []string // keys of missing objects, sorted
	Different []string // keys of objects with another size or ETag, sorted
	Config    bool     // the website configuration is missing or different
	Foreign   int      // number of objects that no deploy has stored. They are never changed or deleted
}

// Any reports whether something is damaged.
func (d *Damage) Any() bool {
	return d.Manifest != nil || len(d.Missing)+len(d.Different) > 0 || d.Config
}

// objects returns the keys of the damaged objects.
func (d *Damage) objects() map[string]bool {
	m := make(map[string]bool, len(d.Missing)+len(d.Different))
	for _, key := range slices.Concat(d.Missing, d.Different) {
		m[key] = true
	}
	return m
}

// Verify compares the bucket with the manifest.
func (w *Website) Verify(ctx context.Context) (*Damage, error) {
	m, _, err := w.await(ctx)
	d := &Damage{}
	if isDamaged(err) {
		d.Manifest, m = err, &manifest{}
	} else if err != nil {
		return nil, err
	}
	found := make(map[string]bool, len(m.Files))
	err = w.Bucket.List(ctx, "", func(o live.Listed) error {
		e, ours := m.Files[o.Key]
		switch {
		case o.Key == ManifestKey:
		case !ours:
			d.Foreign++
		case !e.Unsure && e.Gone.IsZero() && (o.Size != e.Size || e.ETag != "" && o.ETag != e.ETag):
			d.Different = append(d.Different, o.Key)
		}
		found[o.Key] = ours
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list the bucket: %w", err)
	}
	for _, key := range slices.Sorted(maps.Keys(m.Files)) {
		if !found[key] && !m.Files[key].Unsure && m.Files[key].Gone.IsZero() {
			d.Missing = append(d.Missing, key)
		}
	}
	if len(m.Files) == 0 {
		return d, nil
	}
	config, err := w.Bucket.Config(ctx)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read the website configuration: %w", err)
	}
	d.Config = config == nil || m.Config != "" && config.hash() != m.Config
	return d, nil
}
