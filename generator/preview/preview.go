// Package preview serves a site from memory, as the web server will serve the published one: the same paths,
// statuses, headers and pages.
//
// A Site is one state of the site: its files, and the redirect table. A target (nginx.go) turns a request
// for it into a reply; it is a plain function of the two. The Server puts HTTP around that.
package preview

import (
	"github.com/Slicer/sitegen/generator/redirect"
)

// Files are the files below public/, by their path with no slash before it.
type Files interface {
	// Paths lists all files, in order.
	Paths() []string
	// File gives the bytes of a file. The error is fs.ErrNotExist where there is none.
	File(path string) ([]byte, error)
}

// Site is one state of the site. It is not changed once it is made.
type Site struct {
	Files Files
	Table *redirect.Table

	paths   map[string]bool // of files
	folders map[string]bool // that have a file in them or below; no slash at the end
}

// NewSite makes a Site ready to be served.
func NewSite(files Files, table *redirect.Table) *Site {
	s := &Site{Files: files, Table: table, paths: map[string]bool{}, folders: map[string]bool{}}
	for _, p := range files.Paths() {
		s.paths[p] = true
		for i := len(p) - 1; i > 0; i-- {
			if p[i] != '/' {
				continue
			}
			if s.folders[p[:i]] {
				break
			}
			s.folders[p[:i]] = true
		}
	}
	return s
}
