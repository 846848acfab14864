package downloads

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/binary"
	"math"
	"slices"
	"strconv"

	"github.com/Slicer/sitegen/generator/sqlite"
)

// Format 1.0 counts a visitor once per package, at the time of the earliest request. A log with an earlier request may
// be read later, so the table firsts stores the earliest times. For example, visitor 7 has requested package 42 on day
// 19815, second 36000, from place 3. Recount of this day does two things:
//
//  1. It stores the time 19815*86400+36000 for package 42 and visitor 7 in firsts.
//  2. It stores the line "36000 42 3" for day 19815 in accesses, because the time in firsts is that of the request.
//
// Then an older log adds a request of the same visitor on day 19810, second 100. Recount of day 19810 does the same:
//
//  1. It changes the time in firsts to 19810*86400+100. The day of the time before, 19815, has moved.
//  2. It stores the line "100 42 3" for day 19810. It also collects the accesses of day 19815 again, because it has
//     moved: the request there no longer has the time in firsts, so its line disappears.

// access is the earliest request of a visitor for a package, on one day or on all of them.
type access struct {
	visitor    int64
	at         int64 // seconds since 1970-01-01, UTC
	pkg, place int32
}

// compareVisitors compares the packages and visitors of accesses.
func compareVisitors(a, b access) int {
	if a.pkg != b.pkg {
		return cmp.Compare(a.pkg, b.pkg)
	}
	return cmp.Compare(a.visitor, b.visitor)
}

// byTime compares accesses by package, visitor, time and place.
func byTime(a, b access) int {
	if c := compareVisitors(a, b); c != 0 {
		return c
	}
	return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.place, b.place))
}

// firsts updates the tables firsts and accesses.
type firsts struct {
	ctx                      context.Context
	tx                       *sqlite.Tx
	find, insert, set, store *sqlite.Stmt

	days  []int32        // whose accesses are in the list
	list  []access       // of the days
	moved map[int32]bool // days that have lost an earliest request, because an earlier day has one
}

const (
	// waitingAccesses is the number of accesses of which those of several days are stored together: they take 10 MB.
	waitingAccesses = 1 << 18
	// timeSize is the size of a visitor and a time in the table firsts (bytes): the visitor as in packed, and the
	// time, big-endian.
	timeSize = 12
	// maxTimes is the number of visitors in a row of the table firsts. A row with more is split.
	maxTimes = 512
)

