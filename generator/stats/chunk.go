package stats

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"

	"github.com/Slicer/sitegen/generator/accesslog"
)

// A log is parsed in chunks of whole lines, several at the same time:
//
//	reader    log -> chunks, in order (one goroutine)
//	parsers   chunks -> requests for packages (one goroutine for each CPU)
//	collector requests -> hits, in the order of the chunks
//
// The result does not depend on which parser is faster, because the collector waits for the chunks in their order. One
// thing could depend on it: the columns that a #Fields line names for the lines after it. A parser begins a chunk with
// the columns at the end of the last chunk that the collector has taken, which are almost always right, since logs
// rarely change their columns. If they are wrong, the collector parses the chunk again.
const (
	// chunkBytes is the size of a chunk. It is reached by the last line, which can be longer.
	chunkBytes = 256 << 10
	// waitingChunks is the number of chunks that may wait for the collector, for each parser.
	waitingChunks = 2
)

// chunk is some lines of a log, and what they contain.
type chunk struct {
	text   []byte // the lines, without line endings
	lines  []int  // by line: its end in text
	long   []int  // the lines that are too long. Of these, text has only the end
	offset int64  // of the log, after the last line
	end    error  // after the last line there is this error, io.EOF at the end of the log; nil if a chunk follows
	done   chan struct{}

	before, after string // states of the parser
	formats       string // of the lines
	good          int64  // number of valid lines
	bad           []badLine
	networks      int64
	dropped       int64 // number of parts of lines whose last part is missing, see accesslog.Parser.Dropped
	requests      []request
	data          []byte // to which the requests refer
}

// badLine is an invalid line of a chunk.
type badLine struct {
	number int // in the chunk, from 0
	err    error
}

// request is a request for a package. Its texts are consecutive parts of chunk.data.
type request struct {
	time               int64
	id, address, agent int // ends
	download           bool
}

// line returns a line.
func (ch *chunk) line(i int) []byte {
	begin := 0
	if i > 0 {
		begin = ch.lines[i-1]
	}
	return ch.text[begin:ch.lines[i]]
}

// add adds a line.
func (ch *chunk) add(line []byte) {
	ch.text = append(ch.text, line...)
	ch.lines = append(ch.lines, len(ch.text))
}

// reset empties a chunk, so that its memory can be used again.
func (ch *chunk) reset() {
	*ch = chunk{text: ch.text[:0], lines: ch.lines[:0], long: ch.long[:0], bad: ch.bad[:0],
		requests: ch.requests[:0], data: ch.data[:0], done: make(chan struct{})}
}

// fill reads lines until the chunk is full.
func (ch *chunk) fill(lines *accesslog.Lines) {
	for len(ch.text) < chunkBytes {
		line, err := lines.Next()
		switch {
		case errors.Is(err, accesslog.ErrLong):
			ch.long = append(ch.long, len(ch.lines))
		case err != nil:
			ch.end = err
			ch.offset = lines.Offset()
			return
		}
		ch.add(line)
	}
	ch.offset = lines.Offset()
}

// parseChunk parses the lines of a chunk. The state is that of a parser before them.
func (c *collector) parseChunk(ch *chunk, state string) {
	p := c.options.Formats.NewParser()
	if state != "" {
		p.Restore(state)
	}
	ch.before, ch.good, ch.networks = state, 0, 0
	ch.bad, ch.requests, ch.data = ch.bad[:0], ch.requests[:0], ch.data[:0]
	var e accesslog.Entry
	for i := range ch.lines {
		var err error
		if slices.Contains(ch.long, i) {
			err = accesslog.ErrLong
		} else {
			err = c.parse(p, ch.line(i), &e)
		}
		switch {
		case err == nil:
			ch.good++
			c.addRequest(ch, &e)
		case !errors.Is(err, accesslog.ErrComment):
			ch.bad = append(ch.bad, badLine{i, err})
		}
	}
	ch.after, ch.formats = p.State(), p.Name()
	ch.dropped = p.Dropped()
}

// addRequest adds an entry to a chunk, if it requests a package.
func (c *collector) addRequest(ch *chunk, e *accesslog.Entry) {
	id, exact := bitstreamOf(e.URI, c.options.IDs)
	if len(id) == 0 {
		return
	}
	r := request{time: e.Time, download: exact && isDownload(e)}
	// The server may already know a package that the catalogue of this run does not contain yet.
	if !c.known[string(id)] && !(r.download && isID(id, c.options.IDs)) {
		return // not a package
	}
	begin := len(ch.data)
	ch.data = append(ch.data, id...)
	r.id = len(ch.data)
	ch.data = append(ch.data, e.Address...)
	r.address = len(ch.data)
	ch.data = e.AgentText(ch.data)
	r.agent = len(ch.data)
	if isNetwork(ch.data[r.address:]) {
		ch.data = ch.data[:begin]
		ch.networks++
		return
	}
	ch.requests = append(ch.requests, r)
}

// chunks reads the lines of a log and calls take for each chunk, in order, until the end of the log or an error.
func (c *collector) chunks(ctx context.Context, lines *accesslog.Lines, state string, take func(*chunk) error) error {
	first := &chunk{}
	first.reset()
	first.fill(lines)
	if first.end != nil { // most logs in buckets are so short that more goroutines would not help
		c.parseChunk(first, state)
		return take(first)
	}
	workers := runtime.GOMAXPROCS(0)
	var mu sync.Mutex // of state
	current := func() string {
		mu.Lock()
		defer mu.Unlock()
		return state
	}
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel()
	work, ordered := make(chan *chunk, workers), make(chan *chunk, waitingChunks*workers)
	free := make(chan *chunk, cap(work)+cap(ordered)+workers+2) // has room for all chunks
	running.Go(func() {
		defer close(ordered)
		defer close(work)
		for ch := first; ; {
			end := ch.end // afterwards, the chunk belongs to the others
			for _, to := range []chan<- *chunk{ordered, work} {
				select {
				case to <- ch:
				case <-ctx.Done():
					return
				}
			}
			if end != nil {
				return
			}
			select {
			case ch = <-free:
			default:
				ch = &chunk{}
			}
			ch.reset()
			ch.fill(lines)
		}
	})
	for range workers {
		running.Go(func() {
			for ch := range work {
				c.parseChunk(ch, current())
				close(ch.done)
			}
		})
	}
	for ch := range ordered {
		select {
		case <-ch.done:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		if ch.before != state {
			c.parseChunk(ch, state)
		}
		if err := take(ch); err != nil {
			return err
		}
		if ch.after != state {
			mu.Lock()
			state = ch.after
			mu.Unlock()
		}
		free <- ch
	}
	return ctx.Err()
}
