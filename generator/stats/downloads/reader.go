package downloads

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"

	"github.com/Slicer/sitegen/generator/sqlite"
)

// Reader is the database, open for reading.
type Reader struct {
	Names
	file *sqlite.DB
}

// OpenReadOnly opens the database at path for reading. It creates no file: if there is no database, the error wraps
// fs.ErrNotExist. Another process may write at the same time: see sqlite.OpenReadOnly.
func OpenReadOnly(ctx context.Context, path string) (*Reader, error) {
	file, err := sqlite.OpenReadOnly(ctx, path, format())
	if err != nil {
		return nil, err
	}
	return &Reader{Names{file}, file}, nil
}

// Close closes the database.
func (r *Reader) Close() error { return r.file.Close() }

// failed adds the action that failed to an error, in the form "read the packages". It returns nil if err is nil.
func failed(action string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", action, err)
}

// Daily is a line of the exported table: downloads by day, series, country and class.
type Daily struct {
	Day int32
	Series
	Country   string // ISO 3166-1, "" if unknown
	Class     int
	Downloads int64
}

// allDaily selects all numbers by day: those counted from hits, and those imported.
const allDaily = `SELECT d.day, p.series, d.country, d.class, d.downloads
	FROM daily d JOIN packages p ON p.id = d.package WHERE p.known
	UNION ALL SELECT day, series, country, class, downloads FROM imported`

// Filter limits an export to downloads that match all fields. Zero values match everything.
type Filter struct {
	From, To                     int32 // days, both included; To 0 means no last day
	Version, OS, Arch, Stability string
	Country                      *string // "" matches downloads whose country is unknown
	Class                        *int
}

// where returns the filter as an SQL condition with its arguments.
func (f *Filter) where() (condition string, args []any) {
	terms, args := []string{"day >= ?"}, []any{f.From}
	add := func(term string, value any) {
		terms, args = append(terms, term+" ?"), append(args, value)
	}
	if f.To != 0 {
		add("day <=", f.To)
	}
	for _, c := range []struct{ column, value string }{
		{"s.version", f.Version}, {"s.os", f.OS}, {"s.arch", f.Arch}, {"s.stability", f.Stability},
	} {
		if c.value != "" {
			add(c.column+" =", c.value)
		}
	}
	if f.Country != nil {
		add("country =", *f.Country)
	}
	if f.Class != nil {
		add("class =", *f.Class)
	}
	return strings.Join(terms, " AND "), args
}

// Daily calls line for each line of the exported table, sorted by its columns. Without arch, the architectures are
// added up, and Arch is "".
func (r *Reader) Daily(ctx context.Context, f Filter, arch bool, line func(Daily) error) error {
	where, args := f.where()
	architecture := "''"
	if arch {
		architecture = "s.arch"
	}
	const columns = "day, s.version, s.os, architecture, s.stability, country, class"
	return sqlite.Each(ctx, r.file, func(row sqlite.Row) (d Daily, err error) {
		err = row.Scan(&d.Day, &d.Version, &d.OS, &d.Arch, &d.Stability, &d.Country, &d.Class, &d.Downloads)
		return d, err
	}, line, `SELECT day, s.version, s.os, `+architecture+` AS architecture, s.stability, country, class, sum(downloads)
		FROM (`+allDaily+`) JOIN series s ON s.id = series WHERE `+where+`
		GROUP BY `+columns+` ORDER BY `+columns, args...)
}

// Cell is a number of the daily table, added up by series. Cubes are made from cells.
type Cell struct {
	Day, Series int32
	Country     string
	Class       int
	Downloads   int64
}

// Cells returns the cells of the days from first to last, both included.
func (r *Reader) Cells(ctx context.Context, first, last int32) ([]Cell, error) {
	list, err := sqlite.Collect(ctx, r.file, func(row sqlite.Row) (c Cell, err error) {
		err = row.Scan(&c.Day, &c.Series, &c.Country, &c.Class, &c.Downloads)
		return c, err
	}, `SELECT day, series, country, class, downloads FROM imported WHERE day BETWEEN ? AND ?`, first, last)
	if err != nil {
		return nil, failed("read the downloads of a period", err)
	}
	s := cellSum{list: list, countries: map[string]string{}, positions: map[Cell]int{}}
	err = sqlite.Each(ctx, r.file, func(row sqlite.Row) (d joined, err error) {
		err = row.Scan(&d.day, &d.numbers, &d.countries)
		return d, err
	}, s.add, `SELECT day, group_concat((p.series << 32) + (class << 29) + downloads, ' '), group_concat(country, ' ')
		FROM daily CROSS JOIN packages p ON p.id = package WHERE p.known AND day BETWEEN ? AND ? GROUP BY day`,
		first, last)
	return s.list, failed("read the downloads of a period", err)
}

