package supply

import (
	"context"
	"errors"
	"io/fs"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/history"
	"github.com/Slicer/sitegen/generator/project"
	"github.com/Slicer/sitegen/generator/supply/gate"
)

// Check reads the source once, without retries, and asks the gate, as the next build would. It stores nothing. The
// error is that of the build.
func Check(ctx context.Context, p *project.Project) (*Catalogue, error) {
	s := &supplier{p: p, limits: limitsOf(p), brief: true}
	s.limits.Retries = 0
	var before []*catalog.Package
	r, err := history.OpenReadOnly(ctx, p.HistoryFile())
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, err
	default:
		defer r.Close()
		if before, err = r.Published(ctx); err != nil {
			return nil, err
		}
		s.history = r
	}
	cat, err := s.read(ctx)
	if err != nil {
		return nil, err
	}
	if r != nil {
		if err := r.Accept(ctx, cat.Run); err != nil {
			return nil, err
		}
	}
	return cat, gate.Err(gate.Check(&p.Profile.Scheme, before, cat.Packages), cat.Held)
}
