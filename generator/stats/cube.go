package stats

import (
	"cmp"
	"encoding/json"
	"slices"
	"time"

	"github.com/Slicer/sitegen/generator/stats/downloads"
)

// Cube is the published table of a month or a year: how often what was downloaded, when, from where and by what.
// It is kept in columns, which pack better and load faster than rows: a row is the i-th number of each.
//
// Rows are in the order of their buckets; Rows says how many each bucket has. Within a bucket Series ascends
// and holds differences to the row before, the first of a bucket its number itself.
type Cube struct {
	Format    int         `json:"format"`    // 2
	Period    string      `json:"period"`    // YYYY-MM or YYYY
	Grain     string      `json:"grain"`     // of a bucket: day, or week: seven days from the first
	From      string      `json:"from"`      // first day of the period, YYYY-MM-DD: of bucket 0
	Packages  [][4]string `json:"packages"`  // version, os, arch, stability
	Countries []string    `json:"countries"` // codes; "" not known, "*" the others
	Classes   []string    `json:"classes"`
	Buckets   []int32     `json:"buckets"` // numbers of the buckets that have rows: days or weeks since From
	Rows      []int32     `json:"rows"`    // in each of these
	Package   []int32     `json:"package"` // position in Packages, as differences
	Country   []int32     `json:"country"` // position in Countries
	Class     []int32     `json:"class"`   // position in Classes
	Downloads []int64     `json:"downloads"`
}

// formatVersion is that of the published files.
const formatVersion = 2

// dailyYears is how many years are published by day: the one under way and ten before. Those before these are
// published by week. A million downloads in ten years are 1 MB by day, compressed.
const dailyYears = 11

// period is a month or a year.
type period struct {
	name        string // YYYY-MM or YYYY
	grain       string // of its cube: day or week
	first, last int32  // days
}

// bucketDays is how many days a bucket of the cube has.
func (p period) bucketDays() int32 {
	if p.grain == "week" {
		return 7
	}
	return 1
}

// file is the name of the cube's file.
func (p period) file() string { return "cube-" + p.name + ".json" }

// periods are those from the first day to the last: months in the year of the last day and in the one before,
// so that little is made anew each day; years before that.
func periods(first, last int32) []period {
	var list []period
	begin, end := dayTime(first), dayTime(last)
	for t := time.Date(begin.Year(), 1, 1, 0, 0, 0, 0, time.UTC); !t.After(end); {
		next, p := t.AddDate(0, 1, 0), period{name: t.Format("2006-01"), grain: "day"}
		if t.Year() < end.Year()-1 {
			next, p = t.AddDate(1, 0, 0), period{name: t.Format("2006"), grain: "day"}
		}
		if t.Year() <= end.Year()-dailyYears {
			p.grain = "week"
		}
		p.first, p.last = dayOf(t), dayOf(next)-1
		if t = next; p.last >= first {
			list = append(list, p)
		}
	}
	return list
}

// mergeCountries replaces, in place, the countries that have fewer than least downloads in a month by Other.
func mergeCountries(cells []downloads.Cell, least int) {
	if least <= 1 {
		return
	}
	type key struct {
		month   time.Month
		country string
	}
	monthOf := monthsOf(cells)
	sum := map[key]int64{}
	for _, c := range cells {
		sum[key{monthOf[c.Day], c.Country}] += c.Downloads
	}
	for i := range cells {
		c := &cells[i]
		if c.Country != "" && sum[key{monthOf[c.Day], c.Country}] < int64(least) {
			c.Country = Other
		}
	}
}

// monthsOf gives the months of the days of cells, which are of one year.
func monthsOf(cells []downloads.Cell) map[int32]time.Month {
	months := map[int32]time.Month{}
	for _, c := range cells {
		if months[c.Day] == 0 {
			months[c.Day] = dayTime(c.Day).Month()
		}
	}
	return months
}

// newCube makes the cube of a period's cells. It changes their order and their days.
func newCube(p period, cells []downloads.Cell, series map[int32]downloads.Series) *Cube {
	c := &Cube{Format: formatVersion, Period: p.name, Grain: p.grain, From: dayString(p.first),
		Packages: [][4]string{}, Countries: []string{}, Buckets: []int32{}, Rows: []int32{},
		Package: []int32{}, Country: []int32{}, Class: []int32{}, Downloads: []int64{}, Classes: classNames[:]}
	// Frequent countries get short numbers.
	byCountry := map[string]int64{}
	used := map[int32]bool{}
	for i := range cells {
		cells[i].Day = (cells[i].Day - p.first) / p.bucketDays()
		byCountry[cells[i].Country]++
		used[cells[i].Series] = true
	}
	country := map[string]int32{}
	for code := range byCountry {
		c.Countries = append(c.Countries, code)
	}
	slices.SortFunc(c.Countries, func(a, b string) int {
		return cmp.Or(cmp.Compare(byCountry[b], byCountry[a]), cmp.Compare(a, b))
	})
	for i, code := range c.Countries {
		country[code] = int32(i)
	}
	position := map[int32]int32{}
	for i, id := range sortedSeries(used, series) {
		s := series[id]
		position[id] = int32(i)
		c.Packages = append(c.Packages, [4]string{s.Version, s.OS, s.Arch, s.Stability})
	}
	slices.SortFunc(cells, func(a, b downloads.Cell) int {
		return cmp.Or(cmp.Compare(a.Day, b.Day), cmp.Compare(position[a.Series], position[b.Series]),
			cmp.Compare(country[a.Country], country[b.Country]), cmp.Compare(a.Class, b.Class))
	})
	for i := range cells {
		c.add(&cells[i], cells[max(0, i-1)], i == 0, position, country)
	}
	return c
}

// add appends a cell, of which the one before is known, or adds it to that when only the day within the bucket
// or the merged country told them apart.
func (c *Cube) add(cell *downloads.Cell, before downloads.Cell, first bool, position map[int32]int32,
	country map[string]int32) {
	n := len(c.Downloads) - 1
	if !first && before.Day == cell.Day {
		if before.Series == cell.Series && before.Country == cell.Country && before.Class == cell.Class {
			c.Downloads[n] += cell.Downloads
			return
		}
		c.Package = append(c.Package, position[cell.Series]-position[before.Series])
		c.Rows[len(c.Rows)-1]++
	} else {
		c.Buckets, c.Rows = append(c.Buckets, cell.Day), append(c.Rows, 1)
		c.Package = append(c.Package, position[cell.Series])
	}
	c.Country = append(c.Country, country[cell.Country])
	c.Class = append(c.Class, int32(cell.Class))
	c.Downloads = append(c.Downloads, cell.Downloads)
}

// sortedSeries orders series by what they are, so that the same numbers give the same bytes.
func sortedSeries(used map[int32]bool, series map[int32]downloads.Series) []int32 {
	var ids []int32
	for id := range used {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b int32) int {
		x, y := series[a], series[b]
		return cmp.Or(cmp.Compare(x.Version, y.Version), cmp.Compare(x.OS, y.OS), cmp.Compare(x.Arch, y.Arch),
			cmp.Compare(x.Stability, y.Stability))
	})
	return ids
}

// encode writes a published JSON file: one line, and keys in the order of the struct.
func encode(v any) ([]byte, error) {
	b, err := json.Marshal(v)
	return append(b, '\n'), err
}
