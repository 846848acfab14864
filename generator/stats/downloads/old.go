package downloads

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/Slicer/sitegen/generator/sqlite"
)

// Old is the database of the previous statistics job, open for reading. Its tables are access, ipinfo, uainfo and
// bsinfo.
type Old struct {
	file *sqlite.DB
}

// OpenOld opens the database at path for reading, and checks that it has these tables.
func OpenOld(ctx context.Context, path string) (*Old, error) {
	format := sqlite.Format{Name: "the old database", WrittenBy: "the program that writes it"}
	file, err := sqlite.OpenReadOnly(ctx, path, format)
	if err != nil {
		return nil, err
	}
	n, _, err := sqlite.One(ctx, file, sqlite.Value[int],
		"SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name IN ('access', 'ipinfo', 'uainfo', 'bsinfo')")
	if err == nil && n != 4 {
		err = fmt.Errorf("%s: must have the tables access, ipinfo, uainfo and bsinfo (found %d of the tables)", path, n)
	}
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("open the old database: %w", err)
	}
	return &Old{file}, nil
}

// Close closes the database.
func (o *Old) Close() error { return o.file.Close() }

// OldPackage is a row of bsinfo.
type OldPackage struct {
	Row                                                         int64 // rowid
	Bitstream, FileName, OS, Arch, Release, Created, CheckedOut string
}

// Packages calls each for every row of bsinfo.
func (o *Old) Packages(ctx context.Context, each func(OldPackage) error) error {
	return sqlite.Each(ctx, o.file, func(row sqlite.Row) (p OldPackage, err error) {
		err = row.Scan(&p.Row, &p.Bitstream, &p.FileName, &p.OS, &p.Arch, &p.Release, &p.Created, &p.CheckedOut)
		return p, err
	}, each, `SELECT rowid, coalesce(CAST(bitstream_id AS TEXT), ''), coalesce(filename, ''), coalesce(os, ''),
		coalesce(arch, ''), coalesce(release, ''), coalesce(creation_date, ''), coalesce(checkout_date, '')
		FROM bsinfo ORDER BY bitstream_id`)
}

// OldAccess is a row of access, with the location of its address from ipinfo. The old database has neither the method
// nor the status of a request.
type OldAccess struct {
	Row                 int64 // rowid
	Bitstream, Address  string
	Time                string // UTC, in Python's isoformat: 2020-06-01T10:11:12+00:00
	Agent               string // escaped as in the log
	Country             string
	Latitude, Longitude sql.NullFloat64 // degrees
}

// Accesses calls each for every row of access. The row is valid until each returns.
func (o *Old) Accesses(ctx context.Context, each func(*OldAccess) error) error {
	a := new(OldAccess)
	return sqlite.Each(ctx, o.file, func(row sqlite.Row) (*OldAccess, error) {
		return a, row.Scan(&a.Row, &a.Bitstream, &a.Address, &a.Time, &a.Agent, &a.Country, &a.Latitude, &a.Longitude)
	}, each, `SELECT a.rowid, coalesce(CAST(a.bitstream_id AS TEXT), ''), coalesce(a.ip, ''), coalesce(a.ts, ''),
		coalesce(a.useragent, ''), coalesce(i.country_code, ''),
		CASE WHEN typeof(i.latitude) IN ('real', 'integer') THEN i.latitude END,
		CASE WHEN typeof(i.longitude) IN ('real', 'integer') THEN i.longitude END
		FROM access a LEFT JOIN ipinfo i ON i.ip = a.ip ORDER BY a.rowid`)
}

// BadPlaces calls each for every coordinate in ipinfo that is neither a number nor missing. Accesses leaves it out.
func (o *Old) BadPlaces(ctx context.Context, each func(row int64, column, value string) error) error {
	type place struct {
		row           int64
		column, value string
	}
	return sqlite.Each(ctx, o.file, func(row sqlite.Row) (p place, err error) {
		err = row.Scan(&p.row, &p.column, &p.value)
		return p, err
	}, func(p place) error { return each(p.row, p.column, p.value) }, `
		SELECT rowid, 'latitude', CAST(latitude AS TEXT) FROM ipinfo WHERE typeof(latitude) IN ('text', 'blob')
		UNION ALL
		SELECT rowid, 'longitude', CAST(longitude AS TEXT) FROM ipinfo WHERE typeof(longitude) IN ('text', 'blob')`)
}
