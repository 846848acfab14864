package stats

import (
	"context"
	"fmt"

	"github.com/Slicer/sitegen/generator/fault"
)

// Forget deletes the data of single visitors on the days before the given one (YYYY-MM-DD) and keeps the numbers of
// these days. It closes the days: lines of them that are read later are not counted. The statistics of format 1.0 lose
// the accesses of these days. Forget returns the number of hits that were deleted.
func (e *Engine) Forget(ctx context.Context, before string) (hits int64, err error) {
	day, err := parseDay(before)
	if err != nil {
		return 0, err
	}
	if today := dayOf(e.options.Now()); day > today {
		err := fmt.Errorf("the day must not be in the future (found %q; today is %s)", before, dayString(today))
		return 0, fault.Wrap(fault.Usage, err, "")
	}
	if _, err := e.db.Recount(ctx, e.options.LegacyFile != ""); err != nil {
		return 0, err
	}
	if hits, err = e.db.Admin.Forget(ctx, day); err != nil {
		return 0, err
	}
	_, err = e.db.Recount(ctx, e.options.LegacyFile != "")
	return hits, err
}

// Reclassify classifies the stored user agents with the rules of the options, stores the result, and recounts all days.
// It returns the changes, as Reader.Reclassified does.
func (e *Engine) Reclassify(ctx context.Context) ([]Change, error) {
	changes, agents, err := e.reclassify(ctx, e.options.Rules)
	if err != nil || len(agents) == 0 {
		return changes, err
	}
	if err := e.db.Admin.SetAgents(ctx, agents); err != nil {
		return nil, err
	}
	_, err = e.db.Recount(ctx, e.options.LegacyFile != "")
	return changes, err
}
