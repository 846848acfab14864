package generator

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/Slicer/sitegen/generator/history"
	"github.com/Slicer/sitegen/generator/site"
	"github.com/Slicer/sitegen/generator/stats"
	"github.com/Slicer/sitegen/generator/statspage"
)

// StatsPage makes the page of the statistics that were published in dir, with the site's layouts: see
// statspage.Make. The catalogue may be empty, or not there yet. Precompress is that of the site.
func StatsPage(ctx context.Context, o Options, s *stats.Summary, dir string, page statspage.Options) ([]string, error) {
	run, err := o.lastRun(ctx)
	if err != nil {
		return nil, err
	}
	in, err := o.siteInput(&catalogue{run: run, spec: o.spec()})
	if err != nil {
		return nil, err
	}
	page.Precompress = o.precompress()
	return statspage.Make(ctx, in, s, dir, page)
}

// lastRun returns the run that the catalogue recorded last, zero when there is no catalogue.
func (o *Options) lastRun(ctx context.Context) (history.Run, error) {
	db, err := history.OpenReadOnly(ctx, o.catalogueFile())
	if errors.Is(err, fs.ErrNotExist) {
		return history.Run{}, nil
	}
	if err != nil {
		return history.Run{}, err
	}
	defer db.Close()
	return db.LastRun(ctx)
}

// hasStats reports whether there is a page of statistics for the site to link to.
func (o *Options) hasStats() bool {
	_, err := os.Stat(filepath.Join(o.Config.Out, filepath.FromSlash(site.StatsURL), "index.html"))
	return err == nil
}
