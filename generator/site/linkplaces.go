package site

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/yuin/goldmark/ast"
	mdtext "github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"

	"github.com/Slicer/sitegen/generator/fault"
)

// linkPlacer finds the place in the sources where a link of a rendered page is written. For instance, a link in /about/
// may come from content/about.md, from the layout page.html, from a partial, or from the configured notice.
type linkPlacer struct {
	documents map[string]*document // by source
	layouts   *layoutSet
	markdown  *markdown
	notice    string
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
		if i := strings.Index(src, `"`+bad.link+`"`); i >= 0 {
			findings = append(findings, fault.PlaceOf(layoutFolder+name, src, i+1).Errorf("%s", bad.text))
		}
	}
	if findings == nil && strings.Contains(p.notice, bad.link) {
		return fault.Findings{fault.Place{File: "notice"}.Errorf("%s", bad.text)}
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
// HTML, where goldmark has escaped it: "a b.png" in Markdown is "a%20b.png" in HTML.
func (m *markdown) linkOffsets(src []byte, link string) []int {
	var offsets []int
	root := m.goldmark.Parser().Parse(mdtext.NewReader(src))
	_ = ast.Walk(root, func(n ast.Node, entering bool) (ast.WalkStatus, error) { // never returns an error
		var destination []byte
		switch n := n.(type) {
		case *ast.Link:
			destination = n.Destination
		case *ast.Image:
			destination = n.Destination
		case *ast.AutoLink:
			destination = n.URL(src)
		}
		if !entering || string(util.URLEscape(destination, true)) != link || destination == nil {
			return ast.WalkContinue, nil
		}
		at := max(n.Pos(), 0)
		offsets = append(offsets, at+max(bytes.Index(src[at:], destination), 0))
		return ast.WalkContinue, nil
	})
	if offsets == nil { // the link may be in raw HTML
		if i := bytes.Index(src, []byte(link)); i >= 0 && link != "" {
			offsets = append(offsets, i)
		}
	}
	return offsets
}
