package downloads

import (
	"context"
	"fmt"
	"strings"

	"github.com/Slicer/sitegen/generator/sqlite"
)

// Hit is a row of the database: the requests of a visitor for a package with one user agent on one day.
type Hit struct {
	Visitor int64 // keyed hash of the address
	Day     int32 // since 1970-01-01, UTC
	Package int32 // id, as Batch.Package returns it
	Agent   int32 // id, as Batch.Agent returns it
	Place   int32 // id, as Batch.Place returns it
	First   int32 // time of the earliest request, in seconds since the beginning of the day
	Counted bool  // one of the requests is a download by the default rule
}

// Log is the position up to which a log has been read. The hits of all lines before it are in the database. Package
// stats, in follow.go, has an example.
type Log struct {
	First  []byte // hash of the first line
	Head   int    // length of the beginning (bytes, decompressed)
	Hash   []byte // hash of the beginning
	Offset int64  // number of bytes read (decompressed), up to the end of a line
	Tail   []byte // hash of the end of the line before the offset
	State  string // the columns of the log at the offset, "" if it has no #Fields line
	Days   Days   // of the requests for packages before the offset
}

// Days is a range of days, both included. The zero Days is empty.
type Days struct {
	first, last int32 // last is one day later than in the range, so that the zero value is empty
}

// Add extends the range to a day.
func (d *Days) Add(day int32) {
	if d.first >= d.last {
		*d = Days{day, day + 1}
	}
	d.first, d.last = min(d.first, day), max(d.last, day+1)
}

// Logs returns the positions of all logs whose first line has this hash, those with the longest beginning first.
func (d *DB) Logs(ctx context.Context, first []byte) ([]Log, error) {
	list, err := sqlite.Collect(ctx, d.file, func(row sqlite.Row) (Log, error) {
		l := Log{First: first}
		err := row.Scan(&l.Head, &l.Hash, &l.Offset, &l.Tail, &l.State, &l.Days.first, &l.Days.last)
		return l, err
	}, `SELECT head, hash, offset, tail, state, first_day, last_day FROM logs WHERE first = ?
		ORDER BY head DESC`, first)
	return list, failed("look up the position in the log", err)
}

// HasArchive reports whether the archive with this hash has been read to its end.
func (d *DB) HasArchive(ctx context.Context, hash []byte) (bool, error) {
	_, ok, err := sqlite.One(ctx, d.file, sqlite.Value[int], "SELECT 1 FROM archives WHERE hash = ?", hash)
	return ok, failed("look up the position in the log", err)
}

// Closed is the set of closed days, to which no more hits are added: their numbers were imported, or their hits or the
// keys of their visitors were deleted.
type Closed struct {
	before int32 // all days before this one
	days   map[int32]bool
}

// Has reports whether a day is closed.
func (c *Closed) Has(day int32) bool { return day < c.before || c.days[day] }

// Closed returns the closed days.
func (d *DB) Closed(ctx context.Context) (*Closed, error) {
	before, _, err := sqlite.One(ctx, d.file, sqlite.Value[int32],
		"SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'sealed_before'")
	if err != nil {
		return nil, failed("read the closed days", err)
	}
	c := &Closed{before: before, days: map[int32]bool{}}
	err = sqlite.Each(ctx, d.file, sqlite.Value[int32], func(day int32) error {
		c.days[day] = true
		return nil
	}, "SELECT day FROM sealed")
	return c, failed("read the closed days", err)
}

// Batch adds hits, and the positions up to which their logs have been read, in one transaction. Its methods return the
// ids of packages, places and agents, and add those that are new.
type Batch struct {
	ctx  context.Context
	tx   *sqlite.Tx
	many *sqlite.Stmt   // adds hitsPerStatement hits
	one  *sqlite.Stmt   // adds one hit
	days map[int32]bool // days that have changed
	// The statements of find and insert. The first run over a log executes them for thousands of user agents.
	prepared map[string]*sqlite.Stmt

	// Changed is the number of hits that were new, or changed the row with their key.
	Changed int64
}

// hitsPerStatement is the number of hits in one INSERT, to have few calls into SQLite. A hit has 7 columns, so the
// statement has 700 parameters; older versions of SQLite allow at most 999.
const hitsPerStatement = 100

