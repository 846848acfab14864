package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/mattn/go-sqlite3"

	"github.com/Slicer/sitegen/generator/fault"
)

// OpenReadOnly opens the database at path for reading and creates nothing. The error is fs.ErrNotExist, with a hint
// that names the command to run first, where there is no file or an empty one. A file of an older or a newer schema
// is refused.
//
// With a rollback journal SQLite's own locks keep a reader and a writer apart, and mode=ro is all it takes. Where a
// writer was killed in the middle of a transaction, the file cannot be read until the transaction is rolled back; the
// hint of the error names the command that does it.
//
// With a write-ahead log mode=ro does not keep SQLite from writing: it creates the log and its index (path-wal,
// path-shm) and leaves them, or fails where it may not create them ("attempt to write a readonly database"). So it
// depends on what is beside the file:
//
//   - Both log and index: a process is writing, or was killed. SQLite is told not to write the index (readonly_shm).
//     It reads the last commit, the log included, and keeps the log in place until it is done.
//   - No log, or an empty one: no process has the file open, so all of the database is in the file. It is read as
//     immutable: without locks and without a log. That is right until a process begins to write and copies its log
//     into the file. No lock prevents that, so every read compares the size and the modification time of the file with
//     those at the opening, and ends with a fault.Locked if they differ: run the command again.
//   - A log without its index is a copy of a database whose writer was killed. It is refused: without the index SQLite
//     would have to write, and without the log the last commits would be missing.
func OpenReadOnly(ctx context.Context, path string, f Format) (*DB, error) {
	d, err := openReadOnly(ctx, path, f)
	if err != nil {
		return nil, err
	}
	if err := checkVersion(ctx, d); err != nil {
		return nil, d.failed(err)
	}
	return d, nil
}

// A writer that begins creates log and index, one after the other; one that ends deletes them. A reader that comes in
// between tries again: after pause, for patience in all. Both take a writer milliseconds, on a busy machine more.
const (
	pause    = 10 * time.Millisecond
	patience = time.Second
)

// openReadOnly opens a database of any schema.
func openReadOnly(ctx context.Context, path string, f Format) (*DB, error) {
	for end := time.Now().Add(patience); ; {
		d := &DB{path: path, format: f}
		err := connectReadOnly(d)
		if err == nil {
			err = look(ctx, d)
		}
		if err == nil {
			return d, nil
		}
		if err = d.failed(err); !mayPass(d, err) || time.Now().After(end) {
			return nil, err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return nil, err
		}
	}
}

// look reads the schema, the first access to the file, and refuses a file without tables.
func look(ctx context.Context, d *DB) error {
	version, err := schemaVersion(ctx, d)
	if err != nil || version > 0 || d.format.Migrations == nil {
		return err
	}
	tables, err := countTables(ctx, d)
	if err == nil && tables == 0 {
		err = missing(d, emptyError{})
	}
	return err
}

// errNoIndex is that there is a log without its index.
var errNoIndex = errors.New("has a write-ahead log (-wal) but not its index (-shm)")

// mayPass reports whether err may come from a writer that is beginning or ending: there is a log and no index, or no
// index that a reader may use, or the log is gone since we looked. In the last case SQLite has created an empty log,
// for an instant too short to be prevented; the next writer takes it over, and readers do not mind.
func mayPass(d *DB, err error) bool {
	if errors.Is(err, errNoIndex) {
		return true
	}
	e, ok := errors.AsType[sqlite3.Error](err)
	return ok && d.format.WAL && d.access == shared && (e.Code == sqlite3.ErrCantOpen || e.Code == sqlite3.ErrReadonly)
}

// connectReadOnly makes the connection that suits what is beside the file.
func connectReadOnly(d *DB) error {
	var err error
	if d.opened, err = stampOf(d.path); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			err = missing(d, fs.ErrNotExist)
		}
		return err
	}
	parameters := reading
	d.access = shared
	if d.format.WAL {
		log, err := size(d.path + "-wal")
		if err != nil {
			return err
		}
		index, err := size(d.path + "-shm")
		if err != nil {
			return err
		}
		switch {
		case log >= 0 && index >= 0:
			parameters += "&readonly_shm=1"
		case log > 0:
			return fault.Wrap(fault.Unexpected, fmt.Errorf("%s: %w", d.path, errNoIndex),
				"Copy both files, or run "+d.format.WrittenBy+" once: it restores the index.")
		default:
			parameters += "&immutable=1"
			d.access = immutable
		}
	}
	if d.pool, err = connect(d.path, parameters); err != nil {
		return err
	}
	d.pool.SetMaxOpenConns(1) // it holds the lock that keeps a writer from deleting the log
	return nil
}

// missing says that there is no database yet.
func missing(d *DB, err error) error {
	return fault.Wrap(fault.Usage, fmt.Errorf("%s: %w", d.path, err),
		"Run "+d.format.WrittenBy+" first, or name the data folder with --data.")
}

// emptyError says that a file has no tables: a run was killed before it made them. That is as good as no file.
type emptyError struct{}

func (emptyError) Error() string        { return "file is empty" }
func (emptyError) Is(target error) bool { return target == fs.ErrNotExist }

// stamp is what tells that a file has changed.
type stamp struct {
	size     int64
	modified time.Time
}

func stampOf(path string) (stamp, error) {
	info, err := os.Stat(path)
	if err != nil {
		return stamp{}, err
	}
	return stamp{info.Size(), info.ModTime()}, nil
}

// unchanged returns an error if a file that is read as immutable has changed since it was opened.
func (d *DB) unchanged() error {
	if d.access != immutable {
		return nil
	}
	if now, err := stampOf(d.path); err != nil || now != d.opened {
		return fault.Wrap(fault.Locked, fmt.Errorf("%s: another process wrote to it while it was being read", d.path),
			"What was printed may be wrong: run the command again.")
	}
	return nil
}

// size returns the size of a file, -1 where there is none.
func size(path string) (int64, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return -1, nil
	}
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}
