package site

import (
	"errors"
	"io/fs"
	"slices"
	"strings"
)

// Overlay returns a file system with the files of both layers; if both have a file of the same name, upper's is used. A
// site folder's own layouts are laid over the embedded ones this way. Either layer may be nil.
func Overlay(upper, lower fs.FS) fs.FS {
	switch {
	case upper == nil:
		return lower
	case lower == nil:
		return upper
	}
	return overlay{upper, lower}
}

type overlay struct{ upper, lower fs.FS }

// Open opens the file of the upper layer or, if there is none, of the lower. An open folder shows the entries of one
// layer only; fs.ReadDir lists both.
func (o overlay) Open(name string) (fs.File, error) {
	f, err := o.upper.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return o.lower.Open(name)
	}
	return f, err
}

// ReadFile reads a file with the ReadFile method of its layer, if it has one: that may avoid a copy.
func (o overlay) ReadFile(name string) ([]byte, error) {
	b, err := fs.ReadFile(o.upper, name)
	if errors.Is(err, fs.ErrNotExist) {
		return fs.ReadFile(o.lower, name)
	}
	return b, err
}

// ReadDir returns the entries of both layers.
func (o overlay) ReadDir(name string) ([]fs.DirEntry, error) {
	upper, err := fs.ReadDir(o.upper, name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	lower, lowerErr := fs.ReadDir(o.lower, name)
	if lowerErr != nil && !errors.Is(lowerErr, fs.ErrNotExist) {
		return nil, lowerErr
	}
	if err != nil && lowerErr != nil {
		return nil, err
	}
	entries := append(slices.Clone(upper), lower...) // the sort is stable: of two equal names, upper's comes first
	slices.SortStableFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return slices.CompactFunc(entries, func(a, b fs.DirEntry) bool { return a.Name() == b.Name() }), nil
}
