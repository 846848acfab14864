package deploy

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/Slicer/sitegen/generator/deploy/live"
	"github.com/Slicer/sitegen/generator/progress"
)

// verify compares the bucket and the store with the record of the live deploy, and puts back what is missing. It
// returns the damage that remains for the deploy to repair, with the objects and nodes that no record names.
func (e *engine) verify(ctx context.Context, site *live.Site, dryRun bool, r *Report) (*live.Damage, error) {
	task := e.project.Terminal.Start("comparing", 0, progress.Nothing)
	defer task.End()
	record, damage, err := e.live.Verify(ctx, e.project.Config.Deploy.Edition, grace)
	if errors.Is(err, fs.ErrNotExist) {
		e.project.Log.Warn(err.Error() + "; the site is deployed again")
		return &live.Damage{Root: true}, nil
	}
	if err != nil {
		return nil, err
	}
	r.damage(damage)
	if !damage.Any() || dryRun {
		return damage, nil
	}
	err = e.live.Mend(ctx, record, damage, site)
	if gone, ok := errors.AsType[*live.GoneError](err); ok {
		e.project.Log.Warn(fmt.Sprintf("%s; they are not part of the built site, which is deployed instead", gone))
		return damage, nil
	}
	if err != nil {
		return nil, err
	}
	return &live.Damage{Orphans: damage.Orphans, Loose: damage.Loose}, nil
}
