package live

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/Slicer/sitegen/generator/deploy/objects"
	"github.com/Slicer/sitegen/generator/parallel"
)

// Limits of one call of UpdateKeys (CloudFront developer guide, "Quotas").
const (
	maxCallKeys  = 50
	maxCallBytes = 3_000_000 // "3 MB"; the smaller of its two meanings
)

// OtherDeploy is the error of a deploy that stopped because another one became live in the meantime.
type OtherDeploy struct {
	ID string // the other deploy; "" if the edition was removed
}

func (e *OtherDeploy) Error() string {
	return fmt.Sprintf("somebody else deployed in the meantime (%s)", e.ID)
}

// FullError is the error of a deploy whose nodes do not fit into the store.
type FullError struct{ Need, Max int64 }

func (e *FullError) Error() string {
	return fmt.Sprintf("the key-value store is full: it would have %s bytes, the limit is %s", humanize.Comma(e.Need),
		humanize.Comma(e.Max))
}

// GoneError is the error of a deploy that needs objects which are no longer in the bucket, and of which it has no
// files.
type GoneError struct {
	ID   string
	Keys []string
}

func (e *GoneError) Error() string {
	if len(e.Keys) == 1 {
		return fmt.Sprintf("an object that deploy %s needs is no longer in the bucket: %s", e.ID, e.Keys[0])
	}
	return fmt.Sprintf("%d objects that deploy %s needs are no longer in the bucket, for instance %s", len(e.Keys),
		e.ID, e.Keys[0])
}

// Apply does what a plan says. If it fails or is cut off, the old site stays live.
func (l *Live) Apply(ctx context.Context, p *Plan) error {
	if p.Unchanged {
		return nil
	}
	if err := l.upload(ctx, p, p.Upload); err != nil {
		return err
	}
	if err := l.requireObjects(ctx, p); err != nil {
		return err
	}
	if err := l.putBase(ctx, p.Record.Base); err != nil {
		return err
	}
	if err := l.putRecord(ctx, p.Record); err != nil {
		return err
	}
	return l.flip(ctx, p)
}

// check compares the state of the edition with that of the plan. It reports whether the deploy of the plan is live
// already: then the response of its last write was lost.
func (l *Live) check(ctx context.Context, p *Plan) (done bool, err error) {
	s, err := l.State(ctx, p.Edition)
	switch {
	case err != nil:
		return false, err
	case s == p.live:
		return false, nil
	case s.ID == p.Record.ID:
		return true, nil
	}
	return false, &OtherDeploy{s.ID}
}

// upload uploads objects.
func (l *Live) upload(ctx context.Context, p *Plan, list []objects.Object) error {
	return parallel.For(ctx, l.Jobs, len(list), func(i int) error {
		o := list[i]
		err := l.Bucket.Put(ctx, o.Key, o.Size, o.Headers, func() (io.ReadCloser, error) { return p.site.Content(o) })
		if err != nil {
			return fmt.Errorf("upload %s: %w", o.Path, err)
		}
		if l.Progress != nil {
			l.Progress(o.Size)
		}
		return nil
	})
}

// Check returns the error that Apply would return because an object is missing that the plan does not upload.
func (l *Live) Check(ctx context.Context, p *Plan) error {
	if p.Unchanged {
		return nil
	}
	return l.requireObjects(ctx, p)
}

// requireObjects checks that the objects exist that the plan does not upload.
func (l *Live) requireObjects(ctx context.Context, p *Plan) error {
	gone, err := l.lacking(ctx, p.require)
	if err == nil && len(gone) > 0 {
		err = &GoneError{cmp.Or(p.Record.Of, p.Record.ID), gone}
	}
	return err
}

// lacking returns the keys of those objects that do not exist, sorted.
func (l *Live) lacking(ctx context.Context, keys []string) (gone []string, err error) {
	var mu sync.Mutex
	err = parallel.For(ctx, l.Jobs, len(keys), func(i int) error {
		has, err := l.Bucket.Has(ctx, keys[i])
		if err != nil {
			return fmt.Errorf("check the object %s: %w", keys[i], err)
		}
		if !has {
			mu.Lock()
			defer mu.Unlock()
			gone = append(gone, keys[i])
		}
		return nil
	})
	slices.Sort(gone)
	return gone, err
}

// maxAttempts is the number of attempts to update the store while others write to it, too.
const maxAttempts = 10

