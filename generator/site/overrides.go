package site

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"slices"
)

// Originals is the folder in layouts/ with the built-in files that the site's own were copied from. Builds ignore it.
// It is committed with the site, so that a newer version of sitegen can tell what has changed in a built-in file.
const Originals = ".originals"

// Override is a file in a site's layouts folder that replaces a built-in one.
type Override struct {
	Name         string // path below layouts/
	Own, BuiltIn []byte
	Original     []byte // the built-in file that Own was copied from; nil if that is not known
}

// Outdated reports whether the built-in file has changed since it was copied.
func (o Override) Outdated() bool { return o.Original != nil && !bytes.Equal(o.Original, o.BuiltIn) }

// BuiltInLayouts returns the paths of all built-in files of layouts/, sorted.
func BuiltInLayouts(builtIn fs.FS) []string {
	names := append(filesIn(builtIn), assetFolder+"/"+syntaxSheet)
	slices.Sort(names)
	return slices.Compact(names)
}

// BuiltInLayout returns a built-in file of layouts/. The error is fs.ErrNotExist if there is none of that name.
func BuiltInLayout(builtIn fs.FS, name string) ([]byte, error) {
	data, err := fs.ReadFile(builtIn, name)
	if errors.Is(err, fs.ErrNotExist) && name == assetFolder+"/"+syntaxSheet {
		return syntaxCSS(), nil
	}
	return data, err
}

// Overrides returns the files of a layouts folder that replace built-in ones, sorted by name.
func Overrides(own, builtIn fs.FS) (list []Override, err error) {
	for _, name := range BuiltInLayouts(builtIn) {
		o := Override{Name: name}
		o.Own, err = fs.ReadFile(own, name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		} else if err != nil {
			return nil, fmt.Errorf("read the layouts: %w", err)
		}
		if o.BuiltIn, err = BuiltInLayout(builtIn, name); err != nil {
			return nil, fmt.Errorf("read the built-in layouts: %w", err)
		}
		o.Original, err = fs.ReadFile(own, Originals+"/"+name)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("read the layouts: %w", err)
		}
		list = append(list, o)
	}
	return list, nil
}
