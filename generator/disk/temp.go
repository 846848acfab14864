package disk

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/gofrs/flock"
)

// lockEnding ends the name of the file next to a temporary folder whose lock shows that its process is alive. The file
// is made before the folder and removed after it, so there is never a folder without one.
const lockEnding = ".lock"

// MakeTemp makes a folder among the temporary files of the system, which only its owner can read, and returns its path
// and a function that removes it. The name begins with prefix. Folders with the same prefix whose process was killed
// are removed first.
func MakeTemp(prefix string) (dir string, remove func(), err error) {
	parent := os.TempDir()
	if err := removeDead(filepath.Join(parent, prefix+"*"+lockEnding)); err != nil {
		return "", nil, err
	}
	for {
		file, err := os.CreateTemp(parent, prefix+"*"+lockEnding)
		if err != nil {
			return "", nil, Explain(parent, err)
		}
		lock := flock.New(file.Name(), flock.SetFlag(os.O_RDWR))
		dir := strings.TrimSuffix(file.Name(), lockEnding)
		remove := func() { // what this leaves, the next process removes
			if os.RemoveAll(dir) == nil {
				_ = os.Remove(lock.Path())
			}
			_ = lock.Close()
		}
		held, err := lock.TryLock()
		err = errors.Join(err, file.Close())
		if err == nil && held {
			if _, err = os.Stat(lock.Path()); err == nil {
				err = os.Mkdir(dir, PrivateFolder)
			}
			if err == nil {
				return dir, remove, nil
			}
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			remove()
			return "", nil, Explain(parent, err)
		}
		_ = lock.Close() // another process has removed the file, before it was locked
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
		dead, err := lock.TryLock()
		if dead && err == nil && os.RemoveAll(strings.TrimSuffix(path, lockEnding)) == nil {
			_ = os.Remove(path) // if this fails, it stays until the next attempt
		}
		_ = lock.Close()
	}
	return nil
}
