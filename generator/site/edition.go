package site

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"maps"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/tdewolff/parse/v2"

	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/output"
	"github.com/Slicer/sitegen/generator/parallel"
)

// Edition is the site made from one Input. Pages are rendered on demand: File renders one, Files renders all. An
// Edition is safe for concurrent use.
type Edition struct {
	build     *Build
	host      string // host of the base URL
	assets    assetSet
	minifier  *minifier // nil if pages are not minified
	slots     []*slot
	warnings  fault.Findings
	findings  fault.Findings // mistakes found while reading; Files adds those found while rendering
	scratches sync.Pool
	published func() map[string]publication // by path
}

// slot is a page and, once it has been rendered, the result. Editions share the slots of unchanged pages.
type slot struct {
	page *Page
	once sync.Once
	done *rendered // has no html if rendering failed
	err  error

	warnings fault.Findings
}

// publication is a published file: a page, or any other file.
type publication struct {
	page *slot
	file output.File
}

// NewEdition reads content, assets and layouts, and plans the pages. It reuses the unchanged parts of the previous
// edition, before, which may be nil; this saves time and does not change the result. It does not return mistakes in the
// site folder as an error: Err and Files do.
func NewEdition(ctx context.Context, in Input, before *Edition) (*Edition, error) {
	e, err := openEdition(ctx, in, assetFolder, before)
	if err != nil {
		return nil, err
	}
	return e, e.plan(before)
}

// openEdition reads content, assets and layouts. The assets are published in folder, below public/.
func openEdition(ctx context.Context, in Input, folder string, before *Edition) (*Edition, error) {
	base, err := url.Parse(in.BaseURL)
	if err != nil || !slices.Contains([]string{"http", "https"}, base.Scheme) ||
		strings.TrimSuffix(in.BaseURL, "/") != base.Scheme+"://"+base.Host {
		return nil, fmt.Errorf("base URL is not http(s) and a host alone (found %q); the download API needs the root "+
			"of its host", in.BaseURL)
	}
	e := &Edition{host: base.Host, build: &Build{Input: in, markdown: newMarkdown()}}
	e.scratches.New = func() any { return &scratch{scanner: newScanner()} }
	e.published = sync.OnceValue(e.index)
	if in.Minify {
		e.minifier = newMinifier()
	}
	if err := e.read(ctx, folder, before); err != nil {
		return nil, err
	}
	colors := e.assets.colors()
	e.warnings = append(e.warnings, brandWarnings(&in, colors)...)
	logo, icon := e.assets.picture(in.Brand.Logo, "logo"), e.assets.picture(in.Brand.Icon, "icon")
	for _, l := range e.build.locales {
		l.site = &Site{
			Title: l.Term(in.Title), Project: in.Project, Description: l.Term(in.Description),
			BaseURL: strings.TrimSuffix(in.BaseURL, "/"),
			Sample:  in.Sample, Stats: in.Stats, Resources: in.Resources,
			Notice: e.build.Markdown(l.Term(in.Notice)), Nav: e.build.content.navigation(l, e.build.locales[0]),
			Image: siteCardURL, Colors: colors, Logo: logo, Icon: icon,
		}
	}
	e.build.Site = e.build.locales[0].site
	return e, nil
}

// read reads the content, assets and layouts.
func (e *Edition) read(ctx context.Context, folder string, before *Edition) (err error) {
	in := e.build.Input
	var old *documentSet
	if before != nil {
		old = before.build.content
	}
	var findings [6]fault.Findings
	if e.build.content, findings[0], err = readContent(ctx, in, old); err != nil {
		return fmt.Errorf("read the content: %w", err)
	}
	if e.build.data, findings[4], err = readData(in); err != nil {
		return fmt.Errorf("read the data: %w", err)
	}
	if e.assets, e.warnings, findings[1], err = readAssets(in.Layouts, &in.Brand, folder, e.minifier); err != nil {
		return fmt.Errorf("read the assets: %w", err)
	}
	var doubtful fault.Findings
	if e.build.locales, doubtful, findings[5], err = readLanguages(in); err != nil {
		return err
	}
	e.warnings = append(e.warnings, doubtful...)
	var sources map[string]string
	if sources, findings[3], err = layoutSources(in.Layouts); err != nil {
		return fmt.Errorf("read the layouts: %w", err)
	}
	var was []*locale
	if before != nil {
		was = before.build.locales
	}
	for n, l := range e.build.locales {
		if n < len(was) && e.sameLayouts(before, was[n], l, sources) {
			l.layouts = was[n].layouts
		} else {
			l.layouts = parseLayouts(sources, functions(strings.TrimSuffix(in.BaseURL, "/"), e.assets, l))
		}
	}
	findings[2] = e.build.locales[0].layouts.findings // those of the other languages are the same
	e.findings = slices.Concat(findings[:]...)
	return nil
}

