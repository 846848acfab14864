package downloads

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/Slicer/sitegen/generator/sqlite"
)

const secondsPerDay = 24 * 60 * 60

// dropDocuments deletes the documents of a day's month and year, and those of all time.
const dropDocuments = `DELETE FROM documents WHERE period IN
	('', strftime('%Y', ?1 * 86400, 'unixepoch'), strftime('%Y-%m', ?1 * 86400, 'unixepoch'))`

// accessesOn is the name of a setting: "on" if the accesses of format 1.0 are stored, otherwise "off".
const accessesOn = "accesses"

// Recounted holds the results of Recount.
type Recounted struct {
	Days []int32 // that were counted
	Hits int64   // number of hits that were new, or changed a hit with the same key, since the last Recount
}

// Recount merges the parts that have been added since the last Recount, counts the days that have changed, and deletes
// the documents that contain their numbers. If accesses is true, it also stores the accesses of format 1.0.
func (d *DB) Recount(ctx context.Context, accesses bool) (Recounted, error) {
	var r Recounted
	err := d.file.Update(ctx, func(tx *sqlite.Tx) (err error) {
		if r.Hits, err = mergeParts(ctx, tx); err != nil {
			return err
		}
		if err := switchAccesses(ctx, tx, accesses); err != nil {
			return err
		}
		r.Days, err = sqlite.Collect(ctx, tx, sqlite.Value[int32],
			"SELECT day FROM changed WHERE day NOT IN (SELECT day FROM sealed) ORDER BY day")
		if err != nil {
			return err
		}
		if len(r.Days) > 0 {
			if err := recount(ctx, tx, r.Days, accesses); err != nil {
				return err
			}
		}
		_, err = tx.Exec(ctx, "DELETE FROM changed")
		return err
	})
	if err != nil {
		return Recounted{}, failed("count the changed days", err)
	}
	return r, nil
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
		now, statement = "on", "INSERT OR IGNORE INTO changed SELECT DISTINCT day FROM parts"
	}
	if before == now {
		return nil
	}
	if _, err := tx.Exec(ctx, statement); err != nil {
		return err
	}
	return set(ctx, tx, accessesOn, now)
}

// recount counts days, and stores their accesses and those of the days that have moved: see firsts.
func recount(ctx context.Context, tx *sqlite.Tx, days []int32, accesses bool) error {
	c, err := newCounter(ctx, tx)
	if err != nil {
		return err
	}
	daily, err := newDailyWriter(ctx, tx)
	if err != nil {
		return err
	}
	f, err := newFirsts(ctx, tx)
	if err != nil {
		return err
	}
	for _, day := range days {
		hits, err := hitsOf(ctx, tx, day)
		if err != nil {
			return err
		}
		if err := daily.replace(day, c.count(hits)); err != nil {
			return err
		}
		if accesses {
			if err := f.add(c, day, hits); err != nil {
				return err
			}
		}
	}
	if err := f.flush(); err != nil {
		return err
	}
	for _, day := range slices.Sorted(maps.Keys(f.moved)) {
		if _, counted := slices.BinarySearch(days, day); counted {
			continue
		}
		hits, err := hitsOf(ctx, tx, day)
		if err != nil {
			return err
		}
		if err := f.add(c, day, hits); err != nil {
			return err
		}
	}
	return f.flush()
}

// counter counts the hits of days.
type counter struct {
	agents  []countedAgent // by id
	places  map[int32]countedPlace
	numbers map[dailyKey]int // of a package
	rows    []dailyRow       // of a day
}

// countedAgent is what counts of a user agent. A database can have millions of them.
type countedAgent struct {
	class         uint8
	legacyBrowser bool // format 1.0 counts it
}

// countedPlace is what counts of a place.
type countedPlace struct {
	country string
	located bool // format 1.0 counts it
}

func newCounter(ctx context.Context, q sqlite.Querier) (*counter, error) {
	c := &counter{places: map[int32]countedPlace{}, numbers: map[dailyKey]int{}}
	var id int32
	err := sqlite.Each(ctx, q, func(row sqlite.Row) (a countedAgent, err error) {
		err = row.Scan(&id, &a.class, &a.legacyBrowser)
		return a, err
	}, func(a countedAgent) error {
		for int(id) >= len(c.agents) {
			c.agents = append(c.agents, countedAgent{}) // of ids that are not used
		}
		c.agents[id] = a
		return nil
	}, "SELECT id, class, legacy = 'Browser' FROM agents ORDER BY id")
	if err != nil {
		return nil, err
	}
	return c, sqlite.Each(ctx, q, func(row sqlite.Row) (p countedPlace, err error) {
		err = row.Scan(&id, &p.country, &p.located)
		return p, err
	}, func(p countedPlace) error {
		c.places[id] = p
		return nil
	}, "SELECT id, country, location <> '' FROM places")
}

