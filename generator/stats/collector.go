package stats

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/Slicer/sitegen/generator/accesslog"
	"github.com/Slicer/sitegen/generator/stats/downloads"
)

// A batch is written in one transaction as soon as it reaches one of these limits.
const (
	// batchHits is the number of hits: they take 2 MB of memory, and a fifth of a second to write.
	batchHits = 64 << 10
	// batchBytes is the number of bytes read (decompressed). It limits how much the next run has to read again if this
	// one is stopped.
	batchBytes = 256 << 20
	// batchLogs is the number of logs read. Buckets contain thousands of small ones.
	batchLogs = 500
)

// maxTables is the size of the tables (bytes) at which a batch is written and new tables are started. Logs can have any
// number of user agents, of any length: 100,000 usual ones fit.
const maxTables = 20 << 20

// batch is what the collector sends to the writer. Package, Agent and Place of its hits are positions in the tables.
// The batch also contains the texts that are new in the tables, in order of their positions.
type batch struct {
	hits      []downloads.Hit
	tables    *tables
	packages  []string
	agents    []string
	places    []Place
	addresses map[int64]string // of visitors, in the mode Full
	logs      []readLog
}

// readLog is the position up to which a log has been read with a batch, or the fact that an archive has been read to
// its end.
type readLog struct {
	log, previous *downloads.Log // previous is the stored position that log replaces, nil if there is none
	archive       []byte         // identifies the archive, see source.archive; log is nil then
	days          downloads.Days // of the requests in the archive
}

// tables number the texts of hits, so that the collector need not wait until the writer has found their ids in the
// database. The collector uses only the maps and the writer only the ids: they run in different goroutines.
//
// For example, the hits of a first batch are of the packages "660fa2…" and "5f4c47…". The collector numbers them 0 and
// 1, and sends them as the new packages of the batch. In the database they have the ids 42 and 7, so the writer sets
// packageIDs to [42, 7], and replaces Package 1 of a hit by packageIDs[1], which is 7. The hits of a second batch are
// of "5f4c47…" only. They have Package 1, the batch has no new packages, and the writer finds the id 7 without a query.
type tables struct {
	packages, agents               map[string]int32 // positions
	places                         map[Place]int32
	packageIDs, agentIDs, placeIDs []int32 // by position
	agentClasses                   []Class // by position
	size                           int     // of the maps, see intern (bytes)
}

// textSize is the size of a text in the tables besides its bytes: its entries in a map and in a list of new texts.
const textSize = 80

func newTables() *tables {
	return &tables{packages: map[string]int32{}, agents: map[string]int32{}, places: map[Place]int32{}}
}

// visitor is what the cache has of an address.
type visitor struct {
	id    int64
	day   int32 // for which id is valid, in the mode Daily
	place int32 // position in the tables
}

// collector turns entries of logs into hits.
type collector struct {
	options  Options
	known    map[string]bool // packages that are or were in the catalogue, by bitstream id
	closed   *downloads.Closed
	geo      *Geo
	visitors *visitors
	report   *Report
	send     func(*batch) error

	firstDay, lastDay int32 // valid days: from the day before the first package to tomorrow

	decompressor accesslog.Decompressor // of the log that is being read

	addresses addresses
	batch     *batch
	days      downloads.Days // of the requests for packages in the current log
}

// begin starts a batch. If the tables have grown too large, it also starts new ones, and empties the cache of
// addresses, which refers to them.
func (c *collector) begin() {
	b := &batch{hits: make([]downloads.Hit, 0, batchHits)}
	if c.batch == nil || c.batch.tables.size >= maxTables {
		b.tables = newTables()
		c.addresses.clear()
	} else {
		b.tables = c.batch.tables
	}
	c.batch = b
}

// full reports whether the batch must be written before more hits are added.
func (b *batch) full() bool { return len(b.hits) >= batchHits || b.tables.size >= maxTables }

// flush saves new keys of visitors, sends the batch to the writer, and begins the next one.
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

