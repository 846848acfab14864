package store

import (
	"context"
	"database/sql"
	"slices"
)

// The statements begin with the hits of the day and look everything else up: CROSS JOIN has SQLite keep to that
// order, which it would not find out without statistics of the tables.

// The daily numbers of a day, from its hits.
const countDay = `SELECT h.day, h.package, p.country, a.class, count(*)
FROM hits h CROSS JOIN places p ON p.id = h.place CROSS JOIN agents a ON a.id = h.agent
WHERE h.day = ?1 AND h.counted GROUP BY h.package, p.country, a.class`

// firstsOfDay are the earliest times of the visitors of a day, for each package, by the rule of format 1.0.
const firstsOfDay = `INSERT INTO firsts (package, visitor, at)
SELECT h.package, h.visitor, min(h.day * 86400 + h.first)
FROM hits h CROSS JOIN places p ON p.id = h.place CROSS JOIN agents a ON a.id = h.agent
WHERE h.day = ?1 AND a.legacy = 'Browser' AND p.location <> '' GROUP BY h.package, h.visitor
ON CONFLICT DO UPDATE SET at = excluded.at WHERE excluded.at < at`

// accessesOfDay are those hits of a day that are the firsts of their visitors. Two agents of one address in
// one second are one access.
const accessesOfDay = `INSERT OR REPLACE INTO accesses
SELECT ?1, coalesce(group_concat(first || ' ' || package || ' ' || place, char(10)), '') FROM (
	SELECT h.first, h.package, min(h.place) AS place
	FROM hits h CROSS JOIN places p ON p.id = h.place CROSS JOIN agents a ON a.id = h.agent
	CROSS JOIN firsts f ON f.package = h.package AND f.visitor = h.visitor AND f.at = h.day * 86400 + h.first
	WHERE h.day = ?1 AND a.legacy = 'Browser' AND p.location <> ''
	GROUP BY h.package, h.visitor, h.first ORDER BY h.first, h.package, place)`

// dropDocuments deletes the published files of a day's month and year, and those of all time.
const dropDocuments = `DELETE FROM documents WHERE period IN
	('', strftime('%Y', ?1 * 86400, 'unixepoch'), strftime('%Y-%m', ?1 * 86400, 'unixepoch'))`

// Recount counts the days anew that hits were added to, and deletes the documents that tell of them. With
// accesses it keeps those of format 1.0, too. It gives the days whose numbers were counted.
func (d *Downloads) Recount(ctx context.Context, accesses bool) ([]int32, error) {
	var days []int32
	err := inTransaction(ctx, d.db, func(tx *sql.Tx) error {
		if err := d.switchAccesses(ctx, tx, accesses); err != nil {
			return err
		}
		var err error
		if days, err = column[int32](ctx, tx, "SELECT day FROM changed WHERE day NOT IN (SELECT day FROM sealed) ORDER BY day"); err != nil {
			return err
		}
		for _, day := range days {
			if err := recountDay(ctx, tx, day, accesses); err != nil {
				return err
			}
		}
		if accesses {
			if err := collectAccesses(ctx, tx, days); err != nil {
				return err
			}
		}
		_, err = tx.ExecContext(ctx, "DELETE FROM changed")
		return err
	})
	if err != nil {
		return nil, d.trouble("count the changed days", err)
	}
	return days, nil
}

// switchAccesses makes every day count when the accesses of format 1.0 were switched on, and deletes them when
// they were switched off.
func (d *Downloads) switchAccesses(ctx context.Context, tx *sql.Tx, on bool) error {
	was := ""
	if err := tx.QueryRowContext(ctx, "SELECT coalesce((SELECT value FROM meta WHERE key = 'accesses'), '')").Scan(&was); err != nil {
		return err
	}
	now := "off"
	if on {
		now = "on"
	}
	if was == now {
		return nil
	}
	statement := "DELETE FROM firsts; DELETE FROM accesses;"
	if on {
		statement = "INSERT OR IGNORE INTO changed SELECT DISTINCT day FROM hits;"
	}
	_, err := tx.ExecContext(ctx, statement+"INSERT OR REPLACE INTO meta VALUES ('accesses', ?)", now)
	return err
}

func recountDay(ctx context.Context, tx *sql.Tx, day int32, accesses bool) error {
	for _, s := range []string{
		"DELETE FROM daily WHERE day = ?1",
		"INSERT INTO daily " + countDay,
		dropDocuments,
	} {
		if _, err := tx.ExecContext(ctx, s, day); err != nil {
			return err
		}
	}
	if accesses {
		_, err := tx.ExecContext(ctx, firstsOfDay, day)
		return err
	}
	return nil
}

