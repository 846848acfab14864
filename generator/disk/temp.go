package disk

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"
)

// lockName is the name of the file whose lock shows that the process of a temporary folder is alive.
const lockName = "lock"

// MakeTemp makes a folder among the temporary files of the system, which only its owner can read, and returns its path
// and a function that removes it. The name begins with prefix. Folders with the same prefix whose process was killed
// are removed first.
func MakeTemp(prefix string) (dir string, remove func(), err error) {
	parent := os.TempDir()
	if err := removeDead(filepath.Join(parent, prefix+"*", lockName)); err != nil {
		return "", nil, err
	}
	for {
		if dir, err = os.MkdirTemp(parent, prefix); err != nil {
			return "", nil, Explain(parent, err)
		}
		lock := flock.New(filepath.Join(dir, lockName), flock.SetPermissions(PrivateFile))
		remove = func() {
			_ = os.RemoveAll(dir) // if this fails, the next process removes it
			_ = lock.Close()
		}
		held, err := lock.TryLock()
		if err == nil && held {
			if _, err = os.Stat(lock.Path()); err == nil {
				return dir, remove, nil
			}
		}
		remove()
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", nil, Explain(parent, err)
		}
		// Another process has taken the folder for that of a killed one, before it was locked.
	}
}

// removeDead removes the folders of killed processes. The pattern matches their lock files.
func removeDead(pattern string) error {
	locks, err := filepath.Glob(pattern)
	if err != nil {
		return err
	}
	for _, path := range locks {
		lock := flock.New(path, flock.SetFlag(os.O_RDWR)) // it is not created if it has just been removed
		if dead, err := lock.TryLock(); dead && err == nil {
			_ = os.RemoveAll(filepath.Dir(path)) // if this fails, it stays until the next attempt
		}
		_ = lock.Close()
	}
	return nil
}
