package preview

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/Slicer/sitegen/generator/folder"
)

// snapshot is what the watched files look like at a moment. Files that editors and systems leave behind are
// not in it.
type snapshot struct {
	files   map[string]stamp // by path; folders are not files
	folders []string         // all of them, the roots' and those below
	links   map[string]string
}

// stamp identifies a state of a file, as far as that is possible without reading it.
type stamp struct {
	size int64
	time time.Time
}

// take looks at the roots: files, and folders with all that is in them. They need not exist.
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

// walk adds a folder. It skips what cannot be read, because the build reports that.
func (s *snapshot) walk(root string) {
	_ = fs.WalkDir(folder.Open(root), ".", func(name string, d fs.DirEntry, err error) error {
		path := filepath.Join(root, filepath.FromSlash(name))
		switch {
		case err != nil:
		case name != "." && leftover(d.Name()):
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
		return nil //nolint:nilerr // the build reports it
	})
}

func (s *snapshot) file(path string, info fs.FileInfo) {
	s.files[path] = stamp{info.Size(), info.ModTime()}
	if l, err := os.Lstat(path); err == nil && l.Mode()&fs.ModeSymlink != 0 {
		if target, err := filepath.EvalSymlinks(path); err == nil {
			s.links[target] = path
		}
	}
}

// again looks again at files that were written. It is false when it takes more than that to know what has changed.
func (s *snapshot) again(written map[string]bool) bool {
	for path := range written {
		info, err := os.Stat(path)
		if _, known := s.files[path]; !known || err != nil {
			return false
		}
		s.files[path] = stamp{info.Size(), info.ModTime()}
	}
	return len(written) > 0
}

// leftover reports whether no site is made from files of that name: hidden files, backups and the like.
func leftover(name string) bool {
	return strings.ContainsAny(name[:1], "._#") || strings.HasSuffix(name, "~")
}

// differences lists the files that are not the same in two snapshots.
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
