package preview

import (
	"bytes"
	_ "embed"
	"fmt"
	"html"
	"net/http"
	"strings"

	"github.com/Slicer/sitegen/generator/redirect/emulate"
)

//go:embed preview.js
var script []byte

// Paths of the preview itself. A site has no pages in /-/.
const (
	detailsPath = "/-/"
	eventsPath  = "/-/events"
	scriptPath  = "/-/preview.js"
)

// ServeHTTP answers a request as the emulated web server does, or with a page of the preview itself.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case !allowedHost(r.Host, s.o.Listen, s.o.AllowedHosts):
		http.Error(w, "This preview does not answer to that host name. Use localhost, or allow the name with "+
			"--allow-host.", http.StatusMisdirectedRequest)
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		s.view.Load().reply(func(s *site) (emulate.Reply, error) {
			return s.files.Refuse(r.Method, r.URL.Path)
		}).Send(w)
	case r.URL.Path == eventsPath:
		s.hub.ServeHTTP(w, r)
	case r.URL.Path == scriptPath:
		emulate.Respond(200, emulate.MediaType(scriptPath), emulate.NoStore, script).Send(w)
	case r.URL.Path == detailsPath:
		s.view.Load().forBrowser(s.details(r.URL.Query().Get("url"))).Send(w)
	default:
		s.serve(w, r)
	}
}

// serve answers a request for the site.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	v := s.view.Load()
	answer := v.reply(func(s *site) (emulate.Reply, error) {
		return s.answer(emulate.Clean(r.URL.Path), r.URL.RawQuery)
	})
	switch {
	case strings.Contains(r.Header.Get("Accept"), "text/html"):
		answer = v.forBrowser(answer)
	case r.Header.Get("Sec-Fetch-Site") != "": // a browser that loads a file for a page
		answer = notCached(answer)
	}
	answer.Send(w)
}

// reply answers a request from the newest state or, if that fails because of a mistake, from an earlier state.
func (v *view) reply(answer func(*site) (emulate.Reply, error)) emulate.Reply {
	problem := v.Problems
	for _, s := range []*site{v.newest, v.before, v.good} {
		if s == nil {
			continue
		}
		r, err := answer(s)
		if err == nil {
			return s.withHeaders(r)
		}
		if problem == "" {
			problem = err.Error()
		}
	}
	return emulate.Respond(500, emulate.MediaType(".html"), emulate.NoStore, fmt.Appendf(nil,
		"<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Build failed</title></head>"+
			"<body><h1>This page cannot be built</h1><pre>%s</pre></body></html>\n",
		html.EscapeString(problem)))
}

// forBrowser adds the preview's script to a page and disables the browser's cache.
func (v *view) forBrowser(r emulate.Reply) emulate.Reply {
	if strings.HasPrefix(r.Header.Get("Content-Type"), "text/html") && len(r.Body) > 0 {
		tag := fmt.Appendf(nil, `<script src="%s" data-build="%s"></script>`, scriptPath, v.Build)
		end := bytes.LastIndex(r.Body, []byte("</body>"))
		if end < 0 {
			end = len(r.Body)
		}
		r.Body = bytes.Join([][]byte{r.Body[:end], tag, r.Body[end:]}, nil)
	}
	return notCached(r)
}

// notCached disables the browser's cache, except for files with a hash of their content in the name.
func notCached(r emulate.Reply) emulate.Reply {
	if r.Header.Get("Cache-Control") != emulate.OneYear {
		r.Header.Set("Cache-Control", emulate.NoStore)
	}
	return r
}
