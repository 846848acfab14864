package site

import (
	"cmp"
	"html/template"
	"strings"
	"time"

	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/output"
)

// Page is an HTML file to render: a layout and the data that it shows.
type Page struct {
	Path        string // file below public/, for instance releases/5.12.4/index.html
	Layout      string // file below layouts/, for instance release.html
	Title       string // plain text
	Description string // plain text; "" for none
	Date        time.Time
	Body        template.HTML // rendered Markdown; "" for none
	Image       string        // URL of the picture for links to the page; "" for that of the site
	Data        any           // further data for the layout; each layout has its own type
	Source      string        // content file of the page, for instance content/about.md; "" for none
	Group       output.Group  // output.Pages, or output.Records for fragments that pages include
	NoIndex     bool          // keep out of the sitemap and search engines: error pages and fragments
	Aliases     []string      // from the front matter: paths that redirect to the page
	Lang        string        // BCP 47: en
	// Translations are the page in all languages, also in its own; nil if there is only one.
	Translations []Translation

	body     textBody    // rendered to Body right before the page is, so that not all bodies are in memory at once
	textLang string      // language of body; "" if it is that of the page
	weight   *int        // from the front matter: position in the navigation
	layoutAt fault.Place // where the front matter names the layout
}

// URL returns the path at which the page is served: /releases/5.12.4/ for releases/5.12.4/index.html.
func (p *Page) URL() string { return urlOf(p.Path) }

// withText shows a content file on the page. Its title and description replace those of the page.
func (p *Page) withText(text Text) {
	p.body, p.Source = text.body, text.Source
	p.Title = cmp.Or(text.Title, p.Title)
	p.Description = cmp.Or(text.Description, p.Description)
}

// Text is a content file that a producer shows on the page it makes: see Build.Text.
type Text struct {
	Title, Description string // "" if the front matter has none
	Source             string // for instance content/releases/5.12.4.md; a producer copies it to Page.Source
	body               textBody
}

// textBody is the Markdown of a content file, without its front matter.
type textBody struct {
	markdown []byte
	line     int // number of lines before it in the file
}

// place returns the place of an offset of the Markdown in the content file.
func (b textBody) place(file string, offset int) fault.Place {
	at := fault.PlaceOf(file, b.markdown, offset)
	at.Line += b.line
	return at
}

// view is the data of every layout: {{.Page.Title}}, {{.Site.Project}}.
type view struct {
	Page *Page
	Site *Site
}

// urlOf returns the path at which a file below public/ is served.
func urlOf(path string) string {
	if folder, ok := strings.CutSuffix("/"+path, "/index.html"); ok {
		return folder + "/"
	}
	return "/" + path
}
