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
)

// markdown renders Markdown. It can be used by many goroutines at once.
type markdown struct {
	goldmark goldmark.Markdown
	writers  sync.Pool // of *htmlWriter
}

// newMarkdown sets up CommonMark with the tables and strike-through of GitHub, footnotes, an id for every heading,
// and classes for highlighted code (their colours are in syntax.css).
func newMarkdown() *markdown {
	return &markdown{
		goldmark: goldmark.New(
			goldmark.WithExtensions(extension.Table, extension.Strikethrough, extension.Footnote, newCodeBlocks()),
			goldmark.WithParserOptions(parser.WithAutoHeadingID(), parser.WithHeadingAttribute()),
			goldmark.WithRendererOptions(html.WithUnsafe()), // who writes content writes the layouts too
		),
		writers: sync.Pool{New: func() any { return newHTMLWriter() }},
	}
}

// render returns the HTML of src. Every text is Markdown, so there are no mistakes to report.
func (m *markdown) render(src []byte) template.HTML {
	w := m.writers.Get().(*htmlWriter)
	defer m.writers.Put(w)
	w.html.Reset()
	if err := m.goldmark.Convert(src, w); err != nil {
		panic(err) // only the writer can fail, and a buffer does not
	}
	return template.HTML(w.html.String())
}

// htmlWriter is a writer that goldmark uses as it is; for another it would make one for every text.
type htmlWriter struct {
	*bufio.Writer
	html *bytes.Buffer // what was written and flushed, as goldmark does at the end
}

func newHTMLWriter() *htmlWriter {
	html := new(bytes.Buffer)
	return &htmlWriter{bufio.NewWriter(html), html}
}
