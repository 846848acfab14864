package site

import (
	"bytes"
	"html/template"
	"net/url"
	"strconv"
	"strings"
	"unicode"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	mdtext "github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
	"golang.org/x/net/html"
)

// headingIDs are the ids of the elements that one document adds to a page. A heading gets the id that GitHub would give
// it: its text in lower case, without punctuation, and with hyphens for spaces. For example:
//
//	## Install on Linux    install-on-linux
//	## 安装                安装
//	## Notes               notes
//	## Notes               notes-1, because the first one has the id notes
//	## Notes 1             notes-1-1 on GitHub. Here it is notes-1, and the second Notes is notes-2: a heading whose
//	                       text is unique always has the id of its text, whatever other headings are added
//	## 🎉                  none: it has neither letters nor digits
//	## Setup {#start}      start, which the author chose
//
// Ids that the layout uses, outside of the document, count as those of earlier headings: if the layout has an element
// with the id main, then the heading Main has the id main-1, and links in the document to #main lead there.
type headingIDs struct {
	taken   map[string]bool // ids of the elements around the document
	made    map[string]bool // ids made from the text of headings
	written []writtenID     // ids that the author chose, in order
}

// writtenID is an id that the author chose for a heading or another block, and the offset of that block.
type writtenID struct {
	id string
	at int
}

// headingIDsKey is the key under which markdown.render passes headingIDs to the parser.
var headingIDsKey = parser.NewContextKey()

// noticeKey marks a document without ids of headings, in its metadata.
const noticeKey = "notice"

// footnotePrefix returns the prefix for the ids of footnotes: a page can show two documents, its own and the notice.
func footnotePrefix(n ast.Node) []byte {
	if _, notice := n.OwnerDocument().Meta()[noticeKey]; notice {
		return []byte("notice-")
	}
	return nil
}

// headingParser sets the ids of headings after a document has been parsed. It sets none if the parser got no
// headingIDs.
type headingParser struct{}

// Transform implements parser.ASTTransformer.
func (headingParser) Transform(doc *ast.Document, reader mdtext.Reader, pc parser.Context) {
	ids, _ := pc.Get(headingIDsKey).(*headingIDs)
	if ids == nil {
		doc.AddMeta(noticeKey, true)
		return
	}
	src := reader.Source()
	used := map[string]bool{} // by the author, in attributes or raw HTML
	var headings []*ast.Heading
	var links []*ast.Link
	each(doc, func(n ast.Node) {
		switch n := n.(type) {
		case *ast.Link:
			links = append(links, n)
		case *ast.HTMLBlock:
			idsIn(n.Lines().Value(src), used)
		case *ast.RawHTML:
			idsIn(n.Segments.Value(src), used)
		}
		if id, ok := n.AttributeString("id"); ok {
			if id, ok := id.([]byte); ok {
				ids.written = append(ids.written, writtenID{string(id), max(n.Pos(), 0)})
				used[string(id)] = true
			}
		} else if h, ok := n.(*ast.Heading); ok {
			headings = append(headings, h)
		}
	})
	moved := ids.set(headings, used, src)
	for _, l := range links {
		if fragment, ok := bytes.CutPrefix(l.Destination, []byte("#")); ok {
			if name, err := url.PathUnescape(string(fragment)); err == nil && moved[name] != "" {
				l.Destination = []byte("#" + moved[name])
			}
		}
	}
}

// set gives an id to each heading that has none. It returns the ids of headings that could not have the id of their
// text because the layout uses it, by that id.
func (ids *headingIDs) set(headings []*ast.Heading, used map[string]bool, src []byte) (moved map[string]string) {
	ids.made = map[string]bool{}
	moved = map[string]string{}
	free := func(id string) bool { return !ids.taken[id] && !used[id] && !ids.made[id] }
	give := func(h *ast.Heading, id string) {
		ids.made[id] = true
		h.SetAttributeString("id", []byte(id))
	}
	slugs := make([]string, len(headings))
	var again []int // headings that cannot have the id of their text
	for i, h := range headings {
		slugs[i] = slug(plainText(h, src))
		switch {
		case strings.Trim(slugs[i], "-") == "":
		case free(slugs[i]):
			give(h, slugs[i])
		default:
			again = append(again, i)
		}
	}
	last := map[string]int{} // the last number that was tried, by slug
	for _, i := range again {
		id := slugs[i]
		for !free(id) {
			last[slugs[i]]++
			id = slugs[i] + "-" + strconv.Itoa(last[slugs[i]])
		}
		give(headings[i], id)
		if ids.taken[slugs[i]] && !used[slugs[i]] && moved[slugs[i]] == "" {
			moved[slugs[i]] = id
		}
	}
	return moved
}

// around returns the ids in a page outside of the document, whose HTML is body.
func around(page []byte, body template.HTML) map[string]bool {
	found := map[string]bool{}
	for _, part := range bytes.Split(page, []byte(body)) {
		idsIn(part, found)
	}
	return found
}

// clash reports whether an element around the document has the id of one of its headings.
func (ids *headingIDs) clash(around map[string]bool) bool {
	for id := range ids.made {
		if around[id] {
			return true
		}
	}
	return false
}

// repeated returns the ids that the author chose although another element already has them.
func (ids *headingIDs) repeated(around map[string]bool) []writtenID {
	var repeated []writtenID
	seen := map[string]bool{}
	for _, w := range ids.written {
		if around[w.id] || seen[w.id] {
			repeated = append(repeated, w)
		}
		seen[w.id] = true
	}
	return repeated
}

// idsIn adds the ids of elements in a piece of HTML.
func idsIn(piece []byte, ids map[string]bool) {
	for z := html.NewTokenizer(bytes.NewReader(piece)); z.Next() != html.ErrorToken; { // no other errors than the end
		_, more := z.TagName()
		for more {
			var key, value []byte
			if key, value, more = z.TagAttr(); string(key) == "id" {
				ids[string(value)] = true
			}
		}
	}
}

// each calls f with a node and all nodes below it.
func each(root ast.Node, f func(ast.Node)) {
	_ = ast.Walk(root, func(n ast.Node, entering bool) (ast.WalkStatus, error) { // never returns an error
		if entering {
			f(n)
		}
		return ast.WalkContinue, nil
	})
}

// plainText returns the text of a heading, without its markup, images and raw HTML.
func plainText(h *ast.Heading, src []byte) string {
	var b strings.Builder
	_ = ast.Walk(h, func(n ast.Node, entering bool) (ast.WalkStatus, error) { // never returns an error
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Image:
			return ast.WalkSkipChildren, nil
		case *ast.Text:
			text := n.Segment.Value(src)
			if n.Parent().Kind() != ast.KindCodeSpan {
				text = util.ResolveEntityNames(util.ResolveNumericReferences(text))
			}
			b.Write(text)
		case *ast.String:
			b.Write(n.Value)
		case *ast.AutoLink:
			b.Write(n.Label(src))
		}
		return ast.WalkContinue, nil
	})
	return b.String()
}

// slug returns the id that GitHub makes from the text of a heading. It keeps letters, marks, digits and connectors such
// as _ of all scripts (what \p{Word} matches in Ruby), and hyphens.
func slug(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case r == '-',
			unicode.In(r, unicode.L, unicode.M, unicode.Nd, unicode.Nl, unicode.Pc, unicode.Other_Alphabetic):
			return unicode.ToLower(r)
		}
		return -1
	}, text)
}
