// Package supply provides the packages that the site publishes:
//
//	source  ->  records, with the values exactly as the source lists them
//	holds   ->  those that people keep off the site are held back
//	catalog ->  valid packages, and the records held back with their reasons
//	gate    ->  refuses a catalogue that would damage the site
//	history ->  stores the published packages, for the next run and for runs without a source
//
// Each kind of run has a function: Read for builds, Preview for previews, Stored for deploys, and Known for commands
// that only look up packages.
package supply

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"time"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/config"
	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/history"
	"github.com/Slicer/sitegen/generator/holds"
	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/progress"
	"github.com/Slicer/sitegen/generator/project"
	"github.com/Slicer/sitegen/generator/site"
	"github.com/Slicer/sitegen/generator/supply/fetch"
	"github.com/Slicer/sitegen/generator/supply/gate"
	"github.com/Slicer/sitegen/generator/supply/source"
	"github.com/Slicer/sitegen/generator/supply/sources"
	"github.com/Slicer/sitegen/generator/supply/sources/girder"
)

// Catalogue holds the packages that a run publishes.
type Catalogue struct {
	Run      history.Run
	Packages []*catalog.Package // newest first
	Held     []catalog.Held
	Warnings []string // warnings of the source
	Stored   bool     // the packages are those of an earlier run; the source was not read

	// Withdrawn holds the packages of releases that were published once and are not any more, newest first. The time of
	// the withdrawal of those that this run withdraws is the time of the run.
	Withdrawn []history.Entry

	memory   source.Memory
	publish  publish
	kept     []holds.Hold    // the packages that people keep off the site
	releases []history.Entry // every package of a release that was ever published
	warnings []string        // Warnings without those about the holds
}

// Index returns an index of the packages, which answers requests to the download API.
func (c *Catalogue) Index(p *project.Project) *lookup.Index { return lookup.New(p.Spec, c.Packages) }

// Site returns the input for rendering the site.
func (c *Catalogue) Site(p *project.Project) (site.Input, error) {
	in, err := p.Site(c.Index(p), c.Run.IsSample())
	for _, e := range c.Withdrawn {
		in.Withdrawn = append(in.Withdrawn, site.Withdrawal{Package: e.Package, At: e.Withdrawn})
	}
	return in, err
}

// Read returns the packages that a build publishes: the packages of the source, if the gate accepts them, or with
// --offline, those published last. If the error is a *gate.RefusedError, Read also returns the refused catalogue.
func Read(ctx context.Context, p *project.Project, db *history.DB) (*Catalogue, error) {
	before, err := db.Published(ctx)
	if err != nil {
		return nil, err
	}
	if p.Config.Offline {
		if len(before) == 0 {
			return nil, fault.Wrap(fault.Source,
				fmt.Errorf("build offline: no packages are stored yet (%s)", p.HistoryFile()),
				"Build once without --offline, or with --source sample to try sitegen.")
		}
		return stored(ctx, p, db.Reader)
	}
	last, err := db.LastRun(ctx)
	if err != nil {
		return nil, err
	}
	s := supplier{p: p, history: db.Reader, limits: limitsOf(p)}
	s.accept = func(source string) error { // the application is known only after reading
		return db.Accept(ctx, history.Run{Source: source, App: last.App})
	}
	cat, err := s.read(ctx)
	if err != nil {
		return nil, err
	}
	if err := db.Accept(ctx, cat.Run); err != nil {
		return nil, err
	}
	replaced := cat.Run.Replaces(last)
	if replaced {
		before = nil
	}
	refusals := gate.Check(&p.Profile.Scheme, without(before, cat.kept), cat.Packages)
	if replaced {
		cat.warn("the sample in the data folder is replaced by the packages of " + p.Config.Source)
	}
	if !p.Config.Force {
		return cat, gate.Err(refusals, cat.Held)
	}
	for _, r := range refusals {
		cat.warn("published by force: " + r.Problem)
	}
	return cat, nil
}

// Record stores the catalogue, and returns the changes since the last run.
func (c *Catalogue) Record(ctx context.Context, db *history.DB) (history.Change, error) {
	if c.Stored {
		return history.Change{}, nil
	}
	return db.Record(ctx, history.Snapshot{Run: c.Run, Published: c.Packages, Held: c.Held, Memory: c.memory})
}

