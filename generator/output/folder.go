package output

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// isMissing says that an error means that there is no such file.
func isMissing(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}

// folder is a folder that cannot be left, neither by its files' names nor by links that it contains.
type folder struct {
	root *os.Root
	name string // for messages
}

// openFolder opens a root, which is made when it is missing.
func openFolder(dir string) (folder, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return folder{}, fmt.Errorf("make the output folder: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return folder{}, fmt.Errorf("open the output folder: %w", err)
	}
	return folder{root: root, name: dir}, nil
}

// sub opens a folder within, which is made when it is missing. The caller closes it.
func (d folder) sub(dir string) (folder, error) {
	root, err := d.root.OpenRoot(dir)
	if errors.Is(err, fs.ErrNotExist) {
		if err = d.root.MkdirAll(dir, 0o755); err == nil {
			root, err = d.root.OpenRoot(dir)
		}
	}
	if err != nil {
		return folder{}, d.failed("make the folder", dir, err)
	}
	return folder{root: root, name: filepath.Join(d.name, filepath.FromSlash(dir))}, nil
}

// content is a file to be put into a folder.
type content struct {
	name  string // within the folder, no slash
	data  []byte
	mtime time.Time // zero: now
}

// put writes all contents under temporary names, and only when they all are on disk renames them into place,
// one after the other; on an error, what has not been renamed yet is as it was. If durable, they survive a power
// cut, names and all.
func (d folder) put(durable bool, contents ...content) error {
	temps := make([]string, 0, len(contents))
	defer func() {
		for _, temp := range temps {
			_ = d.root.Remove(temp) // the error that brought us here is the one to report
		}
	}()
	for _, c := range contents {
		temp := tempPrefix + rand.Text()
		temps = append(temps, temp)
		if err := d.write(temp, c, durable); err != nil {
			return d.failed("write", c.name, err)
		}
	}
	for _, c := range contents {
		if err := d.root.Rename(temps[0], c.name); err != nil {
			return d.failed("put in place", c.name, err)
		}
		temps = temps[1:]
	}
	if durable {
		return d.sync()
	}
	return nil
}

// write makes a file of that name.
func (d folder) write(name string, c content, durable bool) (err error) {
	f, err := d.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if _, err := f.Write(c.data); err != nil {
		return err
	}
	if !c.mtime.IsZero() {
		if err := d.root.Chtimes(name, c.mtime, c.mtime); err != nil {
			return err
		}
	}
	if durable {
		return f.Sync()
	}
	return nil
}

// sync flushes the folder's list of names to the disk.
func (d folder) sync() error {
	f, err := d.root.Open(".")
	if err != nil {
		return d.failed("flush", ".", err)
	}
	defer f.Close()
	if err := f.Sync(); err != nil {
		return d.failed("flush", ".", err)
	}
	return nil
}

// read reads a file, nil if it is not there.
func (d folder) read(name string) ([]byte, error) {
	data, err := d.root.ReadFile(name)
	if isMissing(err) || errors.Is(err, syscall.EISDIR) {
		return nil, nil
	}
	if err != nil {
		return nil, d.failed("read", name, err)
	}
	return data, nil
}

// remove removes a file, if it is there. A folder of its name is somebody else's.
func (d folder) remove(name string) error {
	info, err := d.root.Lstat(name)
	if err == nil && !info.IsDir() {
		err = d.root.Remove(name)
	}
	if err != nil && !isMissing(err) {
		return d.failed("remove", name, err)
	}
	return nil
}

// removeEmpty removes the folders above a file that has been removed, as long as they are empty.
func (d folder) removeEmpty(name string) {
	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
		if d.root.Remove(dir) != nil { // somebody's file keeps it
			return
		}
	}
}

// sweepSub sweeps a folder within, if there is one.
func (d folder) sweepSub(dir string) (int, error) {
	root, err := d.root.OpenRoot(dir)
	if err != nil { // not there or not a folder; if it matters, writing to it will say so
		return 0, nil
	}
	defer root.Close()
	return folder{root: root, name: filepath.Join(d.name, filepath.FromSlash(dir))}.sweep()
}

// sweep removes the temporary files that a killed run left in this very folder, and says how many.
func (d folder) sweep() (int, error) {
	dir, err := d.root.Open(".")
	if err != nil {
		return 0, d.failed("read the folder", ".", err)
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return 0, d.failed("read the folder", ".", err)
	}
	n := 0
	for _, name := range names {
		if strings.HasPrefix(name, tempPrefix) {
			if err := d.remove(name); err != nil {
				return n, err
			}
			n++
		}
	}
	return n, nil
}

// failed is the error of doing something to a file, which it names as the user knows it: the name in the
// system's error is a temporary one.
func (d folder) failed(doing, name string, err error) error {
	var at *fs.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &at):
		err = at.Err
	case errors.As(err, &link):
		err = link.Err
	}
	return fmt.Errorf("%s %s: %w", doing, filepath.Join(d.name, filepath.FromSlash(name)), err)
}
