package stats

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"

	"github.com/Slicer/sitegen/generator/accesslog"
	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/stats/downloads"
)

// Dropped holds the results of Drop.
type Dropped struct {
	Days  []DroppedDay `json:"days"`  // that have lost downloads or were named, in order
	Lines int64        `json:"lines"` // read from the logs
	Files []string     `json:"files"` // published files that changed
}

// DroppedDay holds the downloads of a day, including those by bots, before and after Drop.
type DroppedDay struct {
	Day    string `json:"day"`
	Before int64  `json:"before"`
	After  int64  `json:"after"`
	Closed bool   `json:"closed"` // logs of the day are not counted again: see Forget and the mode Daily
}

// Drop takes back what was read by mistake: all downloads of the days (YYYY-MM-DD), also imported ones, and those that
// the lines of the logs have added. Afterwards, all logs with requests on days that have lost downloads can be read
// again.
//
// The database does not store from which log a download comes. So Drop reads the logs again, up to the position up to
// which they were read, and deletes the downloads that their lines result in. The logs may have been renamed or
// compressed since. If another log has the same download, that one is dropped as well until the other log is read
// again. If a log has not been read, Drop returns an error and changes nothing.
//
// All changes are made in one transaction.
func (e *Engine) Drop(ctx context.Context, days, logs []string) (*Dropped, error) {
	named := map[int32]bool{}
	for _, text := range days {
		day, err := parseDay(text)
		if err != nil {
			return nil, fault.Wrap(fault.Usage, err, "")
		}
		named[day] = true
	}
	var read []*droppedLog
	var problems []error
	for _, name := range logs {
		l, err := e.findDropped(ctx, name)
		if err != nil {
			problems = append(problems, describe(name, err))
		}
		read = append(read, l)
	}
	if err := errors.Join(problems...); err != nil {
		return nil, fault.Wrap(fault.Usage, err, "")
	}
	before, err := e.db.TotalsByDay(ctx)
	if err != nil {
		return nil, err
	}
	report := &Dropped{Days: []DroppedDay{}}
	if err := e.drop(ctx, named, read, report); err != nil {
		return nil, err
	}
	if _, err := e.db.Recount(ctx, e.options.LegacyFile != ""); err != nil {
		return nil, err
	}
	after, err := e.db.TotalsByDay(ctx)
	if err != nil {
		return nil, err
	}
	closed, err := e.db.Closed(ctx)
	if err != nil {
		return nil, err
	}
	for day := range before {
		named[day] = named[day] || after[day] != before[day]
	}
	for _, day := range slices.Sorted(maps.Keys(named)) {
		if named[day] {
			report.Days = append(report.Days, DroppedDay{dayString(day), before[day], after[day], closed.Has(day)})
		}
	}
	return report, nil
}

// drop deletes the days, and the hits of the logs, in one transaction.
func (e *Engine) drop(ctx context.Context, days map[int32]bool, logs []*droppedLog, report *Dropped) error {
	c, err := e.newDropCollector(ctx)
	if err != nil {
		return err
	}
	defer c.geo.Close()
	tx, err := e.db.BeginDrop(ctx)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	c.send = func(b *batch) error { return dropHits(tx, b) }
	for day := range days {
		if err := tx.Day(day); err != nil {
			return err
		}
	}
	for _, l := range logs {
		if err := c.dropLog(ctx, tx, l, report); err != nil {
			return describe(l.name, err)
		}
	}
	return tx.Commit()
}

// newDropCollector returns a collector for logs that have been read before. It looks up no countries, because they do
// not matter.
func (e *Engine) newDropCollector(ctx context.Context) (*collector, error) {
	geo, err := OpenGeo()
	if err != nil {
		return nil, err
	}
	return newCollector(ctx, e, geo, &Report{})
}

// droppedLog is a log that was read by mistake.
type droppedLog struct {
	name     string
	limit    int64          // number of bytes that have been read (decompressed), -1 for the whole log
	position *downloads.Log // nil if none is stored
	archive  []byte         // identifies a file that has been read to its end; nil if it has not
}

// errNotRead means that a log cannot be dropped.
var errNotRead = errors.New("has not been read: nothing to take back")

