// Package disk contains what sitegen knows about file systems: the modes of private files and folders, locks, and why a
// write failed.
//
// A folder with the setgid bit belongs to a group that an administrator has set up:
//
//	chgrp -R www-editors var && chmod -R g+rwX,g+s,o= var
//
// There, the rights of the group stay as they are. Everywhere else, only the owner may use private files.
package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Modes of private files and folders.
const (
	PrivateFile   fs.FileMode = 0o600
	PrivateFolder fs.FileMode = 0o700
)

// MakePrivate makes a private folder, and those above it with their usual modes. It does nothing if the folder exists.
func MakePrivate(dir string) error {
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return err
	}
	err := os.Mkdir(dir, PrivateFolder)
	if errors.Is(err, fs.ErrExist) {
		return nil // or it is not a folder: using it fails then
	}
	return err
}

// Privatize takes the rights of others, and of the group unless the folder has the setgid bit, away from a folder or a
// file in such a folder. It does nothing if there is no file at path, if it belongs to somebody else, or if the
// folder is one that everybody uses, such as /tmp.
func Privatize(path string) error {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	folder := info
	if !info.IsDir() {
		if folder, err = os.Stat(filepath.Dir(path)); err != nil {
			return err
		}
	}
	mask := fs.FileMode(0o077)
	if folder.Mode()&fs.ModeSetgid != 0 {
		mask = 0o007
	}
	if info.Mode()&mask == 0 || info.Mode()&fs.ModeSticky != 0 {
		return nil
	}
	err = os.Chmod(path, info.Mode()&^mask)
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, errors.ErrUnsupported) {
		return nil
	}
	return err
}

// Explain adds to the error of a write at path what the system does not say: whether the file system is out of space or
// out of inodes, and which folder is on a read-only file system. All other errors are returned unchanged.
func Explain(path string, err error) error {
	switch {
	case errors.Is(err, syscall.EROFS):
		return fmt.Errorf("%w; the folder %s is on it", err, existing(path))
	case errors.Is(err, syscall.ENOSPC):
		folder := existing(path)
		if total, free, ok := inodes(folder); ok && total > 0 && free == 0 {
			return &noInodesError{folder, total, err}
		}
	}
	return err
}

// IsFull reports whether a write failed because a disk, or what a user may store on it, is full.
func IsFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EFBIG)
}

// noInodesError is the error of a file system that has space, but cannot have more files.
type noInodesError struct {
	folder string
	total  uint64
	err    error
}

func (e *noInodesError) Error() string {
	return fmt.Sprintf("no inodes left: the file system of %s has all of its %d files (see df -i); remove some",
		e.folder, e.total)
}

func (e *noInodesError) Unwrap() error { return e.err }

// existing returns the nearest folder at or above path that exists.
func existing(path string) string {
	for {
		if info, err := os.Stat(path); err == nil && info.IsDir() || filepath.Dir(path) == path {
			return path
		}
		path = filepath.Dir(path)
	}
}
