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

// file is a source in a file. Its kind follows from what it holds when it is read.
type file struct {
	path  string
	kinds []source.Kind // that it may be of
	o     source.Options
}

// Identity is the bare name of the file: where it was found says nothing about what it lists.
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
