package live_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Slicer/sitegen/generator/deploy/live"
	"github.com/Slicer/sitegen/generator/deploy/objects"
)

// cloud is a bucket and a key-value store in memory, with a clock.
type cloud struct {
	mu       sync.Mutex
	now      time.Time
	objects  map[string]object
	keys     map[string]string
	version  int
	requests int
	maxSize  int64
	random   *rand.Rand
	// after is called after each request, with mu locked. before is called before it, without; its error is the error
	// of the request.
	after  func(request string)
	before func(ctx context.Context, request string) error
	// lost is called after each request; its error replaces the response.
	lost func(request string) error
}

type object struct {
	data     []byte
	modified time.Time
}

func newCloud() *cloud {
	return &cloud{now: time.Date(2026, 11, 26, 8, 0, 0, 0, time.UTC), objects: map[string]object{},
		keys: map[string]string{}, random: rand.New(rand.NewPCG(1, 2)), maxSize: 1 << 20}
}

// live returns a deployer.
func (c *cloud) live() *live.Live {
	return &live.Live{
		Bucket: bucket{c}, Store: store{c}, MaxSize: c.maxSize, Jobs: 1, Log: slog.New(slog.DiscardHandler),
		RootKey: func(edition string) string { return "root/" + edition },
		IsNode:  func(key string) bool { return strings.HasPrefix(key, "n/") },
		AddPaths: func(t live.Tree, more map[string]string) (live.Tree, error) {
			paths := maps.Clone(more)
			for _, node := range t.Nodes {
				for line := range strings.Lines(node) {
					path, key, _ := strings.Cut(strings.TrimSpace(line), " ")
					paths[path] = key
				}
			}
			return compile(paths)
		},
		Now: func() time.Time {
			c.mu.Lock()
			defer c.mu.Unlock()
			return c.now
		},
		Sleep: func(ctx context.Context, d time.Duration) error {
			return c.do(ctx, "sleep", func() error {
				c.now = c.now.Add(d)
				return nil
			})
		},
		Random: func() string {
			c.mu.Lock()
			defer c.mu.Unlock()
			return fmt.Sprintf("%08x", c.random.Uint32())
		},
	}
}

// pass moves the clock.
func (c *cloud) pass(d time.Duration) { c.now = c.now.Add(d) }

