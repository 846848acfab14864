package stats

import (
	"cmp"
	"context"
	"regexp"
	"time"

	"github.com/Slicer/sitegen/generator/stats/downloads"
)

// Imported holds the results of an import.
type Imported struct {
	Packages int   `json:"packages"` // number of packages in the old database
	Accesses int64 `json:"accesses"` // number of accesses in the old database
	New      int64 `json:"new"`      // of these, accesses that were added or changed a row
	Closed   int64 `json:"closed"`   // of these, accesses on closed days
	Bad      int64 `json:"bad"`      // of these, accesses with an invalid time
	Days     int   `json:"days"`     // number of days recounted
}

// ImportOld imports the database of the previous statistics job. It stores the accesses as if it had read their log,
// with keyed hashes instead of addresses. So importing the database again, or reading a log of the same days, counts
// nothing twice. The old database has neither the method nor the status of a request: every access counts as a
// download.
func (e *Engine) ImportOld(ctx context.Context, path string) (*Imported, error) {
	old, err := downloads.OpenOld(ctx, path)
	if err != nil {
		return nil, err
	}
	defer old.Close()
	var report Imported
	if report.Packages, err = importPackages(ctx, e.db, old); err != nil {
		return nil, err
	}
	geo, err := OpenGeo()
	if err != nil {
		return nil, err
	}
	c, err := newCollector(ctx, e, geo, &Report{})
	if err != nil {
		return nil, err
	}
	w := &writer{db: e.db, rules: e.options.Rules, counted: map[int32]int64{}}
	c.send = func(b *batch) error { return w.write(ctx, b) }
	if err := old.Accesses(ctx, func(a *downloads.OldAccess) error { return c.oldAccess(a, &report) }); err != nil {
		return nil, err
	}
	if err := c.flush(); err != nil {
		return nil, err
	}
	report.New, report.Closed = w.changed, c.report.Closed
	days, err := e.db.Recount(ctx, e.options.LegacyFile != "")
	report.Days = len(days)
	return &report, err
}

// importPackages adds the packages of the old database that are not in the catalogue. It returns the number of packages
// in the old database.
func importPackages(ctx context.Context, db *downloads.DB, old *downloads.Old) (int, error) {
	known := map[string]bool{}
	packages, err := db.Packages(ctx)
	if err != nil {
		return 0, err
	}
	for _, p := range packages {
		known[p.Bitstream] = true
	}
	var all []downloads.Package
	n := 0
	err = old.Packages(ctx, func(p downloads.OldPackage) error {
		n++
		if !known[p.Bitstream] {
			all = append(all, oldPackage(p))
		}
		return nil
	})
	if err != nil {
		return n, err
	}
	_, err = db.SetPackages(ctx, all)
	return n, err
}

// fileVersionRE matches the file name of a package. Its group is the version, as in the previous job.
var fileVersionRE = regexp.MustCompile(`^\w*-([0-9.\w]*)(?:-|$)`)

// oldPackage converts a package of the old database. If it has no release, its version is that in its file name.
func oldPackage(p downloads.OldPackage) downloads.Package {
	version := ""
	if m := fileVersionRE.FindStringSubmatch(p.FileName); m != nil {
		version = m[1]
	}
	info := downloads.Package{
		Bitstream: p.Bitstream,
		Series: downloads.Series{Version: cmp.Or(p.Release, version), OS: p.OS, Arch: p.Arch,
			Stability: "nightly"},
		Built:         cmp.Or(p.CheckedOut, p.Created),
		LegacyVersion: legacyVersion(version),
		Stable:        p.Release != "",
	}
	if info.Stable {
		info.Stability = "release"
	}
	return info
}

// oldAccess adds the hit of a row of the old database.
func (c *collector) oldAccess(a *downloads.OldAccess, report *Imported) error {
	report.Accesses++
	at, err := time.Parse("2006-01-02T15:04:05Z07:00", a.Time)
	seconds := at.Unix()
	if err != nil || seconds < 0 {
		report.Bad++
		return nil //nolint:nilerr // an invalid row is reported by its number and does not end the import
	}
	day := int32(seconds / secondsPerDay)
	if c.closed.Has(day) {
		c.report.Closed++
		return nil
	}
	key, _ := addressKey(nil, []byte(a.Address))
	id, err := c.visitors.id(key, day)
	if err != nil {
		return err
	}
	place := Place{Country: a.Country}
	if !isCountryCode(place.Country) {
		place.Country = ""
	}
	if c.options.LegacyFile != "" && a.Latitude.Valid && a.Longitude.Valid {
		place.Location = location(a.Latitude.Float64, a.Longitude.Float64)
	}
	b := c.batch
	if c.options.Privacy == Full {
		b.addAddress(id, a.Address)
	}
	agent := a.Agent
	if agent == "-" {
		agent = ""
	}
	hit := downloads.Hit{Visitor: id, Day: day, Place: c.placeOf(place), First: int32(seconds % secondsPerDay),
		Counted: true}
	hit.Package, b.packages = intern(b.tables.packages, b.packages, []byte(a.Bitstream))
	hit.Agent, b.agents = intern(b.tables.agents, b.agents, []byte(agent))
	b.hits = append(b.hits, hit)
	if len(b.hits) >= batchHits {
		return c.flush()
	}
	return nil
}
