package site

import (
	"bytes"
	"regexp"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer"
	mdtext "github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// github adds what GitHub adds to CommonMark: tables, strikethrough, task lists, links that are written as bare URLs,
// and alerts. An alert is a quote whose first line is its kind:
//
//	> [!WARNING]
//	> Version 5.6 cannot open these files.
type github struct{}

// Bare URLs start with a scheme or www., and end before a space or <. Those of mail and chat addresses end with the
// address, for instance mailto:team@example.org. The linkify extension removes punctuation at the end. Its own patterns
// only accept ASCII: they end https://zh.wikipedia.org/wiki/安装 before 安装.
var (
	bareURL = regexp.MustCompile(`^(?:https?|ftp)://[-_\p{L}\p{N}](?:[^\s<]*[^\s<"'])?|` +
		`^(?:mailto|xmpp):[-+.\w]+@[-\w]+(?:\.[-\w]*[0-9A-Za-z])+(?:/[.@\w]*\w)?`)
	bareWWW = regexp.MustCompile(`^www\.[-_\p{L}\p{N}]+\.[-_\p{L}\p{N}](?:[^\s<]*[^\s<"'])?`)
)

// Extend adds the parsers and renderers to goldmark. Those of task lists and alerts have a higher priority than
// goldmark's own.
func (g github) Extend(m goldmark.Markdown) {
	for _, e := range []goldmark.Extender{
		extension.NewTable(extension.WithTableCellAlignMethod(extension.TableCellAlignNone)), // see alignCells
		extension.Strikethrough, extension.TaskList,
		extension.NewLinkify(
			extension.WithLinkifyAllowedProtocols([]string{"http:", "https:", "ftp:", "mailto:", "xmpp:"}),
			extension.WithLinkifyURLRegexp(bareURL), extension.WithLinkifyWWWRegexp(bareWWW)),
	} {
		e.Extend(m)
	}
	m.Parser().AddOptions(parser.WithASTTransformers(util.Prioritized(g, 500)))
	m.Renderer().AddOptions(renderer.WithNodeRenderers(util.Prioritized(g, 200)))
}

// alert is the AST node of an alert.
type alert struct {
	ast.BaseBlock
	kind string // note, tip, important, warning or caution
}

var alertKind = ast.NewNodeKind("Alert")

// Kind implements ast.Node.
func (a *alert) Kind() ast.NodeKind { return alertKind }

// Dump implements ast.Node.
func (a *alert) Dump(src []byte, level int) {
	ast.DumpHelper(a, src, level, map[string]string{"kind": a.kind}, nil)
}

// alertRE matches the first line of an alert.
var alertRE = regexp.MustCompile(`(?i)^\[!(note|tip|important|warning|caution)\][ \t]*\r?\n?$`)

// Transform implements parser.ASTTransformer: it aligns the cells of tables, and replaces the quotes that are alerts.
// As on GitHub, an alert is not inside of another block, and a quote with nothing but its kind is not an alert.
func (github) Transform(doc *ast.Document, reader mdtext.Reader, _ parser.Context) {
	alignCells(doc)
	var next ast.Node
	for n := doc.FirstChild(); n != nil; n = next {
		next = n.NextSibling()
		quote, ok := n.(*ast.Blockquote)
		if !ok {
			continue
		}
		first, ok := quote.FirstChild().(*ast.Paragraph)
		if !ok || first.Lines().Len() == 0 {
			continue
		}
		line := first.Lines().At(0)
		m := alertRE.FindSubmatch(line.Value(reader.Source()))
		if m == nil || first.Lines().Len() == 1 && first.NextSibling() == nil {
			continue
		}
		removeLine(quote, first)
		a := &alert{kind: string(bytes.ToLower(m[1]))}
		a.SetPos(quote.Pos())
		for c := quote.FirstChild(); c != nil; c = quote.FirstChild() {
			a.AppendChild(a, c)
		}
		for _, attribute := range quote.Attributes() {
			a.SetAttribute(attribute.Name, attribute.Value)
		}
		doc.ReplaceChild(doc, quote, a)
	}
}

// alignCells sets the class of cells in aligned columns: align-left, align-center or align-right. The header
// Content-Security-Policy forbids style attributes.
func alignCells(doc *ast.Document) {
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if cell, ok := n.(*extast.TableCell); ok && entering && cell.Alignment != extast.AlignNone {
			cell.SetAttributeString("class", []byte("align-"+cell.Alignment.String()))
		}
		return ast.WalkContinue, nil
	})
}

// removeLine removes the first line of the first paragraph of a quote, and the paragraph if it has no other lines.
func removeLine(quote ast.Node, p *ast.Paragraph) {
	if p.Lines().Len() == 1 {
		quote.RemoveChild(quote, p)
		return
	}
	for c := p.FirstChild(); c != nil; c = p.FirstChild() {
		p.RemoveChild(p, c)
		if text, ok := c.(*ast.Text); ok && (text.SoftLineBreak() || text.HardLineBreak()) {
			break
		}
	}
}

// RegisterFuncs registers the renderers of alerts and of the boxes of task lists.
func (g github) RegisterFuncs(r renderer.NodeRendererFuncRegisterer) {
	r.Register(alertKind, g.renderAlert)
	r.Register(extast.KindTaskCheckBox, g.renderBox)
}

// renderAlert writes an alert with GitHub's classes.
func (github) renderAlert(w util.BufWriter, _ []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	if !entering {
		_, _ = w.WriteString("</div>\n")
		return ast.WalkContinue, nil
	}
	kind := n.(*alert).kind
	title := string(bytes.ToUpper([]byte(kind[:1]))) + kind[1:]
	_, _ = w.WriteString(`<div class="markdown-alert markdown-alert-` + kind + `" role="note">` + "\n" +
		`<p class="markdown-alert-title">` + title + "</p>\n")
	return ast.WalkContinue, nil
}

// renderBox writes the box of a task. Unlike goldmark's, it has a label for screen readers.
func (github) renderBox(w util.BufWriter, _ []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	if entering {
		box := `<input type="checkbox" disabled aria-label="not done"> `
		if n.(*extast.TaskCheckBox).IsChecked {
			box = `<input type="checkbox" disabled checked aria-label="done"> `
		}
		_, _ = w.WriteString(box)
	}
	return ast.WalkContinue, nil
}
