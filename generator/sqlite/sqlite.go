// Package sqlite opens the SQLite databases of sitegen. It is the only package that imports the driver, and contains
// what all databases need: connections, migrations, transactions, reading rows, and errors that name the file and the
// next step.
//
// A package that owns a database describes it with a Format and contains its queries. For example:
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
//   - Open reads and writes. It creates the file and its folder if needed, and brings the tables up to date.
//   - OpenReadOnly only reads. It creates no folder, no file and no journal. It works in a read-only folder, and while
//     another process writes. If a writer was killed, it reads a private copy in which SQLite has rolled back what was
//     not committed.
//   - OpenScratch works on a private copy, for dry runs. The copy has no name in any folder, so it is never left
//     behind.
//
// # Migrations
//
// A migration is an SQL script. The first one creates the tables in an empty file. Each runs once, in a separate
// transaction, and user_version counts the scripts that have run. A released script is never edited: a change is a new
// script at the end. A file whose user_version exceeds the number of migrations is an error, and so is a file with
// tables that no migration has created. OpenReadOnly cannot migrate, so for an older file it returns an error that
// names the command to update it.
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
	"time"

	"github.com/mattn/go-sqlite3"

	"github.com/Slicer/sitegen/generator/disk"
	"github.com/Slicer/sitegen/generator/fault"
)

// Format describes a kind of database file.
type Format struct {
	Name       string   // description of the file for messages: "the catalogue"
	WrittenBy  string   // the command that creates and updates it, for hints: "sitegen build"
	Migrations []string // nil for a file of another program, whose schema is not checked

	// WAL selects a write-ahead log, with which readers do not wait for a long transaction. Without it, SQLite uses a
	// rollback journal: between transactions the database is a single file that can be copied. OpenReadOnly depends on
	// this setting.
	WAL bool

	Private bool // only the owner may read the file: see disk.Privatize
}

// DB is an open database.
type DB struct {
	path   string // for messages
	format Format
	access access
	pool   *sql.DB
	opened stamp // state of the file at opening, for immutable access
}

// access is how a database was opened.
type access int

const (
	readWrite access = iota
	scratch          // read and write a private copy
	shared           // read-only, with SQLite's locks
	immutable        // read-only, without locks: each read checks that the file has not changed
	restored         // read a private copy, because the writer of the original was killed
)

// Connection parameters. SQLite does not enforce foreign keys by default. Transactions of other processes end within
// seconds, so a timeout of 10 s is generous. A writing transaction takes the lock at its start (immediate), so it
// cannot fail in the middle because another process holds the lock. Package database/sql uses a connection in one
// goroutine at a time, so SQLite need not lock a mutex in each of its functions.
const (
	common  = "_foreign_keys=on&_busy_timeout=10000&_mutex=no"
	writing = common + "&_txlock=immediate"
	reading = common + "&_txlock=deferred&_query_only=on&mode=ro"

	// NORMAL does not sync on each commit: if the machine crashes, the last commits may be lost, but never half of one.
	// A cache of 16 MB is enough for the pages that one day of downloads changes.
	logging = "&_journal_mode=WAL&_synchronous=NORMAL&_cache_size=-16000"

	// SQLite's temporary database needs no sync, because it does not outlive the process.
	temporary = writing + "&_synchronous=OFF&_cache_size=-16000"
)

// Open opens the database at path for reading and writing. It creates the file and its folder if they do not exist, and
// runs the missing migrations. A file without content is an error, not a new database.
func Open(ctx context.Context, path string, f Format) (*DB, error) {
	d := &DB{path: path, format: f, access: readWrite}
	if err := d.prepare(ctx); err != nil {
		return nil, d.failed(disk.Explain(path, err))
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
		d.pool.SetMaxOpenConns(1) // a second connection could only wait for the first
	}
	if err := migrate(ctx, d); err != nil {
		return nil, d.failed(err)
	}
	return d, nil
}

// OpenScratch opens a private copy of the database at path, or an empty database if there is no file. The original is
// only read. The copy is an SQLite temporary database: SQLite keeps it in memory while it is small, otherwise in a file
// of the temporary folder that it deletes right after opening. So nothing is left behind, even if the process is
// killed.
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
	d.pool.SetMaxOpenConns(1) // each connection would have a separate temporary database
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

