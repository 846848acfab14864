package output

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/gofrs/flock"

	"github.com/Slicer/sitegen/generator/disk"
)

// LockedError reports that another run holds the lock.
type LockedError struct {
	Path string // of the lock
	PID  int    // of the run that holds it, 0 if unknown
}

func (e *LockedError) Error() string {
	if e.PID == 0 {
		return fmt.Sprintf("another run holds %s", e.Path)
	}
	return fmt.Sprintf("another run (process %d) holds %s", e.PID, e.Path)
}

// Lock takes the lock of a data folder, as a Writer does, for a run that replaces what is in it. The folder is made if
// it does not exist. The error is a [*LockedError] if another run holds the lock.
func Lock(data string) (unlock func() error, err error) {
	if err := os.MkdirAll(data, 0o755); err != nil {
		return nil, fmt.Errorf("make the data folder: %w", err)
	}
	lock, err := takeLock(filepath.Join(data, lockName))
	if err != nil {
		return nil, err
	}
	return lock.Unlock, nil
}

// lockName is the name of the lock in the data folder.
const lockName = "lock"

// takeLock locks the file. The kernel unlocks it when the process ends, however it ends. The file stays: if it were
// removed, two runs could lock two files of the same name.
func takeLock(path string) (*flock.Flock, error) {
	if info, err := os.Lstat(path); err == nil && !info.Mode().IsRegular() {
		return nil, fmt.Errorf("take the lock: %s is not a regular file; remove it", path)
	}
	lock := flock.New(path, flock.SetFlag(os.O_CREATE|os.O_RDWR), flock.SetPermissions(0o644))
	ok, err := disk.TryLock(lock)
	if err != nil {
		return nil, fmt.Errorf("take the lock: %w", disk.Explain(path, err))
	}
	if !ok {
		text, _ := os.ReadFile(path) // if this fails, the message names no process
		pid, _ := strconv.Atoi(strings.TrimSpace(string(text)))
		return nil, &LockedError{Path: path, PID: pid}
	}
	if err := os.WriteFile(path, []byte(strconv.Itoa(os.Getpid())+"\n"), 0o644); err != nil {
		_ = lock.Unlock()
		return nil, fmt.Errorf("write the lock: %w", disk.Explain(path, err))
	}
	return lock, nil
}
