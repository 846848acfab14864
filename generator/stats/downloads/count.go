package downloads

import (
	"context"
	"slices"

	"github.com/Slicer/sitegen/generator/sqlite"
)

// The statements begin with the hits of the day and look everything else up: CROSS JOIN has SQLite keep to that
// order, which it would not find out without statistics of the tables.

// countDay are the daily numbers of a day, from its hits.
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

// dropDocuments deletes the documents of a day's month and year, and those of all time.
const dropDocuments = `DELETE FROM documents WHERE period IN
	('', strftime('%Y', ?1 * 86400, 'unixepoch'), strftime('%Y-%m', ?1 * 86400, 'unixepoch'))`

// accessesOn is the setting that says whether the accesses of format 1.0 are kept: "on" or "off".
const accessesOn = "accesses"

// Recount counts the days anew that hits were added to, and deletes the documents that have their numbers. With
// accesses it also keeps the accesses of format 1.0. It returns the days that it counted.
func (d *DB) Recount(ctx context.Context, accesses bool) ([]int32, error) {
	var days []int32
	err := d.file.Update(ctx, func(tx *sqlite.Tx) (err error) {
		if err := switchAccesses(ctx, tx, accesses); err != nil {
			return err
		}
		if days, err = sqlite.Collect(ctx, tx, sqlite.Value[int32],
			"SELECT day FROM changed WHERE day NOT IN (SELECT day FROM sealed) ORDER BY day"); err != nil {
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
		_, err = tx.Exec(ctx, "DELETE FROM changed")
		return err
	})
	if err != nil {
		return nil, failed("count the changed days", err)
	}
	return days, nil
}

// switchAccesses marks every day as changed when the accesses of format 1.0 were switched on, and deletes the accesses
// when they were switched off.
func switchAccesses(ctx context.Context, tx *sqlite.Tx, on bool) error {
	was, err := setting(ctx, tx, accessesOn)
	if err != nil {
		return err
	}
	now, statement := "off", "DELETE FROM firsts; DELETE FROM accesses"
	if on {
		now, statement = "on", "INSERT OR IGNORE INTO changed SELECT DISTINCT day FROM hits"
	}
	if was == now {
		return nil
	}
	if _, err := tx.Exec(ctx, statement); err != nil {
		return err
	}
	return set(ctx, tx, accessesOn, now)
}

func recountDay(ctx context.Context, tx *sqlite.Tx, day int32, accesses bool) error {
	statements := []string{"DELETE FROM daily WHERE day = ?1", "INSERT INTO daily " + countDay, dropDocuments}
	if accesses {
		statements = append(statements, firstsOfDay)
	}
	for _, s := range statements {
		if _, err := tx.Exec(ctx, s, day); err != nil {
			return err
		}
	}
	return nil
}

// collectAccesses writes the accesses of the days, and of those that lost firsts to them.
func collectAccesses(ctx context.Context, tx *sqlite.Tx, days []int32) error {
	moved, err := sqlite.Collect(ctx, tx, sqlite.Value[int32], "SELECT day FROM moved")
	if err != nil {
		return err
	}
	days = append(slices.Clone(days), moved...)
	slices.Sort(days)
	for _, day := range slices.Compact(days) {
		if _, err := tx.Exec(ctx, accessesOfDay, day); err != nil {
			return err
		}
	}
	_, err = tx.Exec(ctx, "DELETE FROM moved; DELETE FROM accesses WHERE lines = ''")
	return err
}

// Difference is a number of the daily table that its hits do not bear out.
type Difference struct {
	Day             int32
	Bitstream       string // "" when the accesses of format 1.0 of the day differ
	Country         string
	Class           int
	Daily, FromHits int // downloads
}

// compareDay are the numbers of a day's table that differ from those counted from its hits.
const compareDay = `WITH fresh (day, package, country, class, downloads) AS (` + countDay + `),
	kept AS (SELECT * FROM daily WHERE day = ?1)
SELECT c.bitstream, coalesce(f.country, k.country), coalesce(f.class, k.class),
	coalesce(k.downloads, 0), coalesce(f.downloads, 0)
FROM fresh f FULL JOIN kept k ON k.package = f.package AND k.country = f.country AND k.class = f.class
JOIN packages c ON c.id = coalesce(f.package, k.package)
WHERE f.downloads IS NOT k.downloads ORDER BY 1, 2, 3`

// compareAccesses are the days whose accesses differ from those of all hits. They come about in another way than
// firstsOfDay and accessesOfDay go, which need a table of the firsts: the earliest access of a visitor and package is
// the least pair of second and place, written as one number, second * 2^31 + place. So second 1712052000 from place 7
// is 1712052000 * 2147483648 + 7; the sum stays under 2^63 until the year 2106.
const compareAccesses = `WITH firsts AS (
	SELECT h.package, min((h.day * 86400 + h.first) * 2147483648 + h.place) AS least
	FROM hits h CROSS JOIN places p ON p.id = h.place CROSS JOIN agents a ON a.id = h.agent
	WHERE a.legacy = 'Browser' AND p.location <> '' GROUP BY h.package, h.visitor),
split AS (SELECT package, least / 2147483648 AS at, least % 2147483648 AS place FROM firsts),
fresh AS (SELECT at / 86400 AS day,
	group_concat((at % 86400) || ' ' || package || ' ' || place, char(10) ORDER BY at, package, place) AS lines
	FROM split GROUP BY 1)
SELECT coalesce(f.day, k.day) FROM fresh f FULL JOIN accesses k ON k.day = f.day
WHERE f.lines IS NOT k.lines ORDER BY 1`

// Verify counts all days that have hits anew, and the accesses of format 1.0, and compares. It returns the differences
// and how many days it looked at. It writes nothing.
func (r *Reader) Verify(ctx context.Context) (differences []Difference, days int, err error) {
	err = r.file.View(ctx, func(tx *sqlite.Tx) error {
		list, err := sqlite.Collect(ctx, tx, sqlite.Value[int32], `SELECT DISTINCT day
			FROM (SELECT day FROM hits UNION SELECT day FROM daily) WHERE day NOT IN (SELECT day FROM sealed)`)
		if err != nil {
			return err
		}
		days = len(list)
		for _, day := range list {
			found, err := sqlite.Collect(ctx, tx, func(row sqlite.Row) (Difference, error) {
				d := Difference{Day: day}
				err := row.Scan(&d.Bitstream, &d.Country, &d.Class, &d.Daily, &d.FromHits)
				return d, err
			}, compareDay, day)
			if err != nil {
				return err
			}
			differences = append(differences, found...)
		}
		on, err := setting(ctx, tx, accessesOn)
		if err != nil || on != "on" {
			return err
		}
		return sqlite.Each(ctx, tx, sqlite.Value[int32], func(day int32) error {
			differences = append(differences, Difference{Day: day})
			return nil
		}, compareAccesses)
	})
	return differences, days, failed("verify the downloads", err)
}
