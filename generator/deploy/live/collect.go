package live

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// Collection is what a collection deletes.
type Collection struct {
	Records []string // ids of deploys that are no longer kept, the oldest first
	Objects []string // keys of objects that only these name, sorted
	Nodes   []string // keys of nodes that only these name, sorted
}

// Empty reports whether there is nothing to delete.
func (c *Collection) Empty() bool { return len(c.Records)+len(c.Objects)+len(c.Nodes) == 0 }

// Keep says which deploys are kept.
type Keep struct {
	Deploys    int           // number of deploys of each edition that are kept
	Grace      time.Duration // a deploy is kept for this time after it was replaced
	MaxDeletes int           // maximum number of objects that are deleted at once
}

// collectTime is the time after which a collection stops, before its lease expires.
const collectTime = leaseTime - time.Minute

// PlanCollection returns what can be deleted. It reads the records only if there are more of them than are kept, or if
// found, which may be nil, contains orphans. next, which may be nil, is the record of a deploy that is planned: it is
// not in the bucket, but what is deleted is what can be deleted after it.
func (l *Live) PlanCollection(ctx context.Context, keep Keep, found *Damage, next *Record) (*Collection, error) {
	h, err := l.history(ctx)
	if err == nil && next != nil {
		err = l.succeed(ctx, h, next)
	}
	if err != nil {
		return nil, err
	}
	for id := range h.live {
		if id != "" && !slices.Contains(h.ids, id) {
			l.Log.Warn("nothing is removed, because the record of a live deploy is missing in the bucket", "deploy", id)
			return &Collection{}, nil
		}
	}
	drop := l.dropped(h, keep)
	if found == nil {
		found = &Damage{}
	}
	if len(drop)+len(found.Orphans)+len(found.Loose) == 0 {
		return &Collection{}, nil
	}
	read := h.ids
	if next != nil {
		read = read[1:]
	}
	all, err := l.records(ctx, read)
	if err != nil {
		return nil, err
	}
	if next != nil {
		all = append(all, next)
	}
	byID := make(map[string]*Record, len(all))
	for _, r := range all {
		byID[r.ID] = r
	}
	h.refine(byID)
	drop = l.dropped(h, keep)
	kept := &stored{map[string]bool{}, map[string]string{}}
	for _, r := range all {
		if slices.Contains(drop, r.ID) {
			continue
		}
		if r.lost != "" && h.live[r.ID] {
			l.Log.Warn("nothing is removed, because the record of a live deploy or its base is missing or damaged in "+
				"the bucket", "deploy", r.ID, "object", r.lost)
			return &Collection{}, nil
		}
		kept.add(r)
	}
	records := make([]*Record, len(drop))
	for i, id := range drop {
		records[i] = byID[id]
	}
	c := &Collection{}
	objects, nodes := found.unnamed(records, kept, keep.MaxDeletes)
	for _, r := range records {
		before := len(objects)
		for _, key := range slices.Sorted(maps.Keys(r.keys())) {
			if !kept.objects[key] && len(objects) < keep.MaxDeletes {
				objects[key] = true
			}
		}
		if len(objects) == keep.MaxDeletes && len(objects) > before {
			break // the record may name more; it remains for the next collection
		}
		for key := range r.Nodes {
			if _, used := kept.nodes[key]; !used {
				nodes[key] = true
			}
		}
		c.Records = append(c.Records, r.ID)
	}
	c.Objects, c.Nodes = slices.Sorted(maps.Keys(objects)), slices.Sorted(maps.Keys(nodes))
	return c, nil
}

// unnamed returns the orphans, at most max objects, and the loose nodes that no record names: neither one of records
// nor one of those in kept.
func (d *Damage) unnamed(records []*Record, kept *stored, max int) (objects, nodes map[string]bool) {
	named := &stored{maps.Clone(kept.objects), maps.Clone(kept.nodes)}
	for _, r := range records {
		named.add(r)
	}
	objects, nodes = map[string]bool{}, map[string]bool{}
	for _, key := range d.Orphans {
		if !named.objects[key] && len(objects) < max {
			objects[key] = true
		}
	}
	for _, key := range d.Loose {
		if _, ok := named.nodes[key]; !ok {
			nodes[key] = true
		}
	}
	return objects, nodes
}

// runTime is more than the time that a deploy takes. Records of deploys that are not live are kept for this time.
const runTime = 24 * time.Hour

// dropped returns the ids of the deploys that are not kept, the oldest first. Deploys that were cut off do not count:
// however many fail, the last ones that visitors have seen are kept.
func (l *Live) dropped(h *history, keep Keep) (drop []string) {
	count := map[string]int{}
	for _, id := range h.ids {
		edition := editionOf(id)
		end, grace := h.ended[id], keep.Grace
		cutOff := !h.live[id] && end.IsZero() // or it is still running
		if cutOff {
			end, grace = timeOf(id), max(grace, runTime)
		} else {
			count[edition]++
		}
		if !h.live[id] && (cutOff || count[edition] > keep.Deploys) && l.Now().Sub(end) >= grace {
			drop = append(drop, id)
		}
	}
	slices.Reverse(drop)
	return drop
}

