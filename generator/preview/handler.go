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

// The paths of the preview itself. The site publishes no page below /-/.
const (
	detailsPath = "/-/"
	eventsPath  = "/-/events"
	scriptPath  = "/-/preview.js"
)

// ServeHTTP answers a request as the web server would.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case !allowedHost(r.Host, s.o.Listen, s.o.AllowedHosts):
		http.Error(w, "This preview does not answer to that name. Ask for it as localhost, or allow the name "+
			"(--allow-host).", http.StatusMisdirectedRequest)
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "A static site is only read.", http.StatusMethodNotAllowed)
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

// serve answers with the site.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	v := s.view.Load()
	answer := v.reply(emulate.Clean(r.URL.Path), r.URL.RawQuery)
	switch {
	case strings.Contains(r.Header.Get("Accept"), "text/html"):
		answer = v.forBrowser(answer)
	case r.Header.Get("Sec-Fetch-Site") != "": // a browser, for a page: it must not keep what is edited
		answer = notKept(answer)
	}
	answer.Send(w)
}

// reply answers from the newest state; where that has a mistake, from the last one without.
func (v *view) reply(path, query string) emulate.Reply {
	problem := v.Problems
	for _, s := range []*site{v.newest, v.good} {
		if s == nil {
			continue
		}
		r, err := s.answer(path, query)
		if err == nil {
			return r
		}
		if problem == "" {
			problem = err.Error()
		}
	}
	return emulate.Respond(500, emulate.MediaType(".html"), emulate.NoStore, fmt.Appendf(nil,
		"<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Not built "+
			"yet</title></head><body><h1>This page cannot be built yet</h1><pre>%s</pre></body></html>\n",
		html.EscapeString(problem)))
}

// forBrowser adds the preview's script to a page.
func (v *view) forBrowser(r emulate.Reply) emulate.Reply {
	if strings.HasPrefix(r.Header.Get("Content-Type"), "text/html") && len(r.Body) > 0 {
		tag := fmt.Appendf(nil, `<script src="%s" data-build="%s"></script>`, scriptPath, v.Build)
		end := bytes.LastIndex(r.Body, []byte("</body>"))
		if end < 0 {
			end = len(r.Body)
		}
		r.Body = bytes.Join([][]byte{r.Body[:end], tag, r.Body[end:]}, nil)
	}
	return notKept(r)
}

// notKept makes browsers request a file again each time. Files named by their content may be cached.
func notKept(r emulate.Reply) emulate.Reply {
	if r.Header.Get("Cache-Control") != emulate.OneYear {
		r.Header.Set("Cache-Control", emulate.NoStore)
	}
	return r
}