// Known returns the packages for a command that only looks up packages, and changes nothing. These are the packages of
// the source if --source is given, else those published last. If there are none yet, they are those of the source that
// the site itself configures; the source of the built-in profile is never read.
func Known(ctx context.Context, p *project.Project) (*Catalogue, error) {
	s := &supplier{p: p, limits: limitsOf(p), brief: true}
	if p.Config.Origin("source").Level == config.Flag {
		return s.readWithHistory(ctx)
	}
	cat, err := storedIfAny(ctx, p)
	switch {
	case err != nil || cat != nil:
		return cat, err
	case p.Config.Offline || !ownSource(p):
		return nil, fault.Wrap(fault.Source, fmt.Errorf("no packages are stored yet (%s)", p.HistoryFile()),
			"Build first, or name a source: --source sample.")
	}
	return s.readWithHistory(ctx)
}

// ownSource reports whether the site itself configures its source: in sitegen.yaml, in the environment or in a profile
// of its own.
func ownSource(p *project.Project) bool {
	level := p.Config.Origin("source").Level
	return level > config.Profile || level == config.Profile && !p.Profile.BuiltIn
}

// Label describes the packages and where they come from, for messages: "the 42 packages of the sample".
func (c *Catalogue) Label(p *project.Project) string {
	at := c.Run.At.Format(time.DateTime)
	switch n := len(c.Packages); {
	case c.Stored:
		return fmt.Sprintf("%d packages as of %s, from %s", n, at, p.HistoryFile())
	case c.Run.IsSample():
		return fmt.Sprintf("the %d packages of the sample", n)
	default:
		return fmt.Sprintf("%d packages of %s as of %s", n, p.Config.Source, at)
	}
}

// storedIfAny returns the packages published last, or nil if there are none.
func storedIfAny(ctx context.Context, p *project.Project) (*Catalogue, error) {
	r, err := history.OpenReadOnly(ctx, p.HistoryFile())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer r.Close()
	cat, err := stored(ctx, p, r)
	if err != nil || len(cat.Packages)+len(cat.Held) == 0 {
		return nil, err
	}
	return cat, nil
}

// Stored returns the packages published last, for a command that works with the last build. There may be none: a new
// project puts its pages online before its first package.
func Stored(ctx context.Context, p *project.Project) (*Catalogue, error) {
	r, err := history.OpenReadOnly(ctx, p.HistoryFile())
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return stored(ctx, p, r)
}

// stored returns the packages published last, without those whose system or architecture the profile no longer has.
func stored(ctx context.Context, p *project.Project, r *history.Reader) (*Catalogue, error) {
	run, err := r.LastRun(ctx)
	if err != nil {
		return nil, err
	}
	packages, err := r.Published(ctx)
	if err != nil {
		return nil, err
	}
	api, err := (&supplier{p: p, history: r}).api(ctx)
	if err != nil {
		return nil, err
	}
	for _, pkg := range packages {
		if pkg.URL == "" && api != "" { // stored by a version of sitegen that only supported Girder
			pkg.URL = girder.ItemURL(api, pkg.ID)
		}
	}
	cat := &Catalogue{Run: run, Stored: true, publish: publishStored(&p.Profile.Scheme, packages)}
	kept, err := p.Holds()
	if err != nil {
		return nil, err
	}
	return cat, cat.complete(ctx, kept, r)
}

// supplier reads the source of a project.
type supplier struct {
	p       *project.Project
	history *history.Reader // nil if there is no history
	limits  fetch.Options
	brief   bool // read only the listing

	accept func(source string) error // if not nil, called before a source is read; its error stops the run
}

// limitsOf returns the configured limits of requests.
func limitsOf(p *project.Project) fetch.Options {
	g := &p.Config.Girder
	return fetch.Options{Timeout: g.Timeout, MaxSize: int64(g.MaxSize), Retries: g.Retries, Log: p.Log}
}

// readWithHistory is like read, for runs that have not opened the history.
func (s *supplier) readWithHistory(ctx context.Context) (*Catalogue, error) {
	r, err := history.OpenReadOnly(ctx, s.p.HistoryFile())
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return s.read(ctx)
	case err != nil:
		return nil, err
	}
	defer r.Close()
	s.history = r
	return s.read(ctx)
}

