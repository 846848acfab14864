package store

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
)

//go:embed downloads.sql
var downloadsSchema string

// Downloads is the database of downloads: what the logs held, and the tables made of it. It is a file of its
// own, so that a build and a statistics run do not wait for each other. One process writes it at a time; the
// caller sees to that with a lock.
//
// A hit is a row with the key (day, package, visitor, agent). Days are counted from 1970-01-01, UTC. The
// daily table and the firsts are made of the hits: a day that hits were added to is marked as changed, in the
// same transaction, and Recount counts the changed days anew. A run that was stopped leaves marks, and the
// next run counts them.
type Downloads struct {
	db   *sql.DB
	path string // absolute
}

// downloadsPragmas differ from those of the catalogue: a run writes for seconds on end and looks logs up
// beside it, which a write-ahead log lets it do. Without a sync for each commit a crash of the machine may lose
// the last ones, and never a part of one. 16 MB of cache hold the pages that a day's hits go to.
const downloadsPragmas = pragmas + "&_journal_mode=WAL&_synchronous=NORMAL&_cache_size=-16000"

// OpenDownloads opens the database, making it when there is none.
func OpenDownloads(ctx context.Context, path string) (*Downloads, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open the downloads: %w", err)
	}
	db, err := sql.Open("sqlite3", (&url.URL{Scheme: "file", Path: path, RawQuery: downloadsPragmas}).String())
	if err != nil {
		return nil, fmt.Errorf("open the downloads: %w", err)
	}
	if err := migrate(ctx, db, []string{downloadsSchema}); err != nil {
		return nil, fmt.Errorf("open the downloads: %w", errors.Join(explain(path, err), db.Close()))
	}
	return &Downloads{db: db, path: path}, nil
}

// trouble says what could not be done, with which file, and what a person can do about it.
func (d *Downloads) trouble(doing string, err error) error {
	return fmt.Errorf("%s: %w", doing, explain(d.path, err))
}

// Close closes the database.
func (d *Downloads) Close() error { return d.db.Close() }

// Meta reads a setting of the database, "" when it is not set.
func (d *Downloads) Meta(ctx context.Context, key string) (string, error) {
	var value string
	err := d.db.QueryRowContext(ctx, "SELECT value FROM meta WHERE key = ?", key).Scan(&value)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return value, err
}

// SetMeta keeps a setting of the database.
func (d *Downloads) SetMeta(ctx context.Context, key, value string) error {
	_, err := d.db.ExecContext(ctx, "INSERT INTO meta VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value", key, value)
	return err
}
