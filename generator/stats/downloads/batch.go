package downloads

import (
	"context"
	"slices"
	"strings"

	"github.com/Slicer/sitegen/generator/sqlite"
)

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

// ReadArchives returns those of the archives with these hashes that have been read to their end. The keys of the result
// are hashes.
func (d *DB) ReadArchives(ctx context.Context, hashes [][]byte) (map[string]bool, error) {
	known := map[string]bool{}
	for part := range slices.Chunk(hashes, 500) { // older versions of SQLite allow at most 999 parameters
		args := make([]any, len(part))
		for i, hash := range part {
			args[i] = hash
		}
		err := sqlite.Each(ctx, d.file, sqlite.Value[[]byte], func(hash []byte) error {
			known[string(hash)] = true
			return nil
		}, "SELECT hash FROM archives WHERE hash IN (?"+strings.Repeat(", ?", len(part)-1)+")", args...)
		if err != nil {
			return nil, failed("look up the position in the log", err)
		}
	}
	return known, nil
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
	ctx context.Context
	tx  *sqlite.Tx
}

// Begin begins a batch. The caller must end it with Commit or Rollback.
func (d *DB) Begin(ctx context.Context) (*Batch, error) {
	tx, err := d.file.Begin(ctx)
	if err != nil {
		return nil, failed("write downloads", err)
	}
	return &Batch{ctx: ctx, tx: tx}, nil
}

// AddHits adds hits as new parts of their days. It sorts the list. Recount merges the parts: hits with the same key are
// combined, so that a hit which is stored already, or added twice, changes nothing.
func (b *Batch) AddHits(list []Hit) error {
	days, hits := pack(list)
	for i, day := range days {
		if _, err := b.tx.Exec(b.ctx, `INSERT INTO parts
			SELECT ?1, coalesce(max(part), 0) + 1, ?2 FROM parts WHERE day = ?1`, day, []byte(hits[i])); err != nil {
			return failed("write downloads", err)
		}
	}
	return nil
}

// Address stores the address of a visitor.
func (b *Batch) Address(visitor int64, address string) error {
	_, err := b.tx.Exec(b.ctx, "INSERT OR IGNORE INTO addresses VALUES (?, ?)", visitor, address)
	return failed("write addresses", err)
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

// Commit commits the batch. After an error, the batch is rolled back.
func (b *Batch) Commit() error {
	defer b.Rollback()
	return failed("write downloads", b.tx.Commit())
}

// Rollback rolls the batch back. After Commit, it does nothing.
func (b *Batch) Rollback() { b.tx.Rollback() }
