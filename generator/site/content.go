package site

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

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

// segmentRE matches the names that files and folders of content/ may have. They become parts of URLs.
var segmentRE = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z._+-]*$`)

// document is a Markdown file of content/.
type document struct {
	page      *Page
	src, body []byte // the whole file, and the part after the front matter
	aliases   []aliasPath
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
}

// readContent reads all of content/. It reuses unchanged documents of the previous set, which may be nil. Its findings
// are about file names and front matter.
func readContent(ctx context.Context, in Input, before *documentSet) (*documentSet, fault.Findings, error) {
	names, findings, err := contentNames(in.Content)
	if err != nil {
		return nil, nil, err
	}
	documents := make([]*document, len(names))
	files := make([]output.File, len(names))
	wrong := make([]fault.Findings, len(names))
	err = parallel.For(ctx, in.Jobs, len(names), func(i int) error {
		data, err := fs.ReadFile(in.Content, names[i])
		if err != nil {
			return err
		}
		if strings.HasSuffix(names[i], markdownExt) {
			if documents[i] = before.again(names[i], data); documents[i] == nil {
				documents[i], wrong[i] = newDocument(names[i], data)
			}
			documents[i].held = in.held(documents[i])
		} else {
			files[i] = output.File{Root: output.Public, Group: output.Records, Path: names[i], Data: data}
		}
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	c := &documentSet{byURL: map[string]*document{}, good: map[string]*document{}}
	for i := range names {
		findings = append(findings, wrong[i]...)
		if d := documents[i]; d != nil {
			if wrong[i] == nil {
				c.good[names[i]] = d
			}
			c.documents = append(c.documents, d)
			c.byURL[d.page.URL()] = d
		} else {
			c.files = append(c.files, files[i])
		}
	}
	return c, findings, nil
}

// contentNames returns the names of the files in content/, without ignored ones (see Ignored).
func contentNames(fsys fs.FS) (names []string, findings fault.Findings, err error) {
	err = fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		switch base := path.Base(name); {
		case name == "." && errors.Is(err, fs.ErrNotExist): // a site without a content folder
			return fs.SkipAll
		case err != nil:
			return err
		case name == ".":
		case Ignored(base):
			if d.IsDir() {
				return fs.SkipDir
			}
		case !segmentRE.MatchString(base):
			findings = append(findings, fault.Place{File: contentFolder + name}.
				Errorf("name cannot be part of a URL; use letters, digits, . _ + - and start with a letter or digit"))
			if d.IsDir() {
				return fs.SkipDir
			}
		case !d.IsDir():
			names = append(names, name)
		}
		return nil
	})
	return names, findings, err
}

// Ignored reports whether a file or folder of content/ or layouts/ is ignored. Its argument is the last element of the
// path. Hidden files, backups and other files that editors and operating systems create are ignored.
func Ignored(base string) bool {
	return strings.ContainsAny(base[:1], "._#") || strings.HasSuffix(base, "~")
}

// newDocument parses the front matter of a Markdown file. The body is rendered later.
func newDocument(name string, src []byte) (*document, fault.Findings) {
	source := contentFolder + name
	src = withoutMark(src)
	fm, body, findings := readFrontMatter(source, src)
	p := &Page{
		Path: documentPath(name), Layout: cmp.Or(fm.layout, defaultLayout), Group: output.Pages,
		Title: fm.title, Description: fm.description, Date: fm.date, Aliases: fm.paths(),
		Source: source, weight: fm.weight, layoutAt: fm.layoutAt,
		body: textBody{body, bytes.Count(src[:len(src)-len(body)], []byte("\n"))},
	}
	d := &document{page: p, src: src, body: body, aliases: fm.aliases, draft: fm.draft, wrong: len(findings) > 0}
	return d, findings
}

// again returns the document of an earlier set if the file's bytes are unchanged, and nil otherwise.
func (c *documentSet) again(name string, src []byte) *document {
	if c == nil || c.good[name] == nil || !bytes.Equal(c.good[name].src, withoutMark(src)) {
		return nil
	}
	d := *c.good[name]
	d.taken = false
	return &d
}

// withoutMark removes the byte order mark that some editors write at the start of a file.
func withoutMark(src []byte) []byte { return bytes.TrimPrefix(src, []byte("\ufeff")) }

// held returns why a document is not published, or "" if it is published.
func (o *Options) held(d *document) string {
	switch {
	case d.draft && !o.Drafts:
		return "a draft"
	case !o.Today.IsZero() && d.page.Date.After(o.Today):
		return "dated " + d.page.Date.Format(time.DateOnly)
	}
	return ""
}

// documentPath returns the path of the page made from a content file: about/index.html for about.md.
func documentPath(name string) string {
	folder, base := path.Split(name)
	if base == indexName {
		return folder + pageName
	}
	return strings.TrimSuffix(name, markdownExt) + "/" + pageName
}

// pages returns the documents that are published as separate pages, and warnings about unpublished ones.
func (c *documentSet) pages() (pages []*Page, warnings, findings fault.Findings) {
	for _, d := range c.documents {
		p := d.page
		switch {
		case d.held != "":
			warnings = append(warnings, fault.Place{File: p.Source}.Errorf("%s, not published", d.held))
		case d.taken:
		case strings.HasPrefix(p.Path, notesFolder) && p.Path != notesFolder+pageName:
			warnings = append(warnings, fault.Place{File: p.Source}.
				Errorf("notes on a release that is not in the catalogue, not published"))
		case p.Title == "" && !d.wrong:
			findings = append(findings, fault.PlaceOf(p.Source, d.src, 0).
				Errorf("no title; begin the file with front matter: ---, title: …, ---"))
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

// navigation returns the published pages that have a weight, lightest first.
func navigation(documents []*document) []*Page {
	var nav []*Page
	for _, d := range documents {
		if d.page.weight != nil && d.held == "" {
			nav = append(nav, d.page)
		}
	}
	slices.SortStableFunc(nav, func(a, b *Page) int {
		return cmp.Or(cmp.Compare(*a.weight, *b.weight), strings.Compare(a.Title, b.Title))
	})
	return nav
}
