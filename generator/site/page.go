package site

import (
	"html/template"
	"strings"
	"time"

	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/output"
)

// Page is one HTML file to be rendered: a layout and what it shows.
type Page struct {
	Path        string // of the file below public/, for instance releases/5.12.4/index.html
	Layout      string // of the file below layouts/, for instance release.html
	Title       string // plain text
	Description string // plain text; "" for none
	Date        time.Time
	Body        template.HTML // rendered Markdown; "" for none
	Data        any           // what the layout needs beside this; its own type for each layout
	Source      string        // content file the page was made from, for instance content/about.md; "" for none
	Group       output.Group  // output.Pages, or output.Records for fragments that pages include
	NoIndex     bool          // not for the sitemap and search engines: error pages, fragments
	Aliases     []string      // front matter: paths that lead here

	markdown []byte      // turned into Body just before the page is rendered, so that bodies need not be held
	weight   *int        // front matter: place in the navigation
	layoutAt fault.Place // front matter: where it names the layout
}

// URL returns the path the page is served at: /releases/5.12.4/ for releases/5.12.4/index.html.
func (p *Page) URL() string { return urlOf(p.Path) }

// Text is a content file that a producer shows on a page of its own: see Build.Text.
type Text struct {
	Title, Description string        // "" when the front matter does not say
	Body               template.HTML // rendered Markdown
	Source             string        // content/releases/5.12.4.md: pass it on as Page.Source
}

// view is the dot of every layout: {{.Page.Title}}, {{.Site.Project}}.
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
