package stats

import (
	"context"

	"github.com/Slicer/sitegen/generator/store"
)

// Difference is a number that the daily table has and its hits do not bear out.
type Difference struct {
	Day      string `json:"day"`
	Package  string `json:"package,omitempty"` // "" when the accesses of format 1.0 of the day differ
	Country  string `json:"country,omitempty"`
	Class    string `json:"class,omitempty"`
	Daily    int    `json:"daily"`    // downloads in the daily table
	FromHits int    `json:"fromHits"` // downloads counted anew
}

// Verify counts the days that have hits anew, and compares with the daily table and with the accesses of
// format 1.0. It gives what differs and how many days were compared, and changes nothing.
func (e *Engine) Verify(ctx context.Context) (differences []Difference, days int, err error) {
	list, days, err := e.db.Verify(ctx)
	for _, d := range list {
		v := Difference{Day: dayString(d.Day), Package: d.Bitstream, Country: d.Country, Daily: d.Daily, FromHits: d.FromHits}
		if d.Bitstream != "" {
			v.Class = Class(d.Class).String()
		}
		differences = append(differences, v)
	}
	return differences, days, err
}

// Forget deletes what tells of single visitors on the days before the given one (YYYY-MM-DD) and keeps the
// numbers of these days, which are then closed: lines of them that come later are not counted. The statistics
// of format 1.0 lose the accesses of these days. It gives how many hits were deleted.
func (e *Engine) Forget(ctx context.Context, before string) (hits int64, err error) {
	day, err := parseDay(before)
	if err != nil {
		return 0, err
	}
	if _, err := e.db.Recount(ctx, e.options.Legacy); err != nil {
		return 0, err
	}
	if hits, err = e.db.Forget(ctx, day); err != nil {
		return 0, err
	}
	_, err = e.db.Recount(ctx, e.options.Legacy)
	return hits, err
}

// Reclassify looks at the user agents kept by the rules of now, and gives those that are seen in another way.
// With apply it keeps that, and counts all days anew.
func (e *Engine) Reclassify(ctx context.Context, apply bool) ([]Change, error) {
	classifier, err := openClassifier(e.options.Rules)
	if err != nil {
		return nil, err
	}
	agents, err := e.db.Agents(ctx)
	if err != nil {
		return nil, err
	}
	var changes []Change
	var news []store.Agent
	for _, a := range agents {
		before := Agent{Class(a.Class), a.Legacy, a.Browser, a.System, a.Device}
		after := classifier.Classify(a.Text)
		if before == after {
			continue
		}
		changes = append(changes, Change{a.Text, before, after})
		s := stored(a.Text, after)
		s.ID = a.ID
		news = append(news, s)
	}
	if !apply || len(news) == 0 {
		return changes, nil
	}
	if err := e.db.SetAgents(ctx, news); err != nil {
		return nil, err
	}
	_, err = e.db.Recount(ctx, e.options.Legacy)
	return changes, err
}