// connect opens a pool of connections to the file at path.
func connect(path, parameters string) (*sql.DB, error) {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		err := fmt.Errorf("%s: is a directory", path)
		return nil, fault.Wrap(fault.Usage, err, "Move it away, or use another data folder.")
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	// Use a URL, which escapes ? and %: in a plain path SQLite would interpret them.
	return sql.Open("sqlite3", (&url.URL{Scheme: "file", Path: path, RawQuery: parameters}).String())
}

// failed closes a database that could not be opened, and returns the error with the name of the format.
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

// Begin starts a transaction, which must end with Commit or Rollback. If the database is open for writing, the
// transaction holds the write lock; if it is open read-only, all reads of the transaction see the same state.
func (d *DB) Begin(ctx context.Context) (*Tx, error) {
	return d.begin(ctx, d.pool)
}

// begin begins a transaction of the pool or of one of its connections. If the database is open read-only, begin also
// reads from it, which determines the state that the transaction sees, and repeats that if the index of the
// write-ahead log was changed at this moment: see torn.
func (d *DB) begin(ctx context.Context, from interface {
	BeginTx(ctx context.Context, options *sql.TxOptions) (*sql.Tx, error)
}) (*Tx, error) {
	for end := time.Now().Add(patience); ; {
		tx, err := from.BeginTx(ctx, nil)
		if err != nil {
			return nil, d.explain(err)
		}
		t := &Tx{d, tx}
		if d.access != shared && d.access != immutable {
			return t, nil
		}
		if _, err = schemaVersion(ctx, t); err == nil {
			return t, nil
		}
		t.Rollback()
		if !torn(d, err) || time.Now().After(end) {
			return nil, err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return nil, err
		}
	}
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

// View runs fn in a transaction and always rolls it back. All reads in the transaction see the same state.
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

// Commit commits the transaction.
func (t *Tx) Commit() error { return t.db.explain(t.tx.Commit()) }

// Rollback rolls the transaction back. After Commit it does nothing. It returns no error: if the disk is full, SQLite
// has already rolled back, and the only possible error is that there is no transaction left.
func (t *Tx) Rollback() { _ = t.tx.Rollback() }

// Exec runs statements that return no rows.
func (t *Tx) Exec(ctx context.Context, query string, args ...any) (sql.Result, error) {
	result, err := t.tx.ExecContext(ctx, query, args...)
	return result, t.db.explain(err)
}

// Prepare prepares a statement that is executed many times. It is closed at the end of the transaction.
func (t *Tx) Prepare(ctx context.Context, query string) (*Stmt, error) {
	s, err := t.tx.PrepareContext(ctx, query)
	return &Stmt{t.db, s}, t.db.explain(err)
}

// Stmt is a prepared statement of a transaction. It should be short: it is not interrupted while it runs, because the
// driver starts a goroutine for each execution that a context can interrupt. Each execution first checks the context.
type Stmt struct {
	db   *DB
	stmt *sql.Stmt
}

// Exec runs the statement.
func (s *Stmt) Exec(ctx context.Context, args ...any) (sql.Result, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	result, err := s.stmt.ExecContext(context.WithoutCancel(ctx), args...)
	return result, s.db.explain(err)
}

// Row scans the only row of a query into dest, or returns false if the query has no rows.
func (s *Stmt) Row(ctx context.Context, args []any, dest ...any) (ok bool, err error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	err = s.stmt.QueryRowContext(context.WithoutCancel(ctx), args...).Scan(dest...)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, s.db.explain(err)
}

// copyPages is the number of pages that are copied before the context is checked again: 4 MB with the default page size
// of 4 KB.
const copyPages = 1024

// copyAll copies source, which is open read-only, to d, which is empty.
func copyAll(ctx context.Context, d, source *DB) error {
	// The copy runs in a transaction, which sees a single state of source. Otherwise SQLite would start again each time
	// another process writes to it.
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

// withDriver calls fn with a connection of the driver. If the database is open read-only, the connection is in a
// transaction.
func withDriver(ctx context.Context, d *DB, fn func(*sqlite3.SQLiteConn) error) error {
	conn, err := d.pool.Conn(ctx)
	if err != nil {
		return d.explain(err)
	}
	defer conn.Close()
	if d.access == shared || d.access == immutable {
		tx, err := d.begin(ctx, conn)
		if err != nil {
			return err
		}
		defer tx.Rollback()
	}
	return conn.Raw(func(c any) error { return fn(c.(*sqlite3.SQLiteConn)) })
}
