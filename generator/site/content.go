package site

import (
	"bytes"
	"cmp"
	"context"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/output"
	"github.com/Slicer/sitegen/generator/parallel"
)

// Paths inside a content folder.
const (
	contentFolder = "content/"   // prefix of content files in findings
	notesFolder   = "releases/"  // release notes, see Build.Text
	defaultLayout = "page.html"  // of a content page
	indexName     = "index.md"   // becomes the page of its folder
	markdownExt   = ".md"        // extension of files that become pages
	pageName      = "index.html" // file name of a page below public/
)

// document is a Markdown file of content/.
type document struct {
	page      *Page
	path      string // of the page, without the folder of its language
	src, body []byte // the whole file, and the part after the front matter
	aliases   []aliasPath
	untitled  fault.Finding // what to report if the page has no title
	draft     bool
	wrong     bool   // has mistakes in its front matter
	held      string // why it is not published, for instance "a draft"; "" if it is published
	taken     bool   // shown by a producer, so not a separate page
}

// documentSet is everything in content/.
type documentSet struct {
	documents []*document // ordered by path
	byURL     map[string]*document
	good      map[string]*document // documents without mistakes, by path
	files     []output.File        // files other than Markdown
	unusable  []string             // files that cannot be read; links to them are not reported again
	warnings  fault.Findings       // about names, and text that is not UTF-8
}

