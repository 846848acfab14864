package history

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/sqlite"
)

// Change lists the differences between a run and the previous one. A package that returns with changed fields is in
// both Returned and Changed.
type Change struct {
	Added     []*catalog.Package // never seen before
	Changed   []Changed
	Withdrawn []*catalog.Package // no longer published; with the values of the previous run
	Returned  []*catalog.Package // withdrawn earlier, now published again
}

// Empty reports whether no package has changed.
func (c *Change) Empty() bool {
	return len(c.Added)+len(c.Changed)+len(c.Withdrawn)+len(c.Returned) == 0
}

// Changed is a package with the fields whose values have changed.
type Changed struct {
	*catalog.Package // with the new values
	Fields           []FieldChange
}

// FieldChange is a field of a package with its old and new value.
type FieldChange struct {
	Field         string // the column in the database
	Before, After string
}

// Accept checks whether Record would accept the run: a data folder contains either the sample or the packages of one
// application. The sample is a trial, which the first run with another source replaces: see [Run.Replaces]. If the
// run belongs to another catalogue, the error is of kind fault.Usage.
func (r *Reader) Accept(ctx context.Context, run Run) error {
	last, err := r.LastRun(ctx)
	if err != nil {
		return err
	}
	return checkSame(last, run)
}

// Snapshot is the result of a run.
type Snapshot struct {
	Run       Run
	Published []*catalog.Package
	Held      []catalog.Held
	Memory    map[string]string // see Reader.Memory
}

// Record stores the result of a run in one transaction, and returns the changes. It returns the same errors as Accept.
// If nothing has changed, it writes nothing.
func (d *DB) Record(ctx context.Context, s Snapshot) (Change, error) {
	var change Change
	err := d.file.Update(ctx, func(tx *sqlite.Tx) error {
		last, err := lastRun(ctx, tx)
		if err != nil {
			return err
		}
		if err := checkSame(last, s.Run); err != nil {
			return err
		}
		if s.Run.Replaces(last) {
			if err := forget(ctx, tx); err != nil {
				return err
			}
			last = Run{}
		}
		known, err := readEntries(ctx, tx, "")
		if err != nil {
			return err
		}
		var learned []*catalog.Package
		change, learned = compare(known, s.Published)
		otherHeld, err := replaceHeld(ctx, tx, s.Held)
		if err != nil {
			return err
		}
		w := &writer{ctx: ctx, tx: tx, at: s.Run.At.UTC().Format(time.RFC3339), statements: map[string]*sqlite.Stmt{}}
		if !change.Empty() || otherHeld || last.Source != s.Run.Source {
			w.run(s.Run, len(s.Published), len(s.Held), &change)
			w.changes(&change)
		}
		w.learned(learned)
		w.memory(s.Run.Source, s.Memory)
		return w.err
	})
	if err != nil {
		return Change{}, fmt.Errorf("store the catalogue: %w", err)
	}
	return change, nil
}

// forget removes everything from the catalogue.
func forget(ctx context.Context, tx *sqlite.Tx) error {
	// A table comes before those that it refers to.
	for _, table := range []string{"changes", "packages", "held", "memory", "runs"} {
		if _, err := tx.Exec(ctx, "DELETE FROM "+table); err != nil {
			return err
		}
	}
	return nil
}

// checkSame returns an error if a run belongs to another catalogue, because recording it would withdraw all packages.
func checkSame(last, run Run) error {
	switch {
	case last == Run{} || run.Replaces(last):
		return nil
	case run.IsSample() && !last.IsSample():
		err := fmt.Errorf("the data folder holds the packages of %s, not of %s", last.Source, run.Source)
		return fault.Wrap(fault.Usage, err,
			"The sample does not replace real packages. To try it, use another data folder with --data.")
	case last.App != run.App:
		err := fmt.Errorf("the data folder holds the packages of %s, not of %s", describeApp(last.App),
			describeApp(run.App))
		return fault.Wrap(fault.Usage, err,
			"A data folder holds the packages of one application. Restore the previous app, or use another "+
				"data folder with --data.")
	}
	return nil
}

func describeApp(id string) string {
	if id == "" {
		return "no application"
	}
	return "application " + id
}

