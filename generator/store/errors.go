package store

import (
	"errors"
	"fmt"

	"github.com/mattn/go-sqlite3"

	"github.com/Slicer/sitegen/generator/fault"
)

// hints for the errors of SQLite that a person can do something about.
var hints = map[sqlite3.ErrNo]string{
	sqlite3.ErrFull:     "The disk is full, and nothing was changed: make room and run sitegen again.",
	sqlite3.ErrReadonly: "sitegen writes this file, and a journal beside it: check the owner and the permissions of both the file and its folder, and whether the disk is mounted read-only.",
	sqlite3.ErrPerm:     "Check the owner and the permissions of the file.",
	sqlite3.ErrCantOpen: "Check that the folder may be read and written by the user who runs sitegen.",
	sqlite3.ErrIoErr:    "The disk cannot be read or written: check it, and the system's log.",
	sqlite3.ErrBusy:     "Another program is writing to it: run sitegen again when that is done.",
	sqlite3.ErrLocked:   "Another program is writing to it: run sitegen again when that is done.",
	sqlite3.ErrCorrupt:  damaged,
	sqlite3.ErrNotADB:   damaged,
}

const damaged = "The file is damaged. Move it aside and put a copy of it back; without one, the next run makes a new one: a build from the source, without the history, statistics from the logs that are left."

// explain names the file in an error, and says what to do when it is one of SQLite.
func explain(path string, err error) error {
	if err == nil {
		return nil
	}
	named := fmt.Errorf("%s: %w", path, err)
	e, ok := errors.AsType[sqlite3.Error](err)
	if !ok {
		return named
	}
	kind := fault.Unexpected
	if e.Code == sqlite3.ErrBusy || e.Code == sqlite3.ErrLocked {
		kind = fault.Locked
	}
	return fault.Wrap(kind, named, hints[e.Code])
}
