package serve

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/preview"
	"github.com/Slicer/sitegen/generator/project"
	"github.com/Slicer/sitegen/generator/redirect"
	"github.com/Slicer/sitegen/generator/redirect/servers"
	"github.com/Slicer/sitegen/generator/site"
	"github.com/Slicer/sitegen/generator/supply"
)

// builder builds the site for its preview, again after each change. It implements preview.Builder.
type builder struct {
	project *project.Project
	load    func() (*project.Project, error)
	cat     *supply.Catalogue
	index   *lookup.Index // of the packages; editions and emulators are reused for the same one
	label   string        // describes the packages, for messages
	fetched time.Duration // time that fetching the packages took, until a state has it
	input   site.Input
	edition *site.Edition // the newest one without errors
	limits  limits
}

// limits caches the findings of the servers about a table, because compiling it takes longer than everything else.
type limits struct {
	sync.Mutex
	table    *redirect.Table
	servers  []string
	findings []redirect.Finding
}

// edition holds the files of one build, and the project that they were made for.
type edition struct {
	*site.Edition
	project *project.Project
	public  fs.FS // the public folder, for the download statistics, which no build writes; nil if there are none
}

// statsFolders returns the folders below public/ that sitegen stats writes.
func statsFolders() []string {
	return []string{strings.Trim(site.StatsURL, "/"), strings.Trim(site.BadgeURL, "/")}
}

// Paths implements emulate.Files.
func (e edition) Paths() []string {
	paths := e.Edition.Paths()
	if e.public == nil {
		return paths
	}
	for _, folder := range statsFolders() {
		_ = fs.WalkDir(e.public, folder, func(path string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				paths = append(paths, path)
			}
			return nil // an unreadable folder counts as missing
		})
	}
	slices.Sort(paths)
	return paths
}

// Has implements emulate.Files.
func (e edition) Has(path string) bool { return e.Edition.Has(path) || e.isStats(path) }

// File implements emulate.Files.
func (e edition) File(path string) ([]byte, error) {
	if e.isStats(path) {
		return fs.ReadFile(e.public, path)
	}
	return e.Edition.File(path)
}

// isStats reports whether a path is a file of the statistics.
func (e edition) isStats(path string) bool {
	folder, _, _ := strings.Cut(path, "/")
	if e.public == nil || !slices.Contains(statsFolders(), folder) || !fs.ValidPath(path) {
		return false
	}
	info, err := fs.Stat(e.public, path)
	return err == nil && info.Mode().IsRegular()
}

// Build implements preview.Builder.
func (b *builder) Build(ctx context.Context) (*preview.State, error) {
	if err := b.configure(ctx); err != nil {
		return nil, err
	}
	p := b.project
	start := p.Now()
	in, err := b.cat.Site(p)
	if err != nil {
		return nil, err
	}
	if b.index == nil {
		b.index = in.Index
	}
	in.Index = b.index
	in.Drafts = p.Config.Preview.Drafts
	if p.Config.Preview.Future {
		in.Today = time.Time{}
	}
	b.input = in
	e, err := site.NewEdition(ctx, in, b.edition)
	if err != nil {
		return nil, err
	}
	table, tableErr := p.Table(in.Index, e.Aliases(), e.Paths())
	if table == nil {
		return nil, errors.Join(e.Err(), tableErr)
	}
	table.Files.Read = e.File
	if e.Err() != nil { // rendering finds further errors
		_, _, err = e.Files(ctx, p.Server(table, tableErr == nil))
		return nil, errors.Join(err, tableErr)
	}
	if b.edition = e; tableErr != nil {
		return nil, tableErr
	}
	as, err := servers.Find(p.Config.Preview.As)
	if err != nil {
		return nil, err
	}
	files := edition{Edition: e, project: p}
	if in.Stats {
		files.public = os.DirFS(p.Config.Out)
	}
	fetched := b.fetched
	b.fetched = 0
	return &preview.State{
		Files: files, Table: table, As: as, Catalogue: b.label, Fetched: fetched, Started: start,
		Pages: pagesOf(e), Sheets: sheetsOf(e), SheetDir: filepath.Join(p.Config.Layouts, "assets"),
	}, nil
}

// configure reads the configuration again, and the packages if their source has changed.
func (b *builder) configure(ctx context.Context) error {
	p, err := b.load()
	if err != nil {
		return err
	}
	old := b.project
	b.project = p
	if b.cat != nil && samePackages(old, p) {
		return b.hold()
	}
	start := p.Now()
	cat, label, err := supply.Preview(ctx, p)
	if err != nil {
		return err
	}
	b.fetched = p.Now().Sub(start)
	b.show(cat, label)
	return nil
}

// hold shows the packages without those that people keep off the site now.
func (b *builder) hold() error {
	cat, err := b.cat.Again(b.project)
	if err == nil && cat != b.cat {
		b.show(cat, cat.Label(b.project))
	}
	return err
}