// sameLayouts reports whether the layouts of an earlier edition can be used again.
func (e *Edition) sameLayouts(before *Edition, was, l *locale, sources map[string]string) bool {
	return was.layouts.findings == nil && maps.Equal(sources, was.layouts.sources) &&
		reflect.DeepEqual(e.assets, before.assets) && e.build.BaseURL == before.build.BaseURL &&
		was.prefix == l.prefix && reflect.DeepEqual(was.Table, l.Table)
}

// plan lists the pages and files. It reuses the slots of unchanged pages of the previous edition.
func (e *Edition) plan(before *Edition) error {
	if before != nil && before.build.Index == e.build.Index {
		e.build.derived = before.build.derived
	} else {
		e.build.derived = derive(e.build.Index)
	}
	e.findings = append(e.findings, e.insertValues()...)
	for _, produce := range producers() {
		if err := produce(e.build); err != nil {
			return err
		}
	}
	pages, warnings, findings := e.build.content.pages()
	e.warnings = append(e.warnings, warnings...)
	e.findings = append(e.findings, findings...)
	for _, p := range e.build.translate(append(pages, e.build.added...)) {
		e.slots = append(e.slots, &slot{page: p})
	}
	if before == nil || e.build.Minify != before.build.Minify ||
		!slices.EqualFunc(e.build.locales, before.build.locales, sameLocale) {
		return nil
	}
	old := before.published()
	for i, s := range e.slots {
		if was := old[s.page.Path].page; was != nil && (s.page == was.page || reflect.DeepEqual(s.page, was.page)) {
			e.slots[i] = was
		}
	}
	return nil
}

// sameLocale reports whether the pages of two locales have the same layouts and the same site.
func sameLocale(a, b *locale) bool { return a.layouts == b.layouts && sameSite(a.site, b.site) }

// sameSite reports whether two sites look the same to layouts. The text of the pages in the navigation is not compared,
// because layouts cannot see it.
func sameSite(a, b *Site) bool {
	return reflect.DeepEqual(withoutText(a), withoutText(b))
}

func withoutText(s *Site) Site {
	shown := *s
	shown.Nav = make([]*Page, len(s.Nav))
	for i, p := range s.Nav {
		page := *p
		page.body, page.layoutAt = textBody{}, fault.Place{}
		shown.Nav[i] = &page
	}
	return shown
}

// Err returns the mistakes found while reading the site folder, such as invalid front matter or layouts with syntax
// errors. The error is nil or a fault.Content with Findings.
func (e *Edition) Err() error { return fault.Wrap(fault.Content, e.findings.Sorted().Err(), "") }

// index returns all published files by path.
func (e *Edition) index() map[string]publication {
	all := make(map[string]publication,
		len(e.slots)+len(e.build.derived.records)+len(e.build.files)+len(e.build.content.files)+len(e.assets))
	for _, files := range e.raw() {
		for _, f := range files {
			all[f.Path] = publication{file: f}
		}
	}
	for _, s := range e.slots {
		all[s.page.Path] = publication{page: s}
	}
	return all
}

// raw returns the files that are published as they are.
func (e *Edition) raw() [][]output.File {
	return [][]output.File{e.build.derived.records, e.build.files, e.build.content.files, e.assets.files()}
}

// Paths returns the paths of all published files below public/, sorted.
func (e *Edition) Paths() []string { return slices.Sorted(maps.Keys(e.published())) }

// Has reports whether a file is published at a path below public/.
func (e *Edition) Has(path string) bool {
	_, ok := e.published()[path]
	return ok
}

// File returns the file at a path below public/. The error is fs.ErrNotExist if there is no such file, and Findings if
// the page cannot be rendered.
func (e *Edition) File(path string) ([]byte, error) {
	f, ok := e.published()[path]
	switch {
	case !ok:
		return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
	case f.page == nil && f.file.Write != nil:
		var b bytes.Buffer
		err := f.file.Write(&b)
		return b.Bytes(), err
	case f.page == nil:
		return f.file.Data, nil
	}
	done, err := e.rendered(f.page)
	if err != nil {
		findings := e.pageFindings([]*slot{f.page})
		if findings == nil { // the layout has syntax errors, found while reading
			findings = e.findings
		}
		return nil, fault.Wrap(fault.Content, findings.Sorted(), "")
	}
	return done.html, nil
}

