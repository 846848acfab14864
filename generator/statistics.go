package generator

import (
	"context"
	"os"
	"path/filepath"

	"github.com/Slicer/sitegen/generator/site"
	"github.com/Slicer/sitegen/generator/stats"
	"github.com/Slicer/sitegen/generator/statspage"
	"github.com/Slicer/sitegen/generator/store"
)

// StatsPage makes the page of the statistics that were published in dir, with the site's layouts: see
// statspage.Make. The catalogue may be empty.
func StatsPage(ctx context.Context, o Options, dir string, privacy stats.Privacy) (changed []string, err error) {
	db, err := store.Open(ctx, o.catalogueFile())
	if err != nil {
		return nil, err
	}
	defer db.Close()
	run, err := db.LastRun(ctx)
	if err != nil {
		return nil, err
	}
	in, err := o.siteInput(&catalogue{run: run, spec: o.spec()})
	if err != nil {
		return nil, err
	}
	return statspage.Make(ctx, in, dir, statspage.Options{Privacy: privacy, Precompress: o.precompress()})
}

// hasStats reports whether there is a page of statistics for the site to link to.
func (o *Options) hasStats() bool {
	_, err := os.Stat(filepath.Join(o.Config.Out, filepath.FromSlash(site.StatsURL), "index.html"))
	return err == nil
}
