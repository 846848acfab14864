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

// newMinifier keeps what programs read by pattern: the quotes of attributes and the end tags that package
// managers look for, and server-side includes.
func newMinifier() *minifier {
	m := minify.New()
	m.Add("text/html", &html.Minifier{KeepQuotes: true, KeepEndTags: true, KeepDocumentTags: true, KeepSpecialComments: true})
	m.AddFunc("text/css", css.Minify)
	m.AddFunc("image/svg+xml", svg.Minify)
	m.AddRegexp(scriptRE, &js.Minifier{})
	m.AddRegexp(jsonRE, &json.Minifier{KeepNumbers: true})
	return &minifier{m}
}

// file gives a file as small as it gets, by the extension of its name.
func (m *minifier) file(ext string, data []byte) ([]byte, error) {
	mediaType, ok := mediaTypes[ext]
	if !ok {
		return data, nil
	}
	return m.m.Bytes(mediaType, data)
}

// include is how a server-side include begins.
var include = []byte("<!--#")

// page gives an HTML page as small as it gets. The result is the page itself, or belongs to the buffer.
func (m *minifier) page(buf *bytes.Buffer, page []byte) ([]byte, error) {
	buf.Reset()
	if err := m.m.Minify("text/html", buf, bytes.NewReader(page)); err != nil {
		return nil, err
	}
	// The minifier undoes the escapes of attributes. Browsers do not mind <!--# in one; the web server would
	// run it. Pages that have such a text in an attribute are rare enough to stay as they are.
	if bytes.Count(buf.Bytes(), include) != bytes.Count(page, include) {
		return page, nil
	}
	return buf.Bytes(), nil
}
