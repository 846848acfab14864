// Package site renders a download site: content, layouts and a catalogue of packages in, files out. It
// keeps all of them in memory and writes nothing; the same input gives the same bytes, whatever Jobs is.
//
// # Where pages come from
//
// A content file is Markdown with YAML front matter (title, description, layout, draft, date, weight, aliases).
// content/about.md becomes /about/, content/docs/index.md becomes /docs/. Its layout is page.html unless the front
// matter names another one. Drafts and pages dated in the future are not published. Files in content/ that are not
// Markdown, such as images, are published unchanged. Authors are trusted, because they write the layouts too: raw HTML
// in Markdown is kept.
//
// A producer (see producers) makes pages and raw files from the catalogue. It may take a content file over
// with Build.Text: content/index.md is the introduction of the home page, content/releases/5.12.4.md the notes
// of a release. Files in content/releases/ that no producer takes are notes of a release that is not in
// the catalogue: a warning, and no page.
//
// # Layouts
//
// Layouts are html/template files, named by their path below layouts/. One that only consists of
// {{define}} blocks is rendered through base.html, whose {{block}}s it fills; one that defines none is a whole
// file or fragment of its own. All layouts can use the files in partials/: {{template "partials/cell.html" .}}.
// The dot is {{.Page}}, a *Page, and {{.Site}}, a *Site. The functions are those of html/template and:
//
//	asset "app.css"         the Asset with .URL and .Integrity (for integrity="…")
//	absURL "/releases/"     with the site's base URL before it
//	date "2 January 2006" t a time.Time in UTC
//	bytes n                 a size for people, "412 MB"
//	dict "key" value …      a map, to give a partial more than one value
//	ssi "/-/cell/x?$args"   an <!--#include virtual="…" -->; html/template drops comments that are written out
//
// A missing key of a map is an error, like every other mistake.
//
// # Assets
//
// Files in layouts/assets/ are published as assets/<name>.<hash of the content>.<ext>; style sheets and
// scripts are minified, and url() references among them follow. syntax.css, with the colours of highlighted
// code, is there without a file.
//
// # Findings
//
// All mistakes of all files come back at once, each with its place, as Findings.
package site

import (
	"html/template"
	"io/fs"
	"time"

	"github.com/Slicer/sitegen/generator/lookup"
)

// Options is what the configuration says about the site as a whole.
type Options struct {
	Title       string // of the site, for instance Aurora downloads
	Project     string // the software's name as it stands in texts, for instance Aurora
	Description string // one sentence for search engines
	BaseURL     string // https://download.aurora.example: scheme and host, no path (the download API owns the root)
	Notice      string // Markdown for the top of every page, for instance of a maintenance; "" for none
	Sample      bool   // the catalogue is the embedded sample: pages say so
	Stats       bool   // there are download statistics at StatsURL: pages link there
	Jobs        int    // pages rendered at once, at least 1
	Minify      bool   // HTML, style sheets and scripts

	Drafts bool      // publish drafts too
	Today  time.Time // pages that are dated later are not published; zero: they are
}

// Input is all that a rendering depends on.
type Input struct {
	Options
	Index   *lookup.Index
	Content fs.FS // Markdown and other files; see Overlay for how defaults come in
	Layouts fs.FS // layouts, partials/, assets/
}

// Site is what layouts know as .Site.
type Site struct {
	Title, Project, Description string
	BaseURL                     string // no slash at the end
	Notice                      template.HTML
	Sample                      bool
	Stats                       bool
	Nav                         []*Page // content pages with a weight, lightest first
}