// addHits inserts hits. If there is a row with the key of a hit, the row gets the earlier time of both, is counted if
// either is, and has its unknown place (0) replaced by that of the hit. For example, a visitor requests a package at
// 10:00 with HEAD, which is not counted, and at 11:00 with GET, which is. Adding these hits in either order results in
// the same row:
//
//	add (first 36000, not counted)   row (first 36000, not counted)
//	add (first 39600, counted)       row (first 36000, counted)
//
//	add (first 39600, counted)       row (first 39600, counted)
//	add (first 36000, not counted)   row (first 36000, counted)
//
// Adding either hit again does not change the row, and the WHERE clause makes sure that it is not even written. So the
// number of rows that SQLite reports as changed is 0 when a log is read again, and the days of these hits are not
// counted again.
const addHits = `INSERT INTO hits (day, package, visitor, agent, place, first, counted) VALUES %s
ON CONFLICT DO UPDATE SET first = min(first, excluded.first), counted = max(counted, excluded.counted),
	place = CASE place WHEN 0 THEN excluded.place ELSE place END
WHERE excluded.first < first OR excluded.counted > counted OR (place = 0 AND excluded.place <> 0)`

// Begin begins a batch. The caller must end it with Commit or Rollback.
func (d *DB) Begin(ctx context.Context) (*Batch, error) {
	tx, err := d.file.Begin(ctx)
	if err != nil {
		return nil, failed("write downloads", err)
	}
	b := &Batch{ctx: ctx, tx: tx, days: map[int32]bool{}, prepared: map[string]*sqlite.Stmt{}}
	const row = "(?,?,?,?,?,?,?)"
	b.one, err = tx.Prepare(ctx, fmt.Sprintf(addHits, row))
	if err == nil {
		b.many, err = tx.Prepare(ctx, fmt.Sprintf(addHits, strings.Repeat(row+",", hitsPerStatement-1)+row))
	}
	if err != nil {
		b.Rollback()
		return nil, failed("write downloads", err)
	}
	return b, nil
}

// AddHits adds hits, or merges them into the rows with their keys: see addHits. It is fastest if the hits are sorted by
// key: day, package, visitor, agent.
func (b *Batch) AddHits(hits []Hit) error {
	args := make([]any, 0, 7*hitsPerStatement)
	var day, pkg any // of the last hit, as arguments: an interface for each hit would be allocated
	for len(hits) > 0 {
		n, statement := hitsPerStatement, b.many
		if len(hits) < n {
			n, statement = 1, b.one
		}
		args = args[:0]
		for _, h := range hits[:n] {
			if day != any(int64(h.Day)) {
				day = int64(h.Day)
			}
			if pkg != any(int64(h.Package)) {
				pkg = int64(h.Package)
			}
			counted := int64(0)
			if h.Counted {
				counted = 1
			}
			// Arguments of other types than int64 would be converted, and allocated once more.
			args = append(args, day, pkg, h.Visitor, int64(h.Agent), int64(h.Place), int64(h.First), counted)
		}
		result, err := statement.Exec(b.ctx, args...)
		if err != nil {
			return failed("write downloads", err)
		}
		changes, err := result.RowsAffected()
		if err != nil {
			return failed("write downloads", err)
		}
		if changes > 0 {
			b.Changed += changes
			for _, h := range hits[:n] {
				b.days[h.Day] = true
			}
		}
		hits = hits[n:]
	}
	return nil
}

// Package returns the id of the package with this bitstream id. If there is none, it adds a package that is not
// in the catalogue. All numbers exclude its downloads until SetPackages adds it to the catalogue.
func (b *Batch) Package(bitstream string) (int32, error) {
	id, err := b.find("SELECT id FROM packages WHERE bitstream = ?", bitstream)
	if id != 0 || err != nil {
		return id, err
	}
	return b.insert(`INSERT INTO packages (bitstream, series, known, built, legacy_version, stable)
		VALUES (?, 0, 0, '', '', 0)`, bitstream)
}

