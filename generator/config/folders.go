package config

import (
	"path/filepath"
	"strings"
)

// checkFolders reports folders that are identical or nested. With such folders, a site would read its own output or
// publish its own database.
func (l *loader) checkFolders() {
	keys := []string{"out", "redirects", "data", "content", "layouts"}
	for i, a := range keys {
		for _, b := range keys[:i] {
			x, y := find(a).field.show(&l.config)[0], find(b).field.show(&l.config)[0]
			if !inside(x, y) && !inside(y, x) {
				continue
			}
			at := l.config.origins[a]
			if other := l.config.origins[b]; other.Level > at.Level {
				at = other
			}
			l.errorf(at, "%s and %s must be separate folders (found %q and %q); do not nest them", b, a, y, x)
		}
	}
}

// inside reports whether path is folder itself or below it.
func inside(path, folder string) bool {
	path, err := filepath.Abs(path)
	if err != nil {
		return false
	}
	folder, err = filepath.Abs(folder)
	if err != nil {
		return false
	}
	rel, err := filepath.Rel(folder, path)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}
