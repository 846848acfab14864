package downloads

import (
	"context"
	"fmt"
	"strings"

	"github.com/Slicer/sitegen/generator/sqlite"
)

// Hit says that a visitor asked for a package with an agent on a day.
type Hit struct {
	Visitor int64 // keyed hash of the address
	Day     int32 // since 1970-01-01, UTC
	Package int32 // ids, see Batch
	Agent   int32
	Place   int32
	First   int32 // second of the day of the earliest request
	Counted bool  // a download by the default rule
}

// Log says how far a log was read. Its lines up to there are in the database.
type Log struct {
	First  []byte // hash of the first line
	Head   int    // length of its beginning (bytes, decompressed)
	Hash   []byte // hash of the beginning
	Offset int64  // decompressed bytes read, up to the end of a line
	Tail   []byte // hash of the end of the line before the offset
}

// Logs returns the logs with a first line of this hash, those with the longest beginning first.
func (d *DB) Logs(ctx context.Context, first []byte) ([]Log, error) {
	list, err := sqlite.Collect(ctx, d.file, func(row sqlite.Row) (Log, error) {
		l := Log{First: first}
		err := row.Scan(&l.Head, &l.Hash, &l.Offset, &l.Tail)
		return l, err
	}, "SELECT head, hash, offset, tail FROM logs WHERE first = ? ORDER BY head DESC", first)
	return list, failed("find out how far the log was read", err)
}

// HasArchive reports whether a compressed file was read to its end.
func (d *DB) HasArchive(ctx context.Context, hash []byte) (bool, error) {
	_, ok, err := sqlite.One(ctx, d.file, sqlite.Value[int], "SELECT 1 FROM archives WHERE hash = ?", hash)
	return ok, failed("find out how far the log was read", err)
}

// Closed are the days that take no more hits: their numbers came from elsewhere, their hits were deleted, or the keys
// of their visitors were.
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

// Batch adds hits and how far their logs were read in one transaction. Its methods find the ids of packages, places
// and agents, and add those that are new.
type Batch struct {
	ctx  context.Context
	tx   *sqlite.Tx
	many *sqlite.Stmt   // adds hitsPerStatement hits
	one  *sqlite.Stmt   // adds one
	days map[int32]bool // changed

	// Changed is the number of hits that were new, or told something that was not known of a hit.
	Changed int64
}

// hitsPerStatement keeps the calls into SQLite few. With its 7 columns a statement has less than 999 parameters.
const hitsPerStatement = 100

// addHits keeps the earliest second and "counted" of either, so that the order of hits and their repetition mean
// nothing: adding (first 36000, not counted) and (first 39600, counted) in any order, and any number of times, gives
// (first 36000, counted). An unknown place (0) is replaced by a known one. A row that stays as it is, is not
// written, so that reading a log again changes nothing.
const addHits = `INSERT INTO hits (day, package, visitor, agent, place, first, counted) VALUES %s
ON CONFLICT DO UPDATE SET first = min(first, excluded.first), counted = max(counted, excluded.counted),
	place = CASE place WHEN 0 THEN excluded.place ELSE place END
WHERE excluded.first < first OR excluded.counted > counted OR (place = 0 AND excluded.place <> 0)`

// Begin begins a batch. It must end with Commit or Rollback.
func (d *DB) Begin(ctx context.Context) (*Batch, error) {
	tx, err := d.file.Begin(ctx)
	if err != nil {
		return nil, failed("write downloads", err)
	}
	b := &Batch{ctx: ctx, tx: tx, days: map[int32]bool{}}
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

// AddHits adds hits. They are written fastest in the order of the key: day, package, visitor, agent.
func (b *Batch) AddHits(hits []Hit) error {
	args := make([]any, 0, 7*hitsPerStatement)
	for len(hits) > 0 {
		n, statement := hitsPerStatement, b.many
		if len(hits) < n {
			n, statement = 1, b.one
		}
		args = args[:0]
		for _, h := range hits[:n] {
			args = append(args, h.Day, h.Package, h.Visitor, h.Agent, h.Place, h.First, h.Counted)
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

// Package returns the id of a package by its bitstream id. One that no catalogue has named is kept as unknown.
func (b *Batch) Package(bitstream string) (int32, error) {
	id, err := b.find("SELECT id FROM packages WHERE bitstream = ?", bitstream)
	if id != 0 || err != nil {
		return id, err
	}
	return b.insert(`INSERT INTO packages (bitstream, series, known, built, legacy_version, stable)
		VALUES (?, 0, 0, '', '', 0)`, bitstream)
}

// Place returns the id of a place, 0 for the unknown one.
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

// Agent returns the id of a user agent. It calls classify, which returns what the agent tells, when it is new.
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

// Address keeps the address of a visitor.
func (b *Batch) Address(visitor int64, address string) error {
	_, err := b.tx.Exec(b.ctx, "INSERT OR IGNORE INTO addresses VALUES (?, ?)", visitor, address)
	return failed("write addresses", err)
}

// find returns the id of a row, 0 when there is none.
func (b *Batch) find(query string, args ...any) (int32, error) {
	id, _, err := sqlite.One(b.ctx, b.tx, sqlite.Value[int32], query, args...)
	return id, failed("write downloads", err)
}

// insert adds a row and returns its id.
func (b *Batch) insert(statement string, args ...any) (int32, error) {
	result, err := b.tx.Exec(b.ctx, statement, args...)
	if err != nil {
		return 0, failed("write downloads", err)
	}
	id, err := result.LastInsertId()
	return int32(id), failed("write downloads", err)
}

// SetLog keeps how far a log was read. A log that was known by a shorter beginning before is known by the new one.
func (b *Batch) SetLog(l, was *Log) error {
	var err error
	if was != nil {
		_, err = b.tx.Exec(b.ctx, "DELETE FROM logs WHERE first = ? AND head = ? AND hash = ?", was.First, was.Head,
			was.Hash)
	}
	if err == nil {
		_, err = b.tx.Exec(b.ctx, `INSERT INTO logs (first, head, hash, offset, tail) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT DO UPDATE SET offset = excluded.offset, tail = excluded.tail`, l.First, l.Head, l.Hash, l.Offset, l.Tail)
	}
	return failed("keep how far the log was read", err)
}

// SetArchive keeps that a compressed file was read to its end.
func (b *Batch) SetArchive(hash []byte) error {
	_, err := b.tx.Exec(b.ctx, "INSERT OR IGNORE INTO archives VALUES (?)", hash)
	return failed("keep how far the log was read", err)
}

// Commit makes the batch last, and marks the days that it changed. After an error nothing of it stays.
func (b *Batch) Commit() error {
	defer b.Rollback()
	for day := range b.days {
		if _, err := b.tx.Exec(b.ctx, "INSERT OR IGNORE INTO changed VALUES (?)", day); err != nil {
			return failed("write downloads", err)
		}
	}
	return failed("write downloads", b.tx.Commit())
}

// Rollback drops the batch. After Commit it does nothing.
func (b *Batch) Rollback() { b.tx.Rollback() }
