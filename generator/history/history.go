// Package history stores the catalogue of packages between runs: the packages published last, the withdrawn ones, and
// the events of each package. It is an SQLite file in the data folder, which any SQLite tool can read.
//
// A run is recorded in one transaction, so a reader, or the next run after a crash, sees either all of it or nothing.
// If nothing has changed, nothing is written. A data folder contains a single catalogue: either the sample, or the
// packages of one application, which replace the sample. A build uses a DB to write the catalogue; everything else
// uses a Reader:
//
//	r, err := history.OpenReadOnly(ctx, "var/catalogue.sqlite") // fs.ErrNotExist before the first build
//	packages, err := r.Published(ctx)
package history

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/sqlite"
)

// FileName is the name of the catalogue in the data folder.
const FileName = "catalogue.sqlite"

var format = sqlite.Format{Name: "the catalogue", WrittenBy: "sitegen build", Migrations: migrations}

// Reader reads the catalogue.
type Reader struct {
	file *sqlite.DB
}

// DB is the catalogue open for writing.
type DB struct {
	*Reader
}

// Open opens the catalogue at path for writing. If there is none, Open creates an empty one and its folder. A file
// written by a newer version of sitegen or by another program is an error.
func Open(ctx context.Context, path string) (*DB, error) {
	file, err := sqlite.Open(ctx, path, format)
	if err != nil {
		return nil, err
	}
	return &DB{&Reader{file}}, nil
}

// OpenReadOnly opens the catalogue at path for reading. It creates nothing: if there is no catalogue, the error is
// fs.ErrNotExist. A file that Open does not accept is an error, and so is one written by an older version of sitegen,
// until a build has updated it.
func OpenReadOnly(ctx context.Context, path string) (*Reader, error) {
	file, err := sqlite.OpenReadOnly(ctx, path, format)
	if err != nil {
		return nil, err
	}
	return &Reader{file}, nil
}

// Close closes the file.
func (r *Reader) Close() error { return r.file.Close() }

// Run describes a run that has read a source.
type Run struct {
	At     time.Time // UTC, stored with a precision of a second
	Source string    // see source.Source.Identity: "sample", a URL, or "file:" and a name
	App    string    // the Girder application; "" for other sources
}

// sampleSource is the Source of the built-in sample.
const sampleSource = "sample"

// IsSample reports whether the run has read the built-in sample.
func (r Run) IsSample() bool { return r.Source == sampleSource }

// Replaces reports whether the catalogue of a run replaces that of the last one, because that was the sample. Its
// history is of no value, and the sample can be built again at any time.
func (r Run) Replaces(last Run) bool { return last.IsSample() && !r.IsSample() }

// LastRun returns the latest recorded run, or the zero Run if the catalogue is empty.
func (r *Reader) LastRun(ctx context.Context) (Run, error) {
	run, err := lastRun(ctx, r.file)
	return run, readError(err)
}

func lastRun(ctx context.Context, q sqlite.Querier) (Run, error) {
	run, _, err := sqlite.One(ctx, q, func(row sqlite.Row) (run Run, err error) {
		var at string
		if err := row.Scan(&at, &run.Source, &run.App); err != nil {
			return run, err
		}
		run.At, err = time.Parse(time.RFC3339, at)
		return run, err
	}, "SELECT at, source, app FROM runs ORDER BY id DESC LIMIT 1")
	return run, err
}

// LastServer returns the URL from which the packages of an application were last read, or "" if they never were.
func (r *Reader) LastServer(ctx context.Context, app string) (string, error) {
	url, _, err := sqlite.One(ctx, r.file, sqlite.Value[string],
		"SELECT source FROM runs WHERE app = ? AND source LIKE 'http%' ORDER BY id DESC LIMIT 1", app)
	return url, readError(err)
}

// Memory returns what the source has learned about records in earlier runs, by id. See source.Memory.
func (r *Reader) Memory(ctx context.Context, source string) (map[string]string, error) {
	memory, err := readMemory(ctx, r.file, source)
	return memory, readError(err)
}

func readMemory(ctx context.Context, q sqlite.Querier, source string) (map[string]string, error) {
	memory := map[string]string{}
	err := sqlite.Each(ctx, q, func(row sqlite.Row) (m [2]string, err error) {
		return m, row.Scan(&m[0], &m[1])
	}, func(m [2]string) error {
		memory[m[0]] = m[1]
		return nil
	}, "SELECT id, text FROM memory WHERE source = ?", source)
	return memory, err
}

// Entry is a package with the times of its changes.
type Entry struct {
	*catalog.Package
	FirstSeen   time.Time
	LastChanged time.Time // time of the last change of a field; FirstSeen if there was none
	Withdrawn   time.Time // time of the withdrawal; zero while it is published
}

// Published returns the published packages, newest first. The order does not depend on when they were recorded.
func (r *Reader) Published(ctx context.Context) ([]*catalog.Package, error) {
	entries, err := readEntries(ctx, r.file, "WHERE withdrawn_at IS NULL")
	if err != nil {
		return nil, readError(err)
	}
	packages := make([]*catalog.Package, len(entries))
	for i, e := range entries {
		packages[i] = e.Package
	}
	return packages, nil
}

// All returns every package that was ever published, newest first.
func (r *Reader) All(ctx context.Context) ([]Entry, error) {
	entries, err := readEntries(ctx, r.file, "")
	return entries, readError(err)
}

