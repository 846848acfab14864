// Package emulate provides what the emulators of all web servers share: replies, and the files of a site as a server
// serves them.
//
// An emulator answers requests as one kind of web server does, without that server. If no redirect matches a request,
// the emulator serves a file:
//
//	site := emulate.NewSite(files)
//	reply, err := site.Serve("/docs/", "") // 200 with docs/index.html
//	reply, err = site.Serve("/docs", "")   // 301 to /docs/
//	reply, err = site.Serve("/nope", "")   // 404 with 404.html
package emulate

import (
	"net/http"
	"path"
)

// Reply is the reply to a request before it is sent.
type Reply struct {
	Status int
	Header http.Header
	Body   []byte
}

// Values of Cache-Control.
const (
	FiveMinutes = "public, max-age=300"                 // for replies that the next build may change
	OneYear     = "public, max-age=31536000, immutable" // for files with a hash of their content in the name
	NoStore     = "no-store"                            // for errors
)

const htmlType = "text/html; charset=utf-8"

// Respond returns a reply with a body. cache is its Cache-Control, "" for none.
func Respond(status int, mediaType, cache string, body []byte) Reply {
	r := Reply{Status: status, Header: http.Header{}, Body: body}
	r.Header.Set("Content-Type", mediaType)
	if cache != "" {
		r.Header.Set("Cache-Control", cache)
	}
	return r
}

// Redirect returns a reply with a Location.
func Redirect(status int, location, cache string) Reply {
	r := Respond(status, htmlType, cache, nil)
	r.Header.Set("Location", location)
	return r
}

// Plain returns a reply with the text of its status as the body, for instance "Not Found".
func Plain(status int) Reply {
	return Respond(status, "text/plain; charset=utf-8", "", []byte(http.StatusText(status)+"\n"))
}

// WithCORS returns the reply with a header that allows scripts on pages of other hosts to read it, if its status is
// 200.
func (r Reply) WithCORS() Reply {
	if r.Status == http.StatusOK {
		r.Header.Set("Access-Control-Allow-Origin", "*")
	}
	return r
}

// Location returns the Location of a redirect, "" for other replies.
func (r Reply) Location() string { return r.Header.Get("Location") }

// Send sends the reply.
func (r Reply) Send(w http.ResponseWriter) {
	for name, values := range r.Header {
		w.Header()[name] = values
	}
	w.WriteHeader(r.Status)
	_, _ = w.Write(r.Body) // an error means that the client has closed the connection
}

// mediaTypes maps the extensions of files that sites publish to media types. The types are those of Nginx's mime.types.
var mediaTypes = map[string]string{
	".atom": "application/atom+xml",
	".avif": "image/avif",
	".css":  "text/css",
	".gif":  "image/gif",
	".htm":  htmlType,
	".html": htmlType,
	".ico":  "image/x-icon",
	".jpeg": "image/jpeg",
	".jpg":  "image/jpeg",
	".js":   "application/javascript; charset=utf-8",
	".json": "application/json",
	".mp4":  "video/mp4",
	".pdf":  "application/pdf",
	".png":  "image/png",
	".svg":  "image/svg+xml",
	".txt":  "text/plain; charset=utf-8",
	".webm": "video/webm",
	".webp": "image/webp",
	".woff": "font/woff", ".woff2": "font/woff2",
	".xml": "text/xml; charset=utf-8",
	".zip": "application/zip",
}

// MediaType returns the Content-Type of a file by its name.
func MediaType(file string) string {
	if t, ok := mediaTypes[path.Ext(file)]; ok {
		return t
	}
	return "text/plain; charset=utf-8"
}
