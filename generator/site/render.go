package site

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/tdewolff/parse/v2"

	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/output"
)

// Render makes all files of the site, in order of their paths. The error holds a Findings (errors.AsType) when
// the site folder is to blame, with everything that is wrong; warnings are what does not stop a build.
func Render(ctx context.Context, in Input) (files []output.File, warnings Findings, err error) {
	r, err := newRenderer(ctx, in)
	if err != nil {
		return nil, nil, err
	}
	for _, produce := range producers() {
		if err := produce(r.build); err != nil {
			return nil, nil, err
		}
	}
	pages, warnings, findings := r.build.content.pages()
	r.report(findings...)
	r.pages = append(pages, r.build.added...)
	done, err := r.renderPages(ctx)
	if err != nil {
		return nil, nil, err
	}
	files = r.files(done)
	warnings = append(warnings, r.checkLinks(done, files)...)
	if len(r.findings) > 0 {
		return nil, nil, fault.Wrap(fault.Content, r.findings.sorted(), "")
	}
	return files, warnings.sorted(), nil
}

// renderer is the state of one Render.
type renderer struct {
	build    *Build
	host     string // of the base URL
	assets   assetSet
	layouts  *layoutSet
	minifier *minifier // nil: do not minify
	pages    []*Page
	findings Findings
}

// newRenderer reads content, assets and layouts.
func newRenderer(ctx context.Context, in Input) (*renderer, error) {
	base, err := url.Parse(in.BaseURL)
	if err != nil || !slices.Contains([]string{"http", "https"}, base.Scheme) || strings.TrimSuffix(in.BaseURL, "/") != base.Scheme+"://"+base.Host {
		return nil, fmt.Errorf("base URL is not http(s) and a host alone (found %q); the download API needs the root of its host", in.BaseURL)
	}
	r := &renderer{host: base.Host, build: &Build{Input: in, markdown: newMarkdown()}}
	if in.Minify {
		r.minifier = newMinifier()
	}
	var findings [3]Findings
	if r.build.content, findings[0], err = readContent(ctx, in.Content, in.Jobs); err != nil {
		return nil, fmt.Errorf("read the content: %w", err)
	}
	if r.assets, findings[1], err = readAssets(in.Layouts, r.minifier); err != nil {
		return nil, fmt.Errorf("read the assets: %w", err)
	}
	baseURL := strings.TrimSuffix(in.BaseURL, "/")
	if r.layouts, findings[2], err = readLayouts(in.Layouts, functions(baseURL, r.assets)); err != nil {
		return nil, fmt.Errorf("read the layouts: %w", err)
	}
	r.report(slices.Concat(findings[:]...)...)
	r.build.Site = &Site{
		Title: in.Title, Project: in.Project, Description: in.Description, BaseURL: baseURL, Sample: in.Sample,
		Notice: r.build.Markdown(in.Notice), Nav: navigation(r.build.content.documents),
	}
	return r, nil
}

func (r *renderer) report(findings ...Finding) { r.findings = append(r.findings, findings...) }

// renderPages renders the pages whose layout exists. Pages with mistakes have no HTML.
func (r *renderer) renderPages(ctx context.Context) ([]*rendered, error) {
	done := make([]*rendered, len(r.pages))
	wrong := make([]error, len(r.pages))
	scratches := sync.Pool{New: func() any { return &scratch{scanner: newScanner()} }}
	err := forEach(ctx, r.build.Jobs, len(r.pages), func(i int) error {
		s := scratches.Get().(*scratch)
		defer scratches.Put(s)
		done[i], wrong[i] = r.page(s, r.pages[i])
		return nil
	})
	if err != nil {
		return nil, err
	}
	r.reportPages(done, wrong)
	return done, nil
}

// scratch is what rendering one page leaves for the next.
type scratch struct {
	executed bytes.Buffer
	minified pageBuffers
	scanner  *scanner
}

