package generator

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/config"
	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/profile"
	"github.com/Slicer/sitegen/generator/history"
	"github.com/Slicer/sitegen/generator/supply"
	"github.com/Slicer/sitegen/generator/supply/fetch"
	"github.com/Slicer/sitegen/generator/supply/source"
)

// catalogue is what a run has found to publish.
type catalogue struct {
	run       history.Run
	published []*catalog.Package // newest first
	held      []catalog.Held
	offline   bool // nothing was fetched, so there is nothing to keep
	spec      *lookup.Spec
	x         *lookup.Index
}

// index is what the packages answer.
func (c *catalogue) index() *lookup.Index {
	if c.x == nil {
		c.x = lookup.New(c.spec, c.published)
	}
	return c.x
}

func (o *Options) catalogueFile() string { return filepath.Join(o.Config.Data, history.FileName) }

// fetch reads the source.
func (o *Options) fetch(ctx context.Context, db *history.DB, at time.Time) (*catalogue, error) {
	src, err := o.source(o.Config.Girder.Timeout, o.Config.Girder.Retries)
	if err != nil {
		return nil, err
	}
	run := history.Run{At: at, Source: src.Identity(), App: o.Config.App}
	if err := db.Accept(ctx, run); err != nil {
		return nil, err
	}
	return o.readSource(ctx, src, run)
}

// stored takes the packages published last.
func (o *Options) stored(ctx context.Context, db *history.Reader, published []*catalog.Package) (*catalogue, error) {
	if len(published) == 0 {
		return nil, fault.Wrap(fault.Source, errors.New("build offline: nothing is in the catalogue yet ("+o.catalogueFile()+")"),
			"Build once without --offline, or with --source sample to try sitegen.")
	}
	run, err := db.LastRun(ctx)
	if err != nil {
		return nil, err
	}
	return &catalogue{run: run, spec: o.spec(), published: published, offline: true}, nil
}

// record keeps the catalogue and says what is new in it.
func (c *catalogue) record(ctx context.Context, db *history.DB) (history.Change, error) {
	if c.offline {
		return history.Change{}, nil
	}
	return db.Record(ctx, c.run, c.published, c.held)
}

// Packages gives the packages that a command beside build is to speak of: those of the source that a flag
// names, else those published last.
func (o *Options) Packages(ctx context.Context) ([]*catalog.Package, error) {
	if o.Config.Origin("source").Level == config.Flag {
		src, err := o.source(o.Config.Girder.Timeout, o.Config.Girder.Retries)
		if err != nil {
			return nil, err
		}
		cat, err := o.readSource(ctx, src, history.Run{})
		if err != nil {
			return nil, err
		}
		return cat.published, nil
	}
	none := fault.Wrap(fault.Source, fmt.Errorf("no packages are stored yet (%s)", o.catalogueFile()),
		"Build first, or name a source: --source sample.")
	db, err := history.OpenReadOnly(ctx, o.catalogueFile())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, none
	}
	if err != nil {
		return nil, err
	}
	defer db.Close()
	published, err := db.Published(ctx)
	if err == nil && len(published) == 0 {
		err = none
	}
	return published, err
}

// source chooses the source that is configured.
func (o *Options) source(timeout time.Duration, retries int) (source.Source, error) {
	p := o.profile()
	settings := source.Girder{App: o.Config.App, Download: source.GirderDownload(o.Config.Girder.Download)}
	if settings.App == p.App {
		settings.API = p.Source
	}
	return supply.Choose(o.Config.Source, source.Options{
		Fetch:  fetch.New(fetch.Options{Timeout: timeout, MaxSize: int64(o.Config.Girder.MaxSize), Retries: retries, Log: o.Log}),
		Scheme: &p.Scheme, Product: p.Project, Download: p.Download, Now: o.Now, Brief: true, Girder: settings,
	})
}

// readSource reads a source and publishes what it lists.
func (o *Options) readSource(ctx context.Context, src source.Source, run history.Run) (*catalogue, error) {
	list, err := src.Read(ctx, nil)
	if err != nil {
		return nil, err
	}
	for _, w := range list.Warnings {
		o.Log.Warn(w)
	}
	cat := &catalogue{run: run, spec: o.spec()}
	cat.published, cat.held = catalog.Publish(&o.profile().Scheme, list.Spelling, list.Records)
	return cat, nil
}

// profile is the project's.
func (o *Options) profile() *profile.Profile {
	p, err := profile.Load(profile.Default)
	if err != nil {
		panic(err)
	}
	return p
}

func (o *Options) spec() *lookup.Spec {
	p := o.profile()
	return lookup.NewSpec(&p.Scheme, p.Links)
}
