package site

import (
	"html/template"
	"slices"

	"github.com/Slicer/sitegen/generator/output"
)

// Build is a rendering under way, as producers see it.
type Build struct {
	Input
	Site *Site

	markdown *markdown
	content  *documentSet
	added    []*Page
	files    []output.File
	derived  *derived
}

// AddPage has a page rendered. Its path must be its own.
func (b *Build) AddPage(p Page) { b.added = append(b.added, &p) }

// AddFile adds a file below public/ that is published as it is.
func (b *Build) AddFile(group output.Group, path string, data []byte) {
	b.files = append(b.files, output.File{Root: output.Public, Group: group, Path: path, Data: data})
}

// Pages lists the pages so far: those of content, in order of their files, then those that were added. Their
// Body may not be rendered yet.
func (b *Build) Pages() []*Page {
	pages, _, _ := b.content.pages()
	return slices.Concat(pages, b.added)
}

// Text takes a content file over by the URL it would have had: "/" for content/index.md, "/releases/5.12.4/"
// for content/releases/5.12.4.md. It then is no page of its own. It is false when there is none or it is not published.
func (b *Build) Text(url string) (Text, bool) {
	d := b.content.byURL[url]
	if d == nil || d.held != "" {
		return Text{}, false
	}
	d.taken = true
	return Text{Title: d.page.Title, Description: d.page.Description, Body: b.markdown.render(d.body), Source: d.page.Source}, true
}

// AbsURL puts the base URL before a path.
func (b *Build) AbsURL(path string) string { return b.Site.BaseURL + path }

// Markdown renders a piece of Markdown that does not come from a content file.
func (b *Build) Markdown(source string) template.HTML { return b.markdown.render([]byte(source)) }
