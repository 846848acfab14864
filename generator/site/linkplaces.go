package site

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"

	"github.com/yuin/goldmark/ast"
	mdtext "github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
	"golang.org/x/net/html"

	"github.com/Slicer/sitegen/generator/fault"
)

// linkPlacer finds the place in the sources where a link of a rendered page is written. For instance, a link in /about/
// may come from content/about.md, from the layout page.html, from a partial, or from the configured notice.
type linkPlacer struct {
	documents map[string]*document // by source
	layouts   *layoutSet
	markdown  *markdown
	notice    string
	noticeAt  fault.Place
}

// findings returns one finding for each place where a bad link is written.
func (p *linkPlacer) findings(bad *badLink) fault.Findings {
	var findings fault.Findings
	elsewhere := map[string][]*rendered{} // pages whose content file does not contain the link, by layout
	for _, r := range bad.pages {
		d := p.documents[r.page.Source]
		offsets := []int(nil)
		if d != nil {
			offsets = p.markdown.linkOffsets(d.body, bad.link)
		}
		for _, at := range offsets {
			findings = append(findings, fault.PlaceOf(d.page.Source, d.src, len(d.src)-len(d.body)+at).Errorf("%s",
				bad.text))
		}
		if len(offsets) == 0 {
			elsewhere[r.page.Layout] = append(elsewhere[r.page.Layout], r)
		}
	}
	for _, layout := range sortedKeys(elsewhere) {
		findings = append(findings, p.inLayout(layout, bad, elsewhere[layout])...)
	}
	return findings
}

// inLayout finds a link in the layout of the pages, in base.html, in partials, or in the notice. If it is in none of
// these, the layout made it from data: the finding names the layout and the page.
func (p *linkPlacer) inLayout(layout string, bad *badLink, pages []*rendered) fault.Findings {
	var findings fault.Findings
	for _, name := range sortedKeys(p.layouts.sources) {
		if name != layout && name != baseLayout && !strings.HasPrefix(name, partials) {
			continue
		}
		src := p.layouts.sources[name]
		offsets := attributeOffsets([]byte(src), bad.link)
		if i := strings.Index(src, `"`+bad.link+`"`); offsets == nil && bad.link != "" && i >= 0 { // an argument
			offsets = []int{i + 1}
		}
		for _, at := range offsets {
			findings = append(findings, fault.PlaceOf(layoutFolder+name, src, at).Errorf("%s", bad.text))
		}
	}
	if findings == nil && p.markdown.linkOffsets([]byte(p.notice), bad.link) != nil {
		if p.noticeAt.File == "" {
			return fault.Findings{fault.Place{File: "notice"}.Errorf("%s", bad.text)}
		}
		return fault.Findings{p.noticeAt.Errorf("notice: %s", bad.text)}
	}
	if findings == nil {
		return fault.Findings{fault.Place{File: layoutFolder + layout}.Errorf("%s%s", bad.text,
			on(pages[0].page.URL(), len(pages)))}
	}
	return findings
}

// on describes the pages that a finding is about: " (on /about/ and 2 more)".
func on(url string, n int) string {
	if n == 1 {
		return fmt.Sprintf(" (on %s)", url)
	}
	return fmt.Sprintf(" (on %s and %d more)", url, n-1)
}

// linkOffsets returns the offsets in src, which is Markdown, of a link. The link is given as it appears in the rendered
// HTML, where goldmark has escaped it: "a b.png" in Markdown is "a%20b.png" in HTML. The offset is that of the address
// or, for an empty one, that of the whole link.
func (m *markdown) linkOffsets(src []byte, link string) []int {
	var offsets []int
	root := m.goldmark.Parser().Parse(mdtext.NewReader(src))
	_ = ast.Walk(root, func(n ast.Node, entering bool) (ast.WalkStatus, error) { // never returns an error
		if !entering {
			return ast.WalkContinue, nil
		}
		var destination []byte
		switch n := n.(type) {
		case *ast.Link:
			destination = n.Destination
		case *ast.Image:
			destination = n.Destination
		case *ast.AutoLink:
			destination = n.URL(src)
		case *ast.RawHTML:
			offsets = append(offsets, offsetsWithin(src, n.Segments, link)...)
			return ast.WalkContinue, nil
		case *ast.HTMLBlock:
			offsets = append(offsets, offsetsWithin(src, n.Lines(), link)...)
			return ast.WalkContinue, nil
		default:
			return ast.WalkContinue, nil
		}
		if string(util.URLEscape(destination, true)) == link {
			at := max(n.Pos(), 0)
			offsets = append(offsets, at+max(bytes.Index(src[at:], destination), 0))
		}
		return ast.WalkContinue, nil
	})
	if offsets == nil && link != "" { // for instance, in HTML that several blocks of Markdown consist of
		if i := bytes.Index(src, []byte(link)); i >= 0 {
			offsets = append(offsets, i)
		}
	}
	return offsets
}

// offsetsWithin returns the offsets in src of a link in raw HTML, which consists of segments of src.
func offsetsWithin(src []byte, segments *mdtext.Segments, link string) []int {
	if segments.Len() == 0 {
		return nil
	}
	start := segments.At(0).Start
	offsets := attributeOffsets(src[start:segments.At(segments.Len()-1).Stop], link)
	for i := range offsets {
		offsets[i] += start
	}
	return offsets
}

// attributeRE matches an attribute with links, in a tag. Its groups are the name, and the value in double quotes, in
// single quotes, and without quotes. A name alone, or before a =, has an empty value.
var attributeRE = regexp.MustCompile(`(?i)[\s"'/](href|src|srcset|imagesrcset|action|poster)` +
	`(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]*))|[\s/>])`)

// attributeOffsets returns the offsets in HTML of the attributes with a link. The offset is that of the link or, for an
// empty one, that of the attribute. The HTML may be a template.
func attributeOffsets(src []byte, link string) (offsets []int) {
	link = strings.Trim(link, htmlSpace)
	z := html.NewTokenizer(bytes.NewReader(src))
	at := 0
	for kind := z.Next(); kind != html.ErrorToken; kind = z.Next() {
		tag := src[at : at+len(z.Raw())]
		if kind == html.StartTagToken || kind == html.SelfClosingTagToken {
			for _, m := range attributeRE.FindAllSubmatchIndex(tag, -1) {
				for _, i := range linkIn(string(tag), m, link) {
					offsets = append(offsets, at+i)
				}
			}
		}
		at += len(tag)
	}
	return offsets
}

// linkIn returns the offsets in a tag of a link in an attribute, which is a match of attributeRE.
func linkIn(tag string, m []int, link string) (offsets []int) {
	name, start, end := strings.ToLower(tag[m[2]:m[3]]), m[2], m[2]
	for i := 4; i < len(m); i += 2 {
		if m[i] >= 0 {
			start, end = m[i], m[i+1]
		}
	}
	value := tag[start:end]
	if strings.HasSuffix(name, "srcset") {
		for i, j := range candidates(value) {
			if html.UnescapeString(value[i:j]) == link {
				offsets = append(offsets, start+i)
			}
		}
		return offsets
	}
	switch trimmed := strings.Trim(value, htmlSpace); {
	case html.UnescapeString(trimmed) != link:
		return nil
	case link == "":
		return []int{m[2]}
	}
	return []int{start + len(value) - len(strings.TrimLeft(value, htmlSpace))}
}