// agent returns the user agent with an id, the zero value if the database is damaged and does not have it.
func (c *counter) agent(id int32) countedAgent {
	if id < 0 || int(id) >= len(c.agents) {
		return countedAgent{}
	}
	return c.agents[id]
}

// dailyKey is the key of a number in the daily table, without the day.
type dailyKey struct {
	pkg     int32
	country string
	class   int
}

// dailyRow is a row of the daily table, without the day.
type dailyRow struct {
	dailyKey
	downloads int
}

// count returns the daily numbers of the hits of a day, sorted by key. They are valid until the next call.
func (c *counter) count(hits packed) []dailyRow {
	c.rows = c.rows[:0]
	for len(hits) > 0 {
		first := hits.first()
		clear(c.numbers)
		for ; len(hits) > 0; hits = hits[hitSize:] {
			h := hits.first()
			if h.Package != first.Package {
				break
			}
			if h.Counted {
				c.numbers[dailyKey{h.Package, c.places[h.Place].country, int(c.agent(h.Agent).class)}]++
			}
		}
		begin := len(c.rows)
		for k, n := range c.numbers {
			c.rows = append(c.rows, dailyRow{k, n})
		}
		slices.SortFunc(c.rows[begin:], func(a, b dailyRow) int {
			return cmp.Or(strings.Compare(a.country, b.country), cmp.Compare(a.class, b.class))
		})
	}
	return c.rows
}

// accesses appends, to a list, the earliest request of each visitor for each package on a day, of those that have the
// class and the location that format 1.0 requires. They are sorted by package and visitor. If a visitor requested the
// package in that second with two user agents, this is one access.
func (c *counter) accesses(list []access, day int32, hits packed) []access {
	begin := len(list)
	for ; len(hits) > 0; hits = hits[hitSize:] {
		h := hits.first()
		if !c.agent(h.Agent).legacyBrowser || !c.places[h.Place].located {
			continue
		}
		a := access{h.Visitor, int64(day)*secondsPerDay + int64(h.First), h.Package, h.Place}
		switch last := len(list) - 1; {
		case last < begin || compareVisitors(list[last], a) != 0:
			list = append(list, a)
		case byTime(a, list[last]) < 0:
			list[last] = a
		}
	}
	return list
}

// dailyWriter writes the daily table, with many rows in one statement, to have few calls into SQLite.
type dailyWriter struct {
	ctx       context.Context
	tx        *sqlite.Tx
	many, one *sqlite.Stmt
}

func newDailyWriter(ctx context.Context, tx *sqlite.Tx) (*dailyWriter, error) {
	w := &dailyWriter{ctx: ctx, tx: tx}
	const begin = "INSERT INTO daily (day, package, country, class, downloads) VALUES "
	var err error
	if w.one, err = tx.Prepare(ctx, begin+placeholders(5, 1)); err != nil {
		return nil, err
	}
	w.many, err = tx.Prepare(ctx, begin+placeholders(5, rowsPerStatement))
	return w, err
}

// replace replaces the numbers of a day, and deletes the documents that contain them.
func (w *dailyWriter) replace(day int32, rows []dailyRow) error {
	for _, s := range []string{"DELETE FROM daily WHERE day = ?1", dropDocuments} {
		if _, err := w.tx.Exec(w.ctx, s, day); err != nil {
			return err
		}
	}
	args := make([]any, 0, 5*rowsPerStatement)
	var date any = int64(day) // an interface for each row would be allocated
	for len(rows) > 0 {
		n, statement := rowsPerStatement, w.many
		if len(rows) < n {
			n, statement = 1, w.one
		}
		args = args[:0]
		for _, r := range rows[:n] {
			// Arguments of other types than int64 would be converted, and allocated once more.
			args = append(args, date, int64(r.pkg), r.country, int64(r.class), int64(r.downloads))
		}
		if _, err := statement.Exec(w.ctx, args...); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}