// Stylesheets returns the style sheets among the assets, by name.
func (e *Edition) Stylesheets() map[string]*Asset {
	sheets := maps.Clone(e.assets)
	maps.DeleteFunc(sheets, func(name string, _ *Asset) bool { return !strings.HasSuffix(name, ".css") })
	return sheets
}

// Pages returns the pages of the edition. They may not be rendered yet.
func (e *Edition) Pages() []*Page {
	pages := make([]*Page, len(e.slots))
	for i, s := range e.slots {
		pages[i] = s.page
	}
	return pages
}

// Aliases returns the aliases of all published pages, ordered by file name.
func (e *Edition) Aliases() []Alias {
	var aliases []Alias
	for _, d := range e.build.content.documents {
		if d.held != "" || !e.Has(d.page.Path) {
			continue
		}
		for _, a := range d.aliases {
			aliases = append(aliases, Alias{a.path, d.page.URL(), a.at})
		}
	}
	return aliases
}

// Files renders the pages that are not rendered yet, and checks all pages: see Render. The links may lead to everything
// that the server answers.
func (e *Edition) Files(ctx context.Context, server Server) (files []output.File, warnings fault.Findings, err error) {
	err = parallel.For(ctx, e.build.Jobs, len(e.slots), func(i int) error {
		_, _ = e.rendered(e.slots[i]) // pageFindings reports the error
		if e.build.Rendered != nil {
			e.build.Rendered()
		}
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	findings := slices.Concat(e.findings, e.pageFindings(e.slots))
	files, twice := e.files()
	bad, doubtful := e.checkLinks(files, server)
	doubtful = append(doubtful, caseWarnings(e.origins())...)
	doubtful = append(doubtful, e.unused()...)
	for _, s := range e.slots {
		doubtful = append(doubtful, s.warnings...)
	}
	if findings = slices.Concat(findings, twice, bad); len(findings) > 0 {
		return nil, nil, fault.Wrap(fault.Content, findings.Sorted(), "")
	}
	return files, slices.Concat(e.warnings, doubtful).Sorted(), nil
}

// rendered returns a rendered page, rendering it on the first call.
func (e *Edition) rendered(s *slot) (*rendered, error) {
	s.once.Do(func() {
		scratch := e.scratches.Get().(*scratch)
		defer e.scratches.Put(scratch)
		s.done, s.warnings, s.err = e.page(scratch, s.page)
	})
	return s.done, s.err
}

// page renders one page and collects its links.
func (e *Edition) page(s *scratch, p *Page) (done *rendered, warnings fault.Findings, err error) {
	done = &rendered{page: p}
	if warnings, err = e.execute(s, p); err != nil {
		return done, nil, err
	}
	made := s.executed.Bytes()
	if e.minifier != nil {
		if made, err = e.minifier.page(&s.minified, made); err != nil {
			return done, nil, err
		}
	}
	done.html = bytes.Clone(made)
	done.links = s.scanner.links(done.html)
	return done, warnings, nil
}

// execute renders the text of a page, and then its layout with the text, to s.executed. If the layout has an element
// with the id of a heading in the text, it renders both again with other ids for the headings. The warnings are about
// ids that the author chose.
func (e *Edition) execute(s *scratch, p *Page) (warnings fault.Findings, err error) {
	shown := *p
	l := e.build.localeOf(p)
	show := func(ids *headingIDs) error {
		if p.body.markdown != nil {
			shown.Body = e.build.markdown.render(p.body.markdown, ids)
		}
		if p.textLang != "" && shown.Body != "" {
			shown.Body = template.HTML(`<div lang="`+p.textLang+`">`) + shown.Body + "</div>"
		}
		s.executed.Reset()
		return l.layouts.execute(&s.executed, &view{&shown, l.site})
	}
	var ids headingIDs
	if err := show(&ids); err != nil || len(ids.made)+len(ids.written) == 0 {
		return nil, err
	}
	others := around(s.executed.Bytes(), shown.Body)
	for _, w := range ids.repeated(others) {
		warnings = append(warnings, p.body.place(p.Source, w.at).
			Errorf("another element of the page has the id %q; choose another one", w.id))
	}
	if ids.clash(others) {
		err = show(&headingIDs{taken: others})
	}
	return warnings, err
}

// pageFindings returns the errors of pages as findings. An error that many pages share is reported once.
func (e *Edition) pageFindings(slots []*slot) (findings fault.Findings) {
	type shared struct {
		first string
		n     int
	}
	pages := map[fault.Finding]*shared{}
	for _, s := range slots {
		if s.err == nil || errors.Is(s.err, errNotParsed) {
			continue
		}
		f := e.pageFinding(s.page, s.err)
		if pages[f] == nil {
			pages[f] = &shared{first: s.page.URL()}
		}
		pages[f].n++
	}
	for f, p := range pages {
		f.Text += on(p.first, p.n)
		findings = append(findings, f)
	}
	return findings
}

// layouts returns the layouts of the first language. Those of the others have the same sources and findings.
func (e *Edition) layouts() *layoutSet { return e.build.locales[0].layouts }

// pageFinding converts the error of a page to a finding with its place.
func (e *Edition) pageFinding(p *Page, err error) fault.Finding {
	if errors.Is(err, errNoLayout) {
		return e.layouts().missing(p)
	}
	// The minifier's place is in the rendered page, which has no counterpart in the layout's source.
	if bad, ok := errors.AsType[*parse.Error](err); ok {
		return fault.Place{File: layoutFolder + p.Layout}.Errorf("minify: %s", bad.Message)
	}
	return e.layouts().finding(err)
}

// files returns all files, ordered by path, and a finding for each path that occurs twice.
func (e *Edition) files() (files []output.File, twice fault.Findings) {
	files = slices.Concat(e.raw()...)
	for _, s := range e.slots {
		files = append(files, output.File{Root: output.Public, Group: s.page.Group, Path: s.page.Path,
			Data: s.done.html})
	}
	slices.SortStableFunc(files, func(a, b output.File) int { return strings.Compare(a.Path, b.Path) })
	for i := 1; i < len(files); i++ {
		if files[i].Path == files[i-1].Path {
			twice = append(twice, e.twice(files[i].Path))
		}
	}
	return files, twice
}

// origins returns all published files with their sources, the generated ones first.
func (e *Edition) origins() (list []publishedFile) {
	for _, files := range [][]output.File{e.build.derived.records, e.build.files, e.assets.files()} {
		for _, f := range files {
			list = append(list, publishedFile{path: f.Path})
		}
	}
	var own []publishedFile
	for _, s := range e.slots {
		if f := (publishedFile{s.page.Path, s.page.Source}); f.source == "" {
			list = append(list, f)
		} else {
			own = append(own, f)
		}
	}
	for _, f := range e.build.content.files {
		own = append(own, publishedFile{f.Path, contentFolder + f.Path})
	}
	slices.SortStableFunc(own, func(a, b publishedFile) int { return strings.Compare(a.source, b.source) })
	return append(list, own...)
}

// twice returns the finding for a path that occurs twice. It blames the last content file with that path.
func (e *Edition) twice(at string) fault.Finding {
	var sources []string // producers never add the same path twice
	for _, f := range e.build.content.files {
		if f.Path == at {
			sources = append(sources, contentFolder+at)
		}
	}
	for _, s := range e.slots {
		if s.page.Path == at && s.page.Source != "" {
			sources = append(sources, s.page.Source)
		}
	}
	last := len(sources) - 1
	other := "something else"
	if last > 0 {
		other = sources[last-1]
	}
	return fault.Place{File: sources[last]}.Errorf("published as %s, like %s; rename it", urlOf(at), other)
}

// checkLinks returns the broken links, and the links that may be broken or that lead to a redirect.
func (e *Edition) checkLinks(files []output.File, server Server) (bad, doubtful fault.Findings) {
	documents := e.build.content.bySource()
	c := &linkChecker{
		host: e.host, index: e.build.Index, server: server, known: map[string]*rendered{},
		ids: map[string]map[string]bool{}, verdicts: map[string]verdict{},
	}
	for _, l := range e.build.locales {
		c.known[l.link(StatsURL)] = nil
	}
	for _, f := range files {
		if !strings.HasPrefix(f.Path, internalFolder) {
			c.known[urlOf(f.Path)] = nil
		}
	}
	for _, name := range e.build.content.unusable {
		if isPage(name) {
			name = documentPath(name)
		}
		c.known[urlOf(name)] = nil
	}
	done := make([]*rendered, len(e.slots))
	for i, s := range e.slots {
		done[i] = s.done
		d := documents[s.page.Source]
		wrong := d != nil && d.wrong // the text may be missing, and with it the ids
		if !wrong && !strings.HasPrefix(s.page.Path, internalFolder) {
			c.known[s.page.URL()] = s.done
		}
	}
	for _, d := range e.build.content.documents {
		if d.wrong {
			c.unread = append(c.unread, string(d.src[:len(d.src)-len(d.body)]))
		}
	}
	placer := &linkPlacer{documents: documents, layouts: e.layouts(), markdown: e.build.markdown,
		notice: e.build.Notice, noticeAt: e.build.NoticeAt}
	for _, b := range c.check(done) {
		if b.warning {
			doubtful = append(doubtful, placer.findings(b)...)
		} else {
			bad = append(bad, placer.findings(b)...)
		}
	}
	return bad, doubtful
}