// findDropped finds out how far a log has been read.
func (e *Engine) findDropped(ctx context.Context, name string) (*droppedLog, error) {
	l := &droppedLog{name: name, limit: -1}
	if name == accesslog.Stdin {
		return nil, errors.New("cannot be read twice; save it to a file")
	}
	if isElsewhere(name) {
		l.archive = e.options.version(name)
		if known, err := e.db.HasArchive(ctx, l.archive); err != nil || !known {
			return nil, cmp.Or(err, errNotRead)
		}
		return l, nil
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("not a file")
	}
	hash, err := fingerprint(f, info.Size())
	if err != nil {
		return nil, err
	}
	known, err := e.db.HasArchive(ctx, hash)
	if err != nil {
		return nil, err
	}
	s, err := openText(&accesslog.Decompressor{}, f, e.options.Formats, func(int) {}, false)
	if err != nil {
		return nil, cmp.Or(ignoreNothingNew(err), errNotRead)
	}
	defer s.close()
	if l.position, err = findStored(ctx, e.db, s); err != nil {
		return nil, err
	}
	if known {
		l.archive = hash
		return l, nil
	}
	if l.position == nil {
		return nil, errNotRead
	}
	l.limit = l.position.Offset
	ok, err := s.skip(f, info.Size(), l.position, func(int) {})
	if err != nil || !ok {
		return nil, cmp.Or(err, errNotRead)
	}
	return l, nil
}

// ignoreNothingNew returns nil for errNothingNew, and other errors unchanged.
func ignoreNothingNew(err error) error {
	if errors.Is(err, errNothingNew) {
		return nil
	}
	return err
}

// dropLog deletes the hits of the lines of a log, and its position.
func (c *collector) dropLog(ctx context.Context, tx *downloads.Drop, l *droppedLog, report *Dropped) error {
	f, err := c.options.open(ctx, l.name)
	if err != nil {
		return err
	}
	defer f.Close()
	s, err := openText(&c.decompressor, f, c.options.Formats, func(int) {}, isElsewhere(l.name))
	if err != nil {
		return err
	}
	defer s.close()
	lines := accesslog.NewLines(s.text, 0)
	for l.limit < 0 || lines.Offset() < l.limit {
		line, err := lines.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil && !errors.Is(err, accesslog.ErrLong) {
			return fmt.Errorf("%w; nothing was changed", err)
		}
		report.Lines++
		if err == nil {
			err = c.dropLine(ctx, s, line)
		}
		if err != nil && !errors.Is(err, accesslog.ErrLong) {
			return err
		}
	}
	// The last line of a compressed file was read although it has no line ending, and so was that of a pipe, which may
	// have been saved to this file.
	if l.limit >= 0 {
		_, err = lines.Next()
	}
	if line := lines.Unfinished(); (errors.Is(err, io.EOF) || l.limit < 0 && s.final) && len(line) > 0 {
		report.Lines++
		if err := c.dropLine(ctx, s, line); err != nil {
			return err
		}
	}
	if err := c.dropBatch(ctx); err != nil {
		return err
	}
	if l.position != nil {
		if err := tx.Log(l.position); err != nil {
			return err
		}
	}
	if l.archive != nil {
		return tx.Archive(l.archive)
	}
	return nil
}

// dropLine adds the hit of a line to the batch, if it has one.
func (c *collector) dropLine(ctx context.Context, s *source, line []byte) error {
	var e accesslog.Entry
	if c.parse(s.parser, line, &e) != nil {
		return nil //nolint:nilerr // an invalid line has not been counted either
	}
	var ch chunk
	c.addRequest(&ch, &e)
	if err := c.addRequests(&ch); err != nil {
		return err
	}
	if len(c.batch.hits) >= batchHits {
		return c.dropBatch(ctx)
	}
	return nil
}

// dropBatch deletes the hits of the batch.
func (c *collector) dropBatch(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	err := c.send(c.batch)
	c.begin()
	return err
}

// dropHits deletes the hits of a batch. A package or user agent that is not stored has the id 0, which no hit has.
func dropHits(tx *downloads.Drop, b *batch) error {
	t := b.tables
	for _, p := range b.packages {
		id, err := tx.Package(p)
		if err != nil {
			return err
		}
		t.packageIDs = append(t.packageIDs, id)
	}
	for _, a := range b.agents {
		id, err := tx.Agent(a)
		if err != nil {
			return err
		}
		t.agentIDs = append(t.agentIDs, id)
	}
	for i := range b.hits {
		h := &b.hits[i]
		h.Package, h.Agent = t.packageIDs[h.Package], t.agentIDs[h.Agent]
	}
	return tx.Hits(b.hits)
}
