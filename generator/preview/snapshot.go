package preview

import (
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/Slicer/sitegen/generator/folder"
)

// snapshot records the state of the watched files at one moment, without the files that a build ignores.
type snapshot struct {
	files   map[string]stamp  // by path
	folders []string          // the roots that are folders, and all folders in them
	links   map[string]string // symbolic links to files, by the path of the file that they lead to
}

// stamp identifies a version of a file without reading it. Two versions can have the same stamp.
type stamp struct {
	size int64
	time time.Time
}

// take returns a snapshot of the roots, which are files, or folders with everything in them. They need not exist.
func take(roots []string) snapshot {
	s := snapshot{files: map[string]stamp{}, links: map[string]string{}}
	for _, root := range roots {
		info, err := os.Stat(root)
		switch {
		case err != nil:
		case info.IsDir():
			s.walk(root)
		default:
			s.file(root, info)
		}
	}
	return s
}

// walk adds a folder. It skips files and folders that it cannot read; the build reports them.
func (s *snapshot) walk(root string) {
	_ = fs.WalkDir(folder.Open(root), ".", func(name string, d fs.DirEntry, err error) error {
		path := filepath.Join(root, filepath.FromSlash(name))
		switch {
		case err != nil:
		case name != "." && folder.Ignored(name):
			if d.IsDir() {
				return fs.SkipDir
			}
		case d.IsDir():
			s.folders = append(s.folders, path)
		default:
			if info, err := d.Info(); err == nil {
				s.file(path, info)
			}
		}
		return nil //nolint:nilerr // the build reports the error
	})
}

// file adds a file.
func (s *snapshot) file(path string, info fs.FileInfo) {
	s.files[path] = stamp{info.Size(), info.ModTime()}
	if l, err := os.Lstat(path); err == nil && l.Mode()&fs.ModeSymlink != 0 {
		if target, err := filepath.EvalSymlinks(path); err == nil {
			s.links[target] = path
		}
	}
}

// update updates the stamps of files that were written. It returns false if that is not enough, because one of the
// files is new or gone; then the caller must take a new snapshot.
func (s *snapshot) update(written map[string]bool) bool {
	for path := range written {
		info, err := os.Stat(path)
		if _, known := s.files[path]; !known || err != nil {
			return false
		}
		s.files[path] = stamp{info.Size(), info.ModTime()}
	}
	return len(written) > 0
}

// differences returns the files that differ between two snapshots, including new and deleted ones.
func (s *snapshot) differences(other *snapshot) map[string]bool {
	changed := map[string]bool{}
	for path, stamp := range s.files {
		if was, ok := other.files[path]; !ok || was != stamp {
			changed[path] = true
		}
	}
	for path := range other.files {
		if _, ok := s.files[path]; !ok {
			changed[path] = true
		}
	}
	return changed
}
