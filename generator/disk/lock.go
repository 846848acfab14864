package disk

import (
	"errors"
	"io/fs"
	"os"
	"time"

	"github.com/gofrs/flock"
)

// Locks are exclusive: one run at a time has a lock, until its process ends. A process that only looks at a lock, to
// show whether a run is going on, shares it for an instant. No run may fail because of that.

// The longest time that a look at a lock is waited for, and the pause between two attempts. A look is two system calls,
// between which a busy machine may run other processes.
const (
	lookTime  = 5 * time.Second
	lookPause = time.Millisecond
)

// TryLock takes a lock. It returns false if another run has it.
func TryLock(lock *flock.Flock) (bool, error) {
	for end := time.Now().Add(lookTime); ; time.Sleep(lookPause) {
		if taken, err := lock.TryLock(); taken || err != nil {
			return taken, err
		}
		shared, err := lock.TryRLock() // possible only if no run has the lock
		if !shared || err != nil || time.Now().After(end) {
			return false, errors.Join(err, lock.Close())
		}
		if err := lock.Unlock(); err != nil {
			return false, err
		}
	}
}

// IsLocked reports whether a run has the lock at path. It creates no file.
func IsLocked(path string) (bool, error) {
	lock := flock.New(path, flock.SetFlag(os.O_RDONLY))
	free, err := lock.TryRLock()
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil && !free, errors.Join(err, lock.Close())
}
