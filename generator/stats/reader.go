package stats

import (
	"context"
	"path/filepath"

	"github.com/Slicer/sitegen/generator/stats/downloads"
)

// Reader reads the statistics of a data folder. It takes no lock and changes nothing.
type Reader struct {
	db *downloads.Reader
}

// OpenReader opens the statistics of a data folder for reading. It creates no file and no folder, and works while an
// Engine is running. If the folder has no statistics, the error wraps fs.ErrNotExist and has a hint with the next step.
func OpenReader(ctx context.Context, dir string) (*Reader, error) {
	db, err := downloads.OpenReadOnly(ctx, filepath.Join(dir, downloads.FileName))
	if err != nil {
		return nil, err
	}
	return &Reader{db}, nil
}

// Close closes the database.
func (r *Reader) Close() error { return r.db.Close() }

// Difference is a number in the daily table that differs from the number of hits.
type Difference struct {
	Day      string `json:"day"`
	Package  string `json:"package,omitempty"` // "" if the accesses of format 1.0 on the day differ
	Country  string `json:"country,omitempty"`
	Class    string `json:"class,omitempty"`
	Daily    int    `json:"daily"`    // downloads in the daily table
	FromHits int    `json:"fromHits"` // downloads recounted from the hits
}

// Verify recounts all days that have hits, and compares the results with the daily table and the accesses of format
// 1.0. It returns the differences and the number of days that were compared.
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

// Reclassified returns the stored user agents whose classification changes with the rules of a file, or with the
// built-in rules if the name is "".
func (r *Reader) Reclassified(ctx context.Context, rules string) ([]Change, error) {
	changes, _, err := r.reclassify(ctx, rules)
	return changes, err
}

// reclassify returns the changes, and the changed agents as the database stores them.
func (r *Reader) reclassify(ctx context.Context, rules string) (changes []Change, changed []downloads.Agent,
	err error) {
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
		s := storedAgent(a.Text, after)
		s.ID = a.ID
		changed = append(changed, s)
	}
	return changes, changed, nil
}
