package stats

import (
	"context"
	"fmt"
	"os"

	"github.com/Slicer/sitegen/generator/stats/downloads"
)

// writer writes batches to the database.
type writer struct {
	db         *downloads.DB
	rules      string          // file with user agent rules, "" for the built-in ones
	classifier *Classifier     // made for the first new user agent
	counted    map[Class]int64 // number of counted hits, repetitions included
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
	if err := tx.AddHits(b.hits); err != nil {
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
	return tx.Commit()
}

// resolve replaces positions in the tables by ids of the database: see tables.
func (w *writer) resolve(tx *downloads.Batch, b *batch) error {
	t := b.tables
	packages, err := tx.Packages(b.packages)
	if err != nil {
		return err
	}
	agents, classes, err := tx.Agents(b.agents, w.classify)
	if err != nil {
		return err
	}
	places, err := tx.Places(storedPlaces(b.places))
	if err != nil {
		return err
	}
	t.packageIDs, t.agentIDs = append(t.packageIDs, packages...), append(t.agentIDs, agents...)
	t.placeIDs = append(t.placeIDs, places...)
	for _, class := range classes {
		t.agentClasses = append(t.agentClasses, Class(class))
	}
	for i := range b.hits {
		h := &b.hits[i]
		if h.Counted {
			w.counted[t.agentClasses[h.Agent]]++
		}
		h.Package, h.Agent, h.Place = t.packageIDs[h.Package], t.agentIDs[h.Agent], t.placeIDs[h.Place]
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

// storedPlaces returns places as the database stores them.
func storedPlaces(list []Place) []downloads.Place {
	stored := make([]downloads.Place, len(list))
	for i, p := range list {
		stored[i] = downloads.Place(p)
	}
	return stored
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