// readContent reads all of content/. It reuses unchanged documents of the previous set, which may be nil. Its findings
// are about file names and front matter.
func readContent(ctx context.Context, in Input, before *documentSet) (*documentSet, fault.Findings, error) {
	found, err := readNames(in.Content)
	if err != nil {
		return nil, nil, err
	}
	names, findings := found.published, found.findings
	documents := make([]*document, len(names))
	files := make([]output.File, len(names))
	wrong := make([]fault.Findings, len(names))
	doubtful := make([]fault.Findings, len(names))
	err = parallel.For(ctx, in.Jobs, len(names), func(i int) error {
		data, err := fs.ReadFile(in.Content, names[i])
		if err != nil {
			wrong[i] = fault.Findings{unreadable(contentFolder+names[i], err)}
			return nil
		}
		if isPage(names[i]) {
			lang := in.languageOf(names[i])
			if documents[i] = before.again(names[i], lang, data); documents[i] == nil {
				documents[i], wrong[i] = newDocument(names[i], lang, data)
			}
			documents[i].held = in.held(documents[i])
		} else {
			files[i] = output.File{Root: output.Public, Group: output.Records, Path: names[i], Data: data}
			if isText(names[i]) {
				doubtful[i] = notUTF8(contentFolder+names[i], data)
			}
			if hasFrontMatter(names[i], data) {
				doubtful[i] = append(doubtful[i], fault.PlaceOf(contentFolder+names[i], data, 0).
					Errorf("published with its front matter; only .md and .markdown files become pages"))
			}
		}
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	c := &documentSet{byURL: map[string]*document{}, good: map[string]*document{},
		unusable: found.unusable, warnings: found.warnings()}
	for i := range names {
		findings = append(findings, wrong[i]...)
		if d := documents[i]; d != nil {
			if wrong[i] == nil {
				c.good[names[i]] = d
			}
			c.documents = append(c.documents, d)
			c.byURL[d.page.URL()] = d
		} else if wrong[i] == nil {
			c.files = append(c.files, files[i])
			c.warnings = append(c.warnings, doubtful[i]...)
		} else {
			c.unusable = append(c.unusable, names[i])
		}
	}
	return c, findings, nil
}

// newDocument parses the front matter of a Markdown file. The body is rendered later.
func newDocument(name, lang string, src []byte) (*document, fault.Findings) {
	source := contentFolder + name
	src = withoutMark(src)
	fm, body, findings := readFrontMatter(source, src)
	if utf8.Valid(src[:len(src)-len(body)]) { // else front matter has the finding
		findings = append(findings, notUTF8(source, src)...)
	}
	p := &Page{
		Path: documentPath(name), Layout: cmp.Or(fm.layout, defaultLayout), Group: output.Pages,
		Title: fm.title, Description: fm.description, Date: fm.date, Aliases: fm.paths(),
		Source: source, Lang: lang, weight: fm.weight, layoutAt: fm.layoutAt,
		body: textBody{body, bytes.Count(src[:len(src)-len(body)], []byte("\n"))},
	}
	d := &document{page: p, path: strings.TrimPrefix(p.Path, lang+"/"), src: src, body: body,
		aliases: fm.aliases, untitled: fm.untitled, draft: fm.draft,
		wrong: len(findings) > 0}
	return d, findings
}

// again returns the document of an earlier set if the file's bytes are unchanged, and nil otherwise.
func (c *documentSet) again(name, lang string, src []byte) *document {
	if c == nil || c.good[name] == nil || c.good[name].page.Lang != lang ||
		!bytes.Equal(c.good[name].src, withoutMark(src)) {
		return nil
	}
	d := *c.good[name]
	d.taken = false
	return &d
}

// withoutMark removes the byte order mark that some editors write at the start of a file.
func withoutMark(src []byte) []byte { return bytes.TrimPrefix(src, []byte("\ufeff")) }

// notUTF8 returns a finding if the text of a file is not UTF-8. Visitors would see U+FFFD instead of letters,
// because the web server announces all text as UTF-8. A zero byte is a sign of UTF-16.
func notUTF8(file string, text []byte) fault.Findings {
	if bytes.HasPrefix(text, []byte("\xff\xfe")) || bytes.HasPrefix(text, []byte("\xfe\xff")) {
		return fault.Findings{fault.PlaceOf(file, text, 0).Errorf("text is UTF-16; save the file as UTF-8")}
	}
	for at := 0; at < len(text); {
		r, size := utf8.DecodeRune(text[at:])
		if r == utf8.RuneError && size == 1 || r == 0 {
			return fault.Findings{fault.PlaceOf(file, text, at).
				Errorf("text is not UTF-8 (found %q); save the file as UTF-8", text[at:at+1])}
		}
		at += size
	}
	return nil
}

// isText reports whether a file of content/ that is published as it is contains text.
func isText(name string) bool {
	return slices.Contains([]string{".css", ".csv", ".htm", ".html", ".js", ".json", ".svg", ".txt", ".xml"},
		strings.ToLower(path.Ext(name)))
}

// hasFrontMatter reports whether a file that does not become a page begins with front matter, as pages of other
// generators do: about.html, about.mkd. YAML begins with --- as well.
func hasFrontMatter(name string, src []byte) bool {
	if slices.Contains([]string{".yaml", ".yml"}, path.Ext(name)) || inWellKnown(name) {
		return false
	}
	first, rest := cutLine(withoutMark(src))
	_, _, closed := cutFence(rest)
	return first == fence && closed
}

// held returns why a document is not published, or "" if it is published.
func (o *Options) held(d *document) string {
	switch {
	case d.draft && !o.Drafts:
		return "a draft"
	case !o.Today.IsZero() && d.page.Date.Truncate(24*time.Hour).After(o.Today):
		return "dated " + d.page.Date.Format(time.DateOnly)
	}
	return ""
}

// pages returns the documents that are published as separate pages, and warnings about unpublished ones.
func (c *documentSet) pages() (pages []*Page, warnings, findings fault.Findings) {
	warnings = slices.Clone(c.warnings)
	for _, d := range c.documents {
		p := d.page
		switch {
		case d.held != "":
			warnings = append(warnings, fault.Place{File: p.Source}.Errorf("%s, not published", d.held))
		case d.taken:
		case strings.HasPrefix(d.path, notesFolder) && d.path != notesFolder+pageName:
			warnings = append(warnings, fault.Place{File: p.Source}.
				Errorf("notes on a release that is not in the catalogue, not published"))
		case p.Title == "" && !d.wrong:
			findings = append(findings, d.untitled)
			fallthrough // the page still exists, so links to it are valid
		default:
			pages = append(pages, p)
		}
	}
	return pages, warnings, findings
}

// bySource returns the documents by their path as shown in findings: content/about.md.
func (c *documentSet) bySource() map[string]*document {
	m := make(map[string]*document, len(c.documents))
	for _, d := range c.documents {
		m[d.page.Source] = d
	}
	return m
}

// navigation returns the published pages that have a weight, lightest first. A page that has a translation to the
// language is replaced by it.
func (c *documentSet) navigation(l, first *locale) []*Page {
	var nav []*Page
	for _, d := range c.documents {
		if l != first && d.page.Lang == first.Code {
			if translated := c.byURL[l.prefix+d.page.URL()]; translated != nil && translated.page.weight != nil {
				continue
			}
		}
		if d.page.weight != nil && d.held == "" && (d.page.Lang == l.Code || d.page.Lang == first.Code) {
			nav = append(nav, d.page)
		}
	}
	slices.SortStableFunc(nav, func(a, b *Page) int {
		return cmp.Or(cmp.Compare(*a.weight, *b.weight), strings.Compare(a.Title, b.Title))
	})
	return nav
}
