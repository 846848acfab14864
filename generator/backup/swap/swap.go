// Package swap replaces several files of a folder together: after a crash at any moment, all are the old ones or all
// are the new ones.
//
//	s, err := swap.Begin("var")                  // makes var/restore.new
//	err = write(s.Path("catalogue.sqlite"))      // any number of files
//	err = s.Commit()                             // renames it to var/restore, then moves the files into place
//
// The rename is the moment of the change. If the process is killed after it, Finish moves the other files into place;
// Pending reports whether it has to. Programs that use the files call both before they open one. The replaced files are
// kept in var/before-restore until the next swap.
//
// Only one process may swap at a time, and no other process may write to the files: the caller holds their locks.
package swap

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// The folders, in the folder of the files.
const (
	staging   = "restore.new"    // new files that are being written
	committed = "restore"        // new files that are being moved into place
	Before    = "before-restore" // the replaced files
	replaced  = "before"         // in committed: the files that have been replaced so far
)

// companions are the endings of the files that SQLite writes next to a database. They belong to the old one.
var companions = []string{"", "-wal", "-shm", "-journal"}

// Swap is a set of new files.
type Swap struct{ dir string }

// Begin starts to replace files of a folder.
func Begin(dir string) (*Swap, error) {
	s := &Swap{dir}
	if err := s.Abort(); err != nil { // removes what a killed process has left
		return nil, err
	}
	if err := os.MkdirAll(filepath.Join(dir, staging, replaced), 0o700); err != nil {
		return nil, err
	}
	return s, nil
}

// Path returns the path at which the caller writes and syncs the new file with a name.
func (s *Swap) Path(name string) string { return filepath.Join(s.dir, staging, name) }

// Abort removes the new files. After Commit, it does nothing.
func (s *Swap) Abort() error { return os.RemoveAll(filepath.Join(s.dir, staging)) }

// Commit replaces the files.
func (s *Swap) Commit() error {
	from := filepath.Join(s.dir, staging)
	if err := syncFolder(from); err != nil {
		return err
	}
	if err := os.Rename(from, filepath.Join(s.dir, committed)); err != nil {
		return err
	}
	if err := syncFolder(s.dir); err != nil {
		return err
	}
	return Finish(s.dir)
}

// Pending reports whether a swap of files of a folder was committed and not finished.
func Pending(dir string) bool {
	_, err := os.Lstat(filepath.Join(dir, committed))
	return err == nil
}

// Finish moves the files of a committed swap into place. It can be interrupted and repeated.
func Finish(dir string) error {
	from := filepath.Join(dir, committed)
	entries, err := os.ReadDir(from)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("finish the restore: %w", err)
	}
	for _, e := range entries {
		if e.Name() == replaced {
			continue
		}
		if err := install(dir, e.Name()); err != nil {
			return fmt.Errorf("finish the restore: %w", err)
		}
	}
	if err := errors.Join(syncFolder(dir), keepReplaced(dir), os.RemoveAll(from), syncFolder(dir)); err != nil {
		return fmt.Errorf("finish the restore: %w", err)
	}
	return nil
}

// install moves the old file with a name away, and the new one into its place.
func install(dir, name string) error {
	from := filepath.Join(dir, committed)
	for _, ending := range companions {
		err := os.Rename(filepath.Join(dir, name+ending), filepath.Join(from, replaced, name+ending))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return os.Rename(filepath.Join(from, name), filepath.Join(dir, name))
}

// keepReplaced moves the replaced files to Before, if there are any. Those of earlier swaps are removed.
func keepReplaced(dir string) error {
	from := filepath.Join(dir, committed, replaced)
	entries, err := os.ReadDir(from)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(entries) == 0 {
		return nil
	}
	if err != nil {
		return err
	}
	to := filepath.Join(dir, Before)
	if err := os.RemoveAll(to); err != nil {
		return err
	}
	return os.Rename(from, to)
}

// syncFolder makes the names of files in a folder survive a crash of the machine.
func syncFolder(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
