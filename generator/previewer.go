package generator

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

	"github.com/Slicer/sitegen/generator/config"
	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/preview"
	"github.com/Slicer/sitegen/generator/redirect"
	"github.com/Slicer/sitegen/generator/redirect/servers"
	"github.com/Slicer/sitegen/generator/site"
)

// pollInterval is how often files are looked at where the file system tells nothing.
const pollInterval = 500 * time.Millisecond

// previewer makes the states of a site for its preview. It implements preview.Builder.
type previewer struct {
	o       Options
	load    func() (config.Config, error)
	cat     *catalogue
	label   string // of the catalogue, for people
	input   site.Input
	edition *site.Edition // the newest that could be read whole
	limits  limits
}

// limits remembers what the servers find in a table: to compile it takes longer than everything else.
type limits struct {
	sync.Mutex
	table    *redirect.Table
	servers  []string
	findings []redirect.Finding
}

// edition is the files of a state, with what they were made by.
type edition struct {
	*site.Edition
	o      Options
	public fs.FS // where the download statistics are, which are not of a build; nil when there are none
}

// statsFolder is where the statistics are below public/.
var statsFolder = strings.Trim(site.StatsURL, "/")

// Paths implements emulate.Files.
func (e edition) Paths() []string {
	paths := e.Edition.Paths()
	if e.public == nil {
		return paths
	}
	_ = fs.WalkDir(e.public, statsFolder, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			paths = append(paths, path)
		}
		return nil // what cannot be read is not there
	})
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

func (e edition) isStats(path string) bool {
	if e.public == nil || !strings.HasPrefix(path, statsFolder+"/") || !fs.ValidPath(path) {
		return false
	}
	info, err := fs.Stat(e.public, path)
	return err == nil && info.Mode().IsRegular()
}

// Build implements preview.Builder.
func (p *previewer) Build(ctx context.Context) (*preview.State, error) {
	if err := p.configure(ctx); err != nil {
		return nil, err
	}
	in, err := p.o.siteInput(p.cat)
	if err != nil {
		return nil, err
	}
	in.Drafts = p.o.Config.Preview.Drafts
	if p.o.Config.Preview.Future {
		in.Today = time.Time{}
	}
	p.input = in
	e, err := site.NewEdition(ctx, in, p.edition)
	if err != nil {
		return nil, err
	}
	table, tableErr := p.o.table(in.Index, e.Aliases())
	if e.Err() != nil { // rendering finds what else is wrong
		_, _, err = e.Files(ctx)
		return nil, errors.Join(err, tableErr)
	}
	if p.edition = e; tableErr != nil {
		return nil, tableErr
	}
	as, err := servers.Find(p.o.Config.Preview.As)
	if err != nil {
		return nil, err
	}
	files := edition{Edition: e, o: p.o}
	if in.Stats {
		files.public = os.DirFS(p.o.Config.Out)
	}
	return &preview.State{
		Files: files, Table: table, As: as, Catalogue: p.label, Pages: pagesOf(e),
		Sheets: sheetsOf(e), SheetDir: filepath.Join(p.o.Config.Layouts, "assets"),
	}, nil
}

// configure reads the configuration anew, and the packages if it says other ones than before.
func (p *previewer) configure(ctx context.Context) error {
	c, err := p.load()
	if err != nil {
		return err
	}
	old := p.o.Config
	p.o.Config = c
	if p.cat != nil && c.Source == old.Source && c.App == old.App && c.Data == old.Data && c.Offline == old.Offline && c.Girder == old.Girder {
		return nil
	}
	cat, label, err := p.o.previewCatalogue(ctx)
	if err != nil {
		return err
	}
	p.cat, p.label = cat, label
	p.o.Log.Info("showing " + label)
	return nil
}

// Check implements preview.Builder. It finds what a build would find.
func (p *previewer) Check(ctx context.Context, s *preview.State) ([]string, error) {
	e := s.Files.(edition)
	_, warnings, err := e.Files(ctx)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	more, redirectErr := sortFindings(append(e.o.ruleFindings(s.Table, e.Edition), p.limits.of(&e.o, s.Table)...))
	if err := errors.Join(err, redirectErr); err != nil {
		return nil, fault.Wrap(fault.Content, err, "")
	}
	var texts []string
	for _, w := range append(warnings, more...) {
		texts = append(texts, w.String())
	}
	return texts, nil
}

// of returns what the selected servers find in a table.
func (l *limits) of(o *Options, t *redirect.Table) []redirect.Finding {
	l.Lock()
	defer l.Unlock()
	if l.table == nil || !l.table.Same(t) || !slices.Equal(l.servers, o.Config.Servers) {
		findings, err := o.serverFindings(t)
		if err != nil { // the configuration was checked
			return nil
		}
		l.table, l.servers, l.findings = t, o.Config.Servers, findings
	}
	return l.findings
}

// Refresh implements preview.Builder.
func (p *previewer) Refresh() func(context.Context) (func() bool, error) {
	o, before := p.o, p.cat
	return func(ctx context.Context) (func() bool, error) {
		cat, label, err := o.sourceCatalogue(ctx, o.Config.Girder.Timeout, o.Config.Girder.Retries)
		if err != nil {
			return nil, err
		}
		same := reflect.DeepEqual(cat.published, before.published)
		return func() bool {
			if same || p.cat != before {
				return false // nothing new, or of a source that was changed meanwhile
			}
			p.cat, p.label = cat, label
			return true
		}, nil
	}
}

// Watched implements preview.Builder.
func (p *previewer) Watched() []string {
	c := &p.o.Config
	return []string{c.File, c.Content, c.Layouts, filepath.Join(c.Redirects, rulesName)}
}

// Read implements preview.Builder.
func (p *previewer) Read(name string) ([]byte, error) {
	for folder, fsys := range map[string]fs.FS{"content/": p.input.Content, "layouts/": p.input.Layouts} {
		if file, ok := strings.CutPrefix(name, folder); ok && fsys != nil && fs.ValidPath(path.Clean(file)) {
			return fs.ReadFile(fsys, file)
		}
	}
	if !slices.Contains(p.Watched(), name) {
		return nil, fmt.Errorf("read %s: not a part of the site", name)
	}
	return os.ReadFile(name)
}

// pagesOf lists the pages that people are to find.
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

func sheetsOf(e *site.Edition) map[string]preview.Sheet {
	sheets := map[string]preview.Sheet{}
	for name, a := range e.Stylesheets() {
		sheets[name] = preview.Sheet{URL: a.URL, Integrity: a.Integrity}
	}
	return sheets
}
