package store

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
)

// OldDownloads is the database of the job that made the statistics before. Its tables are access, ipinfo,
// uainfo and bsinfo; it is read and not changed.
type OldDownloads struct {
	db *sql.DB
}

// OpenOldDownloads opens such a database, and checks that it is one.
func OpenOldDownloads(ctx context.Context, path string) (*OldDownloads, error) {
	db, err := sql.Open("sqlite3", "file:"+(&url.URL{Path: path}).EscapedPath()+"?mode=ro&_query_only=true")
	if err != nil {
		return nil, fmt.Errorf("open the old database: %w", err)
	}
	o := &OldDownloads{db: db}
	var n int
	err = db.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name IN ('access', 'ipinfo', 'uainfo', 'bsinfo')").Scan(&n)
	if err == nil && n != 4 {
		err = fmt.Errorf("it has %d of the tables access, ipinfo, uainfo and bsinfo; all four are needed", n)
	}
	if err != nil {
		db.Close()
		return nil, fmt.Errorf("open the old database %s: %w", path, err)
	}
	return o, nil
}

// Close closes the database.
func (o *OldDownloads) Close() error { return o.db.Close() }

// OldPackage is a row of bsinfo.
type OldPackage struct {
	Bitstream, FileName, OS, Arch, Release, Created, CheckedOut string
}

// Packages gives the rows of bsinfo to a function.
func (o *OldDownloads) Packages(ctx context.Context, each func(OldPackage) error) error {
	rows, err := o.db.QueryContext(ctx, `SELECT CAST(bitstream_id AS TEXT), coalesce(filename, ''), coalesce(os, ''), coalesce(arch, ''),
		coalesce(release, ''), coalesce(creation_date, ''), coalesce(checkout_date, '') FROM bsinfo ORDER BY bitstream_id`)
	if err != nil {
		return fmt.Errorf("read bsinfo: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var p OldPackage
		if err := rows.Scan(&p.Bitstream, &p.FileName, &p.OS, &p.Arch, &p.Release, &p.Created, &p.CheckedOut); err != nil {
			return fmt.Errorf("read bsinfo: %w", err)
		}
		if err := each(p); err != nil {
			return err
		}
	}
	return rows.Err()
}

// OldAccess is a row of access with what ipinfo says of its address. Of what a request's method and status
// were the old database knows nothing.
type OldAccess struct {
	Bitstream, Address, Time, Agent string // Time as Python's isoformat spells it, UTC
	Country                         string
	Latitude, Longitude             sql.NullFloat64 // degrees
}

// Accesses gives the rows of access to a function. It is good until the function returns.
func (o *OldDownloads) Accesses(ctx context.Context, each func(*OldAccess) error) error {
	rows, err := o.db.QueryContext(ctx, `SELECT CAST(a.bitstream_id AS TEXT), coalesce(a.ip, ''), coalesce(a.ts, ''), coalesce(a.useragent, ''),
		coalesce(i.country_code, ''), i.latitude, i.longitude FROM access a LEFT JOIN ipinfo i ON i.ip = a.ip ORDER BY a.rowid`)
	if err != nil {
		return fmt.Errorf("read access: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var a OldAccess
		if err := rows.Scan(&a.Bitstream, &a.Address, &a.Time, &a.Agent, &a.Country, &a.Latitude, &a.Longitude); err != nil {
			return fmt.Errorf("read access: %w", err)
		}
		if err := each(&a); err != nil {
			return err
		}
	}
	return rows.Err()
}
