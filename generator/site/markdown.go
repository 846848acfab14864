package site

import (
	"bufio"
	"bytes"
	"html/template"
	"sync"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/util"
)

// markdown renders Markdown. It is safe for concurrent use.
type markdown struct {
	goldmark goldmark.Markdown
	writers  sync.Pool // contains *htmlWriter
}

// newMarkdown returns a renderer for CommonMark with GitHub's additions, footnotes, attributes and an id for each
// heading, and highlighted code (its colours are in syntax.css).
func newMarkdown() *markdown {
	return &markdown{
		goldmark: goldmark.New(
			goldmark.WithExtensions(github{}, newCodeBlocks(),
				extension.NewFootnote(extension.WithFootnoteIDPrefixFunction(footnotePrefix))),
			goldmark.WithParserOptions(parser.WithHeadingAttribute(),
				parser.WithASTTransformers(util.Prioritized(headingParser{}, 1000))),
			goldmark.WithRendererOptions(html.WithUnsafe()), // authors are trusted: they write the layouts, too
		),
		writers: sync.Pool{New: func() any { return newHTMLWriter() }},
	}
}

// render returns the HTML of src. It sets the ids of headings and adds them to ids; if ids is nil, headings get none.
// It cannot fail, because any text is valid Markdown.
func (m *markdown) render(src []byte, ids *headingIDs) template.HTML {
	pc := parser.NewContext()
	if ids != nil {
		pc.Set(headingIDsKey, ids)
	}
	w := m.writers.Get().(*htmlWriter)
	defer m.writers.Put(w)
	w.html.Reset()
	if err := m.goldmark.Convert(src, w, parser.WithContext(pc)); err != nil {
		panic(err) // only the writer can fail, and a buffer never does
	}
	return template.HTML(w.html.String())
}

// htmlWriter is a buffer with the methods of a bufio.Writer. goldmark writes to it directly; any other io.Writer it
// would wrap in a new bufio.Writer for each text.
type htmlWriter struct {
	*bufio.Writer
	html *bytes.Buffer // receives the output when goldmark flushes the Writer at the end
}

func newHTMLWriter() *htmlWriter {
	html := new(bytes.Buffer)
	return &htmlWriter{bufio.NewWriter(html), html}
}
