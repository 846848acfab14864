package place

import (
	"context"
	"io"
	"os"
	"strings"

	"github.com/Slicer/sitegen/generator/deploy/live"
	"github.com/Slicer/sitegen/generator/deploy/remote"
)

// bucket is a bucket of S3, or the objects in it whose keys have a prefix.
type bucket struct {
	*remote.Bucket
	prefix string
}

func openBucket(ctx context.Context, a Address) (Place, error) {
	client, err := remote.Connect(ctx, remote.Options{})
	if err != nil {
		return nil, err
	}
	return bucket{client.Backups(a.Bucket), a.Folder}, nil
}

// Names implements Place.
func (b bucket) Names(ctx context.Context) ([]string, error) {
	var names []string
	err := b.List(ctx, b.prefix, func(o live.Listed) error {
		if name := strings.TrimPrefix(o.Key, b.prefix); !strings.Contains(name, "/") {
			names = append(names, name)
		}
		return nil
	})
	return names, err
}

// Put implements Place.
func (b bucket) Put(ctx context.Context, name string, file *os.File, size int64) error {
	return b.Bucket.Put(ctx, b.prefix+name, size, nil, func() (io.ReadCloser, error) { return io.NopCloser(file), nil })
}

// Get implements Place.
func (b bucket) Get(ctx context.Context, name string) (io.ReadCloser, error) {
	return b.Open(ctx, b.prefix+name)
}

// Remove implements Place.
func (b bucket) Remove(ctx context.Context, names []string) error {
	keys := make([]string, len(names))
	for i, name := range names {
		keys[i] = b.prefix + name
	}
	return b.Delete(ctx, keys)
}
