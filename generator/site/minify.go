package site

import (
	"bytes"
	"regexp"

	"github.com/tdewolff/minify/v2"
	"github.com/tdewolff/minify/v2/css"
	"github.com/tdewolff/minify/v2/html"
	"github.com/tdewolff/minify/v2/js"
	"github.com/tdewolff/minify/v2/json"
	"github.com/tdewolff/minify/v2/svg"
)

// mediaTypes maps the extensions of assets that are minified to their media types.
var mediaTypes = map[string]string{".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}

var (
	jsonRE   = regexp.MustCompile(`^(application/json|.+\+json|importmap|speculationrules)$`)
	scriptRE = regexp.MustCompile(`^((text|application)/(x-)?(java|ecma)script|module)$`)
)

// minifier minifies pages, style sheets, scripts and SVG images. It is safe for concurrent use.
type minifier struct{ m *minify.M }

// newMinifier returns a minifier that keeps what other programs depend on: quotes around attributes and end tags, which
// the patterns of package managers expect, and server-side includes.
func newMinifier() *minifier {
	m := minify.New()
	m.Add("text/html", &html.Minifier{KeepQuotes: true, KeepEndTags: true, KeepDocumentTags: true,
		KeepSpecialComments: true})
	m.AddFunc("text/css", css.Minify)
	m.AddFunc("image/svg+xml", svg.Minify)
	m.AddRegexp(scriptRE, &js.Minifier{})
	m.AddRegexp(jsonRE, &json.Minifier{KeepNumbers: true})
	return &minifier{m}
}

// file returns the minified file. Data with an extension that is not in mediaTypes is returned unchanged.
func (m *minifier) file(ext string, data []byte) ([]byte, error) {
	mediaType, ok := mediaTypes[ext]
	if !ok {
		return data, nil
	}
	return m.m.Bytes(mediaType, data)
}

// include is the start of a server-side include directive.
var include = []byte("<!--#")

// pageBuffers holds buffers that are reused from page to page.
type pageBuffers struct{ in, out bytes.Buffer }

// page returns the minified HTML page. The result may be page itself; otherwise it is only valid until the buffers are
// used again.
func (m *minifier) page(b *pageBuffers, page []byte) ([]byte, error) {
	b.in.Reset()
	b.in.Write(page) // a copy, since the minifier works in place
	b.out.Reset()
	if err := m.m.Minify("text/html", &b.out, &b.in); err != nil {
		return nil, err
	}
	// The minifier unescapes attributes where HTML allows it: title="&lt;!--# x" becomes title="<!--# x". For a browser
	// the two are the same, but a web server would run the second one as an include. A page where the number of
	// includes changes is therefore not minified. Such pages are rare.
	if bytes.Count(b.out.Bytes(), include) != bytes.Count(page, include) {
		return page, nil
	}
	return b.out.Bytes(), nil
}
