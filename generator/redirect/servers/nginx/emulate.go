package nginx

import (
	"bytes"
	"cmp"
	"regexp"
	"strings"

	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/redirect"
	"github.com/Slicer/sitegen/generator/redirect/emulate"
)

// emulator answers as the configuration does. It reads the table itself, because the configuration has the same
// content.
type emulator struct{ table *redirect.Table }

// Answer implements redirect.Emulator.
func (e emulator) Answer(s *emulate.Site, path, query string) (emulate.Reply, error) {
	switch {
	case strings.HasPrefix(path, "/-/"), path == "/404.html", path == "/400.html", hidden(path):
		return s.NotFound()
	case strings.HasPrefix(path, "/assets/"):
		return asset(s, path)
	case strings.HasPrefix(path, "/api/"):
		r, err := s.Serve(path, query)
		return r.WithCORS(), err
	}
	a := e.table.Answer(path, query)
	spec := e.table.Index.Spec()
	switch a.API.Kind {
	case lookup.BadQuery:
		return s.Error(400, "-/error/400-"+a.API.Problem.Param+".html")
	case lookup.NoMatch:
		return s.Error(404, "-/error/404-package.html")
	case lookup.Page:
		if !asked(spec, query) {
			return s.Content(200, "index.html", emulate.FiveMinutes)
		}
		return compose(s, "-/home/"+variant(spec, query)+".html", a.API.Cells)
	case lookup.Objects:
		r, err := compose(s, "-/findall/"+variant(spec, query)+".json", a.API.Cells)
		return r.WithCORS(), err
	case lookup.Object:
		r, err := s.Content(200, strings.TrimPrefix(a.File, "/"), emulate.FiveMinutes)
		return r.WithCORS(), err
	}
	switch {
	case a.Location != "":
		return emulate.Redirect(a.Status, a.Location, emulate.FiveMinutes), nil
	case a.Status >= 400 && strings.HasPrefix(path, lookup.BitstreamPrefix):
		return s.Error(a.Status, "-/error/404-bitstream.html")
	case a.Status >= 400:
		return s.Error(a.Status, "404.html")
	}
	return s.Serve(cmp.Or(a.File, path), query)
}

// hidden reports whether a part of the path begins with a dot.
func hidden(path string) bool {
	for part := range strings.SplitSeq(path, "/") {
		if strings.HasPrefix(part, ".") && part != ".well-known" {
			return true
		}
	}
	return false
}

func asset(s *emulate.Site, path string) (emulate.Reply, error) {
	file := path[1:]
	if !s.Has(file) {
		return s.NotFound()
	}
	r, err := s.Content(200, file, emulate.OneYear)
	r.Header.Set("X-Content-Type-Options", "nosniff")
	return r, err
}

// asked reports whether a request for the home page has a parameter that means something.
func asked(spec *lookup.Spec, query string) bool {
	for name := range lookup.DecodeQuery(query) {
		if spec.Parameter(name) != nil {
			return true
		}
	}
	return false
}

// variant names the fragment for a query: which systems and stabilities it asks for.
func variant(spec *lookup.Spec, query string) string {
	given := lookup.DecodeQuery(query)
	return cmp.Or(given[spec.Of(lookup.OSRole).Name], "all") + "-" + cmp.Or(given[spec.Of(lookup.StabilityRole).Name],
		"default")
}

// includeRE finds the server-side includes of the fragments: a cell's kind, operating system and stability.
var includeRE = regexp.MustCompile(`<!--#include virtual="/-/(page-cell|object)/(\w+)/(\w+)\?\$args" -->`)

// compose fills a fragment with the cells of an answer, as Nginx does by server-side includes.
func compose(s *emulate.Site, fragment string, cells []lookup.Cell) (emulate.Reply, error) {
	r, err := s.Content(200, fragment, emulate.FiveMinutes)
	if err != nil {
		return r, err
	}
	var failed error
	r.Body = includeRE.ReplaceAllFunc(r.Body, func(include []byte) []byte {
		m := includeRE.FindSubmatch(include)
		data, err := s.File(included(m, cells))
		failed = cmp.Or(failed, err)
		return data
	})
	return r, failed
}

// included is the file of a server-side include.
func included(m [][]byte, cells []lookup.Cell) string {
	for _, c := range cells {
		if !bytes.Equal(m[2], []byte(c.OS)) || !bytes.Equal(m[3], []byte(c.Stability)) {
			continue
		}
		switch object := string(m[1]) == "object"; {
		case c.Package != nil && object:
			return strings.TrimPrefix(redirect.RecordPath(c.Package), "/")
		case c.Package != nil:
			return "-/cell/" + c.Package.ID + ".html"
		}
	}
	if string(m[1]) == "object" {
		return "-/null.json"
	}
	return "-/cell/_none.html"
}
