package site

import (
	"html/template"
	"slices"

	"github.com/Slicer/sitegen/generator/output"
)

// Build is the site being planned, as producers see it.
type Build struct {
	Input
	Site *Site

	markdown *markdown
	content  *documentSet
	added    []*Page
	files    []output.File
	derived  *derived
}

// AddPage adds a page to be rendered. No other page or file may have its path.
func (b *Build) AddPage(p Page) { b.added = append(b.added, &p) }

// AddFile adds a file below public/ that is published as it is.
func (b *Build) AddFile(group output.Group, path string, data []byte) {
	b.files = append(b.files, output.File{Root: output.Public, Group: group, Path: path, Data: data})
}

// Pages returns the pages so far: first those of content, ordered by file name, then the added ones. Their Body may not
// be rendered yet.
func (b *Build) Pages() []*Page {
	pages, _, _ := b.content.pages()
	return slices.Concat(pages, b.added)
}

// Text returns the content file that would be published at a URL, for a producer to show on its own page: "/" for
// content/index.md, "/releases/5.12.4/" for content/releases/5.12.4.md. The file then is no page of its own. Text
// returns false if there is no such file or it is not published.
func (b *Build) Text(url string) (Text, bool) {
	d := b.content.byURL[url]
	if d == nil || d.held != "" {
		return Text{}, false
	}
	d.taken = true
	return Text{Title: d.page.Title, Description: d.page.Description, Body: b.markdown.render(d.body),
		Source: d.page.Source}, true
}

// AbsURL returns a path as a URL, with the base URL in front.
func (b *Build) AbsURL(path string) string { return b.Site.BaseURL + path }

// Markdown renders a piece of Markdown that does not come from a content file.
func (b *Build) Markdown(source string) template.HTML { return b.markdown.render([]byte(source)) }
