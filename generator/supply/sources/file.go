package sources

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"

	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/supply/fetch"
	"github.com/Slicer/sitegen/generator/supply/source"
)

// file is a source in a file. Read determines its kind from its content.
type file struct {
	path  string
	kinds []source.Kind // the possible kinds
	o     source.Options
}

// Identity returns the file's name without its folder, so that a listing can be moved.
func (f *file) Identity() string { return "file:" + filepath.Base(f.path) }

// Read reads the file.
func (f *file) Read(_ context.Context, memory source.Memory) (*source.Listing, error) {
	data, err := f.o.Fetch.ReadFile(f.path)
	if err != nil {
		return nil, err
	}
	head := bytes.TrimLeft(data, " \t\r\n")
	for _, k := range f.kinds {
		if k.ReadFile != nil && k.IsFile(head) {
			return k.ReadFile(source.File{Path: f.path, Data: data}, f.o, memory)
		}
	}
	found := "the file is empty"
	if len(head) > 0 {
		found = fetch.Describe(data)
	}
	return nil, fault.Wrap(fault.Source, fmt.Errorf("%s:1:1: not a list of packages (%s)", f.path, found), forms())
}
