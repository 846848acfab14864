package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

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
		return d.create(ctx)
	case n == 0:
		return empty(d)
	case d.format.Private:
		for _, suffix := range []string{"", "-wal", "-shm", "-journal"} {
			if err := disk.Privatize(d.path + suffix); err != nil {
				return err
			}
		}
	}
	return nil
}

// create makes a database under a temporary name, runs the migrations, and gives the file its name. If another process
// creates the database at the same time, its file stays.
func (d *DB) create(ctx context.Context) error {
	if err := disk.MakePrivate(filepath.Dir(d.path)); err != nil {
		return err
	}
	temp := d.path + ".new"
	remove := func() { // if this fails, the next attempt to create the database removes them
		for _, suffix := range []string{"", "-journal"} {
			_ = os.Remove(temp + suffix)
		}
	}
	remove() // what a killed run has left
	defer remove()
	mode := fs.FileMode(0o644)
	if d.format.Private {
		mode = disk.PrivateFile
	}
	file, err := os.OpenFile(temp, os.O_RDWR|os.O_CREATE, mode)
	if err != nil {
		return err
	}
	if err := file.Close(); err != nil {
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
	if errors.Is(err, errors.ErrUnsupported) || errors.Is(err, fs.ErrPermission) { // a file system without hard links
		err = os.Rename(temp, d.path)
	}
	if _, there := os.Stat(d.path); there == nil {
		return nil
	}
	return err
}

// empty returns the error of a file without content.
func empty(d *DB) error {
	return fault.Wrap(fault.Unexpected, fmt.Errorf("%s: the database is damaged: it has 0 bytes", d.path), damagedHint)
}
