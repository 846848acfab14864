package output

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"syscall"
	"time"
)

// handle is an open folder in which files are written. Names are those of files directly in this folder, without a
// slash; symbolic links are not followed.
//
// Writing a page takes a dozen operations on its folder, so they decide how many system calls a page costs.
// [openHandle] opens a folder in the fastest way that the system has: on Linux with a file descriptor, where each
// operation takes one system call, elsewhere with an [os.Root], which takes up to two.
type handle interface {
	create(name string) (tempFile, error)       // makes a new file that everybody may read
	setTime(name string, mtime time.Time) error // sets the modification time
	rename(from, to string) error               // replaces the file to
	remove(name string) error                   // removes a file; neither a folder nor a missing file is an error
	sync() error                                // flushes the folder's list of names to the disk
	Close() error
}

// tempFile is a file that is being written.
type tempFile interface {
	io.Writer
	Sync() error
	Close() error
}

const (
	fileMode   fs.FileMode = 0o644 // of a file that the web server reads
	folderMode fs.FileMode = 0o755 // of a folder
)

// rootHandle is a handle for all systems.
type rootHandle struct {
	root  *os.Root
	chmod bool // see folder.chmod
}

func openRootHandle(f folder, dir string) (handle, error) {
	root, err := f.root.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	return rootHandle{root, f.chmod}, nil
}

func (h rootHandle) create(name string) (tempFile, error) {
	file, err := h.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL|syscall.O_NONBLOCK, fileMode)
	if err != nil {
		return nil, err
	}
	if h.chmod {
		_ = file.Chmod(fileMode) // fails on file systems without modes only
	}
	return file, nil
}

func (h rootHandle) setTime(name string, mtime time.Time) error {
	return h.root.Chtimes(name, mtime, mtime)
}

func (h rootHandle) rename(from, to string) error { return h.root.Rename(from, to) }

func (h rootHandle) remove(name string) error {
	info, err := h.root.Lstat(name)
	if err == nil && !info.IsDir() {
		err = h.root.Remove(name)
	}
	if isMissing(err) {
		return nil
	}
	return err
}

func (h rootHandle) sync() error {
	dir, err := h.root.Open(".")
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

func (h rootHandle) Close() error { return h.root.Close() }
