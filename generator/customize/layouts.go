// Package customize writes the files of a site folder that people change: those of a new site, and copies of the
// built-in layouts.
package customize

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/renameio/v2"
	"github.com/rogpeppe/go-internal/diff"

	"github.com/Slicer/sitegen"
	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/folder"
	"github.com/Slicer/sitegen/generator/project"
	"github.com/Slicer/sitegen/generator/site"
)

// Layout is a built-in file of layouts/, and whether the site replaces it.
type Layout struct {
	Name     string `json:"name"`     // path below layouts/
	Own      bool   `json:"own"`      // the site has a file of its own instead
	Copied   bool   `json:"copied"`   // the file was copied by Copy, so it is known what it was copied from
	Outdated bool   `json:"outdated"` // the built-in file has changed since
}

// Layouts returns all built-in files of layouts/, sorted by name.
func Layouts(p *project.Project) ([]Layout, error) {
	own, err := p.Overrides()
	if err != nil {
		return nil, err
	}
	var list []Layout
	for _, name := range site.BuiltInLayouts(sitegen.Layouts()) {
		l := Layout{Name: name}
		for _, o := range own {
			if o.Name == name {
				l.Own, l.Copied, l.Outdated = true, o.Original != nil, o.Outdated()
			}
		}
		list = append(list, l)
	}
	return list, nil
}

// Copy copies a built-in file to the layouts folder of the site, and records that copy as its original. It returns the
// path of the file. It does not overwrite a file that differs. If keep is true, there must be a file of the site
// already: Copy keeps it, and only records that it corresponds to the built-in file of this version.
func Copy(p *project.Project, name string, keep bool) (string, error) {
	name = builtInName(name)
	data, err := site.BuiltInLayout(sitegen.Layouts(), name)
	if err != nil {
		return "", unknown(name)
	}
	root := p.Config.Layouts
	path := filepath.Join(root, filepath.FromSlash(name))
	there, err := folder.ReadFile(path)
	missing := errors.Is(err, fs.ErrNotExist)
	switch {
	case err != nil && !missing:
		return "", fault.Wrap(fault.Usage, fmt.Errorf("copy the layout: %w", err), "")
	case keep && missing:
		return "", fault.Wrap(fault.Usage, fmt.Errorf("%s: no such file", path),
			"Leave --keep away to copy the built-in file.")
	case !keep && !missing && !bytes.Equal(there, data):
		return "", fault.Wrap(fault.Usage, fmt.Errorf("%s: exists already, with other contents", path),
			"To see how it differs, run sitegen layouts diff "+name+"; to start again, delete it.")
	}
	files := []string{filepath.Join(root, site.Originals, filepath.FromSlash(name))}
	if missing {
		files = append(files, path)
	}
	for _, file := range files {
		if err := create(file, data); err != nil {
			return "", fmt.Errorf("copy the layout: %w", err)
		}
	}
	return path, nil
}

// Diff writes how the built-in files have changed since the files of the site were copied from them, as unified diffs.
// For a file of the site that was not copied by Copy, it writes how the file differs from the built-in one. If names
// are given, it writes for each of them also how the file of the site differs from what it was copied from.
func Diff(p *project.Project, w io.Writer, names []string) error {
	list, err := p.Overrides()
	if err != nil {
		return err
	}
	for i, name := range names {
		names[i] = builtInName(name)
		if !slices.ContainsFunc(list, func(o site.Override) bool { return o.Name == names[i] }) {
			if _, err := site.BuiltInLayout(sitegen.Layouts(), names[i]); err != nil {
				return unknown(names[i])
			}
			return fault.Wrap(fault.Usage, fmt.Errorf("the site has no %s of its own", names[i]),
				"To change the layout, run sitegen layouts copy "+names[i]+".")
		}
	}
	var out bytes.Buffer
	for _, o := range list {
		named := slices.Contains(names, o.Name)
		if len(names) > 0 && !named {
			continue
		}
		own := filepath.Join(p.Config.Layouts, filepath.FromSlash(o.Name))
		switch {
		case o.Original == nil:
			out.Write(diff.Diff("built-in/"+o.Name, o.BuiltIn, own, o.Own))
			continue
		case named:
			out.Write(diff.Diff("copied/"+o.Name, o.Original, own, o.Own))
		}
		out.Write(diff.Diff("copied/"+o.Name, o.Original, "built-in/"+o.Name, o.BuiltIn))
	}
	_, err = w.Write(out.Bytes())
	return err
}

// builtInName returns the path of a layout below layouts/, as people may write it: layouts/home.html.
func builtInName(name string) string {
	return strings.TrimPrefix(filepath.ToSlash(filepath.Clean(name)), "layouts/")
}

func unknown(name string) error {
	return fault.Wrap(fault.Usage, fmt.Errorf("no built-in layout %q%s", name,
		fault.DidYouMean(name, site.BuiltInLayouts(sitegen.Layouts()))), "sitegen layouts list prints their names.")
}

// create writes a file, and its folders.
func create(path string, data []byte) error {
	err := os.MkdirAll(filepath.Dir(path), 0o777)
	if err == nil {
		err = renameio.WriteFile(path, data, 0o666, renameio.WithTempDir(filepath.Dir(path)))
	}
	return err
}
