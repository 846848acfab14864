package history

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/sqlite"
)

// Change is the difference between a run and the one before. A package that came back with other fields is both
// returned and changed.
type Change struct {
	Added     []*catalog.Package // never seen before
	Changed   []Changed
	Withdrawn []*catalog.Package // not published any more, as last seen
	Returned  []*catalog.Package // withdrawn once, published again
}

// Empty reports whether nothing has changed.
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

// Accept checks that the catalogue is the one that run is about, as Record will: a data folder holds the packages of
// one application, either the sample or real ones. Otherwise the error is of kind fault.Usage.
func (r *Reader) Accept(ctx context.Context, run Run) error {
	last, err := r.LastRun(ctx)
	if err != nil {
		return err
	}
	return checkSame(last, run)
}

// Record keeps the packages that a run publishes and the records that it held back, and returns what has changed. All
// of it is one transaction. It refuses what Accept refuses. A run that finds nothing new writes nothing.
func (d *DB) Record(ctx context.Context, run Run, published []*catalog.Package, held []catalog.Held) (Change, error) {
	var change Change
	err := d.file.Update(ctx, func(tx *sqlite.Tx) error {
		last, err := lastRun(ctx, tx)
		if err != nil {
			return err
		}
		if err := checkSame(last, run); err != nil {
			return err
		}
		known, err := readEntries(ctx, tx, "")
		if err != nil {
			return err
		}
		change = compare(known, published)
		heldAnew, err := replaceHeld(ctx, tx, held)
		if err != nil || (change.Empty() && !heldAnew && last.Source == run.Source) {
			return err
		}
		w := &writer{ctx: ctx, tx: tx, at: run.At.UTC().Format(time.RFC3339), statements: map[string]*sqlite.Stmt{}}
		w.run(run, len(published), len(held), &change)
		w.changes(&change)
		return w.err
	})
	if err != nil {
		return Change{}, fmt.Errorf("store the catalogue: %w", err)
	}
	return change, nil
}

// checkSame keeps catalogues apart: a run of another one would withdraw every package.
func checkSame(last, run Run) error {
	switch {
	case last == Run{}:
		return nil
	case last.IsSample() != run.IsSample():
		err := fmt.Errorf("the data folder holds the packages of %s, not of %s", last.Source, run.Source)
		return fault.Wrap(fault.Usage, err, "A data folder holds either the sample or a real catalogue: give another one "+
			"with --data, or remove this one if it was only a trial.")
	case last.App != run.App:
		err := fmt.Errorf("the data folder holds the packages of application %s, not of %s", last.App, run.App)
		return fault.Wrap(fault.Usage, err, "A data folder holds the packages of one application: set app back, or give "+
			"another data folder with --data.")
	}
	return nil
}

// compare returns what has changed since known, the entries of the catalogue.
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

// replaceHeld keeps what was held back, and reports whether that differs from the run before.
func replaceHeld(ctx context.Context, tx *sqlite.Tx, held []catalog.Held) (bool, error) {
	known, err := readHeld(ctx, tx)
	if err != nil || slices.Equal(known, held) {
		return false, err
	}
	if _, err := tx.Exec(ctx, "DELETE FROM held"); err != nil {
		return false, err
	}
	for _, h := range held {
		if _, err := tx.Exec(ctx, "INSERT INTO held VALUES (?, ?, ?, ?, ?)",
			h.ID, h.Name, h.Field, h.Value, h.Reason); err != nil {
			return false, err
		}
	}
	return true, nil
}

// columns are those of a package that come from the source, in the order of values and destinations.
var columns = []string{
	"id", "name", "product_name", "os", "arch", "revision", "version", "unversioned", "release", "pre_release",
	"build_date", "size", "sha512",
}

var packageColumns = strings.Join(columns, ", ")

func values(p *catalog.Package) []any {
	return []any{p.ID, p.Name, p.ProductName, string(p.OS), string(p.Arch), p.Revision, p.Version, p.Unversioned,
		p.Release, p.PreRelease, p.BuildDate, p.Size, p.SHA512}
}

func destinations(p *catalog.Package) []any {
	return []any{&p.ID, &p.Name, &p.ProductName, &p.OS, &p.Arch, &p.Revision, &p.Version, &p.Unversioned,
		&p.Release, &p.PreRelease, &p.BuildDate, &p.Size, &p.SHA512}
}

// writer writes one run. After an error, which it keeps, it does nothing more.
type writer struct {
	ctx context.Context
	tx  *sqlite.Tx
	at  string // the time of the run
	id  int64  // of the run
	err error

	statements map[string]*sqlite.Stmt
}

// exec runs a statement, which is prepared at its first use.
func (w *writer) exec(query string, args ...any) (result sql.Result) {
	if w.err == nil && w.statements[query] == nil {
		w.statements[query], w.err = w.tx.Prepare(w.ctx, query)
	}
	if w.err == nil {
		result, w.err = w.statements[query].Exec(w.ctx, args...)
	}
	return result
}

func (w *writer) run(run Run, published, held int, c *Change) {
	result := w.exec(`INSERT INTO runs (at, source, app, published, held, added, changed, withdrawn, returned)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		w.at, run.Source, run.App, published, held, len(c.Added), len(c.Changed), len(c.Withdrawn), len(c.Returned))
	if w.err == nil {
		w.id, w.err = result.LastInsertId()
	}
}

func (w *writer) changes(c *Change) {
	for _, p := range c.Added {
		w.exec(insertPackage, append(values(p), w.at, w.at)...)
		w.event(p, "added", FieldChange{})
	}
	for _, p := range c.Returned {
		w.exec("UPDATE packages SET withdrawn_at = NULL WHERE id = ?", p.ID)
		w.event(p, "returned", FieldChange{})
	}
	for _, changed := range c.Changed {
		w.exec(updatePackage, append(values(changed.Package), w.at, changed.ID)...)
		for _, field := range changed.Fields {
			w.event(changed.Package, "changed", field)
		}
	}
	for _, p := range c.Withdrawn {
		w.exec("UPDATE packages SET withdrawn_at = ? WHERE id = ?", w.at, p.ID)
		w.event(p, "withdrawn", FieldChange{})
	}
}

func (w *writer) event(p *catalog.Package, kind string, f FieldChange) {
	w.exec("INSERT INTO changes (run, package, kind, field, before, after) VALUES (?, ?, ?, ?, ?, ?)",
		w.id, p.ID, kind, f.Field, f.Before, f.After)
}

var (
	packageValues = strings.Repeat("?, ", len(columns))
	insertPackage = "INSERT INTO packages (" + packageColumns + ", first_seen, last_changed) VALUES (" + packageValues + "?, ?)"
	updatePackage = "UPDATE packages SET (" + packageColumns + ", last_changed) = (" + packageValues + "?) WHERE id = ?"
)
