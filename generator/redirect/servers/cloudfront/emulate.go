package cloudfront

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"strings"
	"sync"

	"github.com/Slicer/sitegen/generator/deploy/objects"
	"github.com/Slicer/sitegen/generator/redirect"
	"github.com/Slicer/sitegen/generator/redirect/emulate"
)

// emulator answers as the distribution does after a deploy of a site: it runs the compiled function with a store that
// names an object for each file.
type emulator struct {
	table *redirect.Table

	mu       sync.Mutex
	function []byte            // function.js; nil until it is needed
	site     *emulate.Site     // the site that edge and files belong to
	edge     *Edge             // has the store
	files    map[string]string // the bucket: the file of each object, by key
}

// Emulate implements redirect.Server. The store has the pages of the site that answers are wanted for.
func (Server) Emulate(t *redirect.Table, compiled func() *redirect.Compilation) (redirect.Emulator, error) {
	return &emulator{table: t}, compiled().Err()
}

// of returns the edge for a site, and the file of each object.
func (e *emulator) of(s *emulate.Site) (*Edge, map[string]string, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.site == s {
		return e.edge, e.files, nil
	}
	t := *e.table
	t.Files.Read = s.File
	keys, files := uploaded(&t, s)
	compiled, c := Compile(&t, Options{Objects: keys})
	err := c.Err()
	if err == nil && e.function == nil {
		e.function, err = Function()
	}
	if err != nil {
		return nil, nil, err
	}
	store := compiled.Keys()
	get := func(key string) (string, bool) { v, ok := store[key]; return v, ok }
	edge, err := NewEdge(e.function, get, nil)
	if err != nil {
		return nil, nil, err
	}
	e.site, e.edge, e.files = s, edge, files
	return edge, files, nil
}

// uploaded returns the objects that a deploy uploads for the files of a site: Options.Objects, and the file of each
// key. The records of packages have none, because the function writes them. A deploy derives the key of an object from
// the content of the file. Reading all files would render all pages after each edit of a preview, so these keys, which
// have the same form, are derived from the path.
func uploaded(t *redirect.Table, s *emulate.Site) (keys, files map[string]string) {
	keys, files = map[string]string{}, map[string]string{}
	records := records(t)
	for _, file := range s.Paths() {
		at := "/" + file
		if objects.Skipped(file) || records[at] || !t.Files.Pages[at] && compressed(s, file) {
			continue
		}
		key := objects.New(file, 0, sha256.Sum256([]byte(file)), nil).Key
		keys[at], files[key] = key, file
	}
	return keys, files
}

// compressed reports whether a file is the compressed variant of another one. A deploy does not upload it, because
// CloudFront compresses by itself.
func compressed(s *emulate.Site, file string) bool {
	ext := path.Ext(file)
	return (ext == ".gz" || ext == ".br") && s.Has(strings.TrimSuffix(file, ext))
}

// Answer implements redirect.Emulator.
func (e *emulator) Answer(s *emulate.Site, path, query string) (emulate.Reply, error) {
	edge, files, err := e.of(s)
	if err != nil {
		return emulate.Reply{}, err
	}
	result, err := edge.run(http.MethodGet, "", (&url.URL{Path: path}).EscapedPath(), query)
	if err != nil {
		return emulate.Reply{}, err
	}
	if result.StatusCode != 0 {
		return result.reply(), nil
	}
	key := strings.TrimPrefix(result.URI, "/")
	file, ok := files[key]
	if !ok {
		return emulate.Reply{}, fmt.Errorf("run function.js: no file has the object %s, which %s leads to", key, path)
	}
	data, err := s.File(file)
	if errors.Is(err, fs.ErrNotExist) { // somebody has removed it since: a statistics page, for instance
		return s.NotFound(path)
	}
	if err != nil {
		return emulate.Reply{}, err
	}
	r := emulate.Reply{Status: http.StatusOK, Header: http.Header{}, Body: data}
	for name, value := range e.table.FileHeaders.Headers(file) {
		r.Header.Set(name, value)
	}
	if strings.HasPrefix(file, "api/") {
		r = r.WithCORS()
	}
	return r, nil
}
