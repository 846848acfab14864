package stats

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/Slicer/sitegen/generator/stats/downloads"
)

// Cube is the published table of a month or a year: the number of downloads by day, package, country and class of
// client. It is stored by column, which compresses better and loads faster than by row: row i is the i-th number of
// Package, Country, Class and Downloads.
//
// Rows are sorted by bucket, which is a day or a week, and Rows holds the number of rows of each bucket. Within a
// bucket, rows are sorted by package. The numbers of packages are differences to the row before, except for the first
// row of a bucket. The head of layouts/assets/stats.js has an example.
type Cube struct {
	Format    int        `json:"format"`    // 2
	Period    string     `json:"period"`    // YYYY-MM or YYYY
	Grain     string     `json:"grain"`     // of a bucket: day, or week, which is seven days counted from From
	From      string     `json:"from"`      // first day of the period, and of bucket 0, YYYY-MM-DD
	Packages  [][]string `json:"packages"`  // values of each package: see properties
	Countries []string   `json:"countries"` // codes; "" unknown, "*" other countries
	Classes   []string   `json:"classes"`
	Buckets   []int32    `json:"buckets"` // the buckets that have rows, numbered in days or weeks since From
	Rows      []int32    `json:"rows"`    // number of rows in each of these buckets
	Package   []int32    `json:"package"` // positions in Packages, as differences
	Country   []int32    `json:"country"` // positions in Countries
	Class     []int32    `json:"class"`   // positions in Classes
	Downloads []int64    `json:"downloads"`
}

// formatVersion is the version of the format of the published files.
const formatVersion = 2

// dailyYears is the number of years that are published by day: the current year and the ten before. Earlier years are
// published by week. By day, a million downloads in ten years take 1 MB, compressed.
const dailyYears = 11

// period is a month or a year.
type period struct {
	name        string // YYYY-MM or YYYY
	grain       string // of its cube: day or week
	first, last int32  // days
}

// bucketDays returns the number of days in a bucket of the cube.
func (p period) bucketDays() int32 {
	if p.grain == "week" {
		return 7
	}
	return 1
}

// file returns the name of the cube's file.
func (p period) file() string { return "cube-" + p.name + ".json" }

// periods returns the periods from the first day to the last: months in the year of the last day and in the year
// before, so that a new day changes only a small file; years before that. For example, from 2023-11-20 to 2026-02-01
// they are 2023, 2024, 2025-01 to 2025-12, 2026-01 and 2026-02.
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

// mergeCountries replaces countries that have fewer than least downloads in a month by Other, in place.
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

// monthsOf returns the months of the days of cells, all in one year.
func monthsOf(cells []downloads.Cell) map[int32]time.Month {
	months := map[int32]time.Month{}
	for _, c := range cells {
		if months[c.Day] == 0 {
			months[c.Day] = dayTime(c.Day).Month()
		}
	}
	return months
}

// newCube returns the cube of a period's cells. It replaces their days by the numbers of buckets.
func newCube(p period, cells []downloads.Cell, series map[int32]downloads.Series) *Cube {
	c := &Cube{Format: formatVersion, Period: p.name, Grain: p.grain, From: dayString(p.first),
		Packages: [][]string{}, Countries: []string{}, Buckets: []int32{}, Rows: []int32{},
		Package: []int32{}, Country: []int32{}, Class: []int32{}, Downloads: []int64{}, Classes: classNames[:]}
	// Frequent countries get small numbers, which take fewer digits.
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
		position[id] = int32(i)
		c.Packages = append(c.Packages, valuesOf(series[id]))
	}
	rows := make([]cubeRow, len(cells))
	for i, cell := range cells {
		rows[i] = cubeRow{cell.Day, position[cell.Series], country[cell.Country], int32(cell.Class), cell.Downloads}
	}
	slices.SortFunc(rows, compareRows)
	for i, r := range rows {
		c.add(r, rows[max(0, i-1)], i == 0)
	}
	return c
}

// cubeRow is a cell with the numbers of its bucket, its series and its country.
type cubeRow struct {
	bucket, series, country, class int32
	downloads                      int64
}

// compareRows compares rows without their downloads.
func compareRows(a, b cubeRow) int {
	switch {
	case a.bucket != b.bucket:
		return cmp.Compare(a.bucket, b.bucket)
	case a.series != b.series:
		return cmp.Compare(a.series, b.series)
	case a.country != b.country:
		return cmp.Compare(a.country, b.country)
	}
	return cmp.Compare(a.class, b.class)
}

// add appends a row. If the row before has the same bucket, series, country and class, add adds the downloads to it
// instead: the cells are of different days of a week, or of countries that have been merged.
func (c *Cube) add(row, before cubeRow, first bool) {
	n := len(c.Downloads) - 1
	if !first && compareRows(before, row) == 0 {
		c.Downloads[n] += row.downloads
		return
	}
	if !first && before.bucket == row.bucket {
		c.Package = append(c.Package, row.series-before.series)
		c.Rows[len(c.Rows)-1]++
	} else {
		c.Buckets, c.Rows = append(c.Buckets, row.bucket), append(c.Rows, 1)
		c.Package = append(c.Package, row.series)
	}
	c.Country, c.Class = append(c.Country, row.country), append(c.Class, row.class)
	c.Downloads = append(c.Downloads, row.downloads)
}

// sortedSeries returns the ids of the used series, sorted by their values, so that the same numbers result in the same
// bytes, whatever the ids are.
func sortedSeries(used map[int32]bool, series map[int32]downloads.Series) []int32 {
	values := make(map[int32][]string, len(used))
	for id := range used {
		values[id] = valuesOf(series[id])
	}
	return slices.SortedFunc(maps.Keys(used), func(a, b int32) int { return slices.Compare(values[a], values[b]) })
}

// encode returns a published JSON file: one line, with the keys in the order of the struct.
func encode(v any) ([]byte, error) {
	b, err := json.Marshal(v)
	return append(b, '\n'), err
}
