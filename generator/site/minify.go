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

// mediaTypes are the files that are minified, by extension.
var mediaTypes = map[string]string{".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}

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

// minify appends to out what src is, made smaller, by the extension of its name (".css"); as it is when there
// is nothing to be done for it.
func (m *minifier) minify(out, src *bytes.Buffer, ext string) error {
	mediaType, ok := mediaTypes[ext]
	if !ok {
		_, err := out.Write(src.Bytes())
		return err
	}
	return m.m.Minify(mediaType, out, src)
}
