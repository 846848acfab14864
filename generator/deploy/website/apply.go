package website

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"sync"
	"time"

	"github.com/Slicer/sitegen/generator/deploy/live"
	"github.com/Slicer/sitegen/generator/parallel"
)

// Times of a claim.
const (
	claimTime = 3 * time.Minute  // a claim expires after this time, unless it is renewed
	renewTime = 1 * time.Minute  // a claim is renewed before a write if it is older than this
	endTime   = 10 * time.Second // time for the last write of a deploy that has failed
)

// run is a deploy that is running.
type run struct {
	w    *Website
	p    *Plan
	mu   sync.Mutex // protects the following
	m    *manifest  // as saved, and what has been stored since
	etag string     // of the manifest in the bucket
	at   time.Time  // when the manifest was saved
}

// Apply does what a plan says. If it fails or is cut off, the next deploy finishes the work. The error is
// live.OtherDeploy if another deploy has written since the plan was made.
func (w *Website) Apply(ctx context.Context, p *Plan) error {
	if p.Unchanged {
		return nil
	}
	r := &run{w: w, p: p, m: p.announcement(), etag: p.etag}
	if err := r.renew(ctx); err != nil {
		return err
	}
	err := r.all(ctx)
	if err == nil {
		err = r.finish(ctx)
	}
	if _, other := errors.AsType[*live.OtherDeploy](err); err != nil && !other {
		r.release(ctx)
	}
	return err
}

// announcement returns the manifest that marks what the deploy is about to store or delete.
func (p *Plan) announcement() *manifest {
	m := &manifest{Format: manifestFormat, ID: p.ID, Config: p.before.Config, Files: maps.Clone(p.before.Files)}
	if m.Files == nil {
		m.Files = map[string]entry{}
	}
	for _, u := range p.Upload {
		e := m.Files[u.Key]
		e.Kind, e.Unsure = u.want.Kind, true
		m.Files[u.Key] = e
	}
	for _, key := range p.Delete {
		e := m.Files[key]
		m.Files[key] = entry{Kind: e.Kind, Unsure: true, Gone: e.Gone}
	}
	if p.Config != nil {
		m.Config = ""
	}
	return m
}

// all does everything between the first and the last manifest.
func (r *run) all(ctx context.Context) error {
	sameStage := func(a, b Upload) bool { return a.stage == b.stage }
	for uploads := range chunks(r.p.Upload, sameStage) {
		err := parallel.For(ctx, r.w.Jobs, len(uploads), func(i int) error { return r.upload(ctx, uploads[i]) })
		if err != nil {
			return err
		}
	}
	if r.p.Config != nil {
		if err := r.renew(ctx); err != nil {
			return err
		}
		if err := r.w.Bucket.SetConfig(ctx, r.p.Config); err != nil {
			return fmt.Errorf("write the website configuration: %w", err)
		}
	}
	return r.deleteOld(ctx)
}

// chunks yields the longest parts of a list in which neighbours are the same.
func chunks[T any](list []T, same func(a, b T) bool) func(yield func([]T) bool) {
	return func(yield func([]T) bool) {
		for start := 0; start < len(list); {
			end := start + 1
			for end < len(list) && same(list[end-1], list[end]) {
				end++
			}
			if !yield(list[start:end]) {
				return
			}
			start = end
		}
	}
}

// upload stores an object.
func (r *run) upload(ctx context.Context, u Upload) error {
	if err := r.renew(ctx); err != nil {
		return err
	}
	var etag string
	var err error
	if u.want.Kind == redirect {
		etag, err = r.w.Bucket.Redirect(ctx, u.Key, u.Location, u.redirect.headers())
	} else {
		etag, err = r.w.Bucket.Store(ctx, u.Key, u.Size, u.file.Headers, func() (io.ReadCloser, error) {
			content, err := r.p.site.Content(u.file)
			return &renewing{content, func() error { return r.renew(ctx) }}, err
		})
	}
	if err != nil {
		return fmt.Errorf("upload %s: %w", u.Key, err)
	}
	e := u.want
	e.ETag = etag
	r.mu.Lock()
	r.m.Files[u.Key] = e
	r.mu.Unlock()
	if r.w.Progress != nil {
		r.w.Progress(u.Size)
	}
	return nil
}

// renewing is a reader that renews the claim while a large file is uploaded.
type renewing struct {
	io.ReadCloser
	renew func() error
}

func (r *renewing) Read(p []byte) (int, error) {
	if err := r.renew(); err != nil {
		return 0, err
	}
	return r.ReadCloser.Read(p)
}

// maxDelete is the maximum number of objects in one call of DeleteObjects (S3 API reference).
const maxDelete = 1000

// deleteOld deletes objects.
func (r *run) deleteOld(ctx context.Context) error {
	for _, keys := range r.p.deletions() {
		if err := r.renew(ctx); err != nil {
			return err
		}
		if err := r.w.Bucket.Delete(ctx, keys); err != nil {
			return fmt.Errorf("delete old objects: %w", err)
		}
	}
	return nil
}

// renew saves the manifest with a new claim if the last one is older than renewTime, or if there is none yet. Call it
// before each write: it returns an error if another deploy has taken over.
func (r *run) renew(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.w.Now()
	if now.Sub(r.at) < renewTime {
		return nil
	}
	return r.write(ctx, now.Add(claimTime).UTC().Truncate(time.Second))
}

// write writes the manifest with a claim until a time. The caller has locked mu.
func (r *run) write(ctx context.Context, claim time.Time) error {
	r.m.Claim = claim
	etag, err := r.w.save(ctx, r.m, r.etag)
	if err == nil {
		r.etag, r.at = etag, r.w.Now()
	}
	return err
}

// finish writes the last manifest.
func (r *run) finish(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	stored := r.m
	files := r.p.after
	for _, u := range r.p.Upload {
		files[u.Key] = stored.Files[u.Key] // with the ETag
	}
	for _, key := range r.p.Gone {
		e := files[key]
		e.Gone = r.w.Now().UTC().Truncate(time.Second)
		files[key] = e
	}
	r.m = &manifest{Format: manifestFormat, ID: r.p.ID, Config: r.p.config, Files: files}
	err := r.write(ctx, time.Time{})
	if err != nil {
		r.m = stored
	}
	return err
}

// release writes a manifest without a claim after the deploy has failed, so that the next one need not wait until the
// claim expires. The marks remain, except for what has been stored.
func (r *run) release(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTime)
	defer cancel()
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.write(ctx, time.Time{}); err != nil {
		r.w.Log.Warn("the next deploy waits up to three minutes, because this one could not be recorded", "error", err)
	}
}
