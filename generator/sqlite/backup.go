package sqlite

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/mattn/go-sqlite3"

	"github.com/Slicer/sitegen/generator/fault"
)

// copyAttempts is the number of attempts to copy a database. An attempt fails if no process had the file open at its
// start, and one begins to write before its end. The next attempt then uses the locks of SQLite, which keep the file as
// it is: see OpenReadOnly. So a third attempt is rare.
const copyAttempts = 10

// unsynced has the parameters of a new copy. The copy is useless if its writer is killed, so it needs no journal.
const unsynced = "_journal_mode=OFF&_synchronous=OFF"

// Copy copies the database at path to a new file, readable only by its owner, with SQLite's online backup. The copy has
// the state of a single moment, also while other processes write, and the file is synced. The schema may be older than
// the current one. If there is no database at path, the error is fs.ErrNotExist. If a writer was killed in the middle
// of a transaction, the copy has the state before it.
func Copy(ctx context.Context, path, to string, f Format) error {
	for attempt := 1; ; attempt++ {
		err := copyOnce(ctx, path, to, f)
		if err == nil {
			return nil
		}
		if e := os.Remove(to); e != nil && !errors.Is(e, os.ErrNotExist) {
			return errors.Join(err, e)
		}
		if !meetsWriter(err, f) || attempt == copyAttempts || ctx.Err() != nil {
			return err
		}
	}
}

// meetsWriter reports whether an attempt to copy failed because another process wrote, or has just started or ended:
// see mayPass. On a busy machine, this takes longer than openReadOnly waits.
func meetsWriter(err error, f Format) bool {
	if fault.KindOf(err) == fault.Locked {
		return true
	}
	e, ok := errors.AsType[sqlite3.Error](err)
	return ok && f.WAL && e.Code == sqlite3.ErrCantOpen
}

func copyOnce(ctx context.Context, path, to string, f Format) (err error) {
	source, err := OpenAny(ctx, path, f)
	if err != nil {
		return err
	}
	defer source.Close()
	file, err := os.OpenFile(to, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = cmp.Or(err, file.Close()) }()
	d := &DB{path: to, format: f, access: readWrite}
	if d.pool, err = connect(to, unsynced); err != nil {
		return d.failed(err)
	}
	d.pool.SetMaxOpenConns(1)
	if err := errors.Join(copyAll(ctx, d, source), d.Close()); err != nil {
		return fmt.Errorf("copy %s: %w", f.Name, err)
	}
	return file.Sync()
}

// OpenAny is like OpenReadOnly, but accepts a database with an older schema. Only queries that this schema supports
// work.
func OpenAny(ctx context.Context, path string, f Format) (*DB, error) {
	d, err := openReadOnly(ctx, path, f)
	if err != nil {
		return nil, err
	}
	version, err := schemaVersion(ctx, d)
	switch {
	case err != nil:
	case version > len(f.Migrations):
		err = newer(d, version)
	case version == 0:
		err = foreign(d)
	}
	if err != nil {
		return nil, d.failed(err)
	}
	return d, nil
}
