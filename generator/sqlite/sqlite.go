// Package sqlite opens the SQLite files of sitegen, and is the only one that knows the driver. It holds what the
// databases have in common: connections, migrations, transactions, one reader of rows, and errors that name the
// file and say what to do.
//
// A package that owns a database describes it by a Format and writes its queries; for instance
//
//	var format = sqlite.Format{
//		Name: "the catalogue", WrittenBy: "sitegen build",
//		Migrations: []string{"CREATE TABLE runs (id INTEGER PRIMARY KEY, at TEXT NOT NULL) STRICT"},
//	}
//	db, err := sqlite.Open(ctx, "var/catalogue.sqlite", format)
//	times, err := sqlite.Collect(ctx, db, sqlite.Value[string], "SELECT at FROM runs ORDER BY id")
//
// # Three ways to open a file
//
//   - Open reads and writes. It creates the file and its folder, and brings the tables up to date.
//   - OpenReadOnly reads. It creates nothing: no folder, no file, no journal. It works in a folder that cannot be
//     written, and while another process writes.
//   - OpenScratch works on a private copy, for dry runs. The copy has no name in any folder, so that it cannot be
//     left behind.
//
// # Migrations
//
// A migration is an SQL script. The first one creates the tables of an empty file; each runs once, in a transaction
// of its own, and user_version counts those that have run. A script that was released is never edited: a change is a
// new script at the end. A file with more migrations than the program knows is refused, as is a file with tables
// that no migration made. OpenReadOnly cannot migrate, so it refuses an older file as well and names the command
// that updates it.
package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"

	"github.com/mattn/go-sqlite3"

	"github.com/Slicer/sitegen/generator/fault"
)

// Format describes a kind of database file.
type Format struct {
	Name       string   // what the file is, for messages: "the catalogue"
	WrittenBy  string   // the command that creates and updates it, for hints: "sitegen build"
	Migrations []string // nil for a file of another program, whose tables are not checked

	// WAL keeps a write-ahead log, so that readers do not wait for a long transaction. Without it SQLite keeps a
	// rollback journal: between transactions the database is one file that can be copied. OpenReadOnly relies on it.
	WAL bool
}

// DB is an open database.
type DB struct {
	path   string // for messages
	format Format
	access access
	pool   *sql.DB
	opened stamp // of the file, with immutable access
}

// access is how a database was opened.
type access int

const (
	readWrite access = iota
	scratch          // a private copy, which may be written
	shared           // read-only, by SQLite's locks
	immutable        // read-only, without locks: every read checks that the file has not changed
)

// Parameters of connections. Foreign keys are off in SQLite unless they are asked for. A transaction of another
// process is over within seconds, so 10 s of waiting are plenty. A transaction that writes takes the lock when it
// begins instead of running into it half-way.
const (
	common  = "_foreign_keys=on&_busy_timeout=10000"
	writing = common + "&_txlock=immediate"
	reading = common + "&_txlock=deferred&_query_only=on&mode=ro"

	// Without a sync for each commit a crash of the machine may lose the last commits, but never a part of one. 16 MB
	// of cache hold the pages that a day of downloads touches.
	logging = "&_journal_mode=WAL&_synchronous=NORMAL&_cache_size=-16000"

	// SQLite's temporary database needs no sync: it does not survive the process.
	temporary = writing + "&_synchronous=OFF&_cache_size=-16000"
)

// Open opens the database at path for reading and writing. It creates the file and its folder where there is none,
// and runs the migrations that are missing.
func Open(ctx context.Context, path string, f Format) (*DB, error) {
	d := &DB{path: path, format: f, access: readWrite}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, d.failed(err)
	}
	parameters := writing
	if f.WAL {
		parameters += logging
	}
	var err error
	if d.pool, err = connect(path, parameters); err != nil {
		return nil, d.failed(err)
	}
	if !f.WAL {
		d.pool.SetMaxOpenConns(1) // there is one writer: a second connection could only wait for the first
	}
	if err := migrate(ctx, d); err != nil {
		return nil, d.failed(err)
	}
	return d, nil
}

// OpenScratch opens a private copy of the database at path, an empty one where there is no file; path itself is only
// read. The copy lives in SQLite's temporary database, which is kept in memory while it is small and else in a file
// of the temporary folder that is deleted as soon as it is open: however the process ends, nothing remains.
func OpenScratch(ctx context.Context, path string, f Format) (*DB, error) {
	source, err := openReadOnly(ctx, path, f)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if source != nil {
		defer source.Close()
	}
	d := &DB{path: "temporary copy of " + path, format: f, access: scratch}
	if d.pool, err = sql.Open("sqlite3", "file:?"+temporary); err != nil {
		return nil, d.failed(err)
	}
	d.pool.SetMaxOpenConns(1) // each connection would have a temporary database of its own
	if source != nil {
		if err := copyAll(ctx, d, source); err != nil {
			return nil, d.failed(err)
		}
	}
	if err := migrate(ctx, d); err != nil {
		return nil, d.failed(err)
	}
	return d, nil
}

