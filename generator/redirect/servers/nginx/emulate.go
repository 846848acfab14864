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

// emulator answers requests as Nginx does with the configuration. It computes the answers from the table, not from the
// configuration; tests compare the answers of a real Nginx with the table's.
type emulator struct{ table *redirect.Table }

// Answer implements redirect.Emulator.
func (e emulator) Answer(s *emulate.Site, path, query string) (emulate.Reply, error) {
	switch {
	case strings.HasPrefix(path, "/-/"), path == "/404.html", path == "/400.html", hidden(path):
		return s.NotFound(path)
	case strings.HasPrefix(path, "/assets/"):
		return asset(s, path)
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
	case a.File != "":
		return s.Show(a.Status, a.File)
	case a.Status >= 400 && strings.HasPrefix(path, lookup.BitstreamPrefix):
		return s.Error(a.Status, "-/error/404-bitstream.html")
	case a.Status >= 400:
		return s.Missing(a.Status, path)
	}
	r, err := s.Serve(path, query)
	if strings.HasPrefix(path, "/api/") {
		r = r.WithCORS()
	}
	return r, err
}

// hidden reports whether a segment of the path starts with a dot. Nginx serves no such file except in /.well-known/.
func hidden(path string) bool {
	for part := range strings.SplitSeq(path, "/") {
		if strings.HasPrefix(part, ".") && part != ".well-known" {
			return true
		}
	}
	return false
}

// asset serves a file in /assets/.
func asset(s *emulate.Site, path string) (emulate.Reply, error) {
	file := path[1:]
	if !s.Has(file) {
		return s.NotFound(path)
	}
	return s.Content(200, file, emulate.OneYear)
}

// asked reports whether a request for the home page has one of the API's parameters.
func asked(spec *lookup.Spec, query string) bool {
	for name := range lookup.DecodeQuery(query) {
		if spec.Parameter(name) != nil {
			return true
		}
	}
	return false
}

// variant returns the name of the fragment for a query, which consists of the system and the stability: "all-default".
func variant(spec *lookup.Spec, query string) string {
	given := lookup.DecodeQuery(query)
	system, stability := given[spec.Of(lookup.OSRole).Name], given[spec.Of(lookup.StabilityRole).Name]
	return cmp.Or(system, "all") + "-" + cmp.Or(stability, "default")
}

// includeRE matches a server-side include of a fragment. Its groups are the kind, system and stability of a cell.
var includeRE = regexp.MustCompile(`<!--#include virtual="/-/(page-cell|object)/(\w+)/(\w+)\?\$args" -->`)

// compose replaces the server-side includes of a fragment by the cells of an answer, as Nginx does.
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

// included returns the path of the file for a server-side include. m is the match of includeRE.
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