// Releases returns every package of a release that was ever published, newest first.
func (r *Reader) Releases(ctx context.Context) ([]Entry, error) {
	entries, err := readEntries(ctx, r.file, "WHERE release != '' AND pre_release = 0")
	return entries, readError(err)
}

// Held returns the records that the last run held back.
func (r *Reader) Held(ctx context.Context) ([]catalog.Held, error) {
	held, err := readHeld(ctx, r.file)
	return held, readError(err)
}

// Event is one change of a package. For example, if the size of a package is corrected, and the package is later
// removed from the source and added again, it has the events
//
//	added
//	changed    field size, before "10", after "20"
//	withdrawn
//	returned
type Event struct {
	At            time.Time
	Kind          string // "added", "changed", "withdrawn" or "returned"
	Field         string // for "changed": the column in the database
	Before, After string // for "changed": the values
}

// Events returns the events of the package with an id, oldest first, or none if it was never published.
func (r *Reader) Events(ctx context.Context, id string) ([]Event, error) {
	events, err := sqlite.Collect(ctx, r.file, func(row sqlite.Row) (e Event, err error) {
		var at string
		if err := row.Scan(&at, &e.Kind, &e.Field, &e.Before, &e.After); err != nil {
			return e, err
		}
		e.At, err = time.Parse(time.RFC3339, at)
		return e, err
	}, `SELECT runs.at, kind, field, before, after
		FROM changes JOIN runs ON runs.id = changes.run WHERE package = ? ORDER BY changes.rowid`, id)
	return events, readError(err)
}

// LogEntry is an event with its package and run.
type LogEntry struct {
	Event
	Run     int64            // number of the run, counted from 1
	Package *catalog.Package // as it was last seen
}

// State is everything that the catalogue contains at one moment.
type State struct {
	Run     Run // the last run
	Entries []Entry
	Held    []catalog.Held
	Log     []LogEntry // oldest first
}

// State returns the whole catalogue. It is consistent, even if a build writes at the same time.
func (r *Reader) State(ctx context.Context) (s State, err error) {
	return s, readError(r.file.View(ctx, func(tx *sqlite.Tx) error {
		if s.Run, err = lastRun(ctx, tx); err != nil {
			return err
		}
		if s.Entries, err = readEntries(ctx, tx, ""); err != nil {
			return err
		}
		if s.Held, err = readHeld(ctx, tx); err != nil {
			return err
		}
		s.Log, err = readLog(ctx, tx, s.Entries)
		return err
	}))
}

// readLog reads the events of all packages, oldest first.
func readLog(ctx context.Context, q sqlite.Querier, entries []Entry) ([]LogEntry, error) {
	packages := make(map[string]*catalog.Package, len(entries))
	for _, e := range entries {
		packages[e.ID] = e.Package
	}
	return sqlite.Collect(ctx, q, func(row sqlite.Row) (l LogEntry, err error) {
		var at, id string
		if err := row.Scan(&l.Run, &at, &id, &l.Kind, &l.Field, &l.Before, &l.After); err != nil {
			return l, err
		}
		l.Package = packages[id]
		l.At, err = time.Parse(time.RFC3339, at)
		return l, err
	}, `SELECT runs.id, runs.at, package, kind, field, before, after
		FROM changes JOIN runs ON runs.id = changes.run ORDER BY changes.rowid`)
}

func readError(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("read the catalogue: %w", err)
}

// readEntries reads packages, newest first. where is a WHERE clause or "".
func readEntries(ctx context.Context, q sqlite.Querier, where string) ([]Entry, error) {
	list, err := sqlite.Collect(ctx, q, scanEntry,
		"SELECT "+packageColumns+", first_seen, last_changed, withdrawn_at FROM packages "+where)
	slices.SortFunc(list, func(a, b Entry) int { return catalog.Compare(a.Package, b.Package) })
	return list, err
}

func scanEntry(row sqlite.Row) (Entry, error) {
	p := new(catalog.Package)
	var seen, changed string
	var withdrawn sql.NullString
	if err := row.Scan(append(destinations(p), &seen, &changed, &withdrawn)...); err != nil {
		return Entry{}, err
	}
	built, ok := catalog.ParseBuildDate(p.BuildDate)
	if !ok {
		return Entry{}, fmt.Errorf("package %.40q: invalid build date (found %.40q)", p.ID, p.BuildDate)
	}
	p.Built = built
	e := Entry{Package: p}
	var errs [3]error
	e.FirstSeen, errs[0] = time.Parse(time.RFC3339, seen)
	e.LastChanged, errs[1] = time.Parse(time.RFC3339, changed)
	if withdrawn.Valid {
		e.Withdrawn, errs[2] = time.Parse(time.RFC3339, withdrawn.String)
	}
	return e, errors.Join(errs[:]...)
}

func readHeld(ctx context.Context, q sqlite.Querier) ([]catalog.Held, error) {
	return sqlite.Collect(ctx, q, func(row sqlite.Row) (h catalog.Held, err error) {
		err = row.Scan(&h.ID, &h.Name, &h.Field, &h.Value, &h.Reason, &h.Hint, &h.Place)
		return h, err
	}, "SELECT id, name, field, value, reason, hint, place FROM held ORDER BY rowid")
}

// Integrity reads the whole file and returns an error if it is damaged.
func (r *Reader) Integrity(ctx context.Context) error { return readError(r.file.Integrity(ctx)) }
