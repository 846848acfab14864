package customize

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/Slicer/sitegen/generator/fault"
)

// newSite holds the files of a new site. The name of .gitignore has no dot, because Git would apply the file here.
//
//go:embed new
var newSite embed.FS

// New writes a new site to a folder: configuration, profile, a list of packages, pages and a rule. The folder need not
// exist. New returns the paths of the files, and writes nothing if one of them exists already.
func New(dir string) (paths []string, err error) {
	texts := map[string][]byte{}
	err = fs.WalkDir(newSite, "new", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel := strings.TrimPrefix(name, "new/")
		if rel == "gitignore" {
			rel = ".gitignore"
		}
		path := filepath.Join(dir, filepath.FromSlash(rel))
		paths = append(paths, path)
		texts[path], err = newSite.ReadFile(name)
		return err
	})
	if err != nil {
		return nil, err
	}
	var existing []error
	for _, path := range paths {
		if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
			if err == nil {
				err = fmt.Errorf("%s exists already", path)
			}
			existing = append(existing, err)
		}
	}
	if len(existing) > 0 {
		return nil, fault.Wrap(fault.Usage, errors.Join(existing...), "Nothing was written. Name another folder.")
	}
	for _, path := range paths {
		if err := create(path, texts[path]); err != nil {
			return nil, fmt.Errorf("write the new site: %w", err)
		}
	}
	return paths, nil
}
