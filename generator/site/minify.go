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

// mediaTypes are the assets that are minified, by extension.
var mediaTypes = map[string]string{".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}

var (
	jsonRE   = regexp.MustCompile(`^(application/json|.+\+json|importmap|speculationrules)$`)
	scriptRE = regexp.MustCompile(`^((text|application)/(x-)?(java|ecma)script|module)$`)
)

// minifier makes pages, style sheets and scripts smaller. It can be used by many goroutines at once.
type minifier struct{ m *minify.M }

// newMinifier returns a minifier that keeps what other programs match by pattern: quotes of attributes and end tags,
// which package managers look for, and server-side includes.
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

// file returns a file minified according to its extension.
func (m *minifier) file(ext string, data []byte) ([]byte, error) {
	mediaType, ok := mediaTypes[ext]
	if !ok {
		return data, nil
	}
	return m.m.Bytes(mediaType, data)
}

// include is the start of a server-side include.
var include = []byte("<!--#")

// pageBuffers are the buffers that are reused from page to page.
type pageBuffers struct{ in, out bytes.Buffer }

// page returns a minified HTML page. The result is the page itself, or is valid until the buffers are used again.
func (m *minifier) page(b *pageBuffers, page []byte) ([]byte, error) {
	b.in.Reset()
	b.in.Write(page) // a copy, since the minifier works in place
	b.out.Reset()
	if err := m.m.Minify("text/html", &b.out, &b.in); err != nil {
		return nil, err
	}
	// The minifier undoes the escapes of attributes. Browsers do not mind <!--# in one; the web server would
	// run it. Pages that have such a text in an attribute are rare enough to stay as they are.
	if bytes.Count(b.out.Bytes(), include) != bytes.Count(page, include) {
		return page, nil
	}
	return b.out.Bytes(), nil
}
