package store

import (
	"context"
	"database/sql"
	"errors"
)

// Series is what statistics tell packages apart by.
type Series struct {
	Version, OS, Arch, Stability string
}

// PackageInfo is what the statistics know of a package.
type PackageInfo struct {
	Bitstream string // the package's id: 24 hex digits, or digits for those of the retired server
	Series
	Built         string // date of the build, as the catalogue spells it
	LegacyVersion string // as format 1.0 has it
	Stable        bool   // as format 1.0 has it
}

// SetPackages keeps what the catalogue says of packages, those no longer published included; what it does not
// name stays as it is. Where the new word changes published numbers, the documents concerned are deleted. It
// reports whether anything changed.
func (d *Downloads) SetPackages(ctx context.Context, packages []PackageInfo) (changed bool, err error) {
	held, err := d.Packages(ctx)
	if err != nil {
		return false, err
	}
	known := make(map[string]PackageInfo, len(held))
	for _, p := range held {
		known[p.Bitstream] = p.PackageInfo
	}
	var news []PackageInfo
	for _, p := range packages {
		if old, ok := known[p.Bitstream]; !ok || old != p {
			news = append(news, p)
		}
	}
	if len(news) == 0 {
		return false, nil
	}
	err = inTransaction(ctx, d.db, func(tx *sql.Tx) error { return setPackages(ctx, tx, news) })
	if err != nil {
		return false, d.trouble("keep the packages", err)
	}
	return true, nil
}

func setPackages(ctx context.Context, tx *sql.Tx, packages []PackageInfo) error {
	for _, p := range packages {
		series, err := seriesID(ctx, tx, p.Series)
		if err != nil {
			return err
		}
		var isNew bool
		if err := tx.QueryRowContext(ctx, "SELECT NOT EXISTS (SELECT 1 FROM packages WHERE bitstream = ?)", p.Bitstream).Scan(&isNew); err != nil {
			return err
		}
		var id int32
		if err := tx.QueryRowContext(ctx, `INSERT INTO packages (bitstream, series, known, built, legacy_version, stable) VALUES (?, ?, 1, ?, ?, ?)
			ON CONFLICT DO UPDATE SET series = excluded.series, known = 1, built = excluded.built,
				legacy_version = excluded.legacy_version, stable = excluded.stable RETURNING id`,
			p.Bitstream, series, p.Built, p.LegacyVersion, p.Stable).Scan(&id); err != nil {
			return err
		}
		if isNew {
			continue // nothing was counted for it, so nothing published tells of it
		}
		if _, err := tx.ExecContext(ctx, `WITH days AS (SELECT DISTINCT day * 86400 AS at FROM daily WHERE package = ?)
			DELETE FROM documents WHERE period = '' OR period IN (SELECT strftime('%Y', at, 'unixepoch') FROM days)
				OR period IN (SELECT strftime('%Y-%m', at, 'unixepoch') FROM days)`, id); err != nil {
			return err
		}
	}
	return nil
}

// seriesID finds a series, or adds it.
func seriesID(ctx context.Context, tx *sql.Tx, s Series) (id int32, err error) {
	const find = "SELECT id FROM series WHERE version = ? AND os = ? AND arch = ? AND stability = ?"
	err = tx.QueryRowContext(ctx, find, s.Version, s.OS, s.Arch, s.Stability).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		err = tx.QueryRowContext(ctx, "INSERT INTO series (version, os, arch, stability) VALUES (?, ?, ?, ?) RETURNING id", s.Version, s.OS, s.Arch, s.Stability).Scan(&id)
	}
	return id, err
}

// StoredPackage is a package with the ids that rows refer to it by.
type StoredPackage struct {
	ID, SeriesID int32
	PackageInfo
}

// Packages lists the packages that a catalogue has named, by id.
func (d *Downloads) Packages(ctx context.Context) ([]StoredPackage, error) {
	rows, err := d.db.QueryContext(ctx, `SELECT p.id, s.id, p.bitstream, s.version, s.os, s.arch, s.stability, p.built, p.legacy_version, p.stable
		FROM packages p JOIN series s ON s.id = p.series WHERE p.known ORDER BY p.id`)
	if err != nil {
		return nil, d.trouble("read the packages", err)
	}
	defer rows.Close()
	var list []StoredPackage
	for rows.Next() {
		var p StoredPackage
		if err := rows.Scan(&p.ID, &p.SeriesID, &p.Bitstream, &p.Version, &p.OS, &p.Arch, &p.Stability, &p.Built, &p.LegacyVersion, &p.Stable); err != nil {
			return nil, d.trouble("read the packages", err)
		}
		list = append(list, p)
	}
	return list, rows.Err()
}

// SeriesByID gives the series that cells refer to.
func (d *Downloads) SeriesByID(ctx context.Context) (map[int32]Series, error) {
	rows, err := d.db.QueryContext(ctx, "SELECT id, version, os, arch, stability FROM series")
	if err != nil {
		return nil, d.trouble("read the series", err)
	}
	defer rows.Close()
	all := map[int32]Series{}
	for rows.Next() {
		var id int32
		var s Series
		if err := rows.Scan(&id, &s.Version, &s.OS, &s.Arch, &s.Stability); err != nil {
			return nil, d.trouble("read the series", err)
		}
		all[id] = s
	}
	return all, rows.Err()
}
