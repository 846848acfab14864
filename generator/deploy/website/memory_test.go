package website_test

import (
	"context"
	"crypto/md5"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/Slicer/sitegen/generator/deploy/live"
	"github.com/Slicer/sitegen/generator/deploy/objects"
	"github.com/Slicer/sitegen/generator/deploy/website"
)

// bucket is a bucket in memory, with a clock. Its pages are lists of the keys that they refer to, one per line.
type bucket struct {
	mu       sync.Mutex
	now      time.Time
	objects  map[string]object
	config   *website.Config
	requests int
	serial   int
	// before is called before each request, without the lock; its error is the error of the request. lost is called after
	// each request that has succeeded; its error replaces the response.
	before func(request string) error
	lost   func(request string) error
	// after is called after each request, with the lock.
	after func(request string)
}

type object struct {
	data     string
	headers  string
	location string
	etag     string
}

func newBucket() *bucket {
	return &bucket{now: time.Date(2026, 11, 26, 8, 0, 0, 0, time.UTC), objects: map[string]object{}}
}

func (b *bucket) website() *website.Website {
	return &website.Website{
		Bucket: b, Grace: 24 * time.Hour, MaxDeletes: 100, Jobs: 1, Log: slog.New(slog.DiscardHandler),
		Now: func() time.Time {
			b.mu.Lock()
			defer b.mu.Unlock()
			return b.now
		},
		Sleep: func(ctx context.Context, d time.Duration) error {
			return b.do(ctx, "sleep", func() error {
				b.now = b.now.Add(d)
				return nil
			})
		},
		Random: func() string {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.serial++
			return fmt.Sprintf("%08x", b.serial)
		},
	}
}

