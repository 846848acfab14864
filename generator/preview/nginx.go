package preview

import (
	"bytes"
	"cmp"
	"regexp"
	"strings"

	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/redirect"
)

// nginx answers as the configuration in redirects/nginx does. path is decoded and clean, query is as sent.
func nginx(s *site, path, query string) (reply, error) {
	switch {
	case strings.HasPrefix(path, "/-/"), path == "/404.html", path == "/400.html", hidden(path):
		return s.notFound(404, "404.html")
	case strings.HasPrefix(path, "/assets/"):
		return s.asset(path)
	case strings.HasPrefix(path, "/api/"):
		r, err := s.file(path, query)
		return withCORS(r), err
	}
	a := s.Table.Answer(path, query)
	switch a.API.Kind {
	case lookup.BadQuery:
		return s.notFound(400, "-/error/400-"+a.API.Problem.Param+".html")
	case lookup.NoMatch:
		return s.notFound(404, "-/error/404-package.html")
	case lookup.Page:
		if !asked(s.Table.Index.Spec(), query) {
			return s.content(200, "index.html", fiveMinutes)
		}
		return s.compose("-/home/"+variant(query)+".html", a.API.Cells)
	case lookup.Objects:
		r, err := s.compose("-/findall/"+variant(query)+".json", a.API.Cells)
		return withCORS(r), err
	case lookup.Object:
		r, err := s.content(200, strings.TrimPrefix(a.File, "/"), fiveMinutes)
		return withCORS(r), err
	}
	switch {
	case a.Location != "":
		return moved(a.Status, a.Location, fiveMinutes), nil
	case a.Status >= 400 && strings.HasPrefix(path, lookup.BitstreamPrefix):
		return s.notFound(a.Status, "-/error/404-bitstream.html")
	case a.Status >= 400:
		return s.notFound(a.Status, "404.html")
	}
	return s.file(cmp.Or(a.File, path), query)
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

// notFound replies with an error page.
func (s *site) notFound(status int, page string) (reply, error) {
	return s.content(status, page, notAtAll)
}

func (s *site) asset(path string) (reply, error) {
	file := path[1:]
	if !s.Files.Has(file) {
		return s.notFound(404, "404.html")
	}
	r, err := s.content(200, file, oneYear)
	r.header.Set("X-Content-Type-Options", "nosniff")
	return r, err
}

// file replies with the file of a path, or the index of a folder.
func (s *site) file(path, query string) (reply, error) {
	file := path[1:]
	switch folder, slash := strings.CutSuffix(file, "/"); {
	case file != "" && !slash && s.Files.Has(file):
		return s.content(200, file, fiveMinutes)
	case slash || file == "":
		if s.Files.Has(file + "index.html") {
			return s.content(200, file+"index.html", fiveMinutes)
		}
		if s.folders()[folder] {
			return plain(403), nil // there is no index
		}
	case s.folders()[file]:
		location := path + "/"
		if query != "" {
			location += "?" + query
		}
		return moved(301, location, fiveMinutes), nil
	}
	return s.notFound(404, "404.html")
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
func variant(query string) string {
	given := lookup.DecodeQuery(query)
	return cmp.Or(given["os"], "all") + "-" + cmp.Or(given["stability"], "default")
}

// includeRE finds the server-side includes of the fragments: a cell's kind, operating system and stability.
var includeRE = regexp.MustCompile(`<!--#include virtual="/-/(page-cell|object)/(\w+)/(\w+)\?\$args" -->`)

// compose fills a fragment with the cells of an answer, as Nginx does by server-side includes.
func (s *site) compose(fragment string, cells []lookup.Cell) (reply, error) {
	r, err := s.content(200, fragment, fiveMinutes)
	if err != nil {
		return r, err
	}
	var failed error
	r.body = includeRE.ReplaceAllFunc(r.body, func(include []byte) []byte {
		m := includeRE.FindSubmatch(include)
		data, err := s.Files.File(included(m, cells))
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
	return "-/cell/none.html"
}

func withCORS(r reply) reply {
	if r.status == 200 {
		r.header.Set("Access-Control-Allow-Origin", "*")
	}
	return r
}
