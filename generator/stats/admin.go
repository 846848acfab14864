package stats

import "context"

// Forget deletes what tells of single visitors on the days before the given one (YYYY-MM-DD) and keeps the numbers of
// these days, which are then closed: lines of them that come later are not counted. The statistics of format 1.0 lose
// the accesses of these days. Forget returns how many hits were deleted.
func (e *Engine) Forget(ctx context.Context, before string) (hits int64, err error) {
	day, err := parseDay(before)
	if err != nil {
		return 0, err
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

// Reclassify stores what Reclassified returns with the current rules, and counts all days anew.
func (e *Engine) Reclassify(ctx context.Context) ([]Change, error) {
	changes, news, err := e.reclassify(ctx, e.options.Rules)
	if err != nil || len(news) == 0 {
		return changes, err
	}
	if err := e.db.Admin.SetAgents(ctx, news); err != nil {
		return nil, err
	}
	_, err = e.db.Recount(ctx, e.options.LegacyFile != "")
	return changes, err
}
