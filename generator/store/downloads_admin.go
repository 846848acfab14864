package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// Forget deletes the hits of the days before the given one, and what else tells of single visitors there; the
// daily numbers stay. Their days take no more hits: whatever comes for them later is not counted. It gives how
// many hits were deleted.
func (d *Downloads) Forget(ctx context.Context, before int32) (hits int64, err error) {
	err = inTransaction(ctx, d.db, func(tx *sql.Tx) error {
		var pending int
		if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM changed").Scan(&pending); err != nil {
			return err
		}
		if pending > 0 {
			return fmt.Errorf("%d days are not counted yet", pending)
		}
		result, err := tx.ExecContext(ctx, "DELETE FROM hits WHERE day < ?", before)
		if err != nil {
			return err
		}
		if hits, err = result.RowsAffected(); err != nil {
			return err
		}
		for _, s := range []string{
			"INSERT OR REPLACE INTO meta VALUES ('sealed_before', max(CAST(?1 AS INTEGER), coalesce((SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'sealed_before'), ?1)))",
			"INSERT OR IGNORE INTO sealed SELECT DISTINCT day FROM daily WHERE day < ?1",
			"DELETE FROM accesses WHERE day < ?1",
			"DELETE FROM documents WHERE period = '' AND ?1 = ?1",
			"DELETE FROM firsts WHERE at < ?1 * 86400",
			"DELETE FROM addresses WHERE visitor NOT IN (SELECT visitor FROM hits) AND ?1 = ?1",
			"DELETE FROM agents WHERE id NOT IN (SELECT agent FROM hits) AND ?1 = ?1",
			"INSERT OR IGNORE INTO changed SELECT DISTINCT day FROM hits WHERE ?1 = ?1", // a later access may be the first now
		} {
			if _, err := tx.ExecContext(ctx, s, before); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, d.trouble("forget the downloads", err)
	}
	// What was deleted is still in free pages and in the log of changes until they are written over.
	for _, s := range []string{"VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"} {
		if _, err := d.db.ExecContext(ctx, s); err != nil {
			return hits, d.trouble("wipe what was forgotten", err)
		}
	}
	return hits, nil
}

// SealBefore keeps hits of the days before the given one from being taken. Their rows stay.
func (d *Downloads) SealBefore(ctx context.Context, before int32) error {
	err := inTransaction(ctx, d.db, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT OR REPLACE INTO meta
			VALUES ('sealed_before', max(CAST(?1 AS INTEGER), coalesce((SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'sealed_before'), ?1)))`, before)
		return err
	})
	if err != nil {
		return d.trouble("close the days whose keys are deleted", err)
	}
	return nil
}

// SealedBefore is the day before which no hits are taken; 0 when all are.
func (d *Downloads) SealedBefore(ctx context.Context) (int32, error) {
	var day int32
	err := d.db.QueryRowContext(ctx, "SELECT coalesce((SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'sealed_before'), 0)").Scan(&day)
	return day, err
}

// Agents lists the user agents.
func (d *Downloads) Agents(ctx context.Context) ([]Agent, error) {
	rows, err := d.db.QueryContext(ctx, "SELECT id, agent, class, legacy, browser, os, device FROM agents ORDER BY id")
	if err != nil {
		return nil, d.trouble("read the agents", err)
	}
	defer rows.Close()
	var all []Agent
	for rows.Next() {
		var a Agent
		if err := rows.Scan(&a.ID, &a.Text, &a.Class, &a.Legacy, &a.Browser, &a.System, &a.Device); err != nil {
			return nil, d.trouble("read the agents", err)
		}
		all = append(all, a)
	}
	return all, rows.Err()
}

// SetAgents keeps what agents tell by newer rules, and marks the days of their hits as changed.
func (d *Downloads) SetAgents(ctx context.Context, agents []Agent) error {
	err := inTransaction(ctx, d.db, func(tx *sql.Tx) error {
		for _, a := range agents {
			if _, err := tx.ExecContext(ctx, "UPDATE agents SET class = ?, legacy = ?, browser = ?, os = ?, device = ? WHERE id = ?",
				a.Class, a.Legacy, a.Browser, a.System, a.Device, a.ID); err != nil {
				return err
			}
		}
		// Which accesses are the first by format 1.0 may change on any day.
		_, err := tx.ExecContext(ctx, "DELETE FROM firsts; DELETE FROM accesses; INSERT OR IGNORE INTO changed SELECT DISTINCT day FROM hits")
		return err
	})
	if err != nil {
		return d.trouble("keep the agents", err)
	}
	return nil
}

// ErrHasHits is that days to be imported were counted from logs already.
var ErrHasHits = errors.New("days that were counted from logs cannot be replaced")

// ImportDaily takes over numbers counted elsewhere, for whole days: those that were imported for them before
// are replaced, and hits of these days are no longer taken. It refuses, with ErrHasHits, days that hits were
// taken for.
func (d *Downloads) ImportDaily(ctx context.Context, lines []Daily) error {
	days := map[int32]bool{}
	for _, l := range lines {
		days[l.Day] = true
	}
	err := inTransaction(ctx, d.db, func(tx *sql.Tx) error {
		for day := range days {
			var counted int
			if err := tx.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM hits WHERE day = ?1) OR EXISTS (SELECT 1 FROM daily WHERE day = ?1)", day).Scan(&counted); err != nil {
				return err
			}
			if counted != 0 {
				return ErrHasHits
			}
			for _, s := range []string{
				"DELETE FROM imported WHERE day = ?1",
				"INSERT OR IGNORE INTO sealed VALUES (?1)",
				dropDocuments,
			} {
				if _, err := tx.ExecContext(ctx, s, day); err != nil {
					return err
				}
			}
		}
		for _, l := range lines {
			series, err := seriesID(ctx, tx, l.Series)
			if err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, `INSERT INTO imported VALUES (?, ?, ?, ?, ?)
				ON CONFLICT DO UPDATE SET downloads = downloads + excluded.downloads`, l.Day, series, l.Country, l.Class, l.Downloads); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return d.trouble("import daily numbers", err)
	}
	return nil
}