// read reads a log to its end. An error in the log itself, such as a truncated archive, is returned as problem: the run
// reports it and goes on with the next log. Any other error ends the run.
func (c *collector) read(ctx context.Context, s *source, l *LogReport) (problem, err error) {
	l.KnownBytes = s.log.Offset
	c.days = s.log.Days
	closedBefore, requestsBefore := c.report.Closed, c.report.Requests
	var good, bad, unknown int64 // lines; unknown ones are those of bad whose format is unknown
	var dropped int64            // lines that are parts of a line whose last part is missing
	var badLine []byte           // the first invalid one, if possible one of unknown format
	var badReason error          // why it is invalid
	var formats []string
	offset, flushed := s.log.Offset, s.log.Offset
	var last []byte // the end of the last line
	take := func(ch *chunk) error {
		for _, b := range ch.bad {
			line := ch.line(b.number)
			if isUnknown(b.err) {
				unknown++
			}
			if badLine == nil || isUnknown(b.err) && unknown == 1 {
				badLine, badReason = bytes.Clone(line), b.err
			}
			c.report.addBad(l.Name, b.err, l.Lines+int64(b.number)+1, line)
		}
		l.Lines += int64(len(ch.lines))
		good, bad = good+ch.good, bad+int64(len(ch.bad))
		c.report.Networks += ch.networks
		dropped += ch.dropped
		for f := range strings.SplitSeq(ch.formats, ", ") {
			if f != "" && !slices.Contains(formats, f) {
				formats = append(formats, f)
			}
		}
		s.parser.Restore(ch.after)
		return c.addRequests(ch)
	}
	lines := accesslog.NewLines(s.text, s.log.Offset)
	err = c.chunks(ctx, lines, s.parser.State(), func(ch *chunk) error {
		if err := take(ch); err != nil {
			return err
		}
		if n := len(ch.lines); n > 0 {
			line := ch.line(n - 1)
			last = append(last[:0], line[max(0, len(line)-tailSize):]...)
		}
		offset, problem = ch.offset, ch.end
		if !c.batch.full() && offset <= flushed+batchBytes {
			return nil
		}
		if !mostlyInvalid(good, bad, unknown) {
			c.setPosition(s, offset, last)
		}
		flushed = offset
		if err := c.flush(); err != nil {
			return err
		}
		return ctx.Err()
	})
	if err != nil {
		return nil, err
	}
	if errors.Is(problem, io.EOF) {
		problem = nil
	}
	if n, begin := s.parser.Held(); n+dropped > 0 {
		n += dropped
		if bad += n; badLine == nil {
			badLine, badReason = bytes.Clone(begin), accesslog.ErrIncomplete
		}
		c.report.addBadLines(l.Name, accesslog.ErrIncomplete, n, l.Lines, begin)
	}
	l.Unfinished = len(lines.Unfinished()) > 0
	// The position does not move past lines most of which are invalid, so that they are read again as soon as their
	// format is configured.
	if l.Lines > 0 && !mostlyInvalid(good, bad, unknown) {
		c.setPosition(s, offset, last)
	}
	c.report.Bytes += offset - s.log.Offset
	if problem == nil && l.Unfinished && s.final {
		// The last line will not become longer: use it as it is. The position stays before this line, in case the same
		// log is read again uncompressed, with the complete line.
		l.Unfinished = false
		var ch chunk
		ch.add(lines.Unfinished())
		c.parseChunk(&ch, s.parser.State())
		if err := take(&ch); err != nil {
			return nil, err
		}
	}
	if problem == nil && s.archive != nil && !mostlyInvalid(good, bad, unknown) {
		c.batch.logs = append(c.batch.logs, readLog{archive: s.archive, days: c.days})
	}
	c.report.Lines += l.Lines
	l.Format = strings.Join(formats, ", ")
	requests, closed := c.report.Requests-requestsBefore, c.report.Closed-closedBefore
	switch {
	case problem != nil:
		problem = fmt.Errorf("%w; the lines before were read", problem)
	case mostlyInvalid(good, bad, unknown) && unknown == 0:
		problem = fmt.Errorf("%s invalid: %w", share(bad, l.Lines, "new line", "new lines"), badReason)
		switch {
		case errors.Is(badReason, accesslog.ErrMessage): // or a request whose keys are unknown
			problem = fmt.Errorf("%w; %s", problem, c.options.Formats.Explain(badLine))
		case len(badLine) > 0:
			shown := printable(badLine[:min(len(badLine), maxShown)])
			problem = fmt.Errorf("%w; the first such line: %s", problem, shown)
		}
	case mostlyInvalid(good, bad, unknown):
		problem = fmt.Errorf("%s in no known format; %s", share(unknown, l.Lines, "new line", "new lines"),
			c.options.Formats.Explain(badLine))
	case closed > 0 && closed == requests:
		problem = fmt.Errorf("%s on closed days, which are not counted again; "+
			"sitegen stats drop --day opens an imported day",
			share(requests, requests, "request for packages", "requests for packages"))
	}
	return problem, nil
}

// parse parses a line and checks its time.
func (c *collector) parse(p *accesslog.Parser, line []byte, e *accesslog.Entry) error {
	if err := p.Parse(line, e); err != nil {
		return err
	}
	return c.checkTime(e.Time)
}

