package preview

import (
	"bytes"
	_ "embed"
	"fmt"
	"html"
	"net/http"
	"path"
	"strings"
)

//go:embed preview.js
var script []byte

// The addresses of the preview's own. The site has nothing below /-/ that can be asked for.
const (
	detailsPath = "/-/"
	eventsPath  = "/-/events"
	scriptPath  = "/-/preview.js"
)

// ServeHTTP answers a request as the web server would.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case !allowedHost(r.Host, s.o.Listen, s.o.AllowedHosts):
		http.Error(w, "This preview does not answer to that name. Ask for it as localhost, or allow the name (--allow-host).", http.StatusMisdirectedRequest)
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "A static site is only read.", http.StatusMethodNotAllowed)
	case r.URL.Path == eventsPath:
		s.hub.ServeHTTP(w, r)
	case r.URL.Path == scriptPath:
		newReply(200, mediaType(scriptPath), notAtAll, script).send(w)
	case r.URL.Path == detailsPath:
		s.view.Load().forBrowser(s.details(r.URL.Query().Get("url"))).send(w)
	default:
		s.serve(w, r)
	}
}

// serve answers with the site.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	v := s.view.Load()
	answer := v.reply(cleanPath(r.URL.Path), r.URL.RawQuery)
	switch {
	case strings.Contains(r.Header.Get("Accept"), "text/html"):
		answer = v.forBrowser(answer)
	case r.Header.Get("Sec-Fetch-Site") != "": // a browser, for a page: it must not keep what is edited
		answer = answer.notKept()
	}
	answer.send(w)
}

// reply answers from the newest state; where that has a mistake, from the last one without.
func (v *view) reply(path, query string) reply {
	problem := v.Problems
	for _, s := range []*site{v.newest, v.good} {
		if s == nil {
			continue
		}
		r, err := s.answer(s, path, query)
		if err == nil {
			return r
		}
		if problem == "" {
			problem = err.Error()
		}
	}
	return newReply(500, mediaType(".html"), notAtAll, fmt.Appendf(nil,
		"<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Not built yet</title></head><body><h1>This page cannot be built yet</h1><pre>%s</pre></body></html>\n",
		html.EscapeString(problem)))
}

// forBrowser adds the preview's script to a page.
func (v *view) forBrowser(r reply) reply {
	if strings.HasPrefix(r.header.Get("Content-Type"), "text/html") && len(r.body) > 0 {
		tag := fmt.Appendf(nil, `<script src="%s" data-build="%s"></script>`, scriptPath, v.Build)
		end := bytes.LastIndex(r.body, []byte("</body>"))
		if end < 0 {
			end = len(r.body)
		}
		r.body = bytes.Join([][]byte{r.body[:end], tag, r.body[end:]}, nil)
	}
	return r.notKept()
}

// notKept tells browsers to ask again each time. Files that are named by their content may be kept.
func (r reply) notKept() reply {
	if r.header.Get("Cache-Control") != oneYear {
		r.header.Set("Cache-Control", notAtAll)
	}
	return r
}

func (r reply) send(w http.ResponseWriter) {
	for name, values := range r.header {
		w.Header()[name] = values
	}
	w.WriteHeader(r.status)
	_, _ = w.Write(r.body) // a client that has left wants no answer
}

// cleanPath merges slashes and resolves dot segments, as every server does first.
func cleanPath(p string) string {
	clean := path.Clean("/" + p)
	if last := p[strings.LastIndexByte(p, '/')+1:]; clean != "/" && (last == "" || last == "." || last == "..") {
		clean += "/"
	}
	return clean
}
