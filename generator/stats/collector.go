package stats

import (
	"context"
	"errors"
	"io"

	"github.com/Slicer/sitegen/generator/accesslog"
	"github.com/Slicer/sitegen/generator/stats/downloads"
)

const (
	// batchHits is how many hits are written in one transaction: 2 MB of memory, and a fifth of a second.
	batchHits = 64 << 10
	// batchBytes is how much is read at most between two transactions, so that a run that was stopped need
	// not read it all again (bytes, decompressed).
	batchBytes = 256 << 20
	// batchLogs is after how many small logs that is done all the same, for buckets have thousands of them.
	batchLogs = 500
	// cachedAddresses is how many addresses the collector remembers, and cachedTexts how many agents: as many as
	// take about 20 MB.
	cachedAddresses, cachedTexts = 200_000, 100_000
)

// batch is what the collector hands to the writer. Package, Agent and Place of its hits are positions in the
// tables, whose new entries come along.
type batch struct {
	hits      []downloads.Hit
	tables    *tables
	packages  []string // new in the tables, in order
	agents    []string
	places    []Place
	addresses map[int64]string // of visitors, in the mode Full
	logs      []readLog
}

// readLog says how far a log is read with a batch.
type readLog struct {
	log, was *downloads.Log
	archive  []byte // set when a packed file, or a version of a log elsewhere, was read to its end
}

// tables give short numbers to the texts of hits. The maps are the collector's; the ids, which are those of the
// database, are the writer's.
type tables struct {
	packages, agents               map[string]int32
	places                         map[Place]int32
	packageIDs, agentIDs, placeIDs []int32
}

func newTables() *tables {
	return &tables{packages: map[string]int32{}, agents: map[string]int32{}, places: map[Place]int32{}}
}

// visitor is what the collector remembers of an address.
type visitor struct {
	id    int64
	day   int32 // that id is of, where ids change from day to day
	place int32 // in the tables
}

// collector turns entries of logs into hits.
type collector struct {
	options  Options
	known    map[string]bool // packages that a catalogue has named
	closed   *downloads.Closed
	geo      *Geo
	visitors *visitors
	report   *Report
	send     func(*batch) error

	addresses map[string]visitor
	batch     *batch
	scratch   []byte
}

// begin starts a batch, with new tables when the old ones have grown too large.
func (c *collector) begin() {
	b := &batch{hits: make([]downloads.Hit, 0, batchHits)}
	switch {
	case c.batch == nil, len(c.addresses) > cachedAddresses,
		len(c.batch.tables.agents) > cachedTexts, len(c.batch.tables.packages) > cachedTexts:
		b.tables, c.addresses = newTables(), map[string]visitor{}
	default:
		b.tables = c.batch.tables
	}
	c.batch = b
}

// flush hands the batch to the writer.
func (c *collector) flush() error {
	b := c.batch
	if len(b.hits) == 0 && len(b.logs) == 0 {
		return nil
	}
	if err := c.visitors.save(); err != nil {
		return err
	}
	err := c.send(b)
	c.begin()
	return err
}

// read reads a log to its end. Its result is what is wrong with the log; what is wrong with us is the other
// error.
func (c *collector) read(ctx context.Context, s *source, l *LogReport) (problem, err error) {
	l.Format, l.KnownBytes = s.parser.Name(), s.log.Offset
	lines := accesslog.NewLines(s.text, s.log.Offset)
	var e accesslog.Entry
	flushed := s.log.Offset
	var last []byte // the end of the line read last
	for {
		line, lineErr := lines.Next()
		if lineErr != nil && !errors.Is(lineErr, accesslog.ErrLong) {
			problem = lineErr
			break
		}
		l.Lines++
		if lineErr == nil {
			lineErr = s.parser.Parse(line, &e)
		}
		switch {
		case lineErr == nil:
			if err := c.entry(&e); err != nil {
				return nil, err
			}
		case errors.Is(lineErr, accesslog.ErrComment):
		default:
			c.report.addBad(l.Name, lineErr, l.Lines, line)
		}
		last = append(last[:0], line[max(0, len(line)-tailSize):]...)
		if len(c.batch.hits) >= batchHits || lines.Offset() > flushed+batchBytes {
			c.place(s, lines.Offset(), last)
			flushed = lines.Offset()
			if err := c.flush(); err != nil {
				return nil, err
			}
			if err := ctx.Err(); err != nil {
				return nil, err
			}
		}
	}
	if errors.Is(problem, io.EOF) {
		problem = nil
	}
	l.Unfinished = len(lines.Unfinished()) > 0
	if l.Lines > 0 {
		c.place(s, lines.Offset(), last)
	}
	c.report.Bytes += lines.Offset() - s.log.Offset
	if problem == nil && s.archive != nil {
		if l.Unfinished && s.packed {
			// A packed file does not grow: its last line is as good as it will be. Its bytes are not taken for
			// read, in case that the log is read again unpacked.
			l.Unfinished = false
			if s.parser.Parse(lines.Unfinished(), &e) == nil {
				l.Lines++
				if err := c.entry(&e); err != nil {
					return nil, err
				}
			}
		}
		c.batch.logs = append(c.batch.logs, readLog{archive: s.archive})
	}
	c.report.Lines += l.Lines
	return problem, nil
}

