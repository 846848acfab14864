package supply

import (
	"context"
	"errors"
	"time"

	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/project"
	"github.com/Slicer/sitegen/generator/supply/fetch"
	"github.com/Slicer/sitegen/generator/supply/sources/sample"
)

// patience limits how long the start of a preview waits for a server. Most previews work just as well with stored
// packages.
const patience = 20 * time.Second

// Preview returns the packages that a preview shows, and a short description of them. These are the packages of the
// source; if its server cannot be reached, those published last; if there are none, the sample.
func Preview(ctx context.Context, p *project.Project) (cat *Catalogue, label string, err error) {
	if !p.Config.Offline {
		cat, label, err = refresh(ctx, p, min(p.Config.Girder.Timeout, patience), 0)
		_, isServer := errors.AsType[*fetch.Failure](err)
		if err == nil || ctx.Err() != nil || fault.KindOf(err) != fault.Source || !isServer {
			return cat, label, err
		}
		p.Log.Warn(err.Error())
	}
	cat, err = storedIfAny(ctx, p)
	if err != nil {
		return nil, "", err
	}
	if cat != nil {
		return cat, cat.Label(p), nil
	}
	p.Log.Warn("there are no stored packages (" + p.HistoryFile() + ")")
	trial := *p
	trial.Config.Source = sample.Word
	return refresh(ctx, &trial, patience, 0)
}

// Refresh reads the source again for a running preview.
func Refresh(ctx context.Context, p *project.Project) (cat *Catalogue, label string, err error) {
	return refresh(ctx, p, p.Config.Girder.Timeout, p.Config.Girder.Retries)
}

func refresh(ctx context.Context, p *project.Project, timeout time.Duration, retries int) (*Catalogue, string, error) {
	s := supplier{p: p, limits: limitsOf(p), brief: true}
	s.limits.Timeout, s.limits.Retries = timeout, retries
	cat, err := s.readWithHistory(ctx)
	if err != nil {
		return nil, "", err
	}
	return cat, cat.Label(p), nil
}
