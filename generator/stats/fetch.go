package stats

import (
	"bytes"
	"context"
	"io"
	"sync"
)

const (
	// fetchedLogs is the maximum number of logs that are fetched at the same time, or have been fetched but not read.
	fetchedLogs = 16
	// maxFetched is the size of the largest log that is fetched whole (bytes, as stored). Larger ones are streamed:
	// what takes time with small ones is not the transfer but the wait for each reply.
	maxFetched = 1 << 20
)

// fetcher opens logs, and fetches small ones whose names have a scheme, such as the objects of a bucket, before they
// are needed. Buckets have thousands of small objects, and a reply takes tens of milliseconds. For example, while the
// first of 5,000 objects is read, the next 15 are fetched.
type fetcher struct {
	options *Options
	known   func(ctx context.Context, version []byte) (bool, error) // reports whether a version has been read
	names   []string
	next    int                       // the first of names that has not been considered yet
	fetched map[string]<-chan fetched // by name: started, not opened yet
	running sync.WaitGroup
}

// fetched is the content of a log, or the error of fetching it.
type fetched struct {
	content []byte
	err     error
}

// newFetcher returns a fetcher for logs that are opened in the order of their names.
func newFetcher(o *Options, names []string, known func(context.Context, []byte) (bool, error)) *fetcher {
	return &fetcher{options: o, known: known, names: names, fetched: map[string]<-chan fetched{}}
}

// advance begins to fetch logs from the i-th on, as far as there is room.
func (f *fetcher) advance(ctx context.Context, i int) error {
	for f.next = max(f.next, i); f.next < len(f.names) && len(f.fetched) < fetchedLogs; f.next++ {
		if err := f.start(ctx, f.names[f.next]); err != nil {
			return err
		}
	}
	return nil
}

// start begins to fetch a log, unless it is large, or has been read already.
func (f *fetcher) start(ctx context.Context, name string) error {
	version := f.options.version(name)
	if version == nil || f.options.Open == nil {
		return nil
	}
	if _, size := f.options.Stat(name); size > maxFetched {
		return nil
	}
	if known, err := f.known(ctx, version); known || err != nil {
		return err
	}
	result := make(chan fetched, 1)
	f.fetched[name] = result
	f.running.Go(func() {
		content, err := f.fetch(ctx, name)
		result <- fetched{content, err}
	})
	return nil
}

// fetch returns the content of a log.
func (f *fetcher) fetch(ctx context.Context, name string) ([]byte, error) {
	r, err := f.options.Open(ctx, name)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

// open opens a log. If it has been fetched, it returns the content.
func (f *fetcher) open(ctx context.Context, name string) (io.ReadCloser, error) {
	result, ok := f.fetched[name]
	if !ok {
		return f.options.open(ctx, name)
	}
	delete(f.fetched, name)
	log := <-result
	if log.err != nil {
		return nil, log.err
	}
	return io.NopCloser(bytes.NewReader(log.content)), nil
}