// place keeps with the batch how far a log is read.
func (c *collector) place(s *source, offset int64, last []byte) {
	l := s.log
	l.Offset, l.Tail = offset, tailOf(last)
	c.batch.logs = append(c.batch.logs, readLog{log: &l, was: s.was})
	s.was = nil
}

// entry adds the hit of an entry, if it is one.
func (c *collector) entry(e *accesslog.Entry) error {
	id, exact := bitstreamOf(e.URI)
	if len(id) == 0 {
		return nil
	}
	download := exact && isDownload(e)
	if !c.known[string(id)] && !(download && isGirderID(id)) {
		return nil // nothing that was ever published
	}
	c.report.Requests++
	day := int32(e.Time / secondsPerDay)
	if c.closed.Has(day) {
		c.report.Closed++
		return nil
	}
	v, err := c.visitor(e.Address, day)
	if err != nil {
		return err
	}
	b := c.batch
	c.scratch = e.AgentText(c.scratch[:0])
	hit := downloads.Hit{Visitor: v.id, Day: day, Place: v.place, First: int32(e.Time % secondsPerDay),
		Counted: download}
	hit.Package, b.packages = intern(b.tables.packages, b.packages, id)
	hit.Agent, b.agents = intern(b.tables.agents, b.agents, c.scratch)
	b.hits = append(b.hits, hit)
	return nil
}

// intern gives the number of a text in a table, and adds it to the table and the list of new ones.
func intern(table map[string]int32, fresh []string, text []byte) (int32, []string) {
	if n, ok := table[string(text)]; ok {
		return n, fresh
	}
	n := int32(len(table))
	table[string(text)] = n
	return n, append(fresh, string(text))
}

// visitor tells who an address is, and where.
func (c *collector) visitor(address []byte, day int32) (visitor, error) {
	v, ok := c.addresses[string(address)]
	if ok && (v.day == day || c.options.Privacy != Daily) {
		return v, nil
	}
	var buf [64]byte
	key, ip := addressKey(buf[:0], address)
	id, err := c.visitors.of(key, day)
	if err != nil {
		return visitor{}, err
	}
	v.id, v.day = id, day
	if !ok {
		var place Place
		if ip.IsValid() {
			place = c.geo.Lookup(ip)
		}
		if c.options.LegacyFile == "" {
			place.Location = "" // not needed, so not kept
		}
		v.place = c.placeOf(place)
		if c.options.Privacy == Full {
			c.batch.keepAddress(id, string(address))
		}
	}
	c.addresses[string(address)] = v
	return v, nil
}

// keepAddress keeps the address of a visitor, in the mode Full.
func (b *batch) keepAddress(id int64, address string) {
	if b.addresses == nil {
		b.addresses = map[int64]string{}
	}
	b.addresses[id] = address
}

// placeOf gives the number of a place in the tables.
func (c *collector) placeOf(p Place) int32 {
	b := c.batch
	n, ok := b.tables.places[p]
	if !ok {
		n = int32(len(b.tables.places))
		b.tables.places[p] = n
		b.places = append(b.places, p)
	}
	return n
}