// checkTime returns an error for a time (Unix time) at which no download can have been.
func (c *collector) checkTime(seconds int64) error {
	switch day := seconds / secondsPerDay; {
	case day > int64(c.lastDay):
		return errFuture
	case seconds < 0, day < int64(c.firstDay):
		return errEarly
	}
	return nil
}

// Reasons why a time is invalid: the clock of the machine was wrong.
var (
	errFuture = errors.New("time is later than tomorrow")
	errEarly  = errors.New("time is before the first package of the project")
)

// maxShown is the number of bytes of a line that a message shows.
const maxShown = 300

// isUnknown reports whether a line may be invalid because its format is unknown. This excludes, for example, health
// checks without an address and messages of the server between requests.
func isUnknown(reason error) bool {
	known := []error{
		accesslog.ErrEmpty, accesslog.ErrAddress, accesslog.ErrMessage, accesslog.ErrLong, errFuture, errEarly,
	}
	return !slices.ContainsFunc(known, func(err error) bool { return errors.Is(reason, err) })
}

// mostlyInvalid reports whether so many lines are invalid that their format must be unknown: all of them, or at least
// 20 of unknown format and more than half. Single garbled lines are common.
func mostlyInvalid(good, bad, unknown int64) bool {
	return bad > 0 && good == 0 || unknown > good && unknown >= 20
}

// setPosition adds the position up to which a log has been read to the batch.
func (c *collector) setPosition(s *source, offset int64, last []byte) {
	l := s.log
	l.Offset, l.Tail, l.State, l.Days = offset, tailOf(last), s.parser.State(), c.days
	c.batch.logs = append(c.batch.logs, readLog{log: &l, previous: s.stored})
	s.stored = nil // replaced with this batch
}

// addRequests adds the hits of the requests of a chunk.
func (c *collector) addRequests(ch *chunk) error {
	begin := 0
	for _, r := range ch.requests {
		id, address, agent := ch.data[begin:r.id], ch.data[r.id:r.address], ch.data[r.address:r.agent]
		begin = r.agent
		c.report.Requests++
		day := int32(r.time / secondsPerDay)
		c.days.Add(day)
		if c.closed.Has(day) {
			c.report.Closed++
			continue
		}
		v, err := c.visitor(address, day)
		if err != nil {
			return err
		}
		b := c.batch
		hit := downloads.Hit{Visitor: v.id, Day: day, Place: v.place, First: int32(r.time % secondsPerDay),
			Counted: r.download}
		hit.Package, b.packages = b.tables.intern(b.tables.packages, b.packages, id)
		hit.Agent, b.agents = b.tables.intern(b.tables.agents, b.agents, agent)
		b.hits = append(b.hits, hit)
	}
	return nil
}

// intern returns the position of a text in one of the tables. If the text is new, it adds it to the table and to the
// list of new texts, which it returns.
func (t *tables) intern(table map[string]int32, fresh []string, text []byte) (int32, []string) {
	if n, ok := table[string(text)]; ok {
		return n, fresh
	}
	n, s := int32(len(table)), string(text)
	table[s] = n
	t.size += len(s) + textSize
	return n, append(fresh, s)
}

// visitor returns the visitor of an address on a day.
func (c *collector) visitor(address []byte, day int32) (visitor, error) {
	var buf [64]byte
	key, ip := addressKey(buf[:0], address)
	var v visitor
	known := false
	if ip.IsValid() {
		v, known = c.addresses.visitor(ip)
	}
	if known && (v.day == day || c.options.Privacy != Daily) {
		return v, nil
	}
	id, err := c.visitors.id(key, day)
	if err != nil {
		return visitor{}, err
	}
	v.id, v.day = id, day
	if !known {
		var place Place
		if ip.IsValid() {
			place = c.geo.Lookup(ip)
		}
		if c.options.LegacyFile == "" {
			place.Location = "" // only format 1.0 needs it
		}
		v.place = c.placeOf(place)
		if c.options.Privacy == Full {
			c.batch.addAddress(id, string(address))
		}
	}
	if ip.IsValid() {
		c.addresses.put(ip, v)
	}
	return v, nil
}

// addAddress adds the address of a visitor, in the mode Full.
func (b *batch) addAddress(id int64, address string) {
	if b.addresses == nil {
		b.addresses = map[int64]string{}
	}
	b.addresses[id] = address
}

// placeOf returns the position of a place in the tables, and adds it if it is new.
func (c *collector) placeOf(p Place) int32 {
	b := c.batch
	n, ok := b.tables.places[p]
	if !ok {
		n = int32(len(b.tables.places))
		b.tables.places[p] = n
		b.tables.size += len(p.Country) + len(p.Location) + textSize
		b.places = append(b.places, p)
	}
	return n
}