func newFirsts(ctx context.Context, tx *sqlite.Tx) (*firsts, error) {
	f := &firsts{ctx: ctx, tx: tx, moved: map[int32]bool{}}
	for _, s := range []struct {
		to    **sqlite.Stmt
		query string
	}{
		{&f.find, `SELECT id, times, (SELECT visitor FROM firsts AS next
			WHERE next.package = row.package AND next.visitor > row.visitor ORDER BY visitor LIMIT 1)
			FROM firsts AS row WHERE package = ? AND visitor <= ? ORDER BY visitor DESC LIMIT 1`},
		{&f.insert, "INSERT INTO firsts (package, visitor, times) VALUES (?, ?, ?)"},
		{&f.set, "UPDATE firsts SET times = ? WHERE id = ?"},
		{&f.store, "INSERT OR REPLACE INTO accesses VALUES (?, ?)"},
	} {
		var err error
		if *s.to, err = tx.Prepare(ctx, s.query); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// add adds the hits of a day.
func (f *firsts) add(c *counter, day int32, hits packed) error {
	f.days, f.list = append(f.days, day), c.accesses(f.list, day, hits)
	if len(f.list) < waitingAccesses {
		return nil
	}
	return f.flush()
}

// flush updates both tables with the accesses of the days that have been added. The days must be added in order: then
// the accesses of a day that has been stored are not replaced by those of a later one.
func (f *firsts) flush() error {
	slices.SortFunc(f.list, byTime)
	list := slices.CompactFunc(f.list, func(a, b access) bool { return compareVisitors(a, b) == 0 })
	lines := map[int32][]access{} // by day
	for len(list) > 0 {
		n, err := f.update(list, func(a access) {
			day := int32(a.at / secondsPerDay)
			lines[day] = append(lines[day], a)
		})
		if err != nil {
			return err
		}
		list = list[n:]
	}
	for _, day := range f.days {
		if err := f.storeDay(day, lines[day]); err != nil {
			return err
		}
	}
	f.days, f.list = f.days[:0], f.list[:0]
	return nil
}

// update updates the row of the first access of a list, and returns the number of accesses that belong to this row. It
// calls earliest for those that are the earliest of their visitors, including those that were stored before.
func (f *firsts) update(list []access, earliest func(access)) (n int, err error) {
	var row int64
	var old, updated []byte
	var next sql.NullInt64
	found, err := f.find.Row(f.ctx, []any{list[0].pkg, list[0].visitor}, &row, &old, &next)
	if err != nil {
		return 0, err
	}
	changed := false
	for n < len(list) && list[n].pkg == list[0].pkg && (!next.Valid || list[n].visitor < next.Int64) {
		a := list[n]
		n++
		for len(old) > 0 && visitorOf(old) < a.visitor {
			updated, old = append(updated, old[:timeSize]...), old[timeSize:]
		}
		at := a.at
		if len(old) == 0 || visitorOf(old) != a.visitor {
			changed = true
		} else {
			if before := timeOf(old); before <= at {
				at = before
			} else {
				f.moved[int32(before/secondsPerDay)] = true
				changed = true
			}
			old = old[timeSize:]
		}
		if at == a.at {
			earliest(a)
		}
		updated = binary.BigEndian.AppendUint64(updated, uint64(a.visitor)^sign)
		updated = binary.BigEndian.AppendUint32(updated, uint32(at))
	}
	if !changed {
		return n, nil
	}
	return n, f.write(list[0].pkg, row, found, append(updated, old...))
}

// visitorOf returns the first visitor of a row of the table firsts.
func visitorOf(times []byte) int64 { return int64(binary.BigEndian.Uint64(times) ^ sign) }

// timeOf returns the time of the first visitor.
func timeOf(times []byte) int64 { return int64(binary.BigEndian.Uint32(times[8:])) }

// write writes the times of a row of a package, which is new unless found. It splits the row if it is long. The first
// row of a package begins with the least visitor.
func (f *firsts) write(pkg int32, row int64, found bool, times []byte) error {
	from := int64(math.MinInt64)
	for len(times) > 0 {
		n := len(times)
		if n > maxTimes*timeSize {
			n = maxTimes / 2 * timeSize
		}
		var err error
		if found {
			_, err = f.set.Exec(f.ctx, times[:n], row)
		} else {
			_, err = f.insert.Exec(f.ctx, pkg, from, times[:n])
		}
		if err != nil {
			return err
		}
		if times, found = times[n:], false; len(times) > 0 {
			from = visitorOf(times)
		}
	}
	return nil
}

// storeDay stores the accesses of a day.
func (f *firsts) storeDay(day int32, list []access) error {
	text := linesOf(list)
	if text == "" {
		_, err := f.tx.Exec(f.ctx, "DELETE FROM accesses WHERE day = ?", day)
		return err
	}
	_, err := f.store.Exec(f.ctx, day, text)
	return err
}

// linesOf returns accesses of a day as lines, sorted by time: see Reader.Accesses.
func linesOf(list []access) string {
	slices.SortFunc(list, func(a, b access) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.pkg, b.pkg), cmp.Compare(a.place, b.place))
	})
	var text []byte
	for i, a := range list {
		if i > 0 {
			text = append(text, '\n')
		}
		text = append(strconv.AppendInt(text, a.at%secondsPerDay, 10), ' ')
		text = append(strconv.AppendInt(text, int64(a.pkg), 10), ' ')
		text = strconv.AppendInt(text, int64(a.place), 10)
	}
	return string(text)
}
