package site

import (
	"cmp"
	"html/template"
	"slices"

	"github.com/Slicer/sitegen/generator/output"
)

// Build is the plan of a site. Producers add pages and files to it.
type Build struct {
	Input
	Site *Site // in the first language

	locales  []*locale // at least one
	markdown *markdown
	content  *documentSet
	data     data
	added    []*Page
	files    []output.File
	derived  *derived
}

// AddPage adds a page to render. Its path must be unique among pages and files.
func (b *Build) AddPage(p Page) {
	p.Lang = cmp.Or(p.Lang, b.locales[0].Code)
	b.added = append(b.added, &p)
}

// AddFile adds a file below public/ that is published as it is.
func (b *Build) AddFile(group output.Group, path string, data []byte) {
	b.files = append(b.files, output.File{Root: output.Public, Group: group, Path: path, Data: data})
}

// Pages returns the pages planned so far: first the content pages, ordered by file name, then the added ones. Their
// Body may not be rendered yet.
func (b *Build) Pages() []*Page {
	pages, _, _ := b.content.pages()
	return slices.Concat(pages, b.added)
}

// Text returns the content file that would be published at a URL, so that a producer can show it on its own page:
// content/index.md for "/", content/releases/5.12.4.md for "/releases/5.12.4/". After that, the file is not published
// as a separate page. Text returns false if there is no such file or if it is a draft or dated in the future.
func (b *Build) Text(url string) (Text, bool) {
	d := b.content.byURL[url]
	if d == nil || d.held != "" {
		return Text{}, false
	}
	d.taken = true
	return Text{Title: d.page.Title, Description: d.page.Description, Source: d.page.Source,
		body: d.page.body}, true
}

// Publishes reports whether a content file is published at a URL as a page of its own.
func (b *Build) Publishes(url string) bool {
	d := b.content.byURL[url]
	return d != nil && d.held == "" && !d.taken
}

// AbsURL returns the absolute URL of a path of the site.
func (b *Build) AbsURL(path string) string { return b.Site.BaseURL + path }

// Markdown renders a piece of Markdown that does not come from a content file. Its headings have no ids.
func (b *Build) Markdown(source string) template.HTML { return b.markdown.render([]byte(source), nil) }
