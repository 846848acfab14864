package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/fault"
)

// Change is what a run found different from the run before. A package that came back with other fields is
// both returned and changed.
type Change struct {
	Added     []*catalog.Package // never seen before
	Changed   []Changed
	Withdrawn []*catalog.Package // not published any more, as last seen
	Returned  []*catalog.Package // withdrawn once, published again
}

// Empty reports whether the catalogue is what it was.
func (c *Change) Empty() bool {
	return len(c.Added)+len(c.Changed)+len(c.Withdrawn)+len(c.Returned) == 0
}

// Changed is a package with the fields that have another value now.
type Changed struct {
	*catalog.Package // as it is now
	Fields           []FieldChange
}

// FieldChange is a field of a package with its old and its new value.
type FieldChange struct {
	Field         string // the column in the database
	Before, After string
}

// Accept reports whether the catalogue is the one that run is about, as Record will: a data folder holds the
// packages of one application, either the sample or real ones. Otherwise the error is of kind fault.Usage.
func (s *Store) Accept(ctx context.Context, run Run) error {
	last, err := s.LastRun(ctx)
	if err != nil {
		return err
	}
	return checkSame(last, run)
}

// Record keeps the packages that a run publishes, and what it held back, and says what has changed. All of
// it is one transaction. It refuses what Accept refuses. A run that finds nothing new writes nothing.
func (s *Store) Record(ctx context.Context, run Run, published []*catalog.Package, held []catalog.Held) (Change, error) {
	var change Change
	err := inTransaction(ctx, s.db, func(tx *sql.Tx) error {
		last, err := lastRun(ctx, tx)
		if err != nil {
			return err
		}
		if err := checkSame(last, run); err != nil {
			return err
		}
		known, err := entries(ctx, tx, "")
		if err != nil {
			return err
		}
		change = compare(known, published)
		heldAnew, err := replaceHeld(ctx, tx, held)
		if err != nil || (change.Empty() && !heldAnew && last.Source == run.Source) {
			return err
		}
		w := &writer{ctx: ctx, tx: tx, at: run.At.UTC().Format(time.RFC3339)}
		w.run(run, len(published), len(held), &change)
		w.changes(&change)
		return w.err
	})
	if err != nil {
		return Change{}, fmt.Errorf("store the catalogue: %w", explain(s.path, err))
	}
	return change, nil
}

// checkSame keeps catalogues apart: a run of another one would withdraw every package.
func checkSame(last, run Run) error {
	switch {
	case last == Run{}:
		return nil
	case last.IsSample() != run.IsSample():
		return fault.Wrap(fault.Usage, fmt.Errorf("the data folder holds the packages of %s, not of %s", last.Source, run.Source),
			"A data folder holds either the sample or a real catalogue: give another one with --data, or remove this one if it was only a trial.")
	case last.App != run.App:
		return fault.Wrap(fault.Usage, fmt.Errorf("the data folder holds the packages of application %s, not of %s", last.App, run.App),
			"A data folder holds the packages of one application: set app back, or give another data folder with --data.")
	}
	return nil
}

// compare says what has happened since known, the entries of the catalogue.
func compare(known []Entry, published []*catalog.Package) Change {
	var change Change
	entries := make(map[string]Entry, len(known))
	for _, e := range known {
		entries[e.ID] = e
	}
	for _, p := range published {
		e, ok := entries[p.ID]
		delete(entries, p.ID)
		if !ok {
			change.Added = append(change.Added, p)
			continue
		}
		if fields := compareFields(e.Package, p); fields != nil {
			change.Changed = append(change.Changed, Changed{p, fields})
		}
		if !e.Withdrawn.IsZero() {
			change.Returned = append(change.Returned, p)
		}
	}
	for _, e := range known {
		if _, gone := entries[e.ID]; gone && e.Withdrawn.IsZero() {
			change.Withdrawn = append(change.Withdrawn, e.Package)
		}
	}
	return change
}

func compareFields(before, after *catalog.Package) (fields []FieldChange) {
	if *before == *after {
		return nil
	}
	was, is := values(before), values(after)
	for i, column := range columns {
		if was[i] != is[i] {
			fields = append(fields, FieldChange{column, fmt.Sprint(was[i]), fmt.Sprint(is[i])})
		}
	}
	return fields
}

// replaceHeld keeps what was held back, and reports whether that is not what it was the last time.
func replaceHeld(ctx context.Context, tx *sql.Tx, held []catalog.Held) (bool, error) {
	known, err := heldRecords(ctx, tx)
	if err != nil || slices.Equal(known, held) {
		return false, err
	}
	if _, err := tx.ExecContext(ctx, "DELETE FROM held"); err != nil {
		return false, err
	}
	for _, h := range held {
		if _, err := tx.ExecContext(ctx, "INSERT INTO held VALUES (?, ?, ?, ?, ?)", h.ID, h.Name, h.Field, h.Value, h.Reason); err != nil {
			return false, err
		}
	}
	return true, nil
}