// samePackages reports whether two configurations of a site lead to the same packages.
func samePackages(old, new *project.Project) bool {
	a, b := &old.Config, &new.Config
	return a.Source == b.Source && a.App == b.App && a.Data == b.Data && a.Offline == b.Offline &&
		a.Girder == b.Girder &&
		a.SourceHeader == b.SourceHeader && a.SourceHeaderFile == b.SourceHeaderFile &&
		reflect.DeepEqual(old.Profile, new.Profile)
}

// show switches the preview to other packages, and logs where they come from and which records are held back.
func (b *builder) show(cat *supply.Catalogue, label string) {
	b.cat, b.index, b.label = cat, nil, label
	log := b.project.Log
	log.Info("showing " + label)
	for _, w := range cat.Warnings {
		log.Warn(w)
	}
	for _, g := range catalog.GroupHeld(cat.Held) {
		log.Warn("held back: " + g.String())
	}
}

// Check implements preview.Builder. It reports the same mistakes as a build.
func (b *builder) Check(ctx context.Context, s *preview.State) ([]string, error) {
	e := s.Files.(edition)
	_, warnings, err := e.Files(ctx, e.project.Server(s.Table, true))
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	found, limitsErr := b.limits.of(e.project, s.Table)
	more, redirectErr := redirect.Split(append(e.project.CheckRules(s.Table), found...))
	if err := errors.Join(err, redirectErr, limitsErr); err != nil {
		return nil, fault.Wrap(fault.Content, err, "")
	}
	var texts []string
	for _, w := range append(warnings, more...) {
		texts = append(texts, w.String())
	}
	return texts, nil
}

// of returns the findings of the configured servers about a table.
func (l *limits) of(p *project.Project, t *redirect.Table) ([]redirect.Finding, error) {
	l.Lock()
	defer l.Unlock()
	if l.table != nil && l.table.Same(t) && slices.Equal(l.servers, p.Config.Servers) {
		return l.findings, nil
	}
	compiled, err := p.Compile(t)
	if err != nil {
		return nil, err
	}
	l.table, l.servers, l.findings = t, p.Config.Servers, nil
	for _, c := range compiled {
		l.findings = append(l.findings, c.Findings...)
	}
	return l.findings, nil
}

// Refresh implements preview.Builder.
func (b *builder) Refresh() func(context.Context) (func() bool, error) {
	p, before := b.project, b.cat
	return func(ctx context.Context) (func() bool, error) {
		start := p.Now()
		cat, label, err := supply.Refresh(ctx, p)
		if err != nil {
			return nil, err
		}
		took := p.Now().Sub(start)
		same := reflect.DeepEqual(cat.Packages, before.Packages)
		return func() bool {
			if same || b.cat != before {
				return false // nothing new, or the configured source has changed in the meantime
			}
			b.fetched = took
			b.show(cat, label)
			return true
		}, nil
	}
}

// Watched implements preview.Builder.
func (b *builder) Watched() []string {
	c := &b.project.Config
	list := []string{c.File, c.Content, c.Layouts, b.project.RulesFile(), b.project.HoldsFile()}
	if c.Overlay != "" {
		list = append(list, c.Overlay)
	}
	if !b.project.Profile.BuiltIn {
		list = append(list, b.project.Profile.Name)
	}
	for _, picture := range []string{c.Logo, c.Icon} {
		if picture != "" {
			list = append(list, picture)
		}
	}
	return list
}

// Read implements preview.Builder.
func (b *builder) Read(name string) ([]byte, error) {
	for folder, fsys := range map[string]fs.FS{"content/": b.input.Content, "layouts/": b.input.Layouts} {
		if file, ok := strings.CutPrefix(name, folder); ok && fsys != nil && fs.ValidPath(path.Clean(file)) {
			return fs.ReadFile(fsys, file)
		}
	}
	if !slices.Contains(b.Watched(), name) {
		return nil, fmt.Errorf("read %s: not a file of the site", name)
	}
	return os.ReadFile(name)
}

// pagesOf lists the pages that search engines may index.
func pagesOf(e *site.Edition) []preview.Page {
	var pages []preview.Page
	for _, p := range e.Pages() {
		if !p.NoIndex {
			pages = append(pages, preview.Page{Title: p.Title, URL: p.URL(), Source: p.Source})
		}
	}
	slices.SortFunc(pages, func(a, b preview.Page) int { return strings.Compare(a.URL, b.URL) })
	return pages
}

// sheetsOf returns the published style sheets by the name of their file.
func sheetsOf(e *site.Edition) map[string]preview.Sheet {
	sheets := map[string]preview.Sheet{}
	for name, a := range e.Stylesheets() {
		sheets[name] = preview.Sheet{URL: a.URL, Integrity: a.Integrity}
	}
	return sheets
}
