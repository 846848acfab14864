package emulate

import (
	"errors"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"sync"
)

// Files are the files below public/, by their path with no slash before it.
type Files interface {
	// Paths lists all files, in order.
	Paths() []string
	// Has reports whether there is a file.
	Has(path string) bool
	// File returns the bytes of a file; the error is fs.ErrNotExist where there is none.
	File(path string) ([]byte, error)
}

// Site is the files of a site, ready to be served.
type Site struct {
	Files
	folders func() map[string]bool // that have a file in them or below; no slash at the end
}

// NewSite makes a Site of files.
func NewSite(files Files) *Site {
	return &Site{Files: files, folders: sync.OnceValue(func() map[string]bool { return foldersOf(files.Paths()) })}
}

// foldersOf lists the folders that paths lie in.
func foldersOf(paths []string) map[string]bool {
	folders := map[string]bool{}
	for _, p := range paths {
		for i := strings.LastIndexByte(p, '/'); i > 0 && !folders[p[:i]]; i = strings.LastIndexByte(p[:i], '/') {
			folders[p[:i]] = true
		}
	}
	return folders
}

// Content replies with a file, or with the status alone where the site does not have it.
func (s *Site) Content(status int, file, cache string) (Reply, error) {
	data, err := s.File(file)
	if errors.Is(err, fs.ErrNotExist) { // an error page that the site does not have
		return Plain(status), nil
	}
	return Respond(status, MediaType(file), cache, data), err
}

// Error replies with an error page of the site.
func (s *Site) Error(status int, page string) (Reply, error) { return s.Content(status, page, NoStore) }

// NotFound replies with the page that a site has for addresses without a file.
func (s *Site) NotFound() (Reply, error) { return s.Error(http.StatusNotFound, "404.html") }

// Serve replies with the file at a path, or the index of a folder, as Nginx does. The path is decoded and clean.
func (s *Site) Serve(at, query string) (Reply, error) {
	file := at[1:]
	switch folder, slash := strings.CutSuffix(file, "/"); {
	case file != "" && !slash && s.Has(file):
		return s.Content(http.StatusOK, file, CacheOf(file))
	case slash || file == "":
		if s.Has(file + "index.html") {
			return s.Content(http.StatusOK, file+"index.html", FiveMinutes)
		}
		if s.folders()[folder] {
			return Plain(http.StatusForbidden), nil // there is no index
		}
	case s.folders()[file]:
		location := at + "/"
		if query != "" {
			location += "?" + query
		}
		return Redirect(http.StatusMovedPermanently, location, FiveMinutes), nil
	}
	return s.NotFound()
}

// CacheOf is the Cache-Control of a file of the site.
func CacheOf(file string) string {
	if strings.HasPrefix(file, "assets/") {
		return OneYear
	}
	return FiveMinutes
}

// Clean merges the slashes of a decoded path and resolves its dot segments, as every server does first.
func Clean(p string) string {
	clean := path.Clean("/" + p)
	if last := p[strings.LastIndexByte(p, '/')+1:]; clean != "/" && (last == "" || last == "." || last == "..") {
		clean += "/"
	}
	return clean
}
