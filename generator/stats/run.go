package stats

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/Slicer/sitegen/generator/accesslog"
	"github.com/Slicer/sitegen/generator/stats/downloads"
)

// Progress is called with the number of bytes read from the logs. For compressed logs, these are compressed bytes.
type Progress func(read int64)

// Size returns the total size of the logs in bytes, as Progress counts them. Streams, whose size is unknown, count as
// 0.
func (e *Engine) Size(names []string) int64 { return e.options.size(names) }

// size returns the total size of the logs: see Engine.Size.
func (o *Options) size(names []string) int64 {
	var sum int64
	for _, name := range names {
		if isElsewhere(name) {
			if o.Stat != nil {
				_, size := o.Stat(name)
				sum += size
			}
		} else if info, err := os.Stat(name); err == nil && info.Mode().IsRegular() {
			sum += info.Size()
		}
	}
	return sum
}

// isElsewhere reports whether a name has a scheme, so that Options.Open opens it.
func isElsewhere(name string) bool { return strings.Contains(name, "://") }

// Read reads the new lines of the logs, stores the hits, and recounts the days that changed. If a log cannot be read,
// or only in part, Read reports the problem and continues with the next log. Any other error ends the run. The report
// is valid in either case.
func (e *Engine) Read(ctx context.Context, names []string, progress Progress) (*Report, error) {
	begin := e.options.Now()
	report := &Report{ByClass: map[string]int64{}, Located: len(e.options.GeoIP) > 0}
	geo, err := OpenGeo(e.options.GeoIP...)
	if err != nil {
		return report, err
	}
	defer geo.Close()
	c, err := newCollector(ctx, e, geo, report)
	if err != nil {
		return report, err
	}
	before, err := e.db.Total(ctx)
	if err != nil {
		return report, err
	}
	w := &writer{db: e.db, rules: e.options.Rules, counted: map[Class]int64{}}
	batches := make(chan *batch, 1)
	group, working := errgroup.WithContext(ctx)
	c.send = func(b *batch) error {
		select {
		case batches <- b:
			return nil
		case <-working.Done():
			return context.Cause(working)
		}
	}
	group.Go(func() error {
		for b := range batches {
			if err := w.write(working, b); err != nil {
				return err
			}
		}
		return nil
	})
	group.Go(func() error {
		defer close(batches)
		return c.readAll(working, e.db, names, progress)
	})
	if err := group.Wait(); err != nil {
		return report, err
	}
	for class, n := range w.counted {
		report.ByClass[class.String()] = n
		report.Successful += n
	}
	if err := e.finish(ctx, report); err != nil {
		return report, err
	}
	if report.Total, err = e.db.Total(ctx); err != nil {
		return report, err
	}
	report.Added = report.Total - before
	report.Seconds = e.options.Now().Sub(begin).Seconds()
	return report, nil
}

// newCollector returns a collector for a run. The caller must set its send.
func newCollector(ctx context.Context, e *Engine, geo *Geo, report *Report) (*collector, error) {
	c := &collector{options: e.options, known: map[string]bool{}, geo: geo, visitors: e.visitors, report: report}
	packages, err := e.db.Packages(ctx)
	if err != nil {
		return nil, err
	}
	c.lastDay = dayOf(e.options.Now()) + 1
	for _, p := range packages {
		c.known[p.Bitstream] = true
		if len(p.Built) < len("2006-01-02") {
			continue
		}
		if day, err := parseDay(p.Built[:len("2006-01-02")]); err == nil && (c.firstDay == 0 || day-1 < c.firstDay) {
			c.firstDay = day - 1 // the day before, because the build may have been in another time zone
		}
	}
	if c.closed, err = e.db.Closed(ctx); err != nil {
		return nil, err
	}
	c.begin()
	return c, nil
}

// readAll reads the logs one after the other.
func (c *collector) readAll(ctx context.Context, db *downloads.DB, names []string, progress Progress) error {
	ctx, cancel := context.WithCancel(ctx)
	logs := newFetcher(&c.options, db, names)
	defer logs.running.Wait()
	defer cancel()
	var before int64 // size of the logs that are finished
	for i, name := range names {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := logs.advance(ctx, i); err != nil {
			return err
		}
		var read int64
		meter := func(n int) {
			read += int64(n)
			progress(before + read)
		}
		l := LogReport{Name: name}
		if err := c.readLog(ctx, logs, i, &l, meter); err != nil {
			return err
		}
		c.report.KnownBytes += l.KnownBytes
		c.report.Logs = append(c.report.Logs, l)
		before += c.options.size([]string{name})
		progress(before)
		if len(c.batch.logs) >= batchLogs {
			if err := c.flush(); err != nil {
				return err
			}
		}
	}
	return c.flush()
}

// readLog reads the i-th log. An error in the log goes into its report; any other error is returned.
func (c *collector) readLog(ctx context.Context, logs *fetcher, i int, l *LogReport, meter func(int)) error {
	state, err := logs.state(ctx, i)
	if state.known || err != nil {
		return err
	}
	name := logs.names[i]
	file, err := logs.open(ctx, i)
	if err != nil {
		l.Problem = describe(name, err).Error()
		return ctx.Err()
	}
	defer file.Close()
	var s *source
	if f, ok := file.(*os.File); ok {
		s, err = follow(ctx, logs.db, &c.decompressor, c.options.Formats, f, meter)
	} else if s, err = openText(&c.decompressor, file, c.options.Formats, meter, true); err == nil {
		s.archive = state.version
	}
	if errors.Is(err, errNothingNew) {
		l.Unfinished = errors.Is(err, errUnfinished)
		if state.version != nil {
			c.batch.logs = append(c.batch.logs, readLog{archive: state.version})
		}
		return nil
	}
	if err != nil {
		l.Problem = describe(name, err).Error()
		return ctx.Err()
	}
	defer s.close()
	problem, err := c.read(ctx, s, l)
	if err == nil && problem != nil {
		l.Problem = describe(name, problem).Error()
	}
	return err
}

// version returns a hash that identifies the current content of a log whose name has a scheme, so that a log that has
// been read to its end need not be opened again. It returns nil if the content cannot be identified without opening it.
func (o *Options) version(name string) []byte {
	if !isElsewhere(name) || o.Stat == nil {
		return nil
	}
	version, size := o.Stat(name)
	if version == "" {
		return nil
	}
	return hashOf(fmt.Appendf(nil, "%s\n%s\n%d", name, version, size))
}

// open opens a log by its name.
func (o *Options) open(ctx context.Context, name string) (io.ReadCloser, error) {
	switch {
	case name == accesslog.Stdin:
		return io.NopCloser(o.Stdin), nil
	case isElsewhere(name):
		if o.Open == nil {
			return nil, errors.New("unsupported kind of URL")
		}
		return o.Open(ctx, name)
	}
	return openFile(ctx, name, pipePatience)
}

// finish recounts the changed days and completes the report.
func (e *Engine) finish(ctx context.Context, report *Report) error {
	recounted, err := e.db.Recount(ctx, e.options.LegacyFile != "")
	if err != nil {
		return err
	}
	report.New, report.Days = recounted.Hits, len(recounted.Days)
	if e.options.Privacy != Daily {
		return nil
	}
	// Delete the keys of days for which no more lines are expected, and close these days: without the key, a visitor
	// who requests a package again would count again.
	before := dayOf(e.options.Now()) - KeyDays
	if err := e.db.Admin.CloseBefore(ctx, before); err != nil {
		return err
	}
	return e.visitors.expire(before)
}
