package stats

import (
	"bytes"
	"context"
	"io"
	"sync"

	"github.com/Slicer/sitegen/generator/stats/downloads"
)

const (
	// fetchedLogs is the maximum number of logs that are fetched at the same time, or have been fetched but not read.
	// S3 answers in 20 to 50 ms. With 30 ms, these are 4,000 logs per second, and S3 allows 5,500 for each prefix.
	fetchedLogs = 128
	// fetchedBytes is the maximum size of these logs (bytes, as stored). It limits the memory for them.
	fetchedBytes = 32 << 20
	// maxFetched is the size of the largest log that is fetched whole (bytes, as stored). Larger ones are streamed:
	// what takes time with small ones is not the transfer but the wait for each reply.
	maxFetched = 1 << 20
	// lookedUp is the number of logs that are looked up in the database with one query.
	lookedUp = 500
)

// fetcher opens logs, and fetches small ones whose names have a scheme, such as the objects of a bucket, before they
// are needed. Buckets have thousands of small objects, and a reply takes tens of milliseconds. For example, while the
// first of 5,000 objects is read, the next 127 are fetched.
type fetcher struct {
	options *Options
	db      *downloads.DB
	names   []string
	states  []logState    // of the first names, which have been looked up
	next    int           // the first of names that has not been considered yet
	fetched map[int]fetch // by position in names: started, not opened yet
	bytes   int64         // size of all logs in fetched
	running sync.WaitGroup
}

// logState is what is known about a log without opening it.
type logState struct {
	version []byte // see Options.version
	known   bool   // an earlier run has read this version to its end
}

// fetch is a log that is being fetched, or has been fetched.
type fetch struct {
	size   int64 // bytes, as stored
	result <-chan fetched
}

// fetched is the content of a log, or the error of fetching it.
type fetched struct {
	content []byte
	err     error
}

// newFetcher returns a fetcher for logs that are opened in the order of their names.
func newFetcher(o *Options, db *downloads.DB, names []string) *fetcher {
	return &fetcher{options: o, db: db, names: names, fetched: map[int]fetch{}}
}

// state returns the state of the i-th log. It looks up many logs at once, because a query for each object would cost
// more than reading it.
func (f *fetcher) state(ctx context.Context, i int) (logState, error) {
	for i >= len(f.states) {
		first := len(f.states)
		var hashes [][]byte
		for _, name := range f.names[first:min(first+lookedUp, len(f.names))] {
			version := f.options.version(name)
			f.states = append(f.states, logState{version: version})
			if version != nil {
				hashes = append(hashes, version)
			}
		}
		known, err := f.db.ReadArchives(ctx, hashes)
		if err != nil {
			return logState{}, err
		}
		for n := range f.states[first:] {
			s := &f.states[first+n]
			s.known = known[string(s.version)]
		}
	}
	return f.states[i], nil
}

// advance begins to fetch logs from the i-th on, as far as there is room. It skips those that are large, or have been
// read already.
func (f *fetcher) advance(ctx context.Context, i int) error {
	for f.next = max(f.next, i); f.next < len(f.names) && len(f.fetched) < fetchedLogs; f.next++ {
		s, err := f.state(ctx, f.next)
		if err != nil {
			return err
		}
		if s.version == nil || s.known || f.options.Open == nil {
			continue
		}
		_, size := f.options.Stat(f.names[f.next])
		if size > maxFetched {
			continue
		}
		if f.bytes+size > fetchedBytes {
			break
		}
		f.start(ctx, f.next, size)
	}
	return nil
}

// start begins to fetch the i-th log.
func (f *fetcher) start(ctx context.Context, i int, size int64) {
	result := make(chan fetched, 1)
	f.fetched[i] = fetch{size, result}
	f.bytes += size
	f.running.Go(func() {
		content, err := f.fetch(ctx, f.names[i], size)
		result <- fetched{content, err}
	})
}

// fetch returns the content of a log, which should have the given size.
func (f *fetcher) fetch(ctx context.Context, name string, size int64) ([]byte, error) {
	r, err := f.options.Open(ctx, name)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	var b bytes.Buffer
	b.Grow(int(size) + bytes.MinRead)
	_, err = b.ReadFrom(r)
	return b.Bytes(), err
}

// open opens the i-th log. If it has been fetched, it returns the content.
func (f *fetcher) open(ctx context.Context, i int) (io.ReadCloser, error) {
	started, ok := f.fetched[i]
	if !ok {
		return f.options.open(ctx, f.names[i])
	}
	delete(f.fetched, i)
	f.bytes -= started.size
	log := <-started.result
	if log.err != nil {
		return nil, log.err
	}
	return io.NopCloser(bytes.NewReader(log.content)), nil
}
