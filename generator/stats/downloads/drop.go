package downloads

import (
	"context"

	"github.com/Slicer/sitegen/generator/sqlite"
)

// Drop takes back what was read by mistake, in one transaction: whole days with Day, or single hits with Hit. Commit
// marks the days of the hits as changed and deletes the positions of all logs that have requests on these days, so that
// the next run reads them again. That restores hits that were dropped although another log has them, too.
//
// For example, access.log has requests of 19 and 20 November, and old.log of 18 November. Day(20 November) deletes the
// rows of this day, and Commit the position of access.log. The next run reads access.log from its beginning. This
// changes nothing on 19 November, whose hits are all there, and adds those of 20 November. It does not read old.log.
type Drop struct {
	ctx  context.Context
	tx   *sqlite.Tx
	days map[int32]bool // that have lost hits or numbers
}

// BeginDrop begins a Drop. The caller must end it with Commit or Rollback.
func (d *DB) BeginDrop(ctx context.Context) (*Drop, error) {
	tx, err := d.file.Begin(ctx)
	if err != nil {
		return nil, failed("drop downloads", err)
	}
	return &Drop{ctx: ctx, tx: tx, days: map[int32]bool{}}, nil
}

// Day deletes all hits and numbers of a day, including those that were imported, and opens the day again. A day before
// the first one that Admin.Forget or Admin.CloseBefore have kept stays closed.
func (d *Drop) Day(day int32) error {
	d.days[day] = true
	for _, s := range []string{
		"DELETE FROM parts WHERE day = ?1",
		"DELETE FROM daily WHERE day = ?1",
		"DELETE FROM imported WHERE day = ?1",
		"DELETE FROM accesses WHERE day = ?1",
		"DELETE FROM previous_days WHERE day = ?1",
		"DELETE FROM sealed WHERE day = ?1",
		dropDocuments,
	} {
		if err := d.exec(s, day); err != nil {
			return err
		}
	}
	return nil
}

// Package returns the id of a package, 0 if there is none with this bitstream id.
func (d *Drop) Package(bitstream string) (int32, error) {
	return d.find("SELECT id FROM packages WHERE bitstream = ?", bitstream)
}

// Agent returns the id of a user agent, 0 if it is not stored.
func (d *Drop) Agent(text string) (int32, error) {
	return d.find("SELECT id FROM agents WHERE agent = ?", []byte(text))
}

func (d *Drop) find(query string, arg any) (int32, error) {
	id, _, err := sqlite.One(d.ctx, d.tx, sqlite.Value[int32], query, arg)
	return id, failed("drop downloads", err)
}

// Hits deletes the hits with the keys of those in a list, if they are stored. It sorts the list.
func (d *Drop) Hits(list []Hit) error {
	days, drop := pack(list)
	for i, day := range days {
		if err := d.hits(day, drop[i]); err != nil {
			return failed("drop downloads", err)
		}
	}
	return nil
}

func (d *Drop) hits(day int32, drop packed) error {
	if _, err := mergeDay(d.ctx, d.tx, day); err != nil {
		return err
	}
	hits, err := hitsOf(d.ctx, d.tx, day)
	if err != nil {
		return err
	}
	rest := hits.without(drop)
	if len(rest) == len(hits) {
		return nil
	}
	d.days[day] = true
	return setHits(d.ctx, d.tx, day, rest)
}

// Log deletes the position of a log.
func (d *Drop) Log(l *Log) error {
	return d.exec("DELETE FROM logs WHERE first = ? AND head = ? AND hash = ?", l.First, l.Head, l.Hash)
}

// Archive deletes the fact that an archive has been read to its end.
func (d *Drop) Archive(hash []byte) error { return d.exec("DELETE FROM archives WHERE hash = ?", hash) }

// Commit deletes the positions of logs, and the data of visitors and user agents that have no hits any more. After an
// error, the Drop is rolled back. Recount must follow; if the program is stopped before, the next run counts the days.
func (d *Drop) Commit() error {
	defer d.Rollback()
	for day := range d.days {
		for _, s := range []string{
			"DELETE FROM logs WHERE first_day <= ?1 AND last_day > ?1",
			"DELETE FROM archives WHERE first_day <= ?1 AND last_day > ?1",
			"INSERT OR IGNORE INTO changed VALUES (?1)",
		} {
			if err := d.exec(s, day); err != nil {
				return err
			}
		}
	}
	if err := removeUnused(d.ctx, d.tx); err != nil {
		return failed("drop downloads", err)
	}
	statements := []string{"DELETE FROM documents WHERE period = ''"}
	on, err := setting(d.ctx, d.tx, accessesOn)
	if err != nil {
		return failed("drop downloads", err)
	}
	if on == "on" { // the first access of a visitor may now be a later one, on any day
		statements = append(statements, "DELETE FROM firsts", "DELETE FROM accesses",
			"INSERT OR IGNORE INTO changed SELECT DISTINCT day FROM parts")
	}
	for _, s := range statements {
		if err := d.exec(s); err != nil {
			return err
		}
	}
	return failed("drop downloads", d.tx.Commit())
}

func (d *Drop) exec(statement string, args ...any) error {
	_, err := d.tx.Exec(d.ctx, statement, args...)
	return failed("drop downloads", err)
}

// Rollback rolls the Drop back. After Commit, it does nothing.
func (d *Drop) Rollback() { d.tx.Rollback() }

// removeUnused deletes the visitors and user agents that have no hits, and packages that have no hits, no numbers, and
// no place in the catalogue.
func removeUnused(ctx context.Context, tx *sqlite.Tx) error {
	visitors, agents, packages := map[int64]bool{}, map[int64]bool{}, map[int64]bool{}
	full, err := sqlite.Collect(ctx, tx, sqlite.Value[int64], "SELECT 1 FROM addresses LIMIT 1")
	if err != nil {
		return err
	}
	if err := eachDay(ctx, tx, func(_ int32, hits packed) error {
		for ; len(hits) > 0; hits = hits[hitSize:] {
			h := hits.first()
			agents[int64(h.Agent)], packages[int64(h.Package)] = true, true
			if len(full) > 0 {
				visitors[h.Visitor] = true
			}
		}
		return nil
	}); err != nil {
		return err
	}
	for _, t := range []struct {
		used             map[int64]bool
		selected, delete string
	}{
		{visitors, "SELECT visitor FROM addresses", "DELETE FROM addresses WHERE visitor = ?"},
		{agents, "SELECT id FROM agents", "DELETE FROM agents WHERE id = ?"},
		{packages, "SELECT id FROM packages WHERE NOT known AND id NOT IN " +
			"(SELECT package FROM daily WHERE day NOT IN (SELECT day FROM changed))",
			"DELETE FROM packages WHERE id = ?"},
	} {
		ids, err := sqlite.Collect(ctx, tx, sqlite.Value[int64], t.selected)
		if err != nil {
			return err
		}
		for _, id := range ids {
			if t.used[id] {
				continue
			}
			if _, err := tx.Exec(ctx, t.delete, id); err != nil {
				return err
			}
		}
	}
	return nil
}
