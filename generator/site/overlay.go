package site

import (
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/Slicer/sitegen/generator/language"
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

// layers returns the contents of a file in all layers, the lowest first. The error is fs.ErrNotExist if no layer has
// it.
func layers(fsys fs.FS, name string) (texts [][]byte, err error) {
	o, ok := fsys.(overlay)
	if !ok {
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, err
		}
		return [][]byte{text}, nil
	}
	for _, layer := range []fs.FS{o.lower, o.upper} {
		more, err := layers(layer, name)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		texts = append(texts, more...)
	}
	if len(texts) == 0 {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return texts, nil
}

// InLanguages returns content that is in English, with a folder for each further language, as a site with some
// languages needs it: without the folders of other languages, and with the content of the first language, if there is
// some, in place of the English one. fsys may be nil.
func InLanguages(fsys fs.FS, languages []string) fs.FS {
	if fsys == nil || len(languages) == 0 {
		return fsys
	}
	shown := fs.FS(inLanguages{fsys, languages[1:]})
	if first, err := fs.Sub(fsys, languages[0]); err == nil {
		shown = Overlay(first, shown)
	}
	return shown
}

// inLanguages is content in some languages.
type inLanguages struct {
	fs.FS
	languages []string
}

// Open opens a file. The error is fs.ErrNotExist for files in other languages.
func (c inLanguages) Open(name string) (fs.File, error) {
	if c.hides(name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return c.FS.Open(name)
}

// ReadDir lists a folder without the folders of other languages.
func (c inLanguages) ReadDir(name string) ([]fs.DirEntry, error) {
	if c.hides(name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	entries, err := fs.ReadDir(c.FS, name)
	return slices.DeleteFunc(entries, func(d fs.DirEntry) bool { return c.hides(path.Join(name, d.Name())) }), err
}

// hides reports whether a path belongs to another language.
func (c inLanguages) hides(name string) bool {
	folder, _, _ := strings.Cut(name, "/")
	return language.ValidCode(folder) && !slices.Contains(c.languages, folder)
}
