package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
)

// Hit is that a visitor asked for a package with an agent on a day.
type Hit struct {
	Visitor int64 // keyed hash of the address
	Day     int32 // since 1970-01-01, UTC
	Package int32 // ids, see Batch
	Agent   int32
	Place   int32
	First   int32 // second of the day of the earliest request
	Counted bool  // a download by the default rule
}

// Agent is a user agent and what it tells.
type Agent struct {
	ID                              int32
	Text                            string
	Class                           int
	Legacy, Browser, System, Device string
}

// Log says how far a log was read. Its lines up to there are in the database.
type Log struct {
	First  []byte // hash of the first line
	Head   int    // length of its beginning (bytes, decompressed)
	Hash   []byte // hash of the beginning
	Offset int64  // decompressed bytes read, up to the end of a line
	Tail   []byte // hash of the end of the line before the offset
}

// Batch adds hits and how far a log was read in one transaction.
type Batch struct {
	ctx  context.Context
	db   *Downloads
	tx   *sql.Tx
	many *sql.Stmt
	one  *sql.Stmt
	days map[int32]bool // changed

	// Changed is how many hits were new, or told something that was not known of a hit.
	Changed int64
}

// hitsPerStatement makes the calls into SQLite few. The sum of its parameters stays under 999.
const hitsPerStatement = 100

// addHits keeps the earliest second and "counted" of either, so that the order of hits and their repetition
// mean nothing. A place that was not known is taken from whoever knows it. A row that stays as it is, is not
// written, so that reading a log again changes nothing.
const addHits = `INSERT INTO hits (day, package, visitor, agent, place, first, counted) VALUES %s
ON CONFLICT DO UPDATE SET first = min(first, excluded.first), counted = max(counted, excluded.counted),
	place = CASE place WHEN 0 THEN excluded.place ELSE place END
WHERE excluded.first < first OR excluded.counted > counted OR (place = 0 AND excluded.place <> 0)`

// Begin starts a batch. It must be ended with Commit or Rollback.
func (d *Downloads) Begin(ctx context.Context) (*Batch, error) {
	tx, err := d.db.BeginTx(ctx, nil)
	if err != nil {
		return nil, d.trouble("write downloads", err)
	}
	b := &Batch{ctx: ctx, db: d, tx: tx, days: map[int32]bool{}}
	const row = "(?,?,?,?,?,?,?)"
	b.one, err = tx.PrepareContext(ctx, fmt.Sprintf(addHits, row))
	if err == nil {
		b.many, err = tx.PrepareContext(ctx, fmt.Sprintf(addHits, strings.Repeat(row+",", hitsPerStatement-1)+row))
	}
	if err != nil {
		b.Rollback()
		return nil, d.trouble("write downloads", err)
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
		result, err := statement.ExecContext(b.ctx, args...)
		if err != nil {
			return b.db.trouble("write downloads", err)
		}
		if changes, err := result.RowsAffected(); err != nil {
			return b.db.trouble("write downloads", err)
		} else if changes > 0 {
			b.Changed += changes
			for _, h := range hits[:n] {
				b.days[h.Day] = true
			}
		}
		hits = hits[n:]
	}
	return nil
}

// Package gives the id of a package by its bitstream id. One that no catalogue has named is kept as unknown.
func (b *Batch) Package(bitstream string) (int32, error) {
	return b.id("SELECT id FROM packages WHERE bitstream = ?1",
		"INSERT INTO packages (bitstream, series, known, built, legacy_version, stable) VALUES (?1, 0, 0, '', '', 0)", bitstream)
}

// Place gives the id of a place, 0 for the unknown one.
func (b *Batch) Place(country, location string) (int32, error) {
	if country == "" && location == "" {
		return 0, nil
	}
	return b.id("SELECT id FROM places WHERE country = ?1 AND location = ?2",
		"INSERT INTO places (country, location) VALUES (?1, ?2)", country, location)
}

// Agent gives the id of a user agent. What it tells is asked for when it is new.
func (b *Batch) Agent(text string, classify func() (Agent, error)) (int32, error) {
	id, err := b.find("SELECT id FROM agents WHERE agent = ?1", []byte(text))
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
	_, err := b.tx.ExecContext(b.ctx, "INSERT OR IGNORE INTO addresses VALUES (?, ?)", visitor, address)
	if err != nil {
		return b.db.trouble("write addresses", err)
	}
	return nil
}

