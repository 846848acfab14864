package store

import (
	"context"
	"database/sql"
	"strings"

	"github.com/Slicer/sitegen/generator/catalog"
)

// columns are those of a package that come from the source, in the order of values and targets.
var columns = []string{
	"id", "name", "product_name", "os", "arch", "revision", "version", "unversioned", "release", "pre_release", "build_date", "size", "sha512",
}

var packageColumns = strings.Join(columns, ", ")

func values(p *catalog.Package) []any {
	return []any{p.ID, p.Name, p.ProductName, string(p.OS), string(p.Arch), p.Revision, p.Version, p.Unversioned, p.Release, p.PreRelease, p.BuildDate, p.Size, p.SHA512}
}

func targets(p *catalog.Package) []any {
	return []any{&p.ID, &p.Name, &p.ProductName, &p.OS, &p.Arch, &p.Revision, &p.Version, &p.Unversioned, &p.Release, &p.PreRelease, &p.BuildDate, &p.Size, &p.SHA512}
}

// writer writes one run. After an error it does nothing more and keeps it.
type writer struct {
	ctx context.Context
	tx  *sql.Tx
	at  string // the time of the run
	id  int64  // of the run
	err error

	statements map[string]*sql.Stmt
}

// exec runs a statement, prepared at its first use.
func (w *writer) exec(query string, args ...any) sql.Result {
	if w.err != nil {
		return nil
	}
	statement := w.statements[query]
	if statement == nil {
		if statement, w.err = w.tx.PrepareContext(w.ctx, query); w.err != nil {
			return nil
		}
		if w.statements == nil {
			w.statements = make(map[string]*sql.Stmt)
		}
		w.statements[query] = statement // which the transaction closes at its end
	}
	var result sql.Result
	result, w.err = statement.ExecContext(w.ctx, args...)
	return result
}

func (w *writer) run(run Run, published, held int, c *Change) {
	result := w.exec("INSERT INTO runs (at, source, app, published, held, added, changed, withdrawn, returned) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
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
	w.exec("INSERT INTO changes (run, package, kind, field, before, after) VALUES (?, ?, ?, ?, ?, ?)", w.id, p.ID, kind, f.Field, f.Before, f.After)
}

var (
	insertPackage = "INSERT INTO packages (" + packageColumns + ", first_seen, last_changed) VALUES (" + strings.Repeat("?, ", len(columns)) + "?, ?)"
	updatePackage = "UPDATE packages SET (" + packageColumns + ", last_changed) = (" + strings.Repeat("?, ", len(columns)) + "?) WHERE id = ?"
)
