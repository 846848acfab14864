package store

import (
	"context"
	"database/sql"
	"errors"
	"strings"
)

// Daily is a line of the daily table as it is exported: a day, what was downloaded, from where, by what.
type Daily struct {
	Day       int32
	Series           // of the packages
	Country   string // ISO 3166-1, "" when not known
	Class     int
	Downloads int64
}

// allDaily is every number of the daily table and of those imported.
const allDaily = `SELECT d.day, p.series, d.country, d.class, d.downloads FROM daily d JOIN packages p ON p.id = d.package WHERE p.known
	UNION ALL SELECT day, series, country, class, downloads FROM imported`

// DailyFilter limits an export. Zero values let everything through.
type DailyFilter struct {
	From, To                     int32 // days, both included; To 0 is without end
	Version, OS, Arch, Stability string
	Country                      *string // nil for all; "" are those not known
	Class                        *int
}

// Daily gives the daily table to a function, line by line, in the order of its columns. With arch
// architectures are told apart; without, they are added up.
func (d *Downloads) Daily(ctx context.Context, f DailyFilter, arch bool, line func(Daily) error) error {
	where, args := []string{"day >= ?"}, []any{f.From}
	add := func(column string, value any) {
		where = append(where, column+" = ?")
		args = append(args, value)
	}
	if f.To != 0 {
		where, args = append(where, "day <= ?"), append(args, f.To)
	}
	for _, c := range []struct{ column, value string }{{"s.version", f.Version}, {"s.os", f.OS}, {"s.arch", f.Arch}, {"s.stability", f.Stability}} {
		if c.value != "" {
			add(c.column, c.value)
		}
	}
	if f.Country != nil {
		add("country", *f.Country)
	}
	if f.Class != nil {
		add("class", *f.Class)
	}
	architecture := "''"
	if arch {
		architecture = "s.arch"
	}
	rows, err := d.db.QueryContext(ctx, `SELECT day, s.version, s.os, `+architecture+` AS architecture, s.stability, country, class, sum(downloads)
		FROM (`+allDaily+`) JOIN series s ON s.id = series WHERE `+strings.Join(where, " AND ")+`
		GROUP BY day, s.version, s.os, architecture, s.stability, country, class
		ORDER BY day, s.version, s.os, architecture, s.stability, country, class`, args...)
	if err != nil {
		return d.trouble("read the daily table", err)
	}
	defer rows.Close()
	for rows.Next() {
		var v Daily
		if err := rows.Scan(&v.Day, &v.Version, &v.OS, &v.Arch, &v.Stability, &v.Country, &v.Class, &v.Downloads); err != nil {
			return d.trouble("read the daily table", err)
		}
		if err := line(v); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return d.trouble("read the daily table", err)
	}
	return nil
}

// Cell is a number of a period's table.
type Cell struct {
	Day, Series int32
	Country     string
	Class       int
	Downloads   int64
}

// Cells lists the numbers of the days from the first to the last, both included.
func (d *Downloads) Cells(ctx context.Context, first, last int32) ([]Cell, error) {
	rows, err := d.db.QueryContext(ctx, `SELECT d.day, p.series, d.country, d.class, sum(d.downloads)
		FROM daily d JOIN packages p ON p.id = d.package WHERE p.known AND d.day BETWEEN ?1 AND ?2 GROUP BY 1, 2, 3, 4
		UNION ALL SELECT day, series, country, class, downloads FROM imported WHERE day BETWEEN ?1 AND ?2`, first, last)
	if err != nil {
		return nil, d.trouble("read the downloads of a period", err)
	}
	defer rows.Close()
	var list []Cell
	for rows.Next() {
		var c Cell
		if err := rows.Scan(&c.Day, &c.Series, &c.Country, &c.Class, &c.Downloads); err != nil {
			return nil, d.trouble("read the downloads of a period", err)
		}
		list = append(list, c)
	}
	return list, rows.Err()
}

// Span gives the first and the last day that have downloads; ok is false when there are none.
func (d *Downloads) Span(ctx context.Context) (first, last int32, ok bool, err error) {
	var from, to sql.NullInt32
	// Each minimum and maximum on its own is a look at one end of the table; together they would read it all.
	err = d.db.QueryRowContext(ctx, `SELECT min(a), max(b) FROM (
		SELECT (SELECT min(day) FROM daily) AS a, (SELECT max(day) FROM daily) AS b
		UNION ALL SELECT (SELECT min(day) FROM imported), (SELECT max(day) FROM imported))`).Scan(&from, &to)
	if err != nil {
		return 0, 0, false, d.trouble("read the daily table", err)
	}
	return from.Int32, to.Int32, from.Valid, nil
}

// Total is the number of downloads.
func (d *Downloads) Total(ctx context.Context) (n int64, err error) {
	err = d.db.QueryRowContext(ctx, "SELECT coalesce(sum(downloads), 0) FROM ("+allDaily+")").Scan(&n)
	if err != nil {
		return 0, d.trouble("read the daily table", err)
	}
	return n, nil
}

// Document gives a published file of a period ('YYYY-MM', 'YYYY', or "" for all time), nil when it must be made
// anew.
func (d *Downloads) Document(ctx context.Context, period, name string) ([]byte, error) {
	var data []byte
	err := d.db.QueryRowContext(ctx, "SELECT data FROM documents WHERE period = ? AND name = ?", period, name).Scan(&data)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, d.trouble("read a document", err)
	}
	return data, nil
}

// SetDocument keeps a published file of a period.
func (d *Downloads) SetDocument(ctx context.Context, period, name string, data []byte) error {
	if _, err := d.db.ExecContext(ctx, "INSERT OR REPLACE INTO documents VALUES (?, ?, ?)", period, name, data); err != nil {
		return d.trouble("keep a document", err)
	}
	return nil
}

// DropDocuments deletes all published files: what they are made by has changed.
func (d *Downloads) DropDocuments(ctx context.Context) error {
	if _, err := d.db.ExecContext(ctx, "DELETE FROM documents"); err != nil {
		return d.trouble("delete the documents", err)
	}
	return nil
}

// Place is where hits came from.
type Place struct {
	Country, Location string // see the schema
}

// Places gives the places that accesses refer to.
func (d *Downloads) Places(ctx context.Context) (map[int32]Place, error) {
	rows, err := d.db.QueryContext(ctx, "SELECT id, country, location FROM places")
	if err != nil {
		return nil, d.trouble("read the places", err)
	}
	defer rows.Close()
	all := map[int32]Place{}
	for rows.Next() {
		var id int32
		var p Place
		if err := rows.Scan(&id, &p.Country, &p.Location); err != nil {
			return nil, d.trouble("read the places", err)
		}
		all[id] = p
	}
	return all, rows.Err()
}

// Accesses gives the accesses of format 1.0 to a function, a day at a time, oldest first: lines of "second of
// the day, package, place", in order of time.
func (d *Downloads) Accesses(ctx context.Context, each func(day int32, lines []byte) error) error {
	rows, err := d.db.QueryContext(ctx, "SELECT day, lines FROM accesses ORDER BY day")
	if err != nil {
		return d.trouble("read the accesses", err)
	}
	defer rows.Close()
	for rows.Next() {
		var day int32
		var lines sql.RawBytes
		if err := rows.Scan(&day, &lines); err != nil {
			return d.trouble("read the accesses", err)
		}
		if err := each(day, lines); err != nil {
			return err
		}
	}
	return rows.Err()
}