// do does one request.
func (c *cloud) do(ctx context.Context, name string, request func() error) error {
	if c.before != nil {
		if err := c.before(ctx, name); err != nil {
			return err
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.requests++
	err := request()
	if c.after != nil {
		c.after(name)
	}
	if err == nil && c.lost != nil {
		err = c.lost(name)
	}
	return err
}

type bucket struct{ c *cloud }

func (b bucket) Get(ctx context.Context, key string) (data []byte, err error) {
	err = b.c.do(ctx, "get "+key, func() error {
		o, ok := b.c.objects[key]
		if !ok {
			return fs.ErrNotExist
		}
		data = o.data
		return nil
	})
	return data, err
}

func (b bucket) Has(ctx context.Context, key string) (ok bool, err error) {
	err = b.c.do(ctx, "head "+key, func() error {
		_, ok = b.c.objects[key]
		return nil
	})
	return ok, err
}

func (b bucket) Put(ctx context.Context, key string, size int64, _ objects.Headers,
	open func() (io.ReadCloser, error)) error {
	return b.c.do(ctx, "put "+key, func() error {
		r, err := open()
		if err != nil {
			return err
		}
		defer r.Close()
		data, err := io.ReadAll(r)
		if err == nil && int64(len(data)) != size {
			err = errors.New("wrong size")
		}
		if err == nil {
			b.c.objects[key] = object{data, b.c.now}
		}
		return err
	})
}

func (b bucket) List(ctx context.Context, prefix string, each func(live.Listed) error) error {
	var list []live.Listed
	err := b.c.do(ctx, "list "+prefix, func() error {
		for _, key := range slices.Sorted(maps.Keys(b.c.objects)) {
			if strings.HasPrefix(key, prefix) {
				o := b.c.objects[key]
				list = append(list, live.Listed{Key: key, Size: int64(len(o.data)), Modified: o.modified})
			}
		}
		return nil
	})
	for _, o := range list {
		err = errors.Join(err, each(o))
	}
	return err
}

func (b bucket) Delete(ctx context.Context, keys []string) error {
	return b.c.do(ctx, "delete "+strings.Join(keys, " "), func() error {
		for _, key := range keys {
			delete(b.c.objects, key)
		}
		return nil
	})
}

type store struct{ c *cloud }

func (s store) Get(ctx context.Context, key string) (value string, err error) {
	err = s.c.do(ctx, "key "+key, func() error {
		var ok bool
		if value, ok = s.c.keys[key]; !ok {
			return fs.ErrNotExist
		}
		return nil
	})
	return value, err
}

// current returns the version of the store.
func (c *cloud) current() live.Version {
	v := live.Version{ETag: fmt.Sprint(c.version)}
	for key, value := range c.keys {
		v.Size += int64(len(key) + len(value))
	}
	return v
}

func (s store) Describe(ctx context.Context) (v live.Version, err error) {
	err = s.c.do(ctx, "describe", func() error {
		v = s.c.current()
		return nil
	})
	return v, err
}

func (s store) List(ctx context.Context) (all map[string]string, err error) {
	err = s.c.do(ctx, "keys", func() error {
		all = maps.Clone(s.c.keys)
		return nil
	})
	return all, err
}

func (s store) Update(ctx context.Context, etag string, changes []live.Change) (v live.Version, err error) {
	err = s.c.do(ctx, "update", func() error {
		if etag != fmt.Sprint(s.c.version) {
			return live.ErrConflict
		}
		next := maps.Clone(s.c.keys)
		for _, change := range changes {
			if _, ok := next[change.Key]; change.Delete && !ok {
				return errors.New("no such key " + change.Key) // AWS does not document what it does
			}
			if change.Delete {
				delete(next, change.Key)
			} else {
				next[change.Key] = change.Value
			}
		}
		before := s.c.keys
		s.c.keys = next
		if v = s.c.current(); v.Size > s.c.maxSize || len(changes) > 50 {
			s.c.keys = before
			return errors.New("a limit of the store is exceeded")
		}
		s.c.version++
		v = s.c.current()
		return nil
	})
	return v, err
}

// siteOf returns a site with the given files. Its nodes have up to three paths each. The contents of a site of more than
// 60 files are so large that its record has a base.
func siteOf(files map[string]string) *live.Site {
	s := &live.Site{
		Content: func(o objects.Object) (io.ReadCloser, error) {
			return io.NopCloser(strings.NewReader(files[o.Path])), nil
		},
		Compile: compile,
		Facts:   live.Facts{By: "test"},
	}
	for _, path := range slices.Sorted(maps.Keys(files)) {
		text := files[path]
		s.Objects = append(s.Objects, objects.New(path, int64(len(text)), sha256.Sum256([]byte(text)),
			objects.Headers{"Content-Type": "text/plain"}))
		s.Facts.Contents += fmt.Sprintf("file %s %s\n", path, text)
	}
	for i := 0; len(files) > 60 && i < 100; i++ {
		s.Facts.Contents += fmt.Sprintf("package %d %0700d\n", i, i)
	}
	return s
}

// compile returns the tree of a site: nodes with three paths each, and a root that names all nodes.
func compile(paths map[string]string) (live.Tree, error) {
	t := live.Tree{Nodes: map[string]string{}}
	var root []string
	for part := range slices.Chunk(slices.Sorted(maps.Keys(paths)), 3) {
		var node strings.Builder
		for _, path := range part {
			fmt.Fprintf(&node, "%s %s\n", path, paths[path])
			t.Objects = append(t.Objects, paths[path])
		}
		key := fmt.Sprintf("n/%x", sha256.Sum256([]byte(node.String())))[:18]
		t.Nodes[key] = node.String()
		root = append(root, key)
	}
	t.Root = strings.Join(root, " ")
	return t, nil
}

// visible returns the files of an edition as visitors see them, or nil if it has no root. It is an error if a node or
// an object is missing.
func (c *cloud) visible(edition string) (map[string]string, error) {
	root, ok := c.keys["root/"+edition]
	if !ok {
		return nil, nil
	}
	files := map[string]string{}
	for _, key := range strings.Fields(root) {
		node, ok := c.keys[key]
		if !ok {
			return nil, fmt.Errorf("%s: the node %s is missing", edition, key)
		}
		for line := range strings.Lines(node) {
			path, key, _ := strings.Cut(strings.TrimSpace(line), " ")
			o, ok := c.objects[key]
			if !ok {
				return nil, fmt.Errorf("%s: the object of %s is missing: %s", edition, path, key)
			}
			files[path] = string(o.data)
		}
	}
	return files, nil
}

// see checks what visitors see of an edition.
func (c *cloud) see(t *testing.T, edition string, want map[string]string) {
	t.Helper()
	got, err := c.visible(edition)
	if err != nil {
		t.Fatal(err)
	}
	if !maps.Equal(got, want) {
		t.Fatalf("visitors of %s see %v, want %v", edition, got, want)
	}
}

// numbered returns n files, the content of which depends on a version, and an asset of that version.
func numbered(n, version int) map[string]string {
	files := map[string]string{}
	for i := range n {
		files[fmt.Sprintf("page%02d.html", i)] = fmt.Sprintf("page %d, version %d", i, version*(i%3))
	}
	files[fmt.Sprintf("assets/style.%d.css", version)] = fmt.Sprint("style ", version)
	return files
}

var keepAll = live.Keep{Deploys: 20, Grace: 24 * time.Hour, MaxDeletes: 1000}

// deploy deploys a site and collects.
func deploy(ctx context.Context, l *live.Live, edition string, files map[string]string,
	keep live.Keep) (*live.Plan, error) {
	p, err := l.Plan(ctx, edition, siteOf(files), nil)
	if err != nil {
		return nil, err
	}
	if err := l.Apply(ctx, p); err != nil || p.Unchanged {
		return p, err
	}
	_, err = l.Collect(ctx, p.Record.ID, keep, nil)
	return p, err
}

// mustDeploy deploys a site an hour after the last request.
func (c *cloud) mustDeploy(t *testing.T, edition string, files map[string]string) *live.Plan {
	t.Helper()
	c.pass(time.Hour)
	p, err := deploy(t.Context(), c.live(), edition, files, keepAll)
	if err != nil {
		t.Fatal(err)
	}
	return p
}
