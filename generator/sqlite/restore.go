package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/mattn/go-sqlite3"

	"github.com/Slicer/sitegen/generator/disk"
	"github.com/Slicer/sitegen/generator/fault"
)

// restoring has the parameters of a copy whose transactions SQLite completes or rolls back at the first read. After
// that, the connection only reads.
const restoring = common + "&_txlock=deferred&_query_only=on&mode=rw"

// needsRestore reports whether a database cannot be read because its writer was killed: SQLite has to write to the
// file, the log or the index first.
func needsRestore(err error) bool {
	if errors.Is(err, errNoIndex) {
		return true
	}
	e, ok := errors.AsType[sqlite3.Error](err)
	return ok && (e.Code == sqlite3.ErrReadonly || e.Code == sqlite3.ErrProtocol)
}

// openRestored opens a private copy of a database whose writer was killed, in the state after the last transaction that
// was committed. The original is only read. The copy has no name any more when openRestored returns.
func openRestored(ctx context.Context, path string, f Format) (*DB, error) {
	d := &DB{path: path, format: f, access: restored}
	dir, remove, err := disk.MakeTemp("sitegen-restore-")
	if err != nil {
		return nil, d.failed(fmt.Errorf("a run was killed while it wrote to %s; copy it: %w", path, err))
	}
	defer remove()
	to := filepath.Join(dir, "copy")
	if err := copyFiles(ctx, path, to); err != nil {
		return nil, d.failed(err)
	}
	if d.pool, err = connect(to, restoring); err != nil {
		return nil, d.failed(err)
	}
	d.pool.SetMaxOpenConns(1) // a second connection would not find the file
	if err := look(ctx, d); err != nil {
		return nil, d.failed(err)
	}
	return d, nil
}

// copyFiles copies a database, with its journal or its log, to files that only their owner can read. If the files
// change meanwhile, which means that the next writer has started, the error is a fault.Locked.
func copyFiles(ctx context.Context, path, to string) error {
	suffixes := []string{"", journal, writeAhead}
	before, err := stampsOf(path, suffixes)
	if err != nil {
		return err
	}
	for i, suffix := range suffixes {
		if before[i] == (stamp{}) {
			continue
		}
		if err := copyFile(ctx, path+suffix, to+suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	after, err := stampsOf(path, suffixes)
	if err != nil {
		return err
	}
	for i := range before {
		if before[i] != after[i] {
			return fault.Wrap(fault.Locked, fmt.Errorf("%s: another process has started to write to it", path),
				"Run the command again.")
		}
	}
	return nil
}

// stampsOf returns the states of the files of a database, zero for a file that does not exist.
func stampsOf(path string, suffixes []string) ([]stamp, error) {
	stamps := make([]stamp, len(suffixes))
	for i, suffix := range suffixes {
		var err error
		if stamps[i], err = stampOf(path + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	return stamps, nil
}

// copyFile copies a file to a new one.
func copyFile(ctx context.Context, from, to string) (err error) {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	file, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, disk.PrivateFile)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	for err == nil {
		if err = ctx.Err(); err == nil {
			_, err = io.CopyN(file, source, copyPages<<12)
		}
	}
	if errors.Is(err, io.EOF) {
		return nil
	}
	return disk.Explain(to, err)
}
