package site

import (
	"bytes"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/alecthomas/chroma/v2"
	chromahtml "github.com/alecthomas/chroma/v2/formatters/html"
	"github.com/alecthomas/chroma/v2/lexers"
	"github.com/alecthomas/chroma/v2/styles"
	"github.com/dlclark/regexp2/v2"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/renderer/html"
	mdtext "github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// codeBlocks renders fenced code blocks. If chroma supports the language, the code is marked with the classes that
// syntax.css colours. The first line of a block may have attributes:
//
//	```sh {linenos=table linenostart=5 hl_lines=[1,"3-4"]}
//
// linenos=true (or "inline") numbers the lines, and linenos=table puts the numbers into a table column; linenostart is
// the first number; hl_lines lists the lines to highlight, counted from 1. nohl=true turns highlighting off.
type codeBlocks struct {
	usual  *chromahtml.Formatter // for blocks without attributes
	lexers sync.Map              // chroma.Lexer by language; looking up an unknown language takes chroma 20 ms
}

// init sets how often regexp2, the regular expressions of chroma, reads the clock. Chroma gives up a match after 250 ms
// and tries the next rule, so a page would differ if the machine is so busy that the goroutine with the clock is 250 ms
// late. It is late at most once a minute now, and no build takes that long. A match that hangs ends after a minute.
func init() { regexp2.SetTimeoutCheckPeriod(time.Minute) }

func newCodeBlocks() *codeBlocks { return &codeBlocks{usual: newFormatter(nil)} }

// lexer returns the lexer of a language, or nil if there is none.
func (c *codeBlocks) lexer(language string) chroma.Lexer {
	known, ok := c.lexers.Load(language)
	if !ok {
		known = lexers.Get(language)
		c.lexers.Store(language, known)
	}
	l, _ := known.(chroma.Lexer)
	return l
}

// Extend adds the renderer to goldmark with a higher priority than goldmark's own.
func (c *codeBlocks) Extend(m goldmark.Markdown) {
	m.Renderer().AddOptions(renderer.WithNodeRenderers(util.Prioritized(c, 200)))
}

// RegisterFuncs registers the renderer for fenced code blocks.
func (c *codeBlocks) RegisterFuncs(r renderer.NodeRendererFuncRegisterer) {
	r.Register(ast.KindFencedCodeBlock, c.render)
}

func (c *codeBlocks) render(w util.BufWriter, src []byte, node ast.Node, entering bool) (ast.WalkStatus, error) {
	block := node.(*ast.FencedCodeBlock)
	if entering && !c.highlight(w, src, block) {
		plain(w, src, block)
	}
	return ast.WalkContinue, nil
}

// highlight renders a block with highlighting. It returns false, and writes nothing, if the language is not supported,
// highlighting is turned off, or the lexer never ends.
func (c *codeBlocks) highlight(w util.BufWriter, src []byte, block *ast.FencedCodeBlock) bool {
	if block.Info == nil {
		return false
	}
	lexer := c.lexer(string(block.Language(src)))
	attributes := attributesOf(block.Info.Segment.Value(src))
	if _, off := attributes["nohl"]; off || lexer == nil {
		return false
	}
	endless := &endlessLexer{Lexer: lexer}
	tokens, err := chroma.Tokenise(chroma.Coalesce(endless), nil, string(block.Lines().Value(src)))
	if err != nil || endless.stopped {
		return false
	}
	formatter := c.usual
	if len(attributes) > 0 {
		formatter = newFormatter(attributes)
	}
	// Only w can fail, and it keeps its error.
	_ = formatter.Format(w, styles.Get(lightStyle), chroma.Literator(tokens...))
	return true
}

// endlessLexer stops a lexer that makes no progress. Chroma's lexers are state machines: rules that match the empty
// string can lead from one state to another and back forever, with an empty token each time. In chroma v2.27.0, the
// lexers of JSONata and Jungle do so at unexpected characters, for example "|" and "/", and so does a Markdown block
// that contains such a block (https://github.com/alecthomas/chroma/issues/1377).
type endlessLexer struct {
	chroma.Lexer
	stopped bool
}

// maxEmptyTokens is the limit for consecutive empty tokens. Lexers that end need only a few, to change states.
const maxEmptyTokens = 1000

// Tokenise returns an iterator that ends, and sets stopped, after too many empty tokens.
func (l *endlessLexer) Tokenise(options *chroma.TokeniseOptions, text string) (chroma.Iterator, error) {
	next, err := l.Lexer.Tokenise(options, text)
	empty := 0
	return func() chroma.Token {
		token := next()
		if empty++; token.Value != "" {
			empty = 0
		}
		if l.stopped = empty > maxEmptyTokens; l.stopped {
			return chroma.EOF
		}
		return token
	}, err
}

// plain renders a block without highlighting, as goldmark does.
func plain(w util.BufWriter, src []byte, block *ast.FencedCodeBlock) {
	_, _ = w.WriteString("<pre><code")
	if language := block.Language(src); language != nil {
		_, _ = w.WriteString(` class="language-`)
		html.DefaultWriter.Write(w, language)
		_ = w.WriteByte('"')
	}
	_ = w.WriteByte('>')
	html.DefaultWriter.RawWrite(w, block.Lines().Value(src))
	_, _ = w.WriteString("</code></pre>\n")
}

// attributesOf parses the attributes in braces after the language of a block.
func attributesOf(info []byte) map[string]any {
	i := bytes.IndexByte(info, '{')
	if i <= 0 {
		return nil
	}
	list, _ := parser.ParseAttributes(mdtext.NewReader(info[i:]))
	attributes := make(map[string]any, len(list))
	for _, a := range list {
		attributes[string(a.Name)] = a.Value
	}
	return attributes
}

// newFormatter returns the formatter for blocks with these attributes.
func newFormatter(attributes map[string]any) *chromahtml.Formatter {
	options := []chromahtml.Option{chromahtml.WithClasses(true)}
	first := 1
	if n, ok := attributes["linenostart"].(float64); ok {
		first = int(n)
		options = append(options, chromahtml.BaseLineNumber(first))
	}
	if lines, ok := attributes["hl_lines"].([]any); ok {
		options = append(options, chromahtml.HighlightLines(lineRanges(lines, first-1)))
	}
	switch v := attributes["linenos"].(type) {
	case bool:
		options = append(options, chromahtml.WithLineNumbers(v))
	case []byte:
		options = append(options, chromahtml.WithLineNumbers(v != nil),
			chromahtml.LineNumbersInTable(string(v) == "table"))
	}
	return chromahtml.New(options...)
}

// lineRanges parses hl_lines: numbers, and strings such as "3-4". It skips all other values.
func lineRanges(lines []any, offset int) [][2]int {
	var ranges [][2]int
	for _, line := range lines {
		switch v := line.(type) {
		case float64:
			ranges = append(ranges, [2]int{int(v) + offset, int(v) + offset})
		case []byte:
			from, to, ok := strings.Cut(string(v), "-")
			if !ok {
				to = from
			}
			to, _, _ = strings.Cut(to, "-")
			a, err1 := strconv.Atoi(from)
			b, err2 := strconv.Atoi(to)
			if err1 == nil && err2 == nil {
				ranges = append(ranges, [2]int{a + offset, b + offset})
			}
		}
	}
	return ranges
}