// compare returns the changes between known, the entries of the catalogue, and the published packages. If only URLs of
// a package differ, or if values are known now that were unknown before, the package is in learned and not in
// change.
func compare(known []Entry, published []*catalog.Package) (change Change, learned []*catalog.Package) {
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
		switch fields := compareFields(e.Package, p); {
		case fields != nil:
			change.Changed = append(change.Changed, Changed{p, fields})
		case *e.Package != *p:
			learned = append(learned, p)
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
	return change, learned
}

// compareFields returns the fields that differ. URLs are ignored, because they are not properties of the package. The
// file name and the SHA-256 are ignored if they were unknown before: Girder's listing lacks them, and they are learned
// later from another request.
func compareFields(before, after *catalog.Package) (fields []FieldChange) {
	if *before == *after {
		return nil
	}
	was, is := values(before), values(after)
	for i, column := range columns {
		learned := was[i] == "" && (column == "file_name" || column == "sha256")
		if was[i] != is[i] && !slices.Contains(urlColumns, column) && !learned {
			fields = append(fields, FieldChange{column, fmt.Sprint(was[i]), fmt.Sprint(is[i])})
		}
	}
	return fields
}

// replaceHeld stores the records that were held back, and reports whether they differ from those of the last run.
func replaceHeld(ctx context.Context, tx *sqlite.Tx, held []catalog.Held) (bool, error) {
	known, err := readHeld(ctx, tx)
	if err != nil || slices.Equal(known, held) {
		return false, err
	}
	if _, err := tx.Exec(ctx, "DELETE FROM held"); err != nil {
		return false, err
	}
	for _, h := range held {
		if _, err := tx.Exec(ctx, "INSERT INTO held VALUES (?, ?, ?, ?, ?, ?, ?)",
			h.ID, h.Name, h.Field, h.Value, h.Reason, h.Hint, h.Place); err != nil {
			return false, err
		}
	}
	return true, nil
}

// columns are the columns of packages that come from the source, in the order of values and destinations.
var columns = []string{
	"id", "name", "product_name", "os", "arch", "revision", "version", "unversioned", "release", "pre_release",
	"build_date", "size", "sha512", "sha256", "file_name", "url", "signature", "sbom",
	"page",
}

// urlColumns are the columns with URLs.
var urlColumns = []string{"url", "signature", "sbom", "page"}

var packageColumns = strings.Join(columns, ", ")

func values(p *catalog.Package) []any {
	return []any{p.ID, p.Name, p.ProductName, string(p.OS), string(p.Arch), p.Revision, p.Version, p.Unversioned,
		p.Release, p.PreRelease, p.BuildDate, p.Size, p.SHA512, p.SHA256, p.FileName, p.URL,
		p.Signature, p.SBOM, p.Page}
}

func destinations(p *catalog.Package) []any {
	return []any{&p.ID, &p.Name, &p.ProductName, &p.OS, &p.Arch, &p.Revision, &p.Version, &p.Unversioned,
		&p.Release, &p.PreRelease, &p.BuildDate, &p.Size, &p.SHA512, &p.SHA256, &p.FileName, &p.URL,
		&p.Signature, &p.SBOM, &p.Page}
}

// writer writes one run. It stores the first error and then does nothing more.
type writer struct {
	ctx context.Context
	tx  *sqlite.Tx
	at  string // the time of the run
	id  int64  // id of the run
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

// learned updates packages with newly learned values, without an event.
func (w *writer) learned(packages []*catalog.Package) {
	for _, p := range packages {
		w.exec("UPDATE packages SET (sha256, file_name, url, signature, sbom, page) = (?, ?, ?, ?, ?, ?) WHERE id = ?",
			p.SHA256, p.FileName, p.URL, p.Signature, p.SBOM, p.Page, p.ID)
	}
}

// memory replaces the stored memory of a source if it has changed.
func (w *writer) memory(source string, memory map[string]string) {
	if w.err != nil {
		return
	}
	var known map[string]string
	known, w.err = readMemory(w.ctx, w.tx, source)
	if w.err != nil || maps.Equal(known, memory) {
		return
	}
	w.exec("DELETE FROM memory")
	for _, id := range slices.Sorted(maps.Keys(memory)) {
		w.exec("INSERT INTO memory VALUES (?, ?, ?)", id, source, memory[id])
	}
}

func (w *writer) event(p *catalog.Package, kind string, f FieldChange) {
	w.exec("INSERT INTO changes (run, package, kind, field, before, after) VALUES (?, ?, ?, ?, ?, ?)",
		w.id, p.ID, kind, f.Field, f.Before, f.After)
}

var (
	packageValues = strings.Repeat("?, ", len(columns))
	insertPackage = "INSERT INTO packages (" + packageColumns + ", first_seen, last_changed) VALUES (" + packageValues +
		"?, ?)"
	updatePackage = "UPDATE packages SET (" + packageColumns + ", last_changed) = (" + packageValues + "?) WHERE id = ?"
)
