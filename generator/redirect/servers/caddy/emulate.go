package caddy

import (
	"strings"

	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/redirect"
	"github.com/Slicer/sitegen/generator/redirect/emulate"
)

// emulator answers requests as Caddy does with the snippet. It computes the answers from the table, not from the
// snippet; tests compare it with a real Caddy.
type emulator struct {
	table *redirect.Table
	page  string // the page for requests that lists cannot answer
}

// Emulate implements redirect.Server.
func (Server) Emulate(t *redirect.Table, _ func() *redirect.Compilation) (redirect.Emulator, error) {
	return emulator{t, page(t.Index.Spec())}, nil
}

// Answer implements redirect.Emulator.
func (e emulator) Answer(s *emulate.Site, path, query string) (emulate.Reply, error) {
	if hiddenRE.MatchString(path) {
		return s.NotFound(path)
	}
	a := e.table.Answer(path, query)
	plainHome := a.API.Kind == lookup.Page && !e.given(query)
	switch kind := a.API.Kind; {
	case kind == lookup.BadQuery:
		return s.Error(400, "-/error/400-"+a.API.Problem.Param+".html")
	case kind == lookup.Objects, kind == lookup.Page && !plainHome, kind != lookup.NotOurs && unsupported(&a.API.Query):
		return emulate.Respond(501, emulate.MediaType(".html"), emulate.NoStore, []byte(e.page)), nil
	case kind == lookup.NoMatch:
		return s.Error(404, "-/error/404-package.html")
	case kind == lookup.Object:
		r, err := s.Content(200, a.File[1:], emulate.FiveMinutes)
		return r.WithCORS(), err
	case kind == lookup.Redirect && a.Permalink == "" && a.API.Query.Route == "" &&
		path != lookup.Location(a.API.Package):
		return s.Error(404, "-/error/404-bitstream.html")
	}
	switch {
	case a.Location != "":
		return emulate.Redirect(a.Status, a.Location, emulate.FiveMinutes), nil
	case a.File != "":
		return s.Show(a.Status, a.File)
	case a.Status >= 400 && strings.HasPrefix(path, lookup.BitstreamPrefix):
		return s.Error(a.Status, "-/error/404-bitstream.html")
	case a.Status >= 400:
		return s.Missing(a.Status, path)
	}
	return e.file(s, path)
}

// given reports whether a query has one of the API's parameters.
func (e emulator) given(query string) bool {
	for name := range lookup.DecodeQuery(query) {
		if e.table.Index.Spec().Parameter(name) != nil {
			return true
		}
	}
	return false
}

// file serves a file as Caddy's file_server does: a folder without an index page is not found, and the redirect that
// adds a slash to a folder's path has status 308 and no query.
func (e emulator) file(s *emulate.Site, path string) (emulate.Reply, error) {
	r, err := s.Serve(path, "")
	switch {
	case err != nil:
		return r, err
	case r.Status == 301 && s.Has(path[1:]+"/index.html"):
		r.Status = 308
	case r.Status == 301:
		return s.NotFound(path)
	}
	if strings.HasPrefix(path, "/api/") {
		r = r.WithCORS()
	}
	return r, nil
}
