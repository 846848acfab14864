package sqlite

import (
	"errors"
	"fmt"

	"github.com/mattn/go-sqlite3"

	"github.com/Slicer/sitegen/generator/fault"
)

// hint says what a person can do about an error of SQLite, "" where nothing is known to help.
func hint(e sqlite3.Error) string {
	switch e.Code {
	case sqlite3.ErrFull:
		return "The disk is full, and nothing was changed: make room and run sitegen again."
	case sqlite3.ErrReadonly:
		return "sitegen writes this file, and a journal beside it: check the owner and the permissions of both " +
			"the file " +
			"and its folder, and whether the disk is mounted read-only."
	case sqlite3.ErrPerm:
		return "Check the owner and the permissions of the file."
	case sqlite3.ErrCantOpen:
		return "Check that the folder may be read and written by the user who runs sitegen."
	case sqlite3.ErrIoErr:
		return "The disk cannot be read or written: check it, and the system's log."
	case sqlite3.ErrBusy, sqlite3.ErrLocked:
		return "Another program is writing to it: run sitegen again when that is done."
	case sqlite3.ErrCorrupt, sqlite3.ErrNotADB:
		return "The file is damaged. Move it aside and put a copy of it back; without one, the next run makes a " +
			"new one: " +
			"a build from the source, without the history, statistics from the logs that are left."
	}
	return ""
}

// readOnlyHint is hint for a database that is only read.
func readOnlyHint(e sqlite3.Error, writtenBy string) string {
	switch e.Code {
	case sqlite3.ErrReadonly:
		// Nothing of ours writes here, so it is SQLite that would have to undo or complete a transaction first.
		return "A run was stopped while it wrote to the file: run " + writtenBy + " once, which restores it."
	case sqlite3.ErrCantOpen:
		return "Check that the user who runs sitegen may read the file and its folder."
	}
	return hint(e)
}

// explain names the file in an error of the database, and adds what to do about it.
func (d *DB) explain(err error) error {
	if err == nil {
		return nil
	}
	// What is read of a file that is being overwritten can look like anything, damage above all.
	if changed := d.unchanged(); changed != nil {
		return changed
	}
	named := fmt.Errorf("%s: %w", d.path, err)
	e, ok := errors.AsType[sqlite3.Error](err)
	if !ok {
		return named
	}
	kind := fault.Unexpected
	if e.Code == sqlite3.ErrBusy || e.Code == sqlite3.ErrLocked {
		kind = fault.Locked
	}
	text := hint(e)
	if d.access == shared || d.access == immutable {
		text = readOnlyHint(e, d.format.WrittenBy)
	}
	return fault.Wrap(kind, named, text)
}