// flip puts the nodes, and then root and state.
func (l *Live) flip(ctx context.Context, p *Plan) error {
	v := p.version
	for attempt := 1; ; attempt++ {
		err := l.put(ctx, p, v)
		if !errors.Is(err, ErrConflict) {
			return err
		}
		if attempt == maxAttempts {
			return fmt.Errorf("update the key-value store: it changed during each of %d attempts: %w", attempt, err)
		}
		if err := l.Sleep(ctx, time.Duration(attempt)*100*time.Millisecond); err != nil {
			return err
		}
		if v, err = l.awaitLease(ctx); err != nil {
			return err
		}
		if done, err := l.check(ctx, p); err != nil || done {
			return err
		}
		// A collection may have deleted what was uploaded. It is over now, and none has begun since v was read, or the
		// next update fails, too.
		if err := l.repair(ctx, p); err != nil {
			return err
		}
	}
}

// repair ensures that everything is stored that only this deploy needs. What the deploy needs that is live, or was when
// this one was planned, is stored.
func (l *Live) repair(ctx context.Context, p *Plan) error {
	sure := &stored{map[string]bool{}, map[string]string{}}
	if p.Before != nil {
		sure.add(p.Before)
	}
	var unsure []string
	for _, key := range slices.Sorted(maps.Keys(p.Record.keys())) {
		if !sure.objects[key] {
			unsure = append(unsure, key)
		}
	}
	p.Nodes = p.Record.nodesWithout(sure.nodes)
	gone, err := l.lacking(ctx, unsure)
	if err != nil {
		return err
	}
	if b := p.Record.Base; b != nil && b.data != nil && slices.Contains(gone, b.Key) {
		gone = slices.DeleteFunc(gone, func(key string) bool { return key == b.Key })
		if err := l.putBase(ctx, b); err != nil {
			return err
		}
	}
	again, lost := p.find(gone)
	if len(lost) > 0 {
		return &GoneError{cmp.Or(p.Record.Of, p.Record.ID), lost}
	}
	return l.upload(ctx, p, again)
}

// find returns the objects with the given keys. Keys of which the plan has no file are lost.
func (p *Plan) find(keys []string) (found []objects.Object, lost []string) {
	files := map[string]objects.Object{}
	if p.site != nil {
		for _, o := range p.site.Objects {
			files[o.Key] = o
		}
	}
	for _, key := range keys {
		if o, ok := files[key]; ok {
			found = append(found, o)
		} else {
			lost = append(lost, key)
		}
	}
	return found, lost
}

// put updates the store, beginning with version v.
func (l *Live) put(ctx context.Context, p *Plan, v Version) error {
	v, err := l.makeRoom(ctx, p, v)
	if err != nil {
		return err
	}
	_, err = l.update(ctx, v, calls(p.Nodes, p.last()))
	return err
}

// last returns the changes of the last update, which visitors see.
func (p *Plan) last() []Change {
	state := State{p.Record.ID, p.Record.Site}
	return append(slices.Clone(p.Shared), Change{Key: stateKey(p.Edition), Value: toJSON(state)},
		Change{Key: p.Record.RootKey, Value: p.Record.Root})
}

// update sends calls, each of which is conditional on the version that the one before has left.
func (l *Live) update(ctx context.Context, v Version, calls [][]Change) (Version, error) {
	for _, changes := range calls {
		next, err := l.Store.Update(ctx, v.ETag, changes)
		if err != nil {
			return v, fmt.Errorf("update the key-value store: %w", err)
		}
		v = next
	}
	return v, nil
}

// calls splits changes into calls. The changes of last are all in the last call, so that they become visible together.
func calls(changes, last []Change) [][]Change {
	var all [][]Change
	var call []Change
	bytes := 0
	room := func(n int, size int) {
		if len(call)+n > maxCallKeys || bytes+size > maxCallBytes {
			all, call, bytes = append(all, call), nil, 0
		}
	}
	for _, c := range changes {
		room(1, c.size())
		call, bytes = append(call, c), bytes+c.size()
	}
	size := 0
	for _, c := range last {
		size += c.size()
	}
	if len(call) > 0 {
		room(len(last), size)
	}
	if call = append(call, last...); len(call) > 0 {
		all = append(all, call)
	}
	return all
}

// size returns the number of bytes of a change.
func (c Change) size() int { return len(c.Key) + len(c.Value) }
