package preview

import (
	"errors"
	"io/fs"
	"net/http"
	"path"
)

// reply is an answer before it is sent.
type reply struct {
	status int
	header http.Header
	body   []byte
}

// How long answers may be kept.
const (
	fiveMinutes = "public, max-age=300" // what moves
	oneYear     = "public, max-age=31536000, immutable"
	notAtAll    = "no-store"
)

func newReply(status int, mediaType, cache string, body []byte) reply {
	r := reply{status: status, header: http.Header{}, body: body}
	r.header.Set("Content-Type", mediaType)
	if cache != "" {
		r.header.Set("Cache-Control", cache)
	}
	return r
}

// moved sends the client elsewhere.
func moved(status int, location, cache string) reply {
	r := newReply(status, "text/html; charset=utf-8", cache, nil)
	r.header.Set("Location", location)
	return r
}

// plain is an answer that the site has no page for.
func plain(status int) reply {
	return newReply(status, "text/plain; charset=utf-8", "", []byte(http.StatusText(status)+"\n"))
}

// mediaTypes are those of the files that sitegen and its users publish, as Nginx's mime.types has them.
var mediaTypes = map[string]string{
	".atom": "application/atom+xml",
	".avif": "image/avif",
	".css":  "text/css",
	".gif":  "image/gif",
	".htm":  "text/html; charset=utf-8",
	".html": "text/html; charset=utf-8",
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

func mediaType(file string) string {
	if t, ok := mediaTypes[path.Ext(file)]; ok {
		return t
	}
	return "text/plain; charset=utf-8"
}

// content replies with a file.
func (s *site) content(status int, file, cache string) (reply, error) {
	data, err := s.Files.File(file)
	if errors.Is(err, fs.ErrNotExist) { // an error page that the site does not have
		return plain(status), nil
	}
	return newReply(status, mediaType(file), cache, data), err
}