// read reads the source and turns its records into packages.
func (s *supplier) read(ctx context.Context) (*Catalogue, error) {
	p := s.p
	kept, err := p.Holds() // before the source, which may take long
	if err != nil {
		return nil, err
	}
	options, end, err := s.options(ctx)
	if err != nil {
		return nil, err
	}
	defer end()
	src, err := sources.Choose(p.Config.Source, options)
	if err != nil {
		return nil, err
	}
	if s.accept != nil {
		if err := s.accept(src.Identity()); err != nil {
			return nil, err
		}
	}
	var memory source.Memory
	if s.history != nil {
		if memory, err = s.history.Memory(ctx, src.Identity()); err != nil {
			return nil, err
		}
	}
	list, err := src.Read(ctx, memory)
	if err != nil {
		return nil, err
	}
	if list.App != p.Profile.App {
		why := fmt.Sprintf("%s: the packages are not those of the profile %s", p.Config.Source, p.Profile.Name)
		if err := p.RequireIdentity(why); err != nil {
			return nil, err
		}
	}
	cat := &Catalogue{Run: history.Run{At: p.Now(), Source: src.Identity(), App: list.App}, warnings: list.Warnings,
		memory: list.Memory, publish: publishListed(&p.Profile.Scheme, list)}
	return cat, cat.complete(ctx, kept, s.history)
}

// complete reads the releases of the history, which may be nil, and applies the holds. The sample's packages were never
// published, so those of another source do not follow them.
func (c *Catalogue) complete(ctx context.Context, kept []holds.Hold, r *history.Reader) error {
	if r != nil {
		last, err := r.LastRun(ctx)
		if err != nil {
			return err
		}
		if last.IsSample() == c.Run.IsSample() {
			if c.releases, err = r.Releases(ctx); err != nil {
				return err
			}
		}
	}
	c.hold(kept)
	return nil
}

// setWithdrawn sets Withdrawn.
func (c *Catalogue) setWithdrawn() {
	c.Withdrawn = nil
	published := make(map[string]bool, len(c.Packages))
	for _, p := range c.Packages {
		published[p.ID] = true
	}
	for _, e := range c.releases {
		if published[e.ID] {
			continue
		}
		if e.Withdrawn.IsZero() {
			e.Withdrawn = c.Run.At.UTC().Truncate(time.Second)
		}
		c.Withdrawn = append(c.Withdrawn, e)
	}
}

// options returns the options for a source. The caller must call end after reading the source, to end the display of
// progress.
func (s *supplier) options(ctx context.Context) (o source.Options, end func(), err error) {
	p := s.p
	api, err := s.api(ctx)
	if err != nil {
		return o, nil, err
	}
	if s.limits.Header, err = p.SourceHeader(); err != nil {
		return o, nil, err
	}
	var task *progress.Task
	if u, err := url.Parse(p.Config.Source); err == nil && u.Host != "" {
		asking := p.Terminal.Start("asking "+u.Host+",", 0, progress.Bytes)
		s.limits.Received = func(n int) { asking.Add(int64(n)) }
		task = asking
	}
	checking := false
	return source.Options{
		Fetch:    fetch.New(s.limits),
		Scheme:   &p.Profile.Scheme,
		Product:  p.Config.Project,
		Download: p.Profile.Download,
		Now:      p.Now,
		Progress: func(done, total int) {
			if !checking {
				checking = true
				task.End()
				task = p.Terminal.Start("checking", int64(total), "packages")
			}
			task.Set(int64(done))
		},
		Brief:  s.brief,
		Girder: source.Girder{App: p.Config.App, API: api, Download: source.GirderDownload(p.Config.Girder.Download)},
	}, func() { task.End() }, nil
}

// api returns the base of the API from which the files of a saved Girder listing are downloaded. It is the configured
// one; or, for the profile's application, the profile's; or the one from which this site last read the application.
// Otherwise api returns "" instead of guessing, because downloads would go to a wrong server.
func (s *supplier) api(ctx context.Context) (string, error) {
	switch p := s.p; {
	case p.Config.Girder.API != "":
		return p.Config.Girder.API, nil
	case p.Config.App == p.Profile.App:
		return p.Profile.Source, nil
	case s.history != nil:
		return s.history.LastServer(ctx, p.Config.App)
	}
	return "", nil
}
