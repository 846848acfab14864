package site

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/tdewolff/parse/v2"

	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/output"
	"github.com/Slicer/sitegen/generator/parallel"
)

// Render makes all files of the site, in order of their paths. The error holds a Findings (errors.AsType) when
// the site folder is to blame, with everything that is wrong; warnings are what does not stop a build.
func Render(ctx context.Context, in Input) (files []output.File, warnings fault.Findings, err error) {
	e, err := NewEdition(ctx, in, nil)
	if err != nil {
		return nil, nil, err
	}
	return e.Files(ctx)
}

// Files renders the pages that nobody has asked for yet, and checks all of them: see Render.
func (e *Edition) Files(ctx context.Context) (files []output.File, warnings fault.Findings, err error) {
	err = parallel.For(ctx, e.build.Jobs, len(e.slots), func(i int) error {
		_, _ = e.rendered(e.slots[i]) // pageFindings has the error
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	findings := slices.Concat(e.findings, e.pageFindings(e.slots))
	files, twice := e.files()
	bad, doubtful := e.checkLinks(files)
	if findings = slices.Concat(findings, twice, bad); len(findings) > 0 {
		return nil, nil, fault.Wrap(fault.Content, findings.Sorted(), "")
	}
	return files, slices.Concat(e.warnings, doubtful).Sorted(), nil
}

// rendered renders a page unless that has been done.
func (e *Edition) rendered(s *slot) (*rendered, error) {
	s.once.Do(func() {
		scratch := e.scratches.Get().(*scratch)
		defer e.scratches.Put(scratch)
		s.done, s.err = e.page(scratch, s.page)
	})
	return s.done, s.err
}

// scratch is what rendering one page leaves for the next.
type scratch struct {
	executed bytes.Buffer
	minified pageBuffers
	scanner  *scanner
}

// page renders one page, and reads its links.
func (e *Edition) page(s *scratch, p *Page) (*rendered, error) {
	done := &rendered{page: p}
	shown := *p
	if p.markdown != nil {
		shown.Body = e.build.markdown.render(p.markdown)
	}
	s.executed.Reset()
	if err := e.layouts.execute(&s.executed, &view{&shown, e.build.Site}); err != nil {
		return done, err
	}
	made := s.executed.Bytes()
	if e.minifier != nil {
		var err error
		if made, err = e.minifier.page(&s.minified, made); err != nil {
			return done, err
		}
	}
	done.html = bytes.Clone(made)
	done.links = s.scanner.links(done.html)
	return done, nil
}

// pageFindings turns the errors of pages into findings. Those that many pages share are one.
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

// pageFinding says where the mistake is that kept a page from being rendered.
func (e *Edition) pageFinding(p *Page, err error) fault.Finding {
	if errors.Is(err, errNoLayout) {
		return e.layouts.missing(p)
	}
	if bad, ok := errors.AsType[*parse.Error](err); ok { // of a minifier: in what the layout made, no place in its source
		return fault.Place{File: layoutFolder + p.Layout}.Errorf("minify: %s", bad.Message)
	}
	return e.layouts.finding(err)
}

// files gathers all files, in order of their paths, and reports two that have the same.
func (e *Edition) files() (files []output.File, twice fault.Findings) {
	files = slices.Concat(e.raw()...)
	for _, s := range e.slots {
		files = append(files, output.File{Root: output.Public, Group: s.page.Group, Path: s.page.Path, Data: s.done.html})
	}
	slices.SortStableFunc(files, func(a, b output.File) int { return strings.Compare(a.Path, b.Path) })
	for i := 1; i < len(files); i++ {
		if files[i].Path == files[i-1].Path {
			twice = append(twice, e.twice(files[i].Path))
		}
	}
	return files, twice
}

// twice reports a path that two things are published at; content is to blame if it is among them.
func (e *Edition) twice(at string) fault.Finding {
	file := contentFolder + at // producers do not write a path twice
	for _, s := range e.slots {
		if s.page.Path == at && s.page.Source != "" {
			file = s.page.Source
		}
	}
	return fault.Place{File: file}.Errorf("published as %s, like something else; rename it", urlOf(at))
}

// checkLinks finds links that lead nowhere, and those that only may.
func (e *Edition) checkLinks(files []output.File) (bad, doubtful fault.Findings) {
	c := &linkChecker{
		host: e.host, index: e.build.Index, known: map[string]*rendered{},
		ids: map[string]map[string]bool{}, verdicts: map[string]verdict{},
	}
	for _, f := range files {
		if !strings.HasPrefix(f.Path, internalFolder) {
			c.known[urlOf(f.Path)] = nil
		}
	}
	if e.build.Stats {
		c.known[StatsURL] = nil
	}
	done := make([]*rendered, len(e.slots))
	for i, s := range e.slots {
		done[i] = s.done
		if !strings.HasPrefix(s.page.Path, internalFolder) {
			c.known[s.page.URL()] = s.done
		}
	}
	placer := &linkPlacer{documents: e.build.content.bySource(), layouts: e.layouts, markdown: e.build.markdown, notice: e.build.Notice}
	for _, b := range c.check(done) {
		if b.warning {
			doubtful = append(doubtful, placer.findings(b)...)
		} else {
			bad = append(bad, placer.findings(b)...)
		}
	}
	return bad, doubtful
}
