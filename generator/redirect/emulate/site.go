package emulate

import (
	"errors"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"sync"
)

// Files gives access to the files of a site. Their paths are relative to public/, without a leading slash.
type Files interface {
	// Paths returns the paths of all files, sorted.
	Paths() []string
	// Has reports whether there is a file at a path.
	Has(path string) bool
	// File returns the contents of a file. The error is fs.ErrNotExist if there is no such file.
	File(path string) ([]byte, error)
}

// Site serves the files of a site.
type Site struct {
	Files
	folders func() map[string]bool // all folders that contain a file, also in subfolders; no slash at the end
}

// NewSite returns a Site that serves files.
func NewSite(files Files) *Site {
	return &Site{Files: files, folders: sync.OnceValue(func() map[string]bool { return foldersOf(files.Paths()) })}
}

// foldersOf returns the folders of paths: for a/b/c.html, the folders a and a/b.
func foldersOf(paths []string) map[string]bool {
	folders := map[string]bool{}
	for _, p := range paths {
		for i := strings.LastIndexByte(p, '/'); i > 0 && !folders[p[:i]]; i = strings.LastIndexByte(p[:i], '/') {
			folders[p[:i]] = true
		}
	}
	return folders
}

// Content replies with a file, or with the text of the status if the site does not have the file.
func (s *Site) Content(status int, file, cache string) (Reply, error) {
	data, err := s.File(file)
	if errors.Is(err, fs.ErrNotExist) { // for instance, a site without 404.html
		return Plain(status), nil
	}
	return Respond(status, MediaType(file), cache, data), err
}

// Error replies with an error page of the site.
func (s *Site) Error(status int, page string) (Reply, error) { return s.Content(status, page, NoStore) }

// NotFound replies with the site's page for status 404 to a request for a path.
func (s *Site) NotFound(at string) (Reply, error) { return s.Missing(http.StatusNotFound, at) }

// Missing replies to a request for a path at which there is nothing: with status 404 or 410 and the site's page in the
// language of the path.
func (s *Site) Missing(status int, at string) (Reply, error) {
	return s.Error(status, s.inLanguage(at, "404.html", "404.html"))
}

// inLanguage returns the error page with a name in the language of a path, or another page if there is none. For /de/
// and 404.html, that is -/error/de/404.html.
func (s *Site) inLanguage(at, name, other string) string {
	if language, _, ok := strings.Cut(strings.TrimPrefix(at, "/"), "/"); ok {
		if page := "-/error/" + language + "/" + name; s.Has(page) {
			return page
		}
	}
	return other
}

// Allow is the header Allow of a reply: the methods of requests that a site answers.
const Allow = "GET, HEAD, OPTIONS"

// Refuse replies to a request for a path with another method than GET and HEAD: with status 204 to OPTIONS, which asks
// for the methods that are allowed, and with status 405 to all others.
func (s *Site) Refuse(method, at string) (Reply, error) {
	r, err := Reply{Status: http.StatusNoContent, Header: http.Header{}}, error(nil)
	if method != http.MethodOptions {
		r, err = s.Error(http.StatusMethodNotAllowed, s.inLanguage(at, "405.html", "-/error/405.html"))
	}
	r.Header.Set("Allow", Allow)
	return r, err
}

// Serve replies with the file at a path or with the index page of a folder, as Nginx does. The path is decoded and
// clean.
func (s *Site) Serve(at, query string) (Reply, error) {
	file := at[1:]
	switch slash := strings.HasSuffix(file, "/"); {
	case file != "" && !slash && s.Has(file):
		return s.Content(http.StatusOK, file, CacheOf(file))
	case slash || file == "":
		if s.Has(file + "index.html") {
			return s.Content(http.StatusOK, file+"index.html", FiveMinutes)
		}
	case s.folders()[file]:
		location := at + "/"
		if query != "" {
			location += "?" + query
		}
		return Redirect(http.StatusMovedPermanently, location, FiveMinutes), nil
	}
	return s.NotFound(at)
}

// Show replies with the page or file at a path and the given status: that of a rule that serves another file than the
// requested one. The path is decoded and clean; the slash at the end of a folder may be missing. It replies with the
// site's page for status 404 if there is no such file.
func (s *Site) Show(status int, at string) (Reply, error) {
	cache := NoStore
	if status == http.StatusOK {
		cache = FiveMinutes
	}
	file := at[1:]
	for _, name := range []string{file, strings.TrimSuffix(file, "/") + "/index.html"} {
		if name = strings.TrimPrefix(name, "/"); name != "" && s.Has(name) {
			return s.Content(status, name, cache)
		}
	}
	return s.NotFound(at)
}

// CacheOf returns the Cache-Control of a file of the site.
func CacheOf(file string) string {
	if strings.HasPrefix(file, "assets/") {
		return OneYear
	}
	return FiveMinutes
}

// Clean merges the slashes of a decoded path and resolves its dot segments, as every server does before anything else:
// //a/./b/../c becomes /a/c.
func Clean(p string) string {
	clean := path.Clean("/" + p)
	if last := p[strings.LastIndexByte(p, '/')+1:]; clean != "/" && (last == "" || last == "." || last == "..") {
		clean += "/"
	}
	return clean
}
