// Package folder reads the folders of a site as people see them: a symbolic link is what it leads to, be that
// a file or a folder. A link to a folder that it lies in would have no end; it is left out.
package folder

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// Open gives the folder at a path, which need not exist yet.
func Open(path string) fs.FS { return folder{os.DirFS(path), path} }

type folder struct {
	fs.FS
	root string
}

// ReadFile implements fs.ReadFileFS.
func (f folder) ReadFile(name string) ([]byte, error) { return fs.ReadFile(f.FS, name) }

// ReadDir implements fs.ReadDirFS: no entry is a symbolic link that leads somewhere.
func (f folder) ReadDir(name string) ([]fs.DirEntry, error) {
	entries, err := fs.ReadDir(f.FS, name)
	kept := entries[:0]
	for _, e := range entries {
		if e.Type()&fs.ModeSymlink == 0 {
			kept = append(kept, e)
			continue
		}
		path := filepath.Join(f.root, filepath.FromSlash(name), e.Name())
		info, statErr := os.Stat(path)
		switch {
		case errors.Is(statErr, fs.ErrNotExist): // reading it says what is missing
			kept = append(kept, e)
		case statErr != nil || info.IsDir() && f.above(info, filepath.Dir(path)):
		default:
			kept = append(kept, fs.FileInfoToDirEntry(named{info, e.Name()}))
		}
	}
	return kept, err
}

// above reports whether a folder is dir or one of those that dir lies in, up to the root. Links on the way
// are followed.
func (f folder) above(info fs.FileInfo, dir string) bool {
	for {
		here, err := os.Stat(dir)
		if err != nil || os.SameFile(here, info) {
			return true
		}
		if dir == filepath.Clean(f.root) || dir == filepath.Dir(dir) {
			return false
		}
		dir = filepath.Dir(dir)
	}
}

// named is the link's name with what is known of its end.
type named struct {
	fs.FileInfo
	name string
}

func (n named) Name() string { return n.name }
