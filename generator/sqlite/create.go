package sqlite

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/gofrs/flock"

	"github.com/Slicer/sitegen/generator/disk"
	"github.com/Slicer/sitegen/generator/fault"
)

// prepare makes sure that there is a file at the path of a database that is opened for writing. A new database appears
// with all its tables at once. So a file without content is never a new database: something has emptied it, and with a
// new history in its place, the site would forget every package that was ever published.
func (d *DB) prepare(ctx context.Context) error {
	if len(d.format.Migrations) == 0 {
		return nil // a database of another program
	}
	n, err := size(d.path)
	switch {
	case err != nil:
		return err
	case n < 0:
		for err = errDraftRemoved; errors.Is(err, errDraftRemoved) && ctx.Err() == nil; {
			err = d.create(ctx)
		}
		return cmp.Or(err, ctx.Err())
	case n == 0:
		return empty(d)
	case d.format.Private:
		for _, suffix := range []string{"", journal, writeAhead, index} {
			if err := disk.Privatize(d.path + suffix); err != nil {
				return err
			}
		}
	}
	return nil
}

// create makes a database under a temporary name, runs the migrations, and renames it. If another process
// creates the database at the same time, one of the two files stays.
func (d *DB) create(ctx context.Context) error {
	dir := filepath.Dir(d.path)
	if err := disk.MakePrivate(dir); err != nil {
		return err
	}
	if err := d.removeDrafts(); err != nil {
		return err
	}
	file, err := os.CreateTemp(dir, filepath.Base(d.path)+draftInfix+"*")
	if err != nil {
		return err
	}
	temp := file.Name()
	lock := flock.New(temp, flock.SetFlag(os.O_RDWR))
	defer func() { // if this fails, the next process that creates the database removes them
		_ = os.Remove(temp)
		_ = os.Remove(temp + journal)
		_ = lock.Unlock()
	}()
	if !d.format.Private {
		err = file.Chmod(0o644)
	}
	if err := errors.Join(err, file.Close()); err != nil {
		return err
	}
	if locked, err := lock.TryLock(); errors.Is(err, fs.ErrNotExist) || err == nil && !locked {
		return errDraftRemoved
	} else if err != nil {
		return err
	}
	draft := &DB{path: d.path, format: d.format, access: readWrite}
	if draft.pool, err = connect(temp, writing); err != nil {
		return err
	}
	draft.pool.SetMaxOpenConns(1)
	if err := errors.Join(migrate(ctx, draft), draft.Close()); err != nil {
		return err
	}
	err = os.Link(temp, d.path)
	switch {
	case errors.Is(err, fs.ErrExist):
		return nil
	case errors.Is(err, errors.ErrUnsupported) || errors.Is(err, fs.ErrPermission): // a file system without hard links
		return os.Rename(temp, d.path)
	}
	return err
}

// errDraftRemoved is the error of a draft that another process has taken for that of a killed one, before it was
// locked.
var errDraftRemoved = errors.New("the draft was removed")

const (
	draftInfix = ".new-" // between the name of a database and a random text, in the name of its draft

	// SQLite appends these to the name of a database.
	journal    = "-journal" // the rollback journal
	writeAhead = "-wal"     // the write-ahead log
	index      = "-shm"     // the index of the log
)

// removeDrafts removes the drafts of processes that were killed. A process that works on its draft holds a lock.
func (d *DB) removeDrafts() error {
	dir, prefix := filepath.Dir(d.path), filepath.Base(d.path)+draftInfix
	files, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, f := range files {
		if !strings.HasPrefix(f.Name(), prefix) {
			continue
		}
		path := filepath.Join(dir, f.Name())
		lock := flock.New(strings.TrimSuffix(path, journal), flock.SetFlag(os.O_RDWR))
		if locked, err := lock.TryLock(); locked || errors.Is(err, fs.ErrNotExist) {
			_ = os.Remove(path) // if this fails, the file stays until the next attempt
		}
		_ = lock.Unlock()
	}
	return nil
}

// empty returns the error of a file without content.
func empty(d *DB) error {
	return fault.Wrap(fault.Unexpected, fmt.Errorf("%s: the database is damaged: it has 0 bytes", d.path), damagedHint)
}
