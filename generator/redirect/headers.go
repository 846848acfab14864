package redirect

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Header is a header of all responses of a site. See https://owasp.org/www-project-secure-headers/ for those that
// protect visitors.
type Header struct {
	Name  string // as it is sent, for instance Referrer-Policy
	Value string // printable ASCII; "" in a site's own list: the header is not sent
}

// String returns the header as ParseHeader parses it.
func (h Header) String() string { return strings.TrimSpace(h.Name + ": " + h.Value) }

// DefaultHeaders returns the headers that protect the visitors of a site. A page loads files from the site alone and
// contains no scripts and styles of its own (an image may be part of a page, as a data: URL), no other site shows it in
// a frame, and it uses no sensors.
func DefaultHeaders() []Header {
	return []Header{
		{"Content-Security-Policy", "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; " +
			"form-action 'self'; frame-ancestors 'none'"},
		{"Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"},
		{"Referrer-Policy", "strict-origin-when-cross-origin"},
		{"X-Content-Type-Options", "nosniff"},
	}
}

// Headers returns the headers of all responses, sorted by name: the defaults, and a site's own, which replace those of
// the same name. Own headers without a value are not sent.
func Headers(own []Header) []Header {
	list := DefaultHeaders()
	for _, h := range own {
		same := func(o Header) bool { return strings.EqualFold(o.Name, h.Name) }
		list = slices.DeleteFunc(list, same)
		if h.Value != "" {
			list = append(list, h)
		}
	}
	slices.SortFunc(list, func(a, b Header) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// answerHeaders lists the headers that servers set for each response.
var answerHeaders = []string{"Accept-Ranges", "Access-Control-Allow-Origin", "Age", "Allow", "Cache-Control",
	"Connection", "Content-Disposition", "Content-Encoding", "Content-Language", "Content-Length", "Content-Range",
	"Content-Type", "Date", "ETag", "Expires", "Keep-Alive", "Last-Modified", "Location", "Server", "Trailer",
	"Transfer-Encoding", "Upgrade", "Vary", "Via"}

// headerName matches the name of a header: a token of RFC 9110 without the characters that mean something in a
// configuration.
var headerName = regexp.MustCompile(`^[A-Za-z0-9][-A-Za-z0-9_]*\z`)

// maxHeader is the maximum length of a header's value in bytes. Nginx refuses a word of its configuration that is
// longer than 4,094 bytes.
const maxHeader = 3500

// ParseHeader parses a header, for instance "Strict-Transport-Security: max-age=31536000". A header without a value,
// "Permissions-Policy:", is one that is not sent.
func ParseHeader(text string) (Header, error) {
	name, value, colon := strings.Cut(text, ":")
	h := Header{strings.TrimSpace(name), strings.TrimSpace(value)}
	switch {
	case !colon || !headerName.MatchString(h.Name):
		return Header{}, errors.New("write a name, a colon and a value: Strict-Transport-Security: max-age=31536000")
	case slices.ContainsFunc(answerHeaders, func(n string) bool { return strings.EqualFold(n, h.Name) }):
		return Header{}, fmt.Errorf("the web server sets %s for each response", h.Name)
	case strings.ContainsFunc(h.Value, func(r rune) bool { return r < ' ' || r > '~' }):
		return Header{}, errors.New("the value of a header consists of printable ASCII characters")
	case len(h.Value) > maxHeader:
		return Header{}, fmt.Errorf("the value of a header has at most %d bytes, not %d", maxHeader, len(h.Value))
	}
	return h, nil
}
