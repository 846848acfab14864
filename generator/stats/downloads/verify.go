package downloads

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/Slicer/sitegen/generator/sqlite"
)

// Difference is a number in the daily table that differs from the number of hits.
type Difference struct {
	Day             int32
	Bitstream       string // "" if the accesses of format 1.0 on the day differ
	Country         string
	Class           int
	Daily, FromHits int // downloads in the daily table, and recounted from the hits
}

// Verify recounts all days that have hits, and the accesses of format 1.0, and compares the results with the stored
// numbers. It returns the differences and the number of days that it has compared. It writes nothing.
func (r *Reader) Verify(ctx context.Context) (differences []Difference, days int, err error) {
	err = r.file.View(ctx, func(tx *sqlite.Tx) error {
		list, err := sqlite.Collect(ctx, tx, sqlite.Value[int32], `SELECT DISTINCT day
			FROM (SELECT day FROM parts UNION SELECT day FROM daily) WHERE day NOT IN (SELECT day FROM sealed)
			ORDER BY day`)
		if err != nil {
			return err
		}
		c, err := newCounter(ctx, tx)
		if err != nil {
			return err
		}
		days = len(list)
		for _, day := range list {
			found, err := c.compareDay(ctx, tx, day)
			if err != nil {
				return err
			}
			differences = append(differences, found...)
		}
		on, err := setting(ctx, tx, accessesOn)
		if err != nil || on != "on" {
			return err
		}
		found, err := c.compareAccesses(ctx, tx)
		for _, day := range found {
			differences = append(differences, Difference{Day: day})
		}
		return err
	})
	return differences, days, failed("verify the downloads", err)
}

// compareDay returns the numbers of a day in the daily table that differ from those counted from its hits.
func (c *counter) compareDay(ctx context.Context, tx *sqlite.Tx, day int32) (differences []Difference, err error) {
	hits, err := hitsOf(ctx, tx, day)
	if err != nil {
		return nil, err
	}
	fresh, kept := map[dailyKey]int{}, map[dailyKey]int{}
	for _, r := range c.count(hits) {
		fresh[r.dailyKey] = r.downloads
	}
	var k dailyKey
	if err := sqlite.Each(ctx, tx, func(row sqlite.Row) (n int, err error) {
		err = row.Scan(&k.pkg, &k.country, &k.class, &n)
		return n, err
	}, func(n int) error {
		kept[k] = n
		return nil
	}, "SELECT package, country, class, downloads FROM daily WHERE day = ?", day); err != nil {
		return nil, err
	}
	all := maps.Clone(fresh)
	maps.Copy(all, kept)
	for k := range all {
		if fresh[k] == kept[k] {
			continue
		}
		bitstream, ok, err := sqlite.One(ctx, tx, sqlite.Value[string], "SELECT bitstream FROM packages WHERE id = ?",
			k.pkg)
		if err != nil {
			return nil, err
		}
		if ok {
			differences = append(differences, Difference{day, bitstream, k.country, k.class, kept[k], fresh[k]})
		}
	}
	slices.SortFunc(differences, func(a, b Difference) int {
		return cmp.Or(strings.Compare(a.Bitstream, b.Bitstream), strings.Compare(a.Country, b.Country),
			cmp.Compare(a.Class, b.Class))
	})
	return differences, nil
}

// compareAccesses returns the days whose stored accesses differ from those computed from all hits. To be an independent
// check, it does not use the table firsts, but finds the earliest access of each visitor and package among all hits.
func (c *counter) compareAccesses(ctx context.Context, tx *sqlite.Tx) (differences []int32, err error) {
	fresh, err := c.allAccesses(ctx, tx)
	if err != nil {
		return nil, err
	}
	lines := map[int32]string{}
	for day, list := range fresh {
		lines[day] = linesOf(list)
	}
	var day int32
	if err := sqlite.Each(ctx, tx, func(row sqlite.Row) (text string, err error) {
		err = row.Scan(&day, &text)
		return text, err
	}, func(text string) error {
		if want, ok := lines[day]; !ok || want != text {
			differences = append(differences, day)
		}
		delete(lines, day)
		return nil
	}, "SELECT day, lines FROM accesses"); err != nil {
		return nil, err
	}
	differences = slices.AppendSeq(differences, maps.Keys(lines)) // the days whose accesses are missing
	slices.Sort(differences)
	return differences, nil
}

// visitorsPerPass limits the memory of allAccesses.
const visitorsPerPass = 1 << 20

// allAccesses returns the accesses of all days. It reads the hits several times, each time those of other visitors, so
// that it needs to remember only some visitors at a time.
func (c *counter) allAccesses(ctx context.Context, q sqlite.Querier) (map[int32][]access, error) {
	hits, _, err := sqlite.One(ctx, q, sqlite.Value[uint64],
		fmt.Sprintf("SELECT coalesce(sum(length(hits)), 0) / %d FROM parts", hitSize))
	if err != nil {
		return nil, err
	}
	type visit struct {
		visitor int64
		pkg     int32
	}
	days := map[int32][]access{}
	passes := 1 + hits/visitorsPerPass
	for pass := range passes {
		earliest := map[visit]access{}
		if err := eachDay(ctx, q, func(day int32, hits packed) error {
			for _, a := range c.accesses(nil, day, hits) {
				if uint64(a.visitor)%passes != pass {
					continue
				}
				key := visit{a.visitor, a.pkg}
				if before, ok := earliest[key]; !ok || byTime(a, before) < 0 {
					earliest[key] = a
				}
			}
			return nil
		}); err != nil {
			return nil, err
		}
		for _, a := range earliest {
			day := int32(a.at / secondsPerDay)
			days[day] = append(days[day], a)
		}
	}
	return days, nil
}
