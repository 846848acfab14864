package downloads

import (
	"context"
	"slices"

	"github.com/Slicer/sitegen/generator/sqlite"
)

// Names reads the tables of packages, series, places and agents, to whose ids other tables refer.
type Names struct {
	file *sqlite.DB
}

// Series holds the properties of packages by which downloads are counted. All packages with the same properties, such
// as the nightly builds of one version for one system, are one series.
type Series struct {
	Version, OS, Arch, Stability string
}

// Package is a package, as the statistics need it.
type Package struct {
	Bitstream string // the package's id: 24 hex digits, or decimal digits for packages of the retired server
	Series
	Built         string // date of the build, as in the catalogue
	LegacyVersion string // as in format 1.0
	Stable        bool   // as in format 1.0
}

// StoredPackage is a package with its ids.
type StoredPackage struct {
	ID, SeriesID int32
	Package
}

// Packages returns the packages that are or were in the catalogue, sorted by id.
func (n Names) Packages(ctx context.Context) ([]StoredPackage, error) {
	list, err := sqlite.Collect(ctx, n.file, func(row sqlite.Row) (p StoredPackage, err error) {
		err = row.Scan(&p.ID, &p.SeriesID, &p.Bitstream, &p.Version, &p.OS, &p.Arch, &p.Stability,
			&p.Built, &p.LegacyVersion, &p.Stable)
		return p, err
	}, `SELECT p.id, s.id, p.bitstream, s.version, s.os, s.arch, s.stability, p.built, p.legacy_version, p.stable
		FROM packages p JOIN series s ON s.id = p.series WHERE p.known ORDER BY p.id`)
	return list, failed("read the packages", err)
}

// Series returns all series by id.
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

// Place is the origin of hits.
type Place struct {
	Country  string // ISO 3166-1, "" if unknown
	Location string // "latitude,longitude", "" if unknown or not stored
}

// Places returns all places by id.
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

// Agent is a user agent with its classification. Package stats explains the fields: see its Agent.
type Agent struct {
	ID                              int32
	Text                            string
	Class                           int
	Legacy, Browser, System, Device string
}

// Agents returns all user agents, sorted by id.
func (n Names) Agents(ctx context.Context) ([]Agent, error) {
	list, err := sqlite.Collect(ctx, n.file, func(row sqlite.Row) (a Agent, err error) {
		err = row.Scan(&a.ID, &a.Text, &a.Class, &a.Legacy, &a.Browser, &a.System, &a.Device)
		return a, err
	}, "SELECT id, agent, class, legacy, browser, os, device FROM agents ORDER BY id")
	return list, failed("read the agents", err)
}

// SetPackages adds and updates the packages of a catalogue, including withdrawn ones. Other packages do not change. If
// a package changes, SetPackages deletes the documents that contain its numbers. It reports whether any package was new
// or changed.
func (d *DB) SetPackages(ctx context.Context, packages []Package) (changed bool, err error) {
	list, err := d.Packages(ctx)
	if err != nil {
		return false, err
	}
	stored := make(map[string]Package, len(list))
	for _, p := range list {
		stored[p.Bitstream] = p.Package
	}
	var updates []Package
	for _, p := range packages {
		if old, ok := stored[p.Bitstream]; !ok || old != p {
			updates = append(updates, p)
		}
	}
	if len(updates) == 0 {
		return false, nil
	}
	err = d.file.Update(ctx, func(tx *sqlite.Tx) error { return setPackages(ctx, tx, updates) })
	return err == nil, failed("store the packages", err)
}

// setPackages adds and updates packages.
func setPackages(ctx context.Context, tx *sqlite.Tx, packages []Package) error {
	type stored struct {
		bitstream string
		id        int32
	}
	ids := map[string]int32{}
	if err := sqlite.Each(ctx, tx, func(row sqlite.Row) (s stored, err error) {
		err = row.Scan(&s.bitstream, &s.id)
		return s, err
	}, func(s stored) error {
		ids[s.bitstream] = s.id
		return nil
	}, "SELECT bitstream, id FROM packages"); err != nil {
		return err
	}
	series := map[Series]int32{}
	const columns = 6
	rows := make([]any, 0, columns*len(packages))
	for _, p := range packages {
		id, ok := series[p.Series]
		if !ok {
			var err error
			if id, err = seriesID(ctx, tx, p.Series); err != nil {
				return err
			}
			series[p.Series] = id
		}
		rows = append(rows, p.Bitstream, int64(id), int64(1), p.Built, p.LegacyVersion, p.Stable)
		// No document contains numbers of a new package.
		if id, ok := ids[p.Bitstream]; ok {
			if _, err := tx.Exec(ctx, `WITH days AS (SELECT DISTINCT day * 86400 AS at FROM daily WHERE package = ?)
				DELETE FROM documents WHERE period IN (SELECT strftime('%Y', at, 'unixepoch') FROM days)
					OR period IN (SELECT strftime('%Y-%m', at, 'unixepoch') FROM days)`, id); err != nil {
				return err
			}
		}
	}
	for rows := range slices.Chunk(rows, columns*rowsPerStatement) {
		if _, err := tx.Exec(ctx, `INSERT INTO packages (bitstream, series, known, built, legacy_version, stable)
			VALUES `+placeholders(columns, len(rows)/columns)+` ON CONFLICT DO UPDATE SET series = excluded.series,
				known = 1, built = excluded.built, legacy_version = excluded.legacy_version, stable = excluded.stable`,
			rows...); err != nil {
			return err
		}
	}
	// The summary contains numbers of all days, and the file of format 1.0 lists all packages.
	_, err := tx.Exec(ctx, "DELETE FROM documents WHERE period = ''")
	return err
}

// seriesID returns the id of a series, and adds the series if it is new.
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