// id finds a row, or adds it.
func (b *Batch) id(find, insert string, args ...any) (int32, error) {
	id, err := b.find(find, args...)
	if err != nil || id != 0 {
		return id, err
	}
	return b.insert(insert, args...)
}

// find gives the id of a row, 0 when there is none.
func (b *Batch) find(query string, args ...any) (int32, error) {
	var id int32
	err := b.tx.QueryRowContext(b.ctx, query, args...).Scan(&id)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return 0, b.db.trouble("write downloads", err)
	}
	return id, nil
}

func (b *Batch) insert(statement string, args ...any) (int32, error) {
	result, err := b.tx.ExecContext(b.ctx, statement, args...)
	if err != nil {
		return 0, b.db.trouble("write downloads", err)
	}
	id, err := result.LastInsertId()
	return int32(id), err
}

// SetLog keeps how far a log was read. When it was known by a shorter beginning before, that is forgotten.
func (b *Batch) SetLog(l, was *Log) error {
	var err error
	if was != nil {
		_, err = b.tx.ExecContext(b.ctx, "DELETE FROM logs WHERE first = ? AND head = ? AND hash = ?", was.First, was.Head, was.Hash)
	}
	if err == nil {
		_, err = b.tx.ExecContext(b.ctx, `INSERT INTO logs (first, head, hash, offset, tail) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT DO UPDATE SET offset = excluded.offset, tail = excluded.tail`, l.First, l.Head, l.Hash, l.Offset, l.Tail)
	}
	if err != nil {
		return b.db.trouble("keep how far the log was read", err)
	}
	return nil
}

// SetArchive keeps that a compressed file was read to its end.
func (b *Batch) SetArchive(hash []byte) error {
	if _, err := b.tx.ExecContext(b.ctx, "INSERT OR IGNORE INTO archives VALUES (?)", hash); err != nil {
		return b.db.trouble("keep how far the log was read", err)
	}
	return nil
}

// Commit makes the batch last, and marks the days that it changed.
func (b *Batch) Commit() error {
	for day := range b.days {
		if _, err := b.tx.ExecContext(b.ctx, "INSERT OR IGNORE INTO changed VALUES (?)", day); err != nil {
			b.Rollback()
			return b.db.trouble("write downloads", err)
		}
	}
	if err := b.tx.Commit(); err != nil {
		b.Rollback()
		return b.db.trouble("write downloads", err)
	}
	return nil
}

// Rollback forgets the batch. After Commit it does nothing. On a full disk SQLite has forgotten it already: an
// error would only say so.
func (b *Batch) Rollback() { _ = b.tx.Rollback() }

// Logs lists the logs with a first line of this hash, those with the longest beginning first.
func (d *Downloads) Logs(ctx context.Context, first []byte) ([]Log, error) {
	rows, err := d.db.QueryContext(ctx, "SELECT head, hash, offset, tail FROM logs WHERE first = ? ORDER BY head DESC", first)
	if err != nil {
		return nil, d.trouble("find out how far the log was read", err)
	}
	defer rows.Close()
	var all []Log
	for rows.Next() {
		l := Log{First: first}
		if err := rows.Scan(&l.Head, &l.Hash, &l.Offset, &l.Tail); err != nil {
			return nil, d.trouble("find out how far the log was read", err)
		}
		all = append(all, l)
	}
	return all, rows.Err()
}

// HasArchive reports whether a compressed file was read to its end.
func (d *Downloads) HasArchive(ctx context.Context, hash []byte) (bool, error) {
	var n int
	err := d.db.QueryRowContext(ctx, "SELECT count(*) FROM archives WHERE hash = ?", hash).Scan(&n)
	return n > 0, err
}

// Sealed lists the days that no hits are taken for.
func (d *Downloads) Sealed(ctx context.Context) ([]int32, error) {
	return list[int32](ctx, d, "SELECT day FROM sealed ORDER BY day")
}

// list reads a column.
func list[T any](ctx context.Context, d *Downloads, query string, args ...any) ([]T, error) {
	rows, err := d.db.QueryContext(ctx, query, args...)
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
