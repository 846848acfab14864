package downloads

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/sqlite"
)

// Admin changes downloads that have been counted.
type Admin struct {
	file *sqlite.DB
}

// closeBefore closes the days before a given one. Days that are closed already stay closed.
const closeBefore = `INSERT OR REPLACE INTO meta VALUES ('sealed_before',
	max(CAST(?1 AS INTEGER), coalesce((SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'sealed_before'), ?1)))`

// Forget deletes the hits of the days before the given one, and all other data of single visitors there. The daily
// numbers stay. The days are closed: no more hits are added to them. Forget returns the number of hits that were
// deleted. If any days have not been counted yet, it returns an error, because their numbers would be lost.
func (a Admin) Forget(ctx context.Context, before int32) (hits int64, err error) {
	err = a.file.Update(ctx, func(tx *sqlite.Tx) error {
		pending, _, err := sqlite.One(ctx, tx, sqlite.Value[int], "SELECT count(*) FROM changed")
		if err != nil {
			return err
		}
		if pending > 0 {
			return fmt.Errorf("%d days have not been counted yet", pending)
		}
		hits, _, err = sqlite.One(ctx, tx, sqlite.Value[int64],
			fmt.Sprintf("SELECT coalesce(sum(length(hits)), 0) / %d FROM parts WHERE day < ?", hitSize), before)
		if err != nil {
			return err
		}
		for _, s := range []string{
			"DELETE FROM parts WHERE day < ?1",
			closeBefore,
			"INSERT OR IGNORE INTO sealed SELECT DISTINCT day FROM daily WHERE day < ?1",
			"DELETE FROM accesses WHERE day < ?1",
			"DELETE FROM documents WHERE period = '' AND ?1 = ?1",
			// The first access of a visitor may now be a later one, on any day.
			"DELETE FROM firsts WHERE ?1 = ?1",
			"INSERT OR IGNORE INTO changed SELECT DISTINCT day FROM parts WHERE ?1 = ?1",
		} {
			if _, err := tx.Exec(ctx, s, before); err != nil {
				return err
			}
		}
		return removeUnused(ctx, tx)
	})
	if err != nil {
		return 0, failed("forget the visitors", err)
	}
	// Deleted rows stay readable in free pages and in the write-ahead log until these are overwritten.
	for _, s := range []string{"VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"} {
		if err := a.file.Exec(ctx, s); err != nil {
			return hits, failed("erase the deleted rows from the file", err)
		}
	}
	return hits, nil
}

// CloseBefore closes the days before the given one: no more hits are added to them. Their hits stay.
func (a Admin) CloseBefore(ctx context.Context, before int32) error {
	return failed("close the days whose keys are deleted", a.file.Exec(ctx, closeBefore, before))
}

// SetAgents stores new classifications of user agents, and marks all days that have hits as changed.
func (a Admin) SetAgents(ctx context.Context, agents []Agent) error {
	return failed("store the user agents", a.file.Update(ctx, func(tx *sqlite.Tx) error {
		for _, a := range agents {
			if _, err := tx.Exec(ctx, "UPDATE agents SET class = ?, legacy = ?, browser = ?, os = ?, device = ? "+
				"WHERE id = ?",
				a.Class, a.Legacy, a.Browser, a.System, a.Device, a.ID); err != nil {
				return err
			}
		}
		// The first accesses of visitors, by the rule of format 1.0, may change on any day.
		_, err := tx.Exec(ctx, `DELETE FROM firsts; DELETE FROM accesses;
			INSERT OR IGNORE INTO changed SELECT DISTINCT day FROM parts`)
		return err
	}))
}

// MarkPrevious stores that hits of these days come from the database of the previous job.
func (a Admin) MarkPrevious(ctx context.Context, days []int32) error {
	return failed("mark the imported days", a.file.Update(ctx, func(tx *sqlite.Tx) error {
		changed := int64(0)
		for _, day := range days {
			result, err := tx.Exec(ctx, "INSERT OR IGNORE INTO previous_days VALUES (?)", day)
			if err != nil {
				return err
			}
			n, err := result.RowsAffected()
			if err != nil {
				return err
			}
			changed += n
		}
		if changed == 0 {
			return nil
		}
		_, err := tx.Exec(ctx, "DELETE FROM documents WHERE period = ''") // the summary lists the changes of the rule
		return err
	}))
}

// ImportDaily imports numbers that another program counted, for whole days. They replace numbers that were imported for
// these days before. The days are closed. If a day has hits, ImportDaily imports nothing, and the error names the day.
func (a Admin) ImportDaily(ctx context.Context, lines []Daily) error {
	days := map[int32]bool{}
	for _, l := range lines {
		days[l.Day] = true
	}
	return failed("import daily numbers", a.file.Update(ctx, func(tx *sqlite.Tx) error {
		for _, day := range slices.Sorted(maps.Keys(days)) {
			if err := importDay(ctx, tx, day); err != nil {
				return err
			}
		}
		for _, l := range lines {
			series, err := seriesID(ctx, tx, l.Series)
			if err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, `INSERT INTO imported VALUES (?, ?, ?, ?, ?)
				ON CONFLICT DO UPDATE SET downloads = downloads + excluded.downloads`,
				l.Day, series, l.Country, l.Class, l.Downloads); err != nil {
				return err
			}
		}
		return nil
	}))
}

// importDay prepares the import of a day: it deletes the numbers that were imported before, and closes the day.
func importDay(ctx context.Context, tx *sqlite.Tx, day int32) error {
	counted, _, err := sqlite.One(ctx, tx, sqlite.Value[bool],
		"SELECT EXISTS (SELECT 1 FROM parts WHERE day = ?1) OR EXISTS (SELECT 1 FROM daily WHERE day = ?1)", day)
	if err != nil {
		return err
	}
	if counted {
		date := time.Unix(int64(day)*86400, 0).UTC().Format(time.DateOnly)
		return fault.Wrap(fault.Usage, fmt.Errorf("the downloads of %s have been counted from logs", date),
			"Nothing was imported. To replace them, remove them first: sitegen stats drop --day "+date+" --apply.")
	}
	for _, s := range []string{
		"DELETE FROM imported WHERE day = ?1",
		"INSERT OR IGNORE INTO sealed VALUES (?1)",
		dropDocuments,
	} {
		if _, err := tx.Exec(ctx, s, day); err != nil {
			return err
		}
	}
	return nil
}
