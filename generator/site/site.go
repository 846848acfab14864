// Package site renders a download site: content, layouts and a catalogue of packages go in, files come out. The files
// stay in memory; the package writes nothing. The same input always results in the same bytes, regardless of Jobs.
//
// # Pages
//
// A content file is Markdown with YAML front matter (title, description, layout, draft, date, weight, aliases).
// content/about.md becomes /about/, content/docs/index.md becomes /docs/. Its layout is page.html unless the front
// matter names another one. Drafts and pages dated in the future are not published. Files in content/ that are not
// Markdown, such as images, are published unchanged. Authors are trusted, because they write the layouts too: raw HTML
// in Markdown is kept.
//
// A producer (see producers) makes pages and other files from the catalogue. It can show a content file on its page
// with Build.Text: content/index.md is the introduction of the home page, and content/releases/5.12.4.md contains the
// notes of release 5.12.4. A file in content/releases/ that no producer shows belongs to a release that is not in the
// catalogue; it is not published, and a warning says so.
//
// # Layouts
//
// Layouts are html/template files, named by their path below layouts/. A layout that consists of {{define}}s only is
// rendered through base.html, whose {{block}}s it fills. A layout without {{define}} is a complete file or fragment.
// All layouts can use the files in partials/: {{template "partials/cell.html" .}}. A layout's data are {{.Page}}, a
// *Page, and {{.Site}}, a *Site. docs/layout-data.md lists what they contain. The functions are those of html/template
// and of functionTable. A missing map key is an error.
//
// # Languages
//
// layouts/languages/ has a table of texts for each language: see package language. The pages that sitegen makes exist
// in all languages of Options.Languages; content/de/about.md is the German version of content/about.md.
//
// # Data files
//
// The YAML files in content/_data/ are not published; pages show what they contain. install.yaml lists commands that
// install the software, series.yaml what visitors should know about series of releases: see Install and Series.
//
// # Assets
//
// Files in layouts/assets/ are published as assets/<name>.<hash of the content>.<ext>. Style sheets and scripts are
// minified, and url() references between assets are rewritten to the published names. The style sheet syntax.css, with
// the colours of highlighted code, is generated unless the folder contains it.
//
// # Findings
//
// All mistakes in all files are returned at once, as Findings, each with its place.
package site

import (
	"html/template"
	"io/fs"
	"time"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/lookup"
)

// Options are the settings of the site as a whole.
type Options struct {
	Title       string // title of the site, for instance Aurora downloads
	Project     string // name of the software as used in sentences, for instance Aurora
	Description string // one sentence for search engines
	Category    string // applicationCategory of schema.org, for instance DesignApplication; "" if unknown
	BaseURL     string // https://download.aurora.example: scheme and host, no path (the download API owns the root)
	Notice      string // Markdown for the top of every page, for instance to announce maintenance; "" for none
	Sample      bool   // the catalogue is the embedded sample, which pages point out
	Stats       bool   // there are download statistics at StatsURL, and pages link to them
	Resources   []SiteLink
	Languages   []string // BCP 47: en, de; pages of the first one are at the root of the site; nil for en alone
	Brand       Brand
	Changes     string // URL of the changes between two revisions, with {from} and {to}; "" for none
	Jobs        int    // pages to render at the same time, at least 1
	Minify      bool   // minify HTML, style sheets and scripts

	Drafts bool      // publish drafts too
	Today  time.Time // do not publish pages with a later date; zero publishes all
}

// SiteLink is a link to a page about the project on another site: its documentation, forum or licence.
type SiteLink struct {
	Title string
	URL   string
}

// Input is everything that the rendered site depends on.
type Input struct {
	Options
	Index   *lookup.Index
	Content fs.FS // Markdown and other files; Overlay adds the embedded ones
	Layouts fs.FS // layouts, partials/, assets/
	BuiltIn fs.FS // the built-in layouts, to find files that nothing uses; nil for no warnings about these

	NoticeAt    fault.Place // where the notice is configured, for findings; zero if unknown
	LanguagesAt fault.Place // where the languages are configured, for findings; zero if unknown

	AccentAt, AccentDarkAt fault.Place // where the colours are configured, for findings; zero if unknown

	// Withdrawn holds the packages of releases that are no longer published, newest first. Pages say so.
	Withdrawn []Withdrawal

	Rendered func() // if not nil, Edition.Files calls it after each page, concurrently
}

// Withdrawal is a package that was published and is not any more.
type Withdrawal struct {
	*catalog.Package
	At time.Time // in UTC
}

// Site is .Site in layouts.
type Site struct {
	Title, Project, Description string        // as in Options
	BaseURL                     string        // without a trailing slash
	Notice                      template.HTML // of sitegen.yaml; "" for none
	Sample                      bool          // whether the packages are the embedded sample
	Stats                       bool          // whether there are download statistics
	Nav                         []*Page       // content pages with a weight, lightest first
	Resources                   []SiteLink    // of the profile
	Image                       string        // URL of the picture for links to pages without one of their own
	Colors                      Colors
	Logo                        *Asset // picture for the header of pages; nil if there is none
	Icon                        *Asset // picture for the tabs of browsers; nil if there is none
}
