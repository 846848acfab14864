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

// OpenReadOnly opens the database at path for reading and creates nothing. If the file is missing, or a database
// without tables, the error is fs.ErrNotExist, with a hint that names the command to run first. A file without
// content is damage. A file with an older or newer schema is an error.
//
// With a rollback journal, mode=ro is sufficient: SQLite's own locks keep readers and writers apart.
//
// With a write-ahead log, mode=ro does not stop SQLite from writing: it creates the log and its index (path-wal,
// path-shm) and leaves them behind, or fails if it may not create them ("attempt to write a readonly database"). So
// OpenReadOnly looks at the files next to the database:
//
//   - Both log and index exist: a process is writing, or was killed. With readonly_shm, SQLite does not write the
//     index. It reads the latest commit, including the log, and its lock keeps a writer from deleting the log.
//   - No log, or one without transactions: the file contains the whole database. It is opened as immutable, without
//     locks and without a log. This is correct until another process starts to write and copies its log into the file.
//     No lock prevents that. Therefore each read compares the file's size and modification time with those at opening,
//     and returns a fault.Locked if they differ; the user has to run the command again.
//   - A log without an index: this is a copy of a database whose writer was killed. SQLite would have to write the
//     index first, and without the log the last commits would be missing.
//
// If a writer was killed, SQLite may have to write before it can read: a transaction to roll back, a log without an
// index, an index that is not usable. Then OpenReadOnly opens a private copy, which SQLite restores: see openRestored.
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

// A writer creates the log and the index one after the other when it starts, and deletes them when it ends. This takes
// milliseconds, or longer on a busy machine. A reader that opens the file at such a moment retries every pause, until
// patience is over.
const (
	pause    = 10 * time.Millisecond
	patience = time.Second
)

// openReadOnly opens a database with any schema.
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
			if needsRestore(err) {
				return openRestored(ctx, path, f)
			}
			return nil, err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return nil, err
		}
	}
}

// look reads the schema version, which is the first access to the file, and returns an error if there are no tables.
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

// logHeader is the size in bytes of a write-ahead log without transactions. With readonly_shm, SQLite would take such a
// log for one that is being written, and fail after 10 s with SQLITE_PROTOCOL. (Source: walBeginShmUnreliable in
// SQLite's wal.c compares the salts of this header with those of the first transaction.)
const logHeader = 32

// errNoIndex is the error for a log without an index.
var errNoIndex = errors.New("has a write-ahead log (-wal) but not its index (-shm)")

// mayPass reports whether err may go away because a writer is just starting or ending: there is a log without an index,
// the index is not usable yet, or the log has disappeared since we looked. In the last case SQLite creates an empty
// log, which we cannot prevent. It is harmless: the next writer uses it, and readers treat it like a missing log.
func mayPass(d *DB, err error) bool {
	if errors.Is(err, errNoIndex) {
		return true
	}
	e, ok := errors.AsType[sqlite3.Error](err)
	return torn(d, err) || ok && d.format.WAL && d.access == shared && e.Code == sqlite3.ErrCantOpen
}

// torn reports whether err may be due to a writer that changed the index while it was read. SQLite reads the index
// without a lock. If the two copies of its header differ, and no writer has the lock when SQLite looks for one right
// after that, a reader that may not write the index gets SQLITE_READONLY_RECOVERY, as if a writer had been killed.
// (Source: walIndexReadHdr in SQLite's wal.c.)
func torn(d *DB, err error) bool {
	e, ok := errors.AsType[sqlite3.Error](err)
	return ok && d.format.WAL && d.access == shared && e.Code == sqlite3.ErrReadonly
}

// connectReadOnly opens the file with the parameters that suit the files next to it: see OpenReadOnly.
func connectReadOnly(d *DB) error {
	var err error
	if d.opened, err = stampOf(d.path); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			err = missing(d, fs.ErrNotExist)
		}
		return err
	}
	if d.opened.size == 0 && len(d.format.Migrations) > 0 {
		return empty(d)
	}
	parameters := reading
	d.access = shared
	if d.format.WAL {
		logSize, err := size(d.path + writeAhead)
		if err != nil {
			return err
		}
		indexSize, err := size(d.path + index)
		if err != nil {
			return err
		}
		switch {
		case logSize == logHeader: // its writer was killed, or has not written a transaction yet
			parameters += "&immutable=1"
			d.access = immutable
		case logSize >= 0 && indexSize >= 0:
			parameters += "&readonly_shm=1"
		case logSize > 0:
			return fmt.Errorf("%s: %w", d.path, errNoIndex)
		default:
			parameters += "&immutable=1"
			d.access = immutable
		}
	}
	if d.pool, err = connect(d.path, parameters); err != nil {
		return err
	}
	d.pool.SetMaxOpenConns(1) // its lock keeps a writer from deleting the log
	return nil
}

// missing returns the error for a database that does not exist yet.
func missing(d *DB, err error) error {
	return fault.Wrap(fault.Usage, fmt.Errorf("%s: %w", d.path, err),
		"Run "+d.format.WrittenBy+" first, or name the data folder with --data.")
}

// emptyError is the error for a database without tables. It counts as a missing file.
type emptyError struct{}

func (emptyError) Error() string        { return "the database has no tables" }
func (emptyError) Is(target error) bool { return target == fs.ErrNotExist }

// stamp is the state of a file by which a change is detected.
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

// unchanged returns an error if a file opened as immutable has changed since then.
func (d *DB) unchanged() error {
	if d.access != immutable {
		return nil
	}
	if now, err := stampOf(d.path); err != nil || now != d.opened {
		return fault.Wrap(fault.Locked, fmt.Errorf("%s: another process wrote to it while it was being read", d.path),
			"The output may be wrong. Run the command again.")
	}
	return nil
}

// size returns the size of a file, or -1 if it does not exist.
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
