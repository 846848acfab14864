package deploy

import (
	"errors"
	"io/fs"

	"github.com/Slicer/sitegen/generator/deploy/live"
	"github.com/Slicer/sitegen/generator/deploy/objects"
	"github.com/Slicer/sitegen/generator/fault"
)

// explain adds the kind and the hint to an error of package live. Those of the services have them already.
func explain(err error) error {
	if err == nil || fault.KindOf(err) != fault.Unexpected {
		return err
	}
	is := func(target error) bool { return errors.Is(err, target) }
	_, other := errors.AsType[*live.OtherDeploy](err)
	_, full := errors.AsType[*live.FullError](err)
	_, gone := errors.AsType[*live.GoneError](err)
	_, none := errors.AsType[*live.NoEditionError](err)
	_, ambiguous := errors.AsType[*live.AmbiguousError](err)
	_, format := errors.AsType[*live.FormatError](err)
	_, lost := errors.AsType[*live.LiveLostError](err)
	_, damaged := errors.AsType[*live.DamagedKeyError](err)
	switch {
	case other:
		return fault.Wrap(fault.Conflict, err,
			"sitegen deploy list shows it. If it is not what you want, run this command again.")
	case full:
		return fault.Wrap(fault.Limit, err, "Visitors still see the previous deploy. Publish fewer nightly builds or "+
			"rules, or try again in an hour, when the previous deploy can be removed from the store.")
	case gone:
		return fault.Wrap(fault.Remote, err, "Visitors still see the previous deploy. Roll back to another one: "+
			"sitegen deploy list shows all.")
	case format:
		return fault.Wrap(fault.Usage, err, "Build and deploy the site of that time with this version of sitegen.")
	case damaged:
		return fault.Wrap(fault.Remote, err, "Visitors still see the previous deploy. Delete the key from the store, "+
			"and run sitegen deploy.")
	case lost:
		return fault.Wrap(fault.Usage, err, "Name the deploy to return to: sitegen deploy rollback ID. sitegen deploy "+
			"list shows all.")
	case none, ambiguous, is(live.ErrNoDeploy), is(fs.ErrNotExist):
		return fault.Wrap(fault.Usage, err, "sitegen deploy list shows all deploys.")
	case is(live.ErrConflict):
		return fault.Wrap(fault.Conflict, err, "Others write to the store all the time. Try again later.")
	case is(objects.ErrChanged):
		return fault.Wrap(fault.Locked, err, "Run the command again: it deploys the files as they are then.")
	}
	return err
}