// joined holds all numbers of a day in one row, because SQLite joins numbers ten times faster than the driver reads
// rows. A number has the series in its upper 32 bits, then the class in three bits, and the downloads in 29: a day has
// fewer hits. For example, 7 downloads of series 2 from Germany with class 1 are the number 2<<32 + 1<<29 + 7 and the
// country DE.
type joined struct {
	day                int32
	numbers, countries sql.RawBytes // separated by blanks, in the same order
}

// cellSum adds the numbers of packages up by series.
type cellSum struct {
	list      []Cell
	countries map[string]string // each country once in memory
	positions map[Cell]int      // in the list, by cell without downloads, of one day
}

func (s *cellSum) add(d joined) error {
	clear(s.positions)
	for len(d.numbers) > 0 {
		var number, country []byte
		number, d.numbers, _ = bytes.Cut(d.numbers, []byte{' '})
		country, d.countries, _ = bytes.Cut(d.countries, []byte{' '})
		n, err := strconv.ParseInt(string(number), 10, 64)
		if err != nil {
			return err
		}
		code, ok := s.countries[string(country)]
		if !ok {
			code = string(country)
			s.countries[code] = code
		}
		c := Cell{Day: d.day, Series: int32(n >> 32), Country: code, Class: int(n >> 29 & 7)}
		i, ok := s.positions[c]
		if !ok {
			i = len(s.list)
			s.positions[c] = i
			s.list = append(s.list, c)
		}
		s.list[i].Downloads += n & (1<<29 - 1)
	}
	return nil
}

// Span returns the first and the last day that have downloads, and reports whether there are any.
func (r *Reader) Span(ctx context.Context) (first, last int32, ok bool, err error) {
	type span struct{ first, last sql.NullInt32 }
	// SQLite finds the minimum or the maximum of a key at one end of the table, but reads the whole table if a query
	// asks for both.
	s, _, err := sqlite.One(ctx, r.file, func(row sqlite.Row) (s span, err error) {
		err = row.Scan(&s.first, &s.last)
		return s, err
	}, `SELECT min(a), max(b) FROM (
		SELECT (SELECT min(day) FROM daily) AS a, (SELECT max(day) FROM daily) AS b
		UNION ALL SELECT (SELECT min(day) FROM imported), (SELECT max(day) FROM imported))`)
	return s.first.Int32, s.last.Int32, s.first.Valid, failed("read the daily table", err)
}

// ImportedDays returns the days that were not, or not only, counted from logs. It is true for those that were imported
// from the database of the previous job, and false for those whose numbers another program counted.
func (r *Reader) ImportedDays(ctx context.Context) (map[int32]bool, error) {
	days := map[int32]bool{}
	type imported struct {
		day      int32
		previous bool
	}
	err := sqlite.Each(ctx, r.file, func(row sqlite.Row) (d imported, err error) {
		err = row.Scan(&d.day, &d.previous)
		return d, err
	}, func(d imported) error {
		days[d.day] = d.previous
		return nil
	}, "SELECT DISTINCT day, 0 FROM imported UNION ALL SELECT day, 1 FROM previous_days")
	return days, failed("read the imported days", err)
}

// Total returns the number of downloads, including those by bots.
func (r *Reader) Total(ctx context.Context) (int64, error) {
	n, _, err := sqlite.One(ctx, r.file, sqlite.Value[int64],
		"SELECT coalesce(sum(downloads), 0) FROM ("+allDaily+")")
	return n, failed("read the daily table", err)
}

// TotalsByDay returns the downloads of all days, including those by bots.
func (r *Reader) TotalsByDay(ctx context.Context) (map[int32]int64, error) {
	type total struct {
		day       int32
		downloads int64
	}
	days := map[int32]int64{}
	err := sqlite.Each(ctx, r.file, func(row sqlite.Row) (t total, err error) {
		err = row.Scan(&t.day, &t.downloads)
		return t, err
	}, func(t total) error {
		days[t.day] = t.downloads
		return nil
	}, "SELECT day, sum(downloads) FROM ("+allDaily+") GROUP BY day")
	return days, failed("read the daily table", err)
}

// Accesses calls each for every day that has accesses of format 1.0, oldest first. An access is a line: the second of
// the day, the id of the package and the id of the place, for example "36000 42 3". The lines are sorted by time, and
// valid until each returns.
func (r *Reader) Accesses(ctx context.Context, each func(day int32, lines []byte) error) error {
	type accesses struct {
		day   int32
		lines sql.RawBytes
	}
	return sqlite.Each(ctx, r.file, func(row sqlite.Row) (a accesses, err error) {
		err = row.Scan(&a.day, &a.lines)
		return a, err
	}, func(a accesses) error { return each(a.day, a.lines) }, "SELECT day, lines FROM accesses ORDER BY day")
}

// Integrity reads the whole file and returns an error if it is damaged.
func (r *Reader) Integrity(ctx context.Context) error {
	return failed("check the downloads", r.file.Integrity(ctx))
}
