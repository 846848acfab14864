package downloads

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"slices"

	"github.com/Slicer/sitegen/generator/sqlite"
)

// Hit is what the requests of a visitor for a package with one user agent on one day have in common.
type Hit struct {
	Visitor int64 // keyed hash of the address
	Day     int32 // since 1970-01-01, UTC
	Package int32 // id, as Batch.Packages returns it
	Agent   int32 // id, as Batch.Agents returns it
	Place   int32 // id, as Batch.Places returns it
	First   int32 // time of the earliest request, in seconds since the beginning of the day
	Counted bool  // one of the requests is a download by the default rule
}

// compareKeys compares the keys of hits. It is called a million times for each batch, so unlike cmp.Or, it compares no
// more columns than it needs.
func compareKeys(a, b Hit) int {
	switch {
	case a.Day != b.Day:
		return cmp.Compare(a.Day, b.Day)
	case a.Package != b.Package:
		return cmp.Compare(a.Package, b.Package)
	case a.Visitor != b.Visitor:
		return cmp.Compare(a.Visitor, b.Visitor)
	}
	return cmp.Compare(a.Agent, b.Agent)
}

// packed holds hits of one day, sorted by key, without repetitions. Each hit has hitSize bytes. All numbers are
// big-endian, so that comparing the first keySize bytes of two hits compares their keys:
//
//	bytes  0 to 3   package
//	bytes  4 to 11  visitor, with its sign inverted: negative numbers come first
//	bytes 12 to 15  agent
//	bytes 16 to 19  place
//	bytes 20 to 23  2 * first + counted
//
// For example, the hit of package 42, visitor 7 and agent 3, from place 1, at 10:00, counted, is
//
//	0000002a 8000000000000007 00000003 00000001 00011941
type packed []byte

const (
	keySize = 16
	hitSize = 24
)

// sign inverts the sign of a visitor.
const sign = 1 << 63

// append appends a hit, whose key must be greater than those before.
func (p packed) append(h Hit) packed {
	p = binary.BigEndian.AppendUint32(p, uint32(h.Package))
	p = binary.BigEndian.AppendUint64(p, uint64(h.Visitor)^sign)
	p = binary.BigEndian.AppendUint32(p, uint32(h.Agent))
	p = binary.BigEndian.AppendUint32(p, uint32(h.Place))
	last := uint32(h.First) << 1
	if h.Counted {
		last |= 1
	}
	return binary.BigEndian.AppendUint32(p, last)
}

// first returns the first hit. Its Day is 0.
func (p packed) first() Hit {
	last := binary.BigEndian.Uint32(p[20:hitSize])
	return Hit{
		Package: int32(binary.BigEndian.Uint32(p)),
		Visitor: int64(binary.BigEndian.Uint64(p[4:]) ^ sign),
		Agent:   int32(binary.BigEndian.Uint32(p[12:])),
		Place:   int32(binary.BigEndian.Uint32(p[16:])),
		First:   int32(last >> 1),
		Counted: last&1 == 1,
	}
}

// pack sorts a list of hits and returns those of each day. Hits with the same key are combined.
func pack(list []Hit) (days []int32, hits []packed) {
	slices.SortFunc(list, compareKeys)
	for begin, end := 0, 0; begin < len(list); begin = end {
		day := list[begin].Day
		for end < len(list) && list[end].Day == day {
			end++
		}
		p := make(packed, 0, hitSize*(end-begin))
		for i, h := range list[begin:end] {
			if i > 0 && compareKeys(list[begin+i-1], h) == 0 {
				p[len(p)-hitSize:].combine(packed(nil).append(h))
			} else {
				p = p.append(h)
			}
		}
		days, hits = append(days, day), append(hits, p)
	}
	return days, hits
}

// combine merges the first hit of other, which has the same key, into the first hit of p. It gets the earlier time of
// both, is counted if either is, and has its unknown place (0) replaced by that of the other. For example, a visitor
// requests a package at 10:00 with HEAD, which is not counted, and at 11:00 with GET, which is. Combining these hits in
// either order results in the same hit:
//
//	first 36000, not counted   with   first 39600, counted       is   first 36000, counted
//	first 39600, counted       with   first 36000, not counted   is   first 36000, counted
//
// Combining with either hit again does not change the hit. So merging is commutative and idempotent.
func (p packed) combine(other packed) {
	a, b := binary.BigEndian.Uint32(p[20:]), binary.BigEndian.Uint32(other[20:])
	binary.BigEndian.PutUint32(p[20:], min(a>>1, b>>1)<<1|(a|b)&1)
	if binary.BigEndian.Uint32(p[16:]) == 0 {
		copy(p[16:20], other[16:20])
	}
}

