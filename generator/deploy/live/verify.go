package live

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/Slicer/sitegen/generator/deploy/objects"
)

// Damage is the difference between what should be stored for an edition and what is.
type Damage struct {
	Objects []string // keys of missing objects, sorted
	Sizes   []string // keys of objects with another size, sorted
	Nodes   []string // keys of missing or different nodes, sorted
	Root    bool     // the root is missing or different
	Orphans []string // keys of objects that no record names and that are older than a day, sorted
	Loose   []string // keys of nodes that no record names, sorted
}

// Any reports whether something that visitors need is missing.
func (d *Damage) Any() bool { return len(d.Objects)+len(d.Sizes)+len(d.Nodes) > 0 || d.Root }

// Verify compares bucket and store with the record of the live deploy.
func (l *Live) Verify(ctx context.Context, edition string, grace time.Duration) (*Record, *Damage, error) {
	s, err := l.State(ctx, edition)
	if err != nil {
		return nil, nil, err
	}
	if s.ID == "" {
		return nil, &Damage{}, nil
	}
	r, err := l.Record(ctx, s.ID)
	if err != nil {
		return nil, nil, err
	}
	ids, err := l.ids(ctx)
	if err != nil {
		return nil, nil, err
	}
	records, err := l.records(ctx, ids)
	if err != nil {
		return nil, nil, err
	}
	named := &stored{map[string]bool{}, map[string]string{}}
	for _, r := range records {
		named.add(r)
	}
	d := &Damage{}
	found := map[string]int64{}
	err = l.Bucket.List(ctx, objects.Prefix, func(o Listed) error {
		found[o.Key] = o.Size
		if !named.objects[o.Key] && l.Now().Sub(o.Modified) >= grace {
			d.Orphans = append(d.Orphans, o.Key)
		}
		return nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("list the objects: %w", err)
	}
	sizes := map[string]int64{}
	for _, f := range r.Files {
		sizes[f.Key] = f.Size
	}
	for _, a := range r.Assets {
		sizes[a.Key] = a.Size
	}
	for _, key := range slices.Sorted(maps.Keys(r.keys())) {
		if size, ok := found[key]; !ok {
			d.Objects = append(d.Objects, key)
		} else if size != sizes[key] {
			d.Sizes = append(d.Sizes, key)
		}
	}
	return r, d, l.verifyStore(ctx, r, named.nodes, d)
}

// verifyStore compares the store with a record.
func (l *Live) verifyStore(ctx context.Context, r *Record, named map[string]string, d *Damage) error {
	all, err := l.Store.List(ctx)
	if err != nil {
		return fmt.Errorf("list the key-value store: %w", err)
	}
	for _, key := range slices.Sorted(maps.Keys(r.Nodes)) {
		if v, ok := all[key]; !ok || v != r.Nodes[key] {
			d.Nodes = append(d.Nodes, key)
		}
	}
	d.Root = all[l.RootKey(r.Edition)] != r.Root
	for _, key := range slices.Sorted(maps.Keys(all)) {
		if _, ok := named[key]; !ok && l.isNode(key) {
			d.Loose = append(d.Loose, key)
		}
	}
	return nil
}

// Mend puts back what is missing for the live deploy r. Files come from site, which may be another one than that of r.
func (l *Live) Mend(ctx context.Context, r *Record, d *Damage, site *Site) error {
	p := &Plan{Edition: r.Edition, Record: r, live: State{r.ID, r.Site}, site: site, Shared: site.Shared}
	var lost []string
	if p.Upload, lost = p.find(slices.Concat(d.Objects, d.Sizes)); len(lost) > 0 {
		return &GoneError{r.ID, lost}
	}
	for _, key := range d.Nodes {
		p.Nodes = append(p.Nodes, Change{Key: key, Value: r.Nodes[key]})
	}
	var err error
	if p.version, err = l.awaitLease(ctx); err != nil {
		return err
	}
	if _, err := l.check(ctx, p); err != nil {
		return err
	}
	if err := l.upload(ctx, p, p.Upload); err != nil {
		return err
	}
	if len(d.Nodes) == 0 && !d.Root {
		return nil
	}
	return l.flip(ctx, p)
}
