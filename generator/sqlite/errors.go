package sqlite

import (
	"errors"
	"fmt"
	"path/filepath"
	"syscall"

	"github.com/mattn/go-sqlite3"

	"github.com/Slicer/sitegen/generator/disk"
	"github.com/Slicer/sitegen/generator/fault"
)

const damagedHint = "The file is damaged. Bring back a backup: sitegen restore. Without one, move it away: the next " +
	"run creates a new one, a build from the source (without the history), statistics from the remaining logs."

// hint returns what the user can do about an SQLite error, or "" if unknown.
func hint(e sqlite3.Error) string {
	if e.Code == sqlite3.ErrFull || disk.IsFull(e.SystemErrno) {
		return "The disk is full; nothing was changed. Free some space and run sitegen again."
	}
	switch e.Code {
	case sqlite3.ErrReadonly:
		return "sitegen writes this file and a journal next to it. Check the owner and the permissions of the file " +
			"and of its folder, and whether the disk is mounted read-only."
	case sqlite3.ErrPerm:
		return "Check the owner and the permissions of the file."
	case sqlite3.ErrCantOpen:
		return "Check that the user who runs sitegen may read and write the folder."
	case sqlite3.ErrIoErr:
		return "The disk cannot be read or written. Check the disk and the system log."
	case sqlite3.ErrBusy, sqlite3.ErrLocked:
		return "Another program is writing to the file. Run sitegen again when it has finished."
	case sqlite3.ErrCorrupt, sqlite3.ErrNotADB:
		return damagedHint
	}
	return ""
}

// readOnlyHint is like hint, for a database opened read-only.
func readOnlyHint(e sqlite3.Error) string {
	if e.Code == sqlite3.ErrCantOpen {
		return "Check that the user who runs sitegen may read the file and its folder."
	}
	return hint(e)
}

// explain adds the name of the file and a hint to an error of the database.
func (d *DB) explain(err error) error {
	if err == nil {
		return nil
	}
	// Reading a file while it is being overwritten can cause any error; most look like a damaged file.
	if changed := d.unchanged(); changed != nil {
		return changed
	}
	named := fmt.Errorf("%s: %w", d.path, err)
	e, ok := errors.AsType[sqlite3.Error](err)
	if !ok {
		return named
	}
	if e.Code == sqlite3.ErrCantOpen && disk.IsReadOnly(filepath.Dir(d.path)) {
		e.SystemErrno = syscall.EROFS // SQLite has tried to read the file after that, and has the error of this attempt
		named = fmt.Errorf("%s: %w", d.path, e.Code)
	}
	reason := disk.Explain(d.path, e.SystemErrno)
	if reason != e.SystemErrno { //nolint:errorlint // Explain has something to add
		named = fmt.Errorf("%w (%w)", named, reason)
	}
	kind := fault.Unexpected
	if e.Code == sqlite3.ErrBusy || e.Code == sqlite3.ErrLocked {
		kind = fault.Locked
	}
	text := hint(e)
	if d.access == shared || d.access == immutable {
		text = readOnlyHint(e)
	}
	return fault.Wrap(kind, named, text)
}
