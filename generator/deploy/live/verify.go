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
func (d *Damage) Any() bool {
	return len(d.Objects)+len(d.Sizes)+len(d.Nodes) > 0 || d.Root
}

// Verify compares bucket and store with the record of the live deploy, which is nil if nothing has been deployed. The
// error is fs.ErrNotExist if the record or its base is missing; then a Plan with any damage uploads everything again.
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
	if r.Base != nil {
		sizes[r.Base.Key] = r.Base.Size
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

// PlanMend returns what has to be done to put back what is missing for the live deploy r. Files come from site, which
// may be another one than that of r. The error is a GoneError if it does not have all of them.
func (l *Live) PlanMend(r *Record, d *Damage, site *Site) (*Plan, error) {
	p := &Plan{Edition: r.Edition, Record: r, live: State{r.ID, r.Site}, site: site, Shared: site.Shared, root: d.Root}
	var lost []string
	if p.Upload, lost = p.find(slices.Concat(d.Objects, d.Sizes)); len(lost) > 0 {
		return nil, &GoneError{r.ID, lost}
	}
	for _, key := range d.Nodes {
		p.Nodes = append(p.Nodes, Change{Key: key, Value: r.Nodes[key]})
	}
	return p, nil
}

// MendCalls returns the number of requests to the store that Mend needs for a plan: the version, the lease, the state,
// and the updates.
func (p *Plan) MendCalls() int {
	if !p.mendsStore() {
		return 3
	}
	return 3 + p.Calls()
}

// mendsStore reports whether a plan of PlanMend has to write keys.
func (p *Plan) mendsStore() bool { return len(p.Nodes) > 0 || p.root }

// Mend does what a plan of PlanMend says.
func (l *Live) Mend(ctx context.Context, p *Plan) (err error) {
	if p.version, err = l.awaitLease(ctx); err != nil {
		return err
	}
	if _, err := l.check(ctx, p); err != nil {
		return err
	}
	if err := l.upload(ctx, p, p.Upload); err != nil {
		return err
	}
	if !p.mendsStore() {
		return nil
	}
	return l.flip(ctx, p)
}