// Collect deletes what no deploy needs that is kept. by is the id of the deploy that collects. If others write to the
// store at the same time, it leaves the work to the next collection and returns an empty Collection.
func (l *Live) Collect(ctx context.Context, by string, keep Keep, found *Damage) (*Collection, error) {
	c, err := l.PlanCollection(ctx, keep, found, nil)
	if err != nil || c.Empty() {
		return c, err
	}
	v, err := l.awaitLease(ctx)
	if err != nil {
		return nil, err
	}
	start := l.Now()
	held := lease{By: by, Until: start.Add(leaseTime).UTC().Truncate(time.Second)}
	v, err = l.update(ctx, v, [][]Change{{{Key: leaseKey, Value: toJSON(held)}}})
	if errors.Is(err, ErrConflict) {
		var ours bool
		if v, ours, err = l.holds(ctx, held); err == nil && !ours {
			return &Collection{}, nil
		}
	}
	if err != nil {
		return nil, err
	}
	// Deployers wait from now on. What they did before is in the records.
	c, err = l.PlanCollection(ctx, keep, found, nil)
	if err != nil {
		return nil, err
	}
	for part := range slices.Chunk(c.Objects, maxDelete) {
		if l.Now().Sub(start) > collectTime {
			return nil, errors.New("remove old objects: it takes too long; the next deploy continues")
		}
		if err := l.Bucket.Delete(ctx, part); err != nil {
			return nil, fmt.Errorf("remove old objects: %w", l.giveUp(ctx, v, held, err))
		}
	}
	if err := l.deleteNodes(ctx, v, c.Nodes, held); err != nil {
		return nil, fmt.Errorf("remove old nodes: %w", err)
	}
	// The records come last: if the collection is cut off, the next one finds the same work.
	keys := make([]string, len(c.Records))
	for i, id := range c.Records {
		keys[i] = recordKey(id)
	}
	for part := range slices.Chunk(keys, maxDelete) {
		if err := l.Bucket.Delete(ctx, part); err != nil {
			return nil, fmt.Errorf("remove old records: %w", err)
		}
	}
	return c, nil
}

// RefusedError is the error of a deletion that the bucket has refused. Nothing of it happens later.
type RefusedError struct{ Err error }

func (e *RefusedError) Error() string { return e.Err.Error() }

// Unwrap returns the error.
func (e *RefusedError) Unwrap() error { return e.Err }

// giveUp returns the error of a deletion. If the bucket has refused it, giveUp removes the lease, so that the next
// deploy need not wait. Otherwise, objects may still be deleted, and the lease must expire.
func (l *Live) giveUp(ctx context.Context, v Version, held lease, err error) error {
	if _, refused := errors.AsType[*RefusedError](err); !refused {
		return err
	}
	return errors.Join(err, l.deleteNodes(ctx, v, nil, held))
}

// maxDelete is the maximum number of objects in one call of DeleteObjects (S3 API reference).
const maxDelete = 1000

// holds reports whether the store contains a lease. It returns the version of the store from before.
func (l *Live) holds(ctx context.Context, held lease) (v Version, ours bool, err error) {
	if v, err = l.Store.Describe(ctx); err != nil {
		return v, false, err
	}
	var now lease
	exists, err := l.readJSON(ctx, leaseKey, &now)
	return v, exists && now.By == held.By && now.Until.Equal(held.Until), err
}

// deleteNodes deletes nodes and, in the last call, the lease. Nodes that do not exist are skipped: another deploy may
// have needed their room.
func (l *Live) deleteNodes(ctx context.Context, v Version, nodes []string, held lease) error {
	for attempt := 1; ; attempt++ {
		var deletions []Change
		for _, key := range nodes {
			deletions = append(deletions, Change{Key: key, Delete: true})
		}
		_, err := l.update(ctx, v, calls(deletions, []Change{{Key: leaseKey, Delete: true}}))
		if err == nil || attempt == 3 || ctx.Err() != nil {
			return err
		}
		// The response of a call was lost, or a node does not exist.
		next, ours, holdErr := l.holds(ctx, held)
		if holdErr != nil {
			return errors.Join(err, holdErr)
		}
		if !ours {
			return nil
		}
		v = next
		all, listErr := l.Store.List(ctx)
		if listErr != nil {
			return errors.Join(err, listErr)
		}
		nodes = slices.DeleteFunc(slices.Clone(nodes), func(key string) bool { _, ok := all[key]; return !ok })
	}
}
