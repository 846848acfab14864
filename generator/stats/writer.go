package stats

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"slices"

	"github.com/Slicer/sitegen/generator/stats/downloads"
)

// writer writes batches to the database.
type writer struct {
	db         *downloads.DB
	rules      string          // file with user agent rules, "" for the built-in ones
	classifier *Classifier     // made for the first new user agent
	changed    int64           // number of hits that were added or changed a row
	counted    map[int32]int64 // number of counted hits by id of the agent, repetitions included
}

// write writes a batch, including the positions up to which its logs have been read, in one transaction.
func (w *writer) write(ctx context.Context, b *batch) (err error) {
	tx, err := w.db.Begin(ctx)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			tx.Rollback()
		}
	}()
	if err := w.resolve(tx, b); err != nil {
		return err
	}
	if err := tx.AddHits(merge(b.hits)); err != nil {
		return err
	}
	for id, address := range b.addresses {
		if err := tx.Address(id, address); err != nil {
			return err
		}
	}
	for _, l := range b.logs {
		if l.log != nil {
			err = tx.SetLog(l.log, l.previous)
		} else {
			err = tx.SetArchive(l.archive, l.days)
		}
		if err != nil {
			return err
		}
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	w.changed += tx.Changed
	return nil
}

// resolve replaces positions in the tables by ids of the database: see tables.
func (w *writer) resolve(tx *downloads.Batch, b *batch) error {
	t := b.tables
	for _, p := range b.packages {
		id, err := tx.Package(p)
		if err != nil {
			return err
		}
		t.packageIDs = append(t.packageIDs, id)
	}
	for _, a := range b.agents {
		id, err := tx.Agent(a, func() (downloads.Agent, error) { return w.classify(a) })
		if err != nil {
			return err
		}
		t.agentIDs = append(t.agentIDs, id)
	}
	for _, p := range b.places {
		id, err := tx.Place(p.Country, p.Location)
		if err != nil {
			return err
		}
		t.placeIDs = append(t.placeIDs, id)
	}
	for i := range b.hits {
		h := &b.hits[i]
		h.Package, h.Agent, h.Place = t.packageIDs[h.Package], t.agentIDs[h.Agent], t.placeIDs[h.Place]
		if h.Counted {
			w.counted[h.Agent]++
		}
	}
	return nil
}

// classify classifies a new user agent.
func (w *writer) classify(text string) (downloads.Agent, error) {
	if w.classifier == nil {
		c, err := openClassifier(w.rules)
		if err != nil {
			return downloads.Agent{}, err
		}
		w.classifier = c
	}
	return storedAgent(text, w.classifier.Classify(text)), nil
}

// openClassifier returns a classifier with the rules of a file, or with the built-in rules if the name is "".
func openClassifier(rules string) (*Classifier, error) {
	if rules == "" {
		return NewClassifier("", nil)
	}
	text, err := os.ReadFile(rules)
	if err != nil {
		return nil, fmt.Errorf("read the user agent rules: %w", err)
	}
	return NewClassifier(rules, text)
}

// storedAgent returns a user agent as the database stores it.
func storedAgent(text string, a Agent) downloads.Agent {
	return downloads.Agent{Text: text, Class: int(a.Class), Legacy: a.Legacy, Browser: a.Browser, System: a.OS,
		Device: a.Device}
}

// merge sorts hits by key, in place, and merges hits with the same key, as downloads.Batch.AddHits does.
func merge(hits []downloads.Hit) []downloads.Hit {
	slices.SortFunc(hits, compareKeys)
	merged := hits[:0]
	for _, h := range hits {
		if n := len(merged); n > 0 {
			last := &merged[n-1]
			if compareKeys(*last, h) == 0 {
				last.First = min(last.First, h.First)
				last.Counted = last.Counted || h.Counted
				if last.Place == 0 {
					last.Place = h.Place
				}
				continue
			}
		}
		merged = append(merged, h)
	}
	return merged
}

// compareKeys compares the keys of hits. It is called a million times for each batch, so unlike cmp.Or, it compares no
// more columns than it needs.
func compareKeys(a, b downloads.Hit) int {
	switch {
	case a.Day != b.Day:
		return cmp.Compare(a.Day, b.Day)
	case a.Package != b.Package:
		return cmp.Compare(a.Package, b.Package)
	case a.Visitor != b.Visitor:
		return cmp.Compare(a.Visitor, b.Visitor)
	}
	return cmp.Compare(a.Agent, b.Agent)
}