// connect makes the pool of connections to the file at path.
func connect(path, parameters string) (*sql.DB, error) {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		err := fmt.Errorf("%s: is a directory", path)
		return nil, fault.Wrap(fault.Usage, err, "Move it away, or give sitegen another data folder.")
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	// As a URL, because SQLite would take a ? or % in a path for more than it is.
	return sql.Open("sqlite3", (&url.URL{Scheme: "file", Path: path, RawQuery: parameters}).String())
}

// failed ends an opening that has failed.
func (d *DB) failed(err error) error {
	return fmt.Errorf("open %s: %w", d.format.Name, errors.Join(err, d.Close()))
}

// Close closes the database.
func (d *DB) Close() error {
	if d.pool == nil {
		return nil
	}
	return d.pool.Close()
}

// Exec runs statements that return no rows.
func (d *DB) Exec(ctx context.Context, query string, args ...any) error {
	_, err := d.pool.ExecContext(ctx, query, args...)
	return d.explain(err)
}

// Begin begins a transaction, which must end with Commit or Rollback. In a database opened for writing it takes the
// write lock; in one opened read-only all its reads see the same state.
func (d *DB) Begin(ctx context.Context) (*Tx, error) {
	tx, err := d.pool.BeginTx(ctx, nil)
	if err != nil {
		return nil, d.explain(err)
	}
	return &Tx{d, tx}, nil
}

// Update runs fn in a transaction: commits on nil, rolls back on error.
func (d *DB) Update(ctx context.Context, fn func(*Tx) error) error {
	tx, err := d.Begin(ctx)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if err := fn(tx); err != nil {
		return err
	}
	return tx.Commit()
}

// View runs fn in a transaction that is always rolled back: all its reads see the same state.
func (d *DB) View(ctx context.Context, fn func(*Tx) error) error {
	tx, err := d.Begin(ctx)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	return fn(tx)
}

// Tx is a transaction.
type Tx struct {
	db *DB
	tx *sql.Tx
}

// Commit makes the changes of the transaction last.
func (t *Tx) Commit() error { return t.db.explain(t.tx.Commit()) }

// Rollback undoes the transaction. After Commit it does nothing. It has no error: on a full disk SQLite has rolled
// back by itself, and all that Rollback could report is that there is nothing left to do.
func (t *Tx) Rollback() { _ = t.tx.Rollback() }

// Exec runs statements that return no rows.
func (t *Tx) Exec(ctx context.Context, query string, args ...any) (sql.Result, error) {
	result, err := t.tx.ExecContext(ctx, query, args...)
	return result, t.db.explain(err)
}

// Prepare prepares a statement that runs many times. The transaction closes it when it ends.
func (t *Tx) Prepare(ctx context.Context, query string) (*Stmt, error) {
	s, err := t.tx.PrepareContext(ctx, query)
	return &Stmt{t.db, s}, t.db.explain(err)
}

// Stmt is a prepared statement of a transaction.
type Stmt struct {
	db   *DB
	stmt *sql.Stmt
}

// Exec runs the statement.
func (s *Stmt) Exec(ctx context.Context, args ...any) (sql.Result, error) {
	result, err := s.stmt.ExecContext(ctx, args...)
	return result, s.db.explain(err)
}

// copyPages is how many pages are copied between two looks at the context: 4 MB of the usual 4 KB.
const copyPages = 1024

// copyAll copies source, which was opened read-only, into d, which is empty.
func copyAll(ctx context.Context, d, source *DB) error {
	// Inside a transaction the source keeps its state. Else SQLite would begin again whenever somebody writes to it.
	return withDriver(ctx, source, func(from *sqlite3.SQLiteConn) error {
		return withDriver(ctx, d, func(to *sqlite3.SQLiteConn) error {
			b, err := to.Backup("main", from, "main")
			if err != nil {
				return d.explain(err)
			}
			for done := false; !done && err == nil; {
				if err = ctx.Err(); err == nil {
					done, err = b.Step(copyPages)
				}
			}
			return cmp.Or(source.unchanged(), d.explain(cmp.Or(err, b.Finish())))
		})
	})
}

// withDriver calls fn with a connection of the driver. That of a database opened read-only is in a transaction.
func withDriver(ctx context.Context, d *DB, fn func(*sqlite3.SQLiteConn) error) error {
	conn, err := d.pool.Conn(ctx)
	if err != nil {
		return d.explain(err)
	}
	defer conn.Close()
	if d.access == shared || d.access == immutable {
		tx, err := conn.BeginTx(ctx, nil)
		if err != nil {
			return d.explain(err)
		}
		t := &Tx{d, tx}
		defer t.Rollback()
		if _, err := schemaVersion(ctx, t); err != nil { // the first read fixes the state that the transaction sees
			return err
		}
	}
	return conn.Raw(func(c any) error { return fn(c.(*sqlite3.SQLiteConn)) })
}
