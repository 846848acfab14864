package downloads

import (
	"context"

	"github.com/Slicer/sitegen/generator/sqlite"
)

// Names reads the tables that give packages, series, places and agents their ids.
type Names struct {
	file *sqlite.DB
}

// Series is what statistics tell packages apart by.
type Series struct {
	Version, OS, Arch, Stability string
}

// Package is what the statistics know of a package.
type Package struct {
	Bitstream string // the package's id: 24 hex digits, or digits for those of the retired server
	Series
	Built         string // date of the build, as the catalogue spells it
	LegacyVersion string // as format 1.0 has it
	Stable        bool   // as format 1.0 has it
}

// StoredPackage is a package with the ids that rows refer to it by.
type StoredPackage struct {
	ID, SeriesID int32
	Package
}

// Packages returns the packages that a catalogue has named, by id.
func (n Names) Packages(ctx context.Context) ([]StoredPackage, error) {
	list, err := sqlite.Collect(ctx, n.file, func(row sqlite.Row) (p StoredPackage, err error) {
		err = row.Scan(&p.ID, &p.SeriesID, &p.Bitstream, &p.Version, &p.OS, &p.Arch, &p.Stability,
			&p.Built, &p.LegacyVersion, &p.Stable)
		return p, err
	}, `SELECT p.id, s.id, p.bitstream, s.version, s.os, s.arch, s.stability, p.built, p.legacy_version, p.stable
		FROM packages p JOIN series s ON s.id = p.series WHERE p.known ORDER BY p.id`)
	return list, failed("read the packages", err)
}

// Series returns the series that cells refer to, by id.
func (n Names) Series(ctx context.Context) (map[int32]Series, error) {
	type named struct {
		id int32
		Series
	}
	all := map[int32]Series{}
	err := sqlite.Each(ctx, n.file, func(row sqlite.Row) (s named, err error) {
		err = row.Scan(&s.id, &s.Version, &s.OS, &s.Arch, &s.Stability)
		return s, err
	}, func(s named) error {
		all[s.id] = s.Series
		return nil
	}, "SELECT id, version, os, arch, stability FROM series")
	return all, failed("read the series", err)
}

// Place is where hits came from.
type Place struct {
	Country, Location string // see schema.sql
}

// Places returns the places that accesses refer to, by id.
func (n Names) Places(ctx context.Context) (map[int32]Place, error) {
	type named struct {
		id int32
		Place
	}
	all := map[int32]Place{}
	err := sqlite.Each(ctx, n.file, func(row sqlite.Row) (p named, err error) {
		err = row.Scan(&p.id, &p.Country, &p.Location)
		return p, err
	}, func(p named) error {
		all[p.id] = p.Place
		return nil
	}, "SELECT id, country, location FROM places")
	return all, failed("read the places", err)
}

// Agent is a user agent and what it tells.
type Agent struct {
	ID                              int32
	Text                            string
	Class                           int
	Legacy, Browser, System, Device string
}

// Agents returns the user agents, by id.
func (n Names) Agents(ctx context.Context) ([]Agent, error) {
	list, err := sqlite.Collect(ctx, n.file, func(row sqlite.Row) (a Agent, err error) {
		err = row.Scan(&a.ID, &a.Text, &a.Class, &a.Legacy, &a.Browser, &a.System, &a.Device)
		return a, err
	}, "SELECT id, agent, class, legacy, browser, os, device FROM agents ORDER BY id")
	return list, failed("read the agents", err)
}

// SetPackages keeps what the catalogue says of packages, those no longer published included; packages that it does not
// name stay as they are. Documents with numbers of the packages that have changed are deleted. SetPackages reports
// whether anything changed.
func (d *DB) SetPackages(ctx context.Context, packages []Package) (changed bool, err error) {
	held, err := d.Packages(ctx)
	if err != nil {
		return false, err
	}
	known := make(map[string]Package, len(held))
	for _, p := range held {
		known[p.Bitstream] = p.Package
	}
	var news []Package
	for _, p := range packages {
		if old, ok := known[p.Bitstream]; !ok || old != p {
			news = append(news, p)
		}
	}
	if len(news) == 0 {
		return false, nil
	}
	err = d.file.Update(ctx, func(tx *sqlite.Tx) error {
		for _, p := range news {
			if err := setPackage(ctx, tx, p); err != nil {
				return err
			}
		}
		return nil
	})
	return err == nil, failed("keep the packages", err)
}

func setPackage(ctx context.Context, tx *sqlite.Tx, p Package) error {
	series, err := seriesID(ctx, tx, p.Series)
	if err != nil {
		return err
	}
	_, exists, err := sqlite.One(ctx, tx, sqlite.Value[int32], "SELECT id FROM packages WHERE bitstream = ?",
		p.Bitstream)
	if err != nil {
		return err
	}
	id, _, err := sqlite.One(ctx, tx, sqlite.Value[int32],
		`INSERT INTO packages (bitstream, series, known, built, legacy_version, stable) VALUES (?, ?, 1, ?, ?, ?)
		ON CONFLICT DO UPDATE SET series = excluded.series, known = 1, built = excluded.built,
			legacy_version = excluded.legacy_version, stable = excluded.stable RETURNING id`,
		p.Bitstream, series, p.Built, p.LegacyVersion, p.Stable)
	if err != nil || !exists {
		return err // nothing was counted for a new package, so no document has it
	}
	_, err = tx.Exec(ctx, `WITH days AS (SELECT DISTINCT day * 86400 AS at FROM daily WHERE package = ?)
		DELETE FROM documents WHERE period = '' OR period IN (SELECT strftime('%Y', at, 'unixepoch') FROM days)
			OR period IN (SELECT strftime('%Y-%m', at, 'unixepoch') FROM days)`, id)
	return err
}

// seriesID returns the id of a series, which is added if it is new.
func seriesID(ctx context.Context, tx *sqlite.Tx, s Series) (int32, error) {
	id, ok, err := sqlite.One(ctx, tx, sqlite.Value[int32],
		"SELECT id FROM series WHERE version = ? AND os = ? AND arch = ? AND stability = ?",
		s.Version, s.OS, s.Arch, s.Stability)
	if err == nil && !ok {
		id, _, err = sqlite.One(ctx, tx, sqlite.Value[int32],
			"INSERT INTO series (version, os, arch, stability) VALUES (?, ?, ?, ?) RETURNING id",
			s.Version, s.OS, s.Arch, s.Stability)
	}
	return id, err
}
