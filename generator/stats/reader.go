package stats

import (
	"context"
	"path/filepath"

	"github.com/Slicer/sitegen/generator/stats/downloads"
)

// Reader reads the statistics of a data folder. It takes no lock and changes nothing: see OpenReader.
type Reader struct {
	db *downloads.Reader
}

// OpenReader opens the statistics of a data folder for reading. It creates no file and no folder, and works while an
// Engine counts. The error is fs.ErrNotExist, with the next step, when nothing was ever counted.
func OpenReader(ctx context.Context, dir string) (*Reader, error) {
	db, err := downloads.OpenReadOnly(ctx, filepath.Join(dir, downloads.FileName))
	if err != nil {
		return nil, err
	}
	return &Reader{db}, nil
}

// Close closes the database.
func (r *Reader) Close() error { return r.db.Close() }

// Total returns the number of downloads that are counted, bots included.
func (r *Reader) Total(ctx context.Context) (int64, error) { return r.db.Total(ctx) }

// Difference is a number that the daily table has and its hits do not bear out.
type Difference struct {
	Day      string `json:"day"`
	Package  string `json:"package,omitempty"` // "" when the accesses of format 1.0 of the day differ
	Country  string `json:"country,omitempty"`
	Class    string `json:"class,omitempty"`
	Daily    int    `json:"daily"`    // downloads in the daily table
	FromHits int    `json:"fromHits"` // downloads counted anew
}

// Verify counts the days that have hits anew, and compares with the daily table and with the accesses of format 1.0.
// It returns what differs and how many days were compared.
func (r *Reader) Verify(ctx context.Context) (differences []Difference, days int, err error) {
	list, days, err := r.db.Verify(ctx)
	for _, d := range list {
		v := Difference{Day: dayString(d.Day), Package: d.Bitstream, Country: d.Country, Daily: d.Daily,
			FromHits: d.FromHits}
		if d.Bitstream != "" {
			v.Class = Class(d.Class).String()
		}
		differences = append(differences, v)
	}
	return differences, days, err
}

// Reclassified returns the stored user agents that the rules of a file ("" for the built-in ones) classify in another
// way than when they were stored.
func (r *Reader) Reclassified(ctx context.Context, rules string) ([]Change, error) {
	changes, _, err := r.reclassify(ctx, rules)
	return changes, err
}

// reclassify also returns the agents as they would be stored.
func (r *Reader) reclassify(ctx context.Context, rules string) (changes []Change, news []downloads.Agent, err error) {
	classifier, err := openClassifier(rules)
	if err != nil {
		return nil, nil, err
	}
	agents, err := r.db.Agents(ctx)
	if err != nil {
		return nil, nil, err
	}
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
	return changes, news, nil
}
