package deploy

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/deploy/live"
	"github.com/Slicer/sitegen/generator/deploy/objects"
	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/output"
	"github.com/Slicer/sitegen/generator/progress"
	"github.com/Slicer/sitegen/generator/project"
	"github.com/Slicer/sitegen/generator/redirect"
	pages "github.com/Slicer/sitegen/generator/site"
	"github.com/Slicer/sitegen/generator/supply"
)

// site is the built site of a project.
type site struct {
	project  *project.Project
	build    *output.Writer
	stats    map[string]*output.Writer // of the statistics and badges, by URL; empty without statistics
	edited   []string                  // paths of the folders and files that were edited after the last build
	unused   []objects.Rule            // rules of deploy.headers that match no file
	warnings fault.Findings            // of the last compilation
}

// openSite locks the site of a project and checks that it is what the last build wrote. Until it is closed, no build
// and no statistics run can change it.
func openSite(ctx context.Context, p *project.Project) (*site, error) {
	s := &site{project: p}
	if err := s.open(ctx, lock); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// readSite is like openSite, but locks nothing: a build can begin at any time, and change the site.
func readSite(ctx context.Context, p *project.Project) (*site, error) {
	s := &site{project: p}
	if err := s.open(ctx, output.OpenReadOnly); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// open opens the outputs of the runs that write the site.
func (s *site) open(ctx context.Context, open func(output.Options) (*output.Writer, error)) (err error) {
	p := s.project
	o := p.BuildOutput()
	if _, err := os.Stat(o.Data); errors.Is(err, fs.ErrNotExist) { // locking would create it
		return unbuilt(fmt.Errorf("%s: nothing has been built yet", o.Public))
	}
	o.Progress = func(what string, files int) func(int) {
		task := p.Terminal.Start(what, int64(files), "files")
		return func(n int) { task.Add(int64(n)) }
	}
	if s.build, err = open(o); err != nil {
		return err
	}
	s.stats = map[string]*output.Writer{}
	for url, o := range map[string]output.Options{
		pages.StatsURL: p.StatisticsOutput(), pages.BadgeURL: p.BadgeOutput(),
	} {
		if _, err := os.Stat(o.Data); err != nil {
			continue
		}
		if s.stats[url], err = open(o); err != nil {
			return err
		}
	}
	if err = s.build.Check(ctx); err != nil {
		return unbuilt(err)
	}
	return nil
}

// lock opens the output of a run, so that no such run can begin.
func lock(o output.Options) (*output.Writer, error) {
	w, err := output.Open(o)
	if locked, ok := errors.AsType[*output.LockedError](err); ok {
		return nil, fault.Wrap(fault.Locked, locked, "Wait for it to end; the lock is released when its process ends.")
	}
	return w, err
}

// unbuilt returns the error of a deploy without a current build.
func unbuilt(err error) error { return fault.Wrap(fault.Usage, err, "Run sitegen build first.") }

// Close unlocks the site. Errors do not matter: a lock is released when the program ends.
func (s *site) Close() {
	for _, w := range append(slices.Collect(maps.Values(s.stats)), s.build) {
		if w != nil {
			_ = w.Close()
		}
	}
}

// isExtra reports whether the file at a path of the public folder is not part of the site: see output.Writer.IsExtra.
func (s *site) isExtra(path string) bool {
	for url, w := range s.stats {
		if file, ok := strings.CutPrefix("/"+path, url); ok {
			return w.IsExtra(file)
		}
	}
	return s.build.IsExtra(path)
}

// files reads the files of the site.
func (s *site) files(ctx context.Context) (*objects.Folder, []objects.Object, error) {
	c := &s.project.Config
	folder := &objects.Folder{Dir: c.Out, Rules: c.Deploy.Headers, IsExtra: s.isExtra}
	task := s.project.Terminal.Start("reading", 0, progress.Bytes)
	defer task.End()
	files, err := folder.Read(ctx, cmp.Or(c.Jobs, runtime.GOMAXPROCS(0)), task.Add)
	if err == nil {
		s.unused = folder.Rules.Unused(files)
	}
	return folder, files, err
}

// newest returns the name of the newest package.
func newest(packages []*catalog.Package) string {
	if len(packages) == 0 {
		return ""
	}
	return packages[0].Name
}

// table returns the redirects of the built site: those of the stored packages, the rules and the aliases of pages, and
// facts about them. The build has described its redirects in contents.tsv; if they differ from the table, an input of
// the build has changed since.
func (s *site) table(ctx context.Context, files []objects.Object) (*redirect.Table, *live.Facts, error) {
	p := s.project
	task := p.Terminal.Start("compiling the redirects", 0, progress.Nothing)
	defer task.End()
	var built []string
	for _, o := range files {
		if s.build.Owns(o.Path) {
			built = append(built, o.Path)
		}
	}
	place := filepath.Join(p.Config.Redirects, filepath.FromSlash(redirect.ContentsPath))
	before, err := os.ReadFile(place)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, unbuilt(fmt.Errorf("%s: is missing", place))
	} else if err != nil {
		return nil, nil, fmt.Errorf("read the redirects: %w", err)
	}
	cat, in, err := s.inputs(ctx)
	if err != nil {
		return nil, nil, err
	}
	e, err := pages.NewEdition(ctx, in, nil)
	if err != nil {
		return nil, nil, err
	}
	for _, path := range e.Paths() { // parts of pages are not deployed, but the table knows the languages by them
		if objects.Skipped(path) && s.build.Owns(path) {
			built = append(built, path)
		}
	}
	t, err := p.Table(in.Index, e.Aliases(), built)
	if err = errors.Join(e.Err(), err); err != nil {
		return nil, nil, fault.Wrap(fault.Content, err, "Nothing was deployed. Correct these and build again.")
	}
	if !bytes.Equal(redirect.Contents(t).Data, before) {
		err := errors.New("packages, rules or aliases of pages have changed since the last build")
		return nil, nil, unbuilt(err)
	}
	return t, &live.Facts{
		Newest: newest(cat.Packages), Packages: len(cat.Packages), Rules: len(t.Rules.All()), Contents: string(before),
	}, nil
}

// inputs reads what a build would render now, from the stored packages, and sets edited.
func (s *site) inputs(ctx context.Context) (*supply.Catalogue, pages.Input, error) {
	p := s.project
	cat, err := supply.Stored(ctx, p)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, pages.Input{}, unbuilt(fmt.Errorf("%s: is missing", p.HistoryFile()))
	}
	if err != nil {
		return nil, pages.Input{}, err
	}
	in, err := cat.Site(p)
	if err != nil {
		return nil, pages.Input{}, err
	}
	sources, err := project.ReadSources(ctx, p, &in)
	if err != nil {
		return nil, pages.Input{}, err
	}
	s.edited = sources.EditedSince(s.build.Inputs(), p)
	return cat, in, nil
}

// warn logs warnings and adds them to a report: what was edited after the last build and, if something is deployed,
// what the target answers differently.
func (s *site) warn(r *Report) {
	r.Warnings = []string{}
	for _, path := range s.edited {
		r.Warnings = append(r.Warnings, path+" has been edited since the last build, whose files are deployed: run "+
			"sitegen build first")
	}
	for _, rule := range s.unused {
		r.Warnings = append(r.Warnings, fmt.Sprintf("%s: deploy.headers: no file matches %q (found %q)",
			s.project.Config.Origin("deploy.headers"), rule.Pattern, rule))
	}
	if !r.Unchanged {
		for _, w := range s.warnings {
			r.Warnings = append(r.Warnings, w.String())
		}
	}
	for _, w := range r.Warnings {
		s.project.Log.Warn(w)
	}
}
