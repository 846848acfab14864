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
	"github.com/Slicer/sitegen/generator/store"
)

// Progress tells how far the reading is, in bytes of the logs as they are stored.
type Progress func(read int64)

// Size is how much there is to be read of logs (bytes as they are stored); of streams it is not known, and 0.
func (e *Engine) Size(names []string) int64 { return e.options.size(names) }

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

// Read reads what is new in the logs, keeps the hits and counts the days that changed. Logs that cannot be
// read, in whole or in part, are told of in the report; an error is what keeps the run from going on. The
// report is of use in either case.
func (e *Engine) Read(ctx context.Context, names []string, progress Progress) (*Report, error) {
	begin := e.options.Now()
	report := &Report{ByClass: map[string]int64{}, Located: len(e.options.GeoIP) > 0}
	geo, err := OpenGeo(e.options.GeoIP...)
	if err != nil {
		return report, err
	}
	defer geo.Close()
	r, err := e.newReader(ctx, geo, report)
	if err != nil {
		return report, err
	}
	w := &writer{db: e.db, rules: e.options.Rules, byClass: map[int32]int64{}}
	batches := make(chan *batch, 1)
	group, working := errgroup.WithContext(ctx)
	r.send = func(b *batch) error {
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
		return r.readAll(working, e.db, names, progress)
	})
	if err := group.Wait(); err != nil {
		return report, err
	}
	report.New = w.changed
	if err := e.finish(ctx, report, w.byClass); err != nil {
		return report, err
	}
	report.Seconds = e.options.Now().Sub(begin).Seconds()
	return report, nil
}

func (e *Engine) newReader(ctx context.Context, geo *Geo, report *Report) (*reader, error) {
	r := &reader{options: e.options, known: map[string]bool{}, sealed: map[int32]bool{}, geo: geo, visitors: e.visitors, report: report}
	packages, err := e.db.Packages(ctx)
	if err != nil {
		return nil, err
	}
	for _, p := range packages {
		r.known[p.Bitstream] = true
	}
	sealed, err := e.db.Sealed(ctx)
	if err != nil {
		return nil, err
	}
	for _, day := range sealed {
		r.sealed[day] = true
	}
	if r.sealedBefore, err = e.db.SealedBefore(ctx); err != nil {
		return nil, err
	}
	r.begin()
	return r, nil
}

// readAll reads the logs one after the other.
func (r *reader) readAll(ctx context.Context, db *store.Downloads, names []string, progress Progress) error {
	var before int64 // bytes of the files that are done
	for _, name := range names {
		if err := ctx.Err(); err != nil {
			return err
		}
		var read int64
		meter := func(n int) {
			read += int64(n)
			progress(before + read)
		}
		l := LogReport{Name: name}
		if err := r.readLog(ctx, db, name, &l, meter); err != nil {
			return err
		}
		r.report.KnownBytes += l.KnownBytes
		r.report.Logs = append(r.report.Logs, l)
		before += r.options.size([]string{name})
		progress(before)
		if len(r.batch.logs) >= batchLogs {
			if err := r.flush(); err != nil {
				return err
			}
		}
	}
	return r.flush()
}

// readLog reads one log. What is wrong with it goes into its report.
func (r *reader) readLog(ctx context.Context, db *store.Downloads, name string, l *LogReport, meter func(int)) error {
	version := r.version(name)
	if version != nil {
		if known, err := db.HasArchive(ctx, version); known || err != nil {
			return err
		}
	}
	file, err := r.open(ctx, name)
	if err != nil {
		l.Problem = describe(name, err).Error()
		return ctx.Err()
	}
	defer file.Close()
	var s *source
	if f, ok := file.(*os.File); ok {
		s, err = follow(ctx, db, r.options.Formats, f, meter)
	} else if s, err = openText(file, r.options.Formats, meter); err == nil {
		s.archive = version
	}
	if errors.Is(err, errNothing) {
		if version != nil {
			r.batch.logs = append(r.batch.logs, readLog{archive: version})
		}
		return nil
	}
	if err != nil {
		l.Problem = describe(name, err).Error()
		return ctx.Err()
	}
	defer s.close()
	problem, err := r.read(ctx, s, l)
	if err == nil && problem != nil {
		l.Problem = describe(name, fmt.Errorf("%w; what comes before was read", problem)).Error()
	}
	return err
}

// version is what the present content of a log elsewhere is known by, when it was read to its end: it spares
// opening it. It is nil where nothing is known before the log is opened.
func (r *reader) version(name string) []byte {
	if !isElsewhere(name) || r.options.Stat == nil {
		return nil
	}
	version, size := r.options.Stat(name)
	if version == "" {
		return nil
	}
	return hashOf(fmt.Appendf(nil, "%s\n%s\n%d", name, version, size))
}

// open opens a log by its name.
func (r *reader) open(ctx context.Context, name string) (io.ReadCloser, error) {
	switch {
	case name == accesslog.Stdin:
		return io.NopCloser(r.options.Stdin), nil
	case isElsewhere(name):
		if r.options.Open == nil {
			return nil, errors.New("logs behind this kind of address cannot be read")
		}
		return r.options.Open(ctx, name)
	}
	return os.Open(name)
}

// finish counts the changed days and completes the report.
func (e *Engine) finish(ctx context.Context, report *Report, hitsOf map[int32]int64) error {
	days, err := e.db.Recount(ctx, e.options.Legacy)
	if err != nil {
		return err
	}
	report.Days = len(days)
	if len(hitsOf) > 0 {
		agents, err := e.db.Agents(ctx)
		if err != nil {
			return err
		}
		for _, a := range agents {
			if n := hitsOf[a.ID]; n > 0 {
				report.ByClass[Class(a.Class).String()] += n
				report.Downloads += n
			}
		}
	}
	if e.options.Privacy == Daily {
		return e.expireKeys(ctx)
	}
	return nil
}

// expireKeys deletes the keys of days that no more lines are expected of, and closes these days: without its
// key a day cannot know its visitors again.
func (e *Engine) expireKeys(ctx context.Context) error {
	before := dayOf(e.options.Now()) - KeyDays
	if err := e.db.SealBefore(ctx, before); err != nil {
		return err
	}
	return e.visitors.expire(before)
}