// do does one request.
func (b *bucket) do(ctx context.Context, name string, request func() error) error {
	if b.before != nil {
		if err := b.before(name); err != nil {
			return err
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.requests++
	err := request()
	if b.after != nil {
		b.after(name)
	}
	if err == nil && b.lost != nil {
		err = b.lost(name)
	}
	return err
}

func (b *bucket) put(key, data, headers, location string) string {
	etag := fmt.Sprintf("%x", md5.Sum([]byte(data)))
	b.objects[key] = object{data, headers, location, etag}
	return etag
}

func (b *bucket) Read(ctx context.Context, key string, _ int64) (data []byte, etag string, err error) {
	err = b.do(ctx, "get "+key, func() error {
		o, ok := b.objects[key]
		if !ok {
			return fs.ErrNotExist
		}
		data, etag = []byte(o.data), o.etag
		return nil
	})
	return data, etag, err
}

func (b *bucket) Replace(ctx context.Context, key string, data []byte, headers objects.Headers,
	etag string) (next string, err error) {
	err = b.do(ctx, "put "+key, func() error {
		if b.objects[key].etag != etag {
			return website.ErrConflict
		}
		next = b.put(key, string(data), headers.String(), "")
		return nil
	})
	return next, err
}

func (b *bucket) Store(ctx context.Context, key string, size int64, headers objects.Headers,
	open func() (io.ReadCloser, error)) (etag string, err error) {
	r, err := open()
	if err != nil {
		return "", err
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	if err == nil && int64(len(data)) != size {
		err = errors.New("wrong size")
	}
	if err != nil {
		return "", err
	}
	err = b.do(ctx, "put "+key, func() error {
		etag = b.put(key, string(data), headers.String(), "")
		return nil
	})
	return etag, err
}

func (b *bucket) Redirect(ctx context.Context, key, location string, headers objects.Headers) (etag string, err error) {
	err = b.do(ctx, "put "+key, func() error {
		etag = b.put(key, "", headers.String(), location)
		return nil
	})
	return etag, err
}

func (b *bucket) List(ctx context.Context, prefix string, each func(live.Listed) error) error {
	var list []live.Listed
	err := b.do(ctx, "list "+prefix, func() error {
		for _, key := range slices.Sorted(maps.Keys(b.objects)) {
			o := b.objects[key]
			list = append(list, live.Listed{Key: key, Size: int64(len(o.data)), ETag: o.etag})
		}
		return nil
	})
	for _, o := range list {
		err = errors.Join(err, each(o))
	}
	return err
}

func (b *bucket) Delete(ctx context.Context, keys []string) error {
	return b.do(ctx, "delete "+strings.Join(keys, " "), func() error {
		for _, key := range keys {
			delete(b.objects, key)
		}
		return nil
	})
}

func (b *bucket) Config(ctx context.Context) (c *website.Config, err error) {
	err = b.do(ctx, "get config", func() error {
		if c = b.config; c == nil {
			return fs.ErrNotExist
		}
		return nil
	})
	return c, err
}

func (b *bucket) SetConfig(ctx context.Context, c *website.Config) error {
	return b.do(ctx, "put config", func() error {
		b.config = c
		return nil
	})
}

// whole returns an error if a page refers to an object that does not exist, or if the target of a redirect or of a
// routing rule does not exist. The caller has locked mu.
func (b *bucket) whole() error {
	for key, o := range b.objects {
		var targets []string
		if strings.HasSuffix(key, ".html") && o.location == "" {
			targets = strings.Fields(o.data)
		}
		if target, ok := strings.CutPrefix(o.location, "/"); ok {
			targets = append(targets, target)
		}
		for _, target := range targets {
			if _, ok := b.objects[target]; !ok {
				return fmt.Errorf("%s refers to %s, which does not exist", key, target)
			}
		}
	}
	if b.config != nil {
		for _, r := range b.config.RoutingRules {
			if _, ok := b.objects[r.Redirect.ReplaceKeyWith]; !ok {
				return fmt.Errorf("a routing rule leads to %s, which does not exist", r.Redirect.ReplaceKeyWith)
			}
		}
	}
	return nil
}

// siteOf returns a site with the given files. The content of a file that begins with "-> " is the target of a redirect.
func siteOf(files map[string]string) *website.Site {
	s := &website.Site{Content: func(o objects.Object) (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader(files[o.Path])), nil
	}}
	s.Config.IndexDocument.Suffix = "index.html"
	for _, key := range slices.Sorted(maps.Keys(files)) {
		text := files[key]
		if target, ok := strings.CutPrefix(text, "-> "); ok {
			s.Redirects = append(s.Redirects, website.Redirect{Key: key, Location: target, CacheControl: "max-age=300"})
			continue
		}
		s.Files = append(s.Files, objects.New(key, int64(len(text)), sha256.Sum256([]byte(text)),
			objects.Rules(nil).Headers(key)))
	}
	return s
}

// version returns a version of a site whose style, record, pages and redirects depend on n.
func version(n int) *website.Site {
	style, record := fmt.Sprintf("assets/style.%d.css", n), fmt.Sprintf("record/%d.json", n)
	own, build := fmt.Sprintf("new%d.html", n), fmt.Sprintf("build/%d", n)
	s := siteOf(map[string]string{
		style: "style", record: fmt.Sprint("record ", n), "list.json": fmt.Sprint("list ", n), "same.txt": "same",
		own: style + " " + record, "index.html": style + " " + own + " " + build, "about.html": style,
		build: "-> /" + record, "latest": "-> /" + build, "away": "-> https://example.org/",
		fmt.Sprintf("alias%d", n): "-> /" + build,
	})
	rule := website.RoutingRule{}
	rule.Condition.KeyPrefixEquals, rule.Redirect.ReplaceKeyWith = "newest", build
	s.Config.RoutingRules = []website.RoutingRule{rule}
	return s
}

// deploy deploys a site.
func deploy(ctx context.Context, w *website.Website, s *website.Site) (*website.Plan, error) {
	p, err := w.Plan(ctx, s, nil)
	if err == nil {
		err = w.Apply(ctx, p)
	}
	return p, err
}

// differs returns how the bucket differs from a site, or nil.
func (b *bucket) differs(s *website.Site) error {
	for _, o := range s.Files {
		r, err := s.Content(o)
		if err != nil {
			return err
		}
		data, err := io.ReadAll(r)
		if got := b.objects[o.Path]; err != nil || got.data != string(data) || got.headers != o.Headers.String() {
			return fmt.Errorf("%s: %+v, want %q %v, %v", o.Path, got, data, o.Headers, err)
		}
	}
	for _, r := range s.Redirects {
		if got := b.objects[r.Key]; got.location != r.Location {
			return fmt.Errorf("%s leads to %q, want %q", r.Key, got.location, r.Location)
		}
	}
	if b.config == nil || !slices.Equal(b.config.RoutingRules, s.Config.RoutingRules) {
		return fmt.Errorf("configuration %+v, want %+v", b.config, s.Config)
	}
	return nil
}
