package disk

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// Replace replaces a file in one step: a reader sees the old content or the new one. The new content is first written
// to a hidden file beside it, whose name is always the same. So runs that are killed leave at most one such file, which
// the next run overwrites, and nothing is written to another folder. The caller must hold a lock: two processes must
// not replace the same file at the same time. The file has the given mode, whatever the umask is.
func Replace(path string, data []byte, mode fs.FileMode) (err error) {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	pending := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".new")
	if err := os.Remove(pending); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Explain(path, err) // of a killed run
	}
	f, err := os.OpenFile(pending, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return Explain(path, err)
	}
	defer func() {
		if err != nil {
			err = Explain(path, errors.Join(err, os.Remove(pending)))
		}
	}()
	_, err = f.Write(data)
	err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close())
	if err != nil {
		return err
	}
	return os.Rename(pending, path)
}
