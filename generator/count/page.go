package count

import (
	"context"
	"errors"
	"io/fs"

	"github.com/Slicer/sitegen/generator/history"
	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/project"
	"github.com/Slicer/sitegen/generator/stats"
	"github.com/Slicer/sitegen/generator/statspage"
)

// makePage makes the page of the statistics that were published in dir, with the site's layouts: see statspage.Make.
// There may be no packages yet. Precompress is the site's.
func makePage(ctx context.Context, p *project.Project, s *stats.Summary, dir string, o statspage.Options) ([]string,
	error) {
	run, err := lastRun(ctx, p)
	if err != nil {
		return nil, err
	}
	in, err := p.Site(lookup.New(p.Spec, nil), run.IsSample())
	if err != nil {
		return nil, err
	}
	o.Precompress = p.Precompress()
	return statspage.Make(ctx, in, s, dir, o)
}

// lastRun returns the run that was recorded last, zero when there was none.
func lastRun(ctx context.Context, p *project.Project) (history.Run, error) {
	db, err := history.OpenReadOnly(ctx, p.HistoryFile())
	if errors.Is(err, fs.ErrNotExist) {
		return history.Run{}, nil
	}
	if err != nil {
		return history.Run{}, err
	}
	defer db.Close()
	return db.LastRun(ctx)
}
