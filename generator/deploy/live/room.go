package live

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// edgeTime is the time after which no request uses an older root any more: a new root reaches all edge locations within
// seconds.
const edgeTime = time.Hour

// makeRoom deletes nodes of earlier deploys if the store would become too large. The nodes of deploys that are live, or
// were until an hour ago, remain. A rollback to an earlier deploy puts its nodes again. It returns the new version.
func (l *Live) makeRoom(ctx context.Context, p *Plan, v Version) (Version, error) {
	deletions, err := l.room(ctx, p, v)
	if err != nil {
		return v, err
	}
	return l.update(ctx, v, calls(deletions, nil))
}

// room returns what has to be deleted so that the nodes of a plan fit into the store. The error is a FullError if they
// cannot fit.
func (l *Live) room(ctx context.Context, p *Plan, v Version) ([]Change, error) {
	if v.Size+sizeOf(p.Nodes) <= l.MaxSize {
		return nil, nil
	}
	all, err := l.Store.List(ctx)
	if err != nil {
		return nil, fmt.Errorf("list the key-value store: %w", err)
	}
	kept, err := l.inUse(ctx)
	if err != nil {
		return nil, err
	}
	var puts, deletions []Change
	for _, c := range p.Nodes {
		if _, ok := all[c.Key]; !ok {
			puts = append(puts, c)
		}
	}
	need := v.Size + sizeOf(puts)
	for _, key := range slices.Sorted(maps.Keys(all)) {
		_, used := kept.nodes[key]
		_, wanted := p.Record.Nodes[key]
		if need > l.MaxSize && !used && !wanted && l.isNode(key) {
			deletions = append(deletions, Change{Key: key, Delete: true})
			need -= int64(len(key) + len(all[key]))
		}
	}
	if need > l.MaxSize {
		return nil, &FullError{need, l.MaxSize}
	}
	return deletions, nil
}

// isNode reports whether a key of the store is that of a node.
func (l *Live) isNode(key string) bool { return !strings.HasPrefix(key, "deploy") && l.IsNode(key) }

// sizeOf returns the number of bytes that changes put.
func sizeOf(changes []Change) (n int64) {
	for _, c := range changes {
		n += int64(c.size())
	}
	return n
}

// inUse returns what the deploys need that are live, or were until an hour ago.
func (l *Live) inUse(ctx context.Context) (*stored, error) {
	h, err := l.history(ctx)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, id := range h.ids {
		if h.live[id] || !h.ended[id].IsZero() && l.Now().Sub(h.ended[id]) < edgeTime {
			ids = append(ids, id)
		}
	}
	kept := &stored{map[string]bool{}, map[string]string{}}
	records, err := l.records(ctx, ids)
	if err != nil {
		return nil, err
	}
	for _, r := range records {
		if r.lost != "" {
			return nil, fmt.Errorf("read the record of deploy %s: %s is missing or damaged", r.ID, r.lost)
		}
		kept.add(r)
		// Deploys that were cut off make the history wrong about when others were replaced; the records are not.
		for isLive := h.live[r.ID]; isLive && r.Previous != "" && l.Now().Sub(r.Time) < edgeTime; {
			r, err = l.readRecord(ctx, r.Previous)
			if isMissing(err) {
				break
			}
			if err != nil {
				return nil, err
			}
			kept.add(r)
		}
	}
	return kept, nil
}
