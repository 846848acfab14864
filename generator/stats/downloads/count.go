package downloads

import (
	"context"
	"slices"

	"github.com/Slicer/sitegen/generator/sqlite"
)

// CROSS JOIN makes SQLite process the tables in the order in which the statement lists them: first the hits of the day,
// then, for each hit, the rows to which it refers. Without statistics about the tables, SQLite might choose another,
// slower order.

// countDay selects the daily numbers of a day from its hits.
const countDay = `SELECT h.day, h.package, p.country, a.class, count(*)
FROM hits h CROSS JOIN places p ON p.id = h.place CROSS JOIN agents a ON a.id = h.agent
WHERE h.day = ?1 AND h.counted GROUP BY h.package, p.country, a.class`

// Format 1.0 counts a visitor once per package, at the time of the earliest request. A log with an earlier request may
// be read later, so the table firsts stores the earliest times. For example, visitor 7 has requested package 42 on day
// 19815, second 36000, from place 3. Recount of this day does two things:
//
//  1. firstsOfDay inserts (42, 7, 19815*86400+36000) into firsts.
//  2. accessesOfDay selects the hits of day 19815 that are in firsts, and stores the line "36000 42 3" for this day.
//
// Then an older log adds a request of the same visitor on day 19810, second 100. Recount of day 19810 does the same:
//
//  1. firstsOfDay changes the row in firsts to (42, 7, 19810*86400+100). The trigger firsts_moved inserts 19815, the
//     day of the old value, into the table moved.
//  2. accessesOfDay stores the line "100 42 3" for day 19810. It also selects the hits of day 19815 again, because that
//     day is in moved: the hit of visitor 7 is no longer in firsts, so its line disappears.

// firstsOfDay updates the earliest times with the hits of a day that have the class and the location that format 1.0
// requires.
const firstsOfDay = `INSERT INTO firsts (package, visitor, at)
SELECT h.package, h.visitor, min(h.day * 86400 + h.first)
FROM hits h CROSS JOIN places p ON p.id = h.place CROSS JOIN agents a ON a.id = h.agent
WHERE h.day = ?1 AND a.legacy = 'Browser' AND p.location <> '' GROUP BY h.package, h.visitor
ON CONFLICT DO UPDATE SET at = excluded.at WHERE excluded.at < at`

// accessesOfDay stores the accesses of a day: its hits that are in firsts. These are few, so firsts comes first. If a
// visitor requested the package in that second with two user agents, this is one access.
const accessesOfDay = `INSERT OR REPLACE INTO accesses
SELECT ?1, coalesce(group_concat(first || ' ' || package || ' ' || place, char(10)), '') FROM (
	SELECT h.first, h.package, min(h.place) AS place
	FROM hits h CROSS JOIN firsts f ON f.package = h.package AND f.visitor = h.visitor
		AND f.at = h.day * 86400 + h.first
	CROSS JOIN places p ON p.id = h.place CROSS JOIN agents a ON a.id = h.agent
	WHERE h.day = ?1 AND a.legacy = 'Browser' AND p.location <> ''
	GROUP BY h.package, h.visitor, h.first ORDER BY h.first, h.package, place)`

// dropDocuments deletes the documents of a day's month and year, and those of all time.
const dropDocuments = `DELETE FROM documents WHERE period IN
	('', strftime('%Y', ?1 * 86400, 'unixepoch'), strftime('%Y-%m', ?1 * 86400, 'unixepoch'))`

// accessesOn is the name of a setting: "on" if the accesses of format 1.0 are stored, otherwise "off".
const accessesOn = "accesses"

// Recount counts the days to which hits have been added, and deletes the documents that contain their numbers. If
// accesses is true, it also stores the accesses of format 1.0. It returns the days that it counted.
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

// switchAccesses marks all days as changed if the accesses of format 1.0 have been switched on since the last run, and
// deletes the accesses if they have been switched off.
func switchAccesses(ctx context.Context, tx *sqlite.Tx, on bool) error {
	before, err := setting(ctx, tx, accessesOn)
	if err != nil {
		return err
	}
	now, statement := "off", "DELETE FROM firsts; DELETE FROM accesses"
	if on {
		now, statement = "on", "INSERT OR IGNORE INTO changed SELECT DISTINCT day FROM hits"
	}
	if before == now {
		return nil
	}
	if _, err := tx.Exec(ctx, statement); err != nil {
		return err
	}
	return set(ctx, tx, accessesOn, now)
}

// recountDay counts a day and deletes the documents that contain its numbers.
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

// collectAccesses stores the accesses of the days, and those of the days in moved.
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

// Difference is a number in the daily table that differs from the number of hits.
type Difference struct {
	Day             int32
	Bitstream       string // "" if the accesses of format 1.0 on the day differ
	Country         string
	Class           int
	Daily, FromHits int // downloads in the daily table, and recounted from the hits
}

// compareDay selects the numbers of a day in the daily table that differ from those counted from its hits.
const compareDay = `WITH fresh (day, package, country, class, downloads) AS (` + countDay + `),
	kept AS (SELECT * FROM daily WHERE day = ?1)
SELECT c.bitstream, coalesce(f.country, k.country), coalesce(f.class, k.class),
	coalesce(k.downloads, 0), coalesce(f.downloads, 0)
FROM fresh f FULL JOIN kept k ON k.package = f.package AND k.country = f.country AND k.class = f.class
JOIN packages c ON c.id = coalesce(f.package, k.package)
WHERE f.downloads IS NOT k.downloads ORDER BY 1, 2, 3`

// compareAccesses selects the days whose stored accesses differ from those computed from all hits. To be an independent
// check, it does not use firstsOfDay, accessesOfDay and the table firsts. The earliest access of a visitor and package
// is the smallest pair (time, place). To find it with min, the pair is encoded as one number, time * 2^31 + place. For
// example, time 1712052000 and place 7 are 1712052000 * 2147483648 + 7. This is less than 2^63 until the year 2106.
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

// Verify recounts all days that have hits, and the accesses of format 1.0, and compares the results with the stored
// numbers. It returns the differences and the number of days that it has compared. It writes nothing.
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