// Place returns the id of a place, 0 if country and location are unknown.
func (b *Batch) Place(country, location string) (int32, error) {
	if country == "" && location == "" {
		return 0, nil
	}
	id, err := b.find("SELECT id FROM places WHERE country = ? AND location = ?", country, location)
	if id != 0 || err != nil {
		return id, err
	}
	return b.insert("INSERT INTO places (country, location) VALUES (?, ?)", country, location)
}

// Agent returns the id of a user agent. If the user agent is new, it calls classify for its classification.
func (b *Batch) Agent(text string, classify func() (Agent, error)) (int32, error) {
	id, err := b.find("SELECT id FROM agents WHERE agent = ?", []byte(text))
	if id != 0 || err != nil {
		return id, err
	}
	a, err := classify()
	if err != nil {
		return 0, err
	}
	return b.insert("INSERT INTO agents (agent, class, legacy, browser, os, device) VALUES (?, ?, ?, ?, ?, ?)",
		[]byte(text), a.Class, a.Legacy, a.Browser, a.System, a.Device)
}

// Address stores the address of a visitor.
func (b *Batch) Address(visitor int64, address string) error {
	_, err := b.tx.Exec(b.ctx, "INSERT OR IGNORE INTO addresses VALUES (?, ?)", visitor, address)
	return failed("write addresses", err)
}

// find returns the id of a row, 0 if there is none.
func (b *Batch) find(query string, args ...any) (int32, error) {
	statement, err := b.prepare(query)
	if err != nil {
		return 0, err
	}
	id, _, err := statement.Int(b.ctx, args...)
	return int32(id), failed("write downloads", err)
}

// insert adds a row and returns its id.
func (b *Batch) insert(query string, args ...any) (int32, error) {
	statement, err := b.prepare(query)
	if err != nil {
		return 0, err
	}
	result, err := statement.Exec(b.ctx, args...)
	if err != nil {
		return 0, failed("write downloads", err)
	}
	id, err := result.LastInsertId()
	return int32(id), failed("write downloads", err)
}

// prepare returns a prepared statement. The batch prepares each query once.
func (b *Batch) prepare(query string) (*sqlite.Stmt, error) {
	if s := b.prepared[query]; s != nil {
		return s, nil
	}
	s, err := b.tx.Prepare(b.ctx, query)
	if err != nil {
		return nil, failed("write downloads", err)
	}
	b.prepared[query] = s
	return s, nil
}

// SetLog stores the position up to which a log has been read. It replaces previous, the stored position of the log,
// which may have a shorter beginning. Previous is nil if there is none.
func (b *Batch) SetLog(l, previous *Log) error {
	var err error
	if previous != nil {
		_, err = b.tx.Exec(b.ctx, "DELETE FROM logs WHERE first = ? AND head = ? AND hash = ?", previous.First,
			previous.Head, previous.Hash)
	}
	if err == nil {
		_, err = b.tx.Exec(b.ctx, `INSERT INTO logs (first, head, hash, offset, tail, state, first_day, last_day)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT DO UPDATE SET offset = excluded.offset, tail = excluded.tail, state = excluded.state,
				first_day = excluded.first_day, last_day = excluded.last_day`,
			l.First, l.Head, l.Hash, l.Offset, l.Tail, l.State, l.Days.first, l.Days.last)
	}
	return failed("store the position in the log", err)
}

// SetArchive stores that the archive with this hash has been read to its end. Days are those of its requests for
// packages.
func (b *Batch) SetArchive(hash []byte, days Days) error {
	_, err := b.tx.Exec(b.ctx, "INSERT OR IGNORE INTO archives VALUES (?, ?, ?)", hash, days.first, days.last)
	return failed("store the position in the log", err)
}

// Commit marks the days that the batch has changed, and commits it. After an error, the batch is rolled back.
func (b *Batch) Commit() error {
	defer b.Rollback()
	for day := range b.days {
		if _, err := b.tx.Exec(b.ctx, "INSERT OR IGNORE INTO changed VALUES (?)", day); err != nil {
			return failed("write downloads", err)
		}
	}
	return failed("write downloads", b.tx.Commit())
}

// Rollback rolls the batch back. After Commit, it does nothing.
func (b *Batch) Rollback() { b.tx.Rollback() }
