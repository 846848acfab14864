package stats

import (
	"bytes"
	"net/url"
	"path"
	"strings"

	"github.com/Slicer/sitegen/generator/accesslog"
	"github.com/Slicer/sitegen/generator/catalog"
)

var bitstreamPath = []byte("/bitstream/")

// idLength is the length of a Girder id (hex digits).
const idLength = 24

// isDownload reports whether the method and the status of a request are those of a download by the default rule. S3
// answers every redirect with 301.
func isDownload(e *accesslog.Entry) bool {
	switch e.Status {
	case 200, 206, 301, 302, 303, 307, 308:
		return string(e.Method) == "GET"
	}
	return false
}

// bitstreamOf returns the id in the target of a request. It reports exact if the path is /bitstream/<id> and nothing
// else: only such requests count by the default rule. Format 1.0 also counts paths with more characters after the first
// 24 of the id, if ids are hexadecimal. The path is normalised as servers do it: see normalPath.
func bitstreamOf(target []byte, form catalog.IDForm) (id []byte, exact bool) {
	id, ok := bytes.CutPrefix(target, bitstreamPath)
	if ok && !bytes.ContainsAny(id, "%/\\#") {
		id, _, _ = bytes.Cut(id, []byte{'?'})
	} else {
		if bytes.IndexByte(target, '%') < 0 && !bytes.Contains(target, bitstreamPath) {
			return nil, false // /, /index.html
		}
		if id, ok = bytes.CutPrefix(normalPath(target), bitstreamPath); !ok {
			return nil, false
		}
	}
	if form == catalog.NameIDs {
		return id, true
	}
	if len(id) > idLength {
		return id[:idLength], false
	}
	if len(id) == idLength && hasUpper(id) { // hexadecimal ids may be in upper case
		if lower := bytes.ToLower(id); isGirderID(lower) {
			return lower, true
		}
	}
	return id, true
}

func hasUpper(b []byte) bool {
	for _, c := range b {
		if c >= 'A' && c <= 'Z' {
			return true
		}
	}
	return false
}

// normalPath returns the path of a target as a server finds it: without scheme and host, without the query, decoded,
// and without repeated slashes and dot segments. For example, all of these are /bitstream/6a46:
//
//	http://example.org/bitstream/6a46   //bitstream/6a46   /x/../bitstream/./6a46   /bitstream/%36a46?x=1
//
// A target that leads above the root is returned unchanged.
func normalPath(target []byte) []byte {
	target = accesslog.Unescape(target)
	text := string(target)
	if end := strings.IndexAny(text, "?#"); end >= 0 {
		text = text[:end]
	}
	if scheme, rest, ok := strings.Cut(text, "://"); ok && (strings.EqualFold(scheme, "http") ||
		strings.EqualFold(scheme, "https")) {
		_, text, _ = strings.Cut(rest, "/")
		text = "/" + text
	} else if host, rest, ok := strings.Cut(text, "/"); ok && strings.Contains(host, ".") &&
		!strings.HasPrefix(host, ".") {
		text = "/" + rest // Imperva writes www.example.org/bitstream/6a46
	}
	decoded, err := url.PathUnescape(text)
	if err != nil || !strings.HasPrefix(text, "/") {
		return target
	}
	text = decoded
	depth := 0
	for part := range strings.SplitSeq(text, "/") {
		switch part {
		case "", ".":
		case "..":
			if depth--; depth < 0 {
				return target
			}
		default:
			depth++
		}
	}
	clean := path.Clean(text)
	if last := text[strings.LastIndexByte(text, '/')+1:]; clean != "/" && (last == "" || last == "." || last == "..") {
		clean += "/"
	}
	return []byte(clean)
}

// networks are the beginnings of the user agents with which content delivery networks send the requests of visitors to
// the origin. The log of the network has the same requests, with the visitors who sent them.
var networks = [][]byte{[]byte("Amazon CloudFront"), []byte("Cloudflare"), []byte("CloudFlare"), []byte("Fastly")}

// isNetwork reports whether the user agent is that of a content delivery network, also in the form of a crawler:
// Mozilla/5.0 (compatible;Cloudflare-Healthchecks/1.0;+https://www.cloudflare.com/)
func isNetwork(agent []byte) bool {
	if name, ok := bytes.CutPrefix(agent, []byte("Mozilla/5.0 (compatible;")); ok {
		agent = bytes.TrimLeft(name, " ")
	}
	for _, n := range networks {
		if bytes.HasPrefix(agent, n) {
			return true
		}
	}
	return false
}

// isID reports whether an id has the form of the project's ids, so that it can be that of a package that the catalogue
// does not contain yet.
func isID(id []byte, form catalog.IDForm) bool {
	if form != catalog.NameIDs {
		return isGirderID(id)
	}
	if len(id) == 0 || len(id) > catalog.MaxIDLength {
		return false
	}
	for _, c := range id {
		digit, letter := '0' <= c && c <= '9', 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z'
		if !digit && !letter && c != '.' && c != '_' && c != '-' {
			return false
		}
	}
	return true
}

// isGirderID reports whether an id has the form of a Girder id.
func isGirderID(id []byte) bool {
	if len(id) != idLength {
		return false
	}
	for _, c := range id {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}