// merge returns the hits of both. Hits with the same key are combined.
func merge(a, b packed) packed {
	all := make(packed, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		c := bytes.Compare(a[:keySize], b[:keySize])
		if c > 0 {
			all, b = append(all, b[:hitSize]...), b[hitSize:]
			continue
		}
		all = append(all, a[:hitSize]...)
		if c == 0 {
			all[len(all)-hitSize:].combine(b)
			b = b[hitSize:]
		}
		a = a[hitSize:]
	}
	return append(append(all, a...), b...)
}

// mergeAll merges any number of parts. It merges neighbours, so that a hit is copied only a few times.
func mergeAll(parts []packed) packed {
	for len(parts) > 1 {
		half := parts[:0]
		for i := 0; i < len(parts); i += 2 {
			p := parts[i]
			if i+1 < len(parts) {
				p = merge(p, parts[i+1])
			}
			half = append(half, p)
		}
		parts = half
	}
	if len(parts) == 0 {
		return nil
	}
	return parts[0]
}

// without returns the hits whose keys are not those of other.
func (p packed) without(other packed) packed {
	rest := make(packed, 0, len(p))
	for ; len(p) > 0; p = p[hitSize:] {
		for len(other) > 0 && bytes.Compare(other[:keySize], p[:keySize]) < 0 {
			other = other[hitSize:]
		}
		if len(other) == 0 || !bytes.Equal(other[:keySize], p[:keySize]) {
			rest = append(rest, p[:hitSize]...)
		}
	}
	return rest
}

// differences returns the number of hits that are not in before in the same form. All keys of before are in p.
func (p packed) differences(before packed) (n int64) {
	for ; len(p) > 0; p = p[hitSize:] {
		same := len(before) > 0 && bytes.Equal(p[:keySize], before[:keySize])
		if !same || !bytes.Equal(p[keySize:hitSize], before[keySize:hitSize]) {
			n++
		}
		if same {
			before = before[hitSize:]
		}
	}
	return n
}

// partsOf returns the parts of a day, in order.
func partsOf(ctx context.Context, q sqlite.Querier, day int32) ([]packed, error) {
	return sqlite.Collect(ctx, q, sqlite.Value[packed], "SELECT hits FROM parts WHERE day = ? ORDER BY part", day)
}

// hitsOf returns all hits of a day.
func hitsOf(ctx context.Context, q sqlite.Querier, day int32) (packed, error) {
	parts, err := partsOf(ctx, q, day)
	return mergeAll(parts), err
}

// eachDay calls each with the hits of each day that has hits, oldest first.
func eachDay(ctx context.Context, q sqlite.Querier, each func(day int32, hits packed) error) error {
	days, err := sqlite.Collect(ctx, q, sqlite.Value[int32], "SELECT DISTINCT day FROM parts ORDER BY day")
	if err != nil {
		return err
	}
	for _, day := range days {
		hits, err := hitsOf(ctx, q, day)
		if err != nil {
			return err
		}
		if err := each(day, hits); err != nil {
			return err
		}
	}
	return nil
}

// setHits replaces the hits of a day.
func setHits(ctx context.Context, tx *sqlite.Tx, day int32, hits packed) error {
	if _, err := tx.Exec(ctx, "DELETE FROM parts WHERE day = ?", day); err != nil || len(hits) == 0 {
		return err
	}
	_, err := tx.Exec(ctx, "INSERT INTO parts VALUES (?, 0, ?)", day, []byte(hits))
	return err
}

// mergeParts merges the parts of each day that has new ones, and marks the days whose hits have changed. It returns the
// number of hits that are new or have changed.
func mergeParts(ctx context.Context, tx *sqlite.Tx) (changed int64, err error) {
	days, err := sqlite.Collect(ctx, tx, sqlite.Value[int32],
		"SELECT DISTINCT day FROM parts WHERE part > 0 ORDER BY day")
	if err != nil {
		return 0, err
	}
	for _, day := range days {
		n, err := mergeDay(ctx, tx, day)
		if err != nil {
			return changed, err
		}
		changed += n
	}
	return changed, nil
}

// mergeDay merges the parts of a day.
func mergeDay(ctx context.Context, tx *sqlite.Tx, day int32) (changed int64, err error) {
	parts, err := partsOf(ctx, tx, day)
	if err != nil {
		return 0, err
	}
	_, counted, err := sqlite.One(ctx, tx, sqlite.Value[int], "SELECT 1 FROM parts WHERE day = ? AND part = 0", day)
	if err != nil {
		return 0, err
	}
	var before packed
	if counted {
		before = parts[0]
	}
	hits := mergeAll(parts)
	if changed = hits.differences(before); changed == 0 {
		_, err = tx.Exec(ctx, "DELETE FROM parts WHERE day = ? AND part > 0", day)
		return 0, err
	}
	if err := setHits(ctx, tx, day, hits); err != nil {
		return 0, err
	}
	_, err = tx.Exec(ctx, "INSERT OR IGNORE INTO changed VALUES (?)", day)
	return changed, err
}
