// Package store keeps what sitegen remembers from run to run, in SQLite files of the data folder.
//
// The catalogue is one of them: the packages published last, those withdrawn since, and the history of each.
// A run is recorded in one transaction, so that a reader, and the next run after a crash, sees all of it or
// nothing. A data folder belongs to one catalogue: the sample or a real one, of one application.
//
// The files use a rollback journal, not a write-ahead log: a run writes once and reads little beside it, and
// between runs a catalogue is one file that can be copied. People may read it with any SQLite tool.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	_ "github.com/mattn/go-sqlite3" // the driver "sqlite3"

	"github.com/Slicer/sitegen/generator/fault"
)

// pragmas of every connection: foreign keys are off in SQLite unless asked for; a reader of another process
// holds a writer up for milliseconds, so ten seconds of waiting are plenty; a transaction that means to write
// says so at once, instead of running into a lock half-way.
const pragmas = "_foreign_keys=on&_busy_timeout=10000&_txlock=immediate"

// open opens the database at path, and makes it where there is none, with its folder. Migrations are SQL
// scripts, the first of which makes the tables of an empty file; each runs once, in its own transaction, and
// user_version counts those that have run. So a migration that was released never changes: what is new goes
// into another one at the end.
func open(ctx context.Context, path string, migrations []string) (*sql.DB, error) {
	db, err := connect(path)
	if err != nil {
		return nil, err
	}
	if err := migrate(ctx, db, migrations); err != nil {
		return nil, errors.Join(explain(path, err), db.Close())
	}
	return db, nil
}

func connect(path string) (*sql.DB, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	// As a URL, because SQLite would take a ? or % in a path for more than it is.
	dsn := url.URL{Scheme: "file", Path: path, RawQuery: pragmas}
	db, err := sql.Open("sqlite3", dsn.String())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1) // SQLite has one writer; a second connection of ours could only wait for the first
	return db, nil
}

// migrate brings the tables up to date.
func migrate(ctx context.Context, db *sql.DB, migrations []string) error {
	for {
		version, err := schemaVersion(ctx, db)
		if err != nil {
			return err
		}
		switch {
		case version > len(migrations):
			err := fmt.Errorf("written by a newer sitegen (schema %d, this one knows %d)", version, len(migrations))
			return fault.Wrap(fault.Unexpected, err, "Use the sitegen that wrote it, or a newer one, or give this one another data folder.")
		case version == len(migrations):
			return nil
		}
		if err := migrateOnce(ctx, db, version, migrations[version]); err != nil {
			return err
		}
	}
}

// migrateOnce runs the migration that makes version+1 of version, unless another process was faster.
func migrateOnce(ctx context.Context, db *sql.DB, version int, migration string) error {
	return inTransaction(ctx, db, func(tx *sql.Tx) error {
		if now, err := schemaVersion(ctx, tx); err != nil || now != version {
			return err
		}
		if version == 0 {
			if err := checkEmpty(ctx, tx); err != nil {
				return err
			}
		}
		if _, err := tx.ExecContext(ctx, migration); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", version+1))
		return err
	})
}

// checkEmpty refuses to make tables beside those of another program.
func checkEmpty(ctx context.Context, db reader) error {
	var tables int
	err := db.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema").Scan(&tables)
	if err == nil && tables > 0 {
		return fault.Wrap(fault.Usage, errors.New("a database of another program"), "Give sitegen a data folder of its own.")
	}
	return err
}

// reader is a database, or a transaction in it.
type reader interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func schemaVersion(ctx context.Context, db reader) (version int, err error) {
	err = db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version)
	return version, err
}

// inTransaction commits what do did, or undoes it when do gives an error.
func inTransaction(ctx context.Context, db *sql.DB, do func(*sql.Tx) error) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	// After a commit there is nothing to undo, and on a full disk SQLite has undone it already: the error of
	// Rollback would only say so.
	defer tx.Rollback()
	if err := do(tx); err != nil {
		return err
	}
	return tx.Commit()
}
