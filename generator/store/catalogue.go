package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/Slicer/sitegen/generator/catalog"
)

// CatalogueFile is the name of the catalogue in the data folder.
const CatalogueFile = "catalogue.sqlite"

// Store is the catalogue on disk.
type Store struct {
	path string
	db   *sql.DB
}

// Open opens the catalogue at path, and makes an empty one, with its folder, where there is none. It refuses
// a file that a newer sitegen wrote, or another program.
func Open(ctx context.Context, path string) (*Store, error) {
	db, err := open(ctx, path, catalogueMigrations)
	if err != nil {
		return nil, fmt.Errorf("open the catalogue: %w", err)
	}
	return &Store{path: path, db: db}, nil
}

// Close closes the file.
func (s *Store) Close() error { return s.db.Close() }

// Run is one look at a source.
type Run struct {
	At     time.Time // kept to the second, in UTC
	Source string    // girder.Source.Identity: "sample", the URL of an API, or "file:" and a name
	App    string    // the application in Girder
}

// sampleSource is the Source of the catalogue in the program.
const sampleSource = "sample"

// IsSample reports whether the run read the catalogue that is part of the program.
func (r Run) IsSample() bool { return r.Source == sampleSource }

// LastRun is the run recorded last, zero when there was none: then nothing is in the catalogue.
func (s *Store) LastRun(ctx context.Context) (Run, error) {
	run, err := lastRun(ctx, s.db)
	return run, s.readError(err)
}

func lastRun(ctx context.Context, db reader) (run Run, err error) {
	var at string
	err = db.QueryRowContext(ctx, "SELECT at, source, app FROM runs ORDER BY id DESC LIMIT 1").Scan(&at, &run.Source, &run.App)
	if errors.Is(err, sql.ErrNoRows) {
		return Run{}, nil
	}
	if err == nil {
		run.At, err = time.Parse(time.RFC3339, at)
	}
	return run, err
}

// Entry is a package with what the catalogue knows of its life.
type Entry struct {
	*catalog.Package
	FirstSeen   time.Time
	LastChanged time.Time // when a field was seen to have changed; FirstSeen when none ever was
	Withdrawn   time.Time // when it was no longer published; zero while it is
}

// Published gives the packages on the site, newest first. It does not depend on when they were recorded.
func (s *Store) Published(ctx context.Context) ([]*catalog.Package, error) {
	entries, err := entries(ctx, s.db, "WHERE withdrawn_at IS NULL")
	if err != nil {
		return nil, s.readError(err)
	}
	packages := make([]*catalog.Package, len(entries))
	for i, e := range entries {
		packages[i] = e.Package
	}
	return packages, nil
}

// All gives every package that was ever on the site, newest first.
func (s *Store) All(ctx context.Context) ([]Entry, error) {
	entries, err := entries(ctx, s.db, "")
	return entries, s.readError(err)
}

// Held gives the records that the last run held back.
func (s *Store) Held(ctx context.Context) ([]catalog.Held, error) {
	held, err := heldRecords(ctx, s.db)
	return held, s.readError(err)
}

func (s *Store) readError(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("read the catalogue: %w", explain(s.path, err))
}

// entries reads packages, newest first; where is the end of the query.
func entries(ctx context.Context, db reader, where string) ([]Entry, error) {
	rows, err := db.QueryContext(ctx, "SELECT "+packageColumns+", first_seen, last_changed, withdrawn_at FROM packages "+where)
	if err != nil {
		return nil, err
	}
	list, err := collect(rows, scanEntry)
	slices.SortFunc(list, func(a, b Entry) int { return catalog.Compare(a.Package, b.Package) })
	return list, err
}

func scanEntry(rows *sql.Rows) (Entry, error) {
	p := new(catalog.Package)
	var seen, changed string
	var withdrawn sql.NullString
	if err := rows.Scan(append(targets(p), &seen, &changed, &withdrawn)...); err != nil {
		return Entry{}, err
	}
	built, ok := catalog.ParseBuildDate(p.BuildDate)
	if !ok {
		return Entry{}, fmt.Errorf("package %.40q: not a build date (found %.40q)", p.ID, p.BuildDate)
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

func heldRecords(ctx context.Context, db reader) ([]catalog.Held, error) {
	rows, err := db.QueryContext(ctx, "SELECT id, name, field, value, reason FROM held ORDER BY rowid")
	if err != nil {
		return nil, err
	}
	return collect(rows, func(rows *sql.Rows) (h catalog.Held, err error) {
		return h, rows.Scan(&h.ID, &h.Name, &h.Field, &h.Value, &h.Reason)
	})
}

// collect reads rows to their end.
func collect[T any](rows *sql.Rows, scan func(*sql.Rows) (T, error)) ([]T, error) {
	defer rows.Close()
	var list []T
	for rows.Next() {
		item, err := scan(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, item)
	}
	return list, rows.Err()
}