// page renders one page, and reads its links.
func (r *renderer) page(s *scratch, p *Page) (*rendered, error) {
	done := &rendered{page: p}
	shown := *p
	if p.markdown != nil {
		shown.Body = r.build.markdown.render(p.markdown)
	}
	s.executed.Reset()
	if err := r.layouts.execute(&s.executed, &view{&shown, r.build.Site}); err != nil {
		return done, err
	}
	made := s.executed.Bytes()
	if r.minifier != nil {
		var err error
		if made, err = r.minifier.page(&s.minified, made); err != nil {
			return done, err
		}
	}
	done.html = bytes.Clone(made)
	done.links = s.scanner.links(done.html)
	return done, nil
}

// reportPages turns the errors of pages into findings. Those that many pages share are one.
func (r *renderer) reportPages(done []*rendered, wrong []error) {
	type shared struct {
		first string
		n     int
	}
	pages := map[Finding]*shared{}
	for i, err := range wrong {
		if err == nil || errors.Is(err, errNotParsed) {
			continue
		}
		f := r.pageFinding(done[i].page, err)
		if pages[f] == nil {
			pages[f] = &shared{first: done[i].page.URL()}
		}
		pages[f].n++
	}
	for f, p := range pages {
		f.Text += on(p.first, p.n)
		r.report(f)
	}
}

// pageFinding says where the mistake is that kept a page from being rendered.
func (r *renderer) pageFinding(p *Page, err error) Finding {
	if errors.Is(err, errNoLayout) {
		return r.layouts.missing(p)
	}
	if e, ok := errors.AsType[*parse.Error](err); ok { // of a minifier: in what the layout made, no place in its source
		return Finding{Path: layoutFolder + p.Layout, Text: "minify: " + e.Message}
	}
	return r.layouts.finding(err)
}

// files gathers all files, in order of their paths, and reports two that have the same.
func (r *renderer) files(done []*rendered) []output.File {
	files := slices.Concat(r.build.files, r.build.content.files, r.assets.files())
	for _, d := range done {
		files = append(files, output.File{Root: output.Public, Group: d.page.Group, Path: d.page.Path, Data: d.html})
	}
	slices.SortStableFunc(files, func(a, b output.File) int { return strings.Compare(a.Path, b.Path) })
	for i := 1; i < len(files); i++ {
		if files[i].Path == files[i-1].Path {
			r.report(r.twice(files[i].Path))
		}
	}
	return files
}

// twice reports a path that two things are published at; content is to blame if it is among them.
func (r *renderer) twice(at string) Finding {
	text := fmt.Sprintf("published as %s, like something else; rename it", urlOf(at))
	for _, p := range r.pages {
		if p.Path == at && p.Source != "" {
			return Finding{Path: p.Source, Text: text}
		}
	}
	return Finding{Path: contentFolder + at, Text: text} // producers do not write a path twice
}

// checkLinks reports links that lead nowhere, and gives those that only may.
func (r *renderer) checkLinks(done []*rendered, files []output.File) (warnings Findings) {
	c := &linkChecker{
		host: r.host, index: r.build.Index, known: map[string]*rendered{},
		ids: map[string]map[string]bool{}, verdicts: map[string]verdict{},
	}
	for _, f := range files {
		if !strings.HasPrefix(f.Path, internalFolder) {
			c.known[urlOf(f.Path)] = nil
		}
	}
	for _, d := range done {
		if !strings.HasPrefix(d.page.Path, internalFolder) {
			c.known[d.page.URL()] = d
		}
	}
	placer := &linkPlacer{documents: r.build.content.bySource(), layouts: r.layouts, markdown: r.build.markdown, notice: r.build.Notice}
	for _, bad := range c.check(done) {
		findings := placer.findings(bad)
		if bad.warning {
			warnings = append(warnings, findings...)
		} else {
			r.report(findings...)
		}
	}
	return warnings
}