// collectAccesses writes the accesses of the days, and of those that lost firsts to them.
func collectAccesses(ctx context.Context, tx *sql.Tx, days []int32) error {
	moved, err := column[int32](ctx, tx, "SELECT day FROM moved")
	if err != nil {
		return err
	}
	days = append(slices.Clone(days), moved...)
	slices.Sort(days)
	for _, day := range slices.Compact(days) {
		if _, err := tx.ExecContext(ctx, accessesOfDay, day); err != nil {
			return err
		}
	}
	_, err = tx.ExecContext(ctx, "DELETE FROM moved; DELETE FROM accesses WHERE lines = ''")
	return err
}

// Difference is a number of the daily table that its hits do not bear out.
type Difference struct {
	Day             int32
	Bitstream       string
	Country         string
	Class           int
	Daily, FromHits int // downloads
}

// Verify counts all days that have hits anew and compares, and does so with the accesses of format 1.0. It
// gives the differences, and how many days it looked at.
func (d *Downloads) Verify(ctx context.Context) (differences []Difference, days int, err error) {
	tx, err := d.db.BeginTx(ctx, nil)
	if err != nil {
		return nil, 0, d.trouble("verify the downloads", err)
	}
	defer tx.Rollback() // nothing of it is to stay
	list, err := column[int32](ctx, tx, "SELECT DISTINCT day FROM (SELECT day FROM hits UNION SELECT day FROM daily) WHERE day NOT IN (SELECT day FROM sealed)")
	if err != nil {
		return nil, 0, d.trouble("verify the downloads", err)
	}
	for _, day := range list {
		found, err := verifyDay(ctx, tx, day)
		if err != nil {
			return nil, 0, d.trouble("verify the downloads", err)
		}
		differences = append(differences, found...)
	}
	wrong, err := verifyAccesses(ctx, tx)
	if err != nil {
		return nil, 0, d.trouble("verify the accesses", err)
	}
	return append(differences, wrong...), len(list), nil
}

func verifyDay(ctx context.Context, tx *sql.Tx, day int32) ([]Difference, error) {
	rows, err := tx.QueryContext(ctx, `
		WITH fresh (day, package, country, class, downloads) AS (`+countDay+`),
		kept AS (SELECT * FROM daily WHERE day = ?1)
		SELECT c.bitstream, coalesce(f.country, k.country), coalesce(f.class, k.class), coalesce(k.downloads, 0), coalesce(f.downloads, 0)
		FROM fresh f FULL JOIN kept k ON k.package = f.package AND k.country = f.country AND k.class = f.class
		JOIN packages c ON c.id = coalesce(f.package, k.package)
		WHERE f.downloads IS NOT k.downloads ORDER BY 1, 2, 3`, day)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []Difference
	for rows.Next() {
		v := Difference{Day: day}
		if err := rows.Scan(&v.Bitstream, &v.Country, &v.Class, &v.Daily, &v.FromHits); err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, rows.Err()
}

// verifyAccesses makes the firsts and accesses anew within the transaction and compares. The days of which
// they differ come as differences without a package.
func verifyAccesses(ctx context.Context, tx *sql.Tx) ([]Difference, error) {
	var on string
	if err := tx.QueryRowContext(ctx, "SELECT coalesce((SELECT value FROM meta WHERE key = 'accesses'), '')").Scan(&on); err != nil || on != "on" {
		return nil, err
	}
	if _, err := tx.ExecContext(ctx, "CREATE TEMP TABLE kept AS SELECT * FROM accesses; DELETE FROM accesses; DELETE FROM firsts"); err != nil {
		return nil, err
	}
	days, err := column[int32](ctx, tx, "SELECT DISTINCT day FROM hits ORDER BY day")
	if err != nil {
		return nil, err
	}
	for _, day := range days {
		if _, err := tx.ExecContext(ctx, firstsOfDay, day); err != nil {
			return nil, err
		}
	}
	if err := collectAccesses(ctx, tx, days); err != nil {
		return nil, err
	}
	wrong, err := column[int32](ctx, tx, `SELECT coalesce(k.day, a.day) FROM kept k FULL JOIN accesses a ON a.day = k.day WHERE a.lines IS NOT k.lines`)
	if err != nil {
		return nil, err
	}
	var list []Difference
	for _, day := range wrong {
		list = append(list, Difference{Day: day})
	}
	return list, nil
}

// column reads a column within a transaction.
func column[T any](ctx context.Context, tx *sql.Tx, query string, args ...any) ([]T, error) {
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []T
	for rows.Next() {
		var v T
		if err := rows.Scan(&v); err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, rows.Err()
}
