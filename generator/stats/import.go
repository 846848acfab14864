package stats

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/Slicer/sitegen/generator/accesslog"
	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/stats/downloads"
)

// Imported holds the results of an import.
type Imported struct {
	Packages int   `json:"packages"` // number of packages in the old database
	Accesses int64 `json:"accesses"` // number of accesses in the old database
	New      int64 `json:"new"`      // of these, accesses that were added or changed a row
	Closed   int64 `json:"closed"`   // of these, accesses on closed days
	Invalid  int64 `json:"invalid"`  // of these, invalid accesses, which do not count
	Bad      int64 `json:"bad"`      // number of invalid rows in all tables
	Days     int   `json:"days"`     // number of days recounted
}

// Losses returns an error with the kind fault.Losses if none of the accesses is valid.
func (r *Imported) Losses() error {
	if r.Accesses == 0 || r.Invalid < r.Accesses {
		return nil
	}
	return fault.Wrap(fault.Losses, fmt.Errorf("nothing was imported: none of the %s accesses is valid",
		thousands(r.Accesses)), "The warnings have the row, the column and the value of each.")
}

// BadRow is an invalid row of an old database.
type BadRow struct {
	Table  string
	Row    int64 // its rowid
	Column string
	Value  string // the invalid value
	Reason string
}

// String describes the row: access row 3, column ts: invalid time (found "0000-00-00").
func (b BadRow) String() string {
	return fmt.Sprintf("%s row %d, column %s: %s (found %.80q)", b.Table, b.Row, b.Column, b.Reason, b.Value)
}

// ImportOld imports the database of the previous statistics job. It stores the accesses as if it had read their log,
// with keyed hashes instead of addresses. So importing the database again, or reading a log of the same days, counts
// nothing twice. The old database has neither the method nor the status of a request: every access counts as a
// download. ImportOld calls bad for each invalid row and leaves the row out.
func (e *Engine) ImportOld(ctx context.Context, path string, bad func(BadRow)) (*Imported, error) {
	old, err := downloads.OpenOld(ctx, path)
	if err != nil {
		return nil, err
	}
	defer old.Close()
	var report Imported
	refuse := func(b BadRow) {
		report.Bad++
		bad(b)
	}
	if report.Packages, err = importPackages(ctx, e.db, old, refuse); err != nil {
		return nil, err
	}
	if err := old.BadPlaces(ctx, func(row int64, column, value string) error {
		refuse(BadRow{"ipinfo", row, column, value, "not a number; the place is unknown"})
		return nil
	}); err != nil {
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
	w := &writer{db: e.db, rules: e.options.Rules, counted: map[Class]int64{}}
	c.send = func(b *batch) error { return w.write(ctx, b) }
	marked := map[int32]bool{}
	if err := old.Accesses(ctx, func(a *downloads.OldAccess) error {
		report.Accesses++
		hit, bad := c.checkOld(a)
		if bad != nil {
			report.Invalid++
			refuse(*bad)
			return nil
		}
		return c.oldAccess(a, hit, marked)
	}); err != nil {
		return nil, err
	}
	if err := c.flush(); err != nil {
		return nil, err
	}
	if err := e.db.Admin.MarkPrevious(ctx, slices.Collect(maps.Keys(marked))); err != nil {
		return nil, err
	}
	recounted, err := e.db.Recount(ctx, e.options.LegacyFile != "")
	report.New, report.Closed, report.Days = recounted.Hits, c.report.Closed, len(recounted.Days)
	return &report, err
}

// importPackages adds the packages of the old database that are not in the catalogue. It returns the number of packages
// in the old database.
func importPackages(ctx context.Context, db *downloads.DB, old *downloads.Old, bad func(BadRow)) (int, error) {
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
		if !isOldID(p.Bitstream) {
			bad(BadRow{"bsinfo", p.Row, "bitstream_id", p.Bitstream, notAnID})
			return nil
		}
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

// oldHit holds the checked values of a row of the old database.
type oldHit struct {
	seconds int64 // Unix time
	address []byte
}

// notAnID is the reason why a bitstream id is invalid.
const notAnID = "must be 24 hex digits, or decimal digits"

// isOldID reports whether an id of the old database is that of a Girder file, or a number, as on the server before it.
func isOldID(id string) bool {
	return isGirderID([]byte(id)) || id != "" && len(id) < idLength && strings.Trim(id, "0123456789") == ""
}

// parseOldTime parses a time of the old database. Python writes a blank instead of the T if a program leaves the form
// to its module sqlite3. A time without a zone is UTC, as in logs.
func parseOldTime(text string) (at time.Time, err error) {
	for _, layout := range []string{"2006-01-02T15:04:05Z07:00", "2006-01-02 15:04:05Z07:00", "2006-01-02T15:04:05",
		"2006-01-02 15:04:05"} {
		if at, err = time.Parse(layout, text); err == nil {
			break
		}
	}
	return at, err
}

// checkOld checks a row of the old database in the same way as a line of a log.
func (c *collector) checkOld(a *downloads.OldAccess) (hit oldHit, bad *BadRow) {
	refuse := func(column, value, reason string) (oldHit, *BadRow) {
		return oldHit{}, &BadRow{"access", a.Row, column, value, reason}
	}
	if !isOldID(a.Bitstream) {
		return refuse("bitstream_id", a.Bitstream, notAnID)
	}
	at, err := parseOldTime(a.Time)
	if err != nil {
		return refuse("ts", a.Time, "invalid time")
	}
	hit.seconds = at.Unix()
	if err := c.checkTime(hit.seconds); err != nil {
		return refuse("ts", a.Time, err.Error())
	}
	if hit.address, err = accesslog.CleanAddress([]byte(a.Address), c.options.Formats.TrustedProxies); err != nil {
		return refuse("ip", a.Address, err.Error())
	}
	return hit, nil
}

// oldAccess adds the hit of a row of the old database, and its day to marked.
func (c *collector) oldAccess(a *downloads.OldAccess, checked oldHit, marked map[int32]bool) error {
	day := int32(checked.seconds / secondsPerDay)
	if c.closed.Has(day) {
		c.report.Closed++
		return nil
	}
	marked[day] = true
	key, _ := addressKey(nil, checked.address)
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
		b.addAddress(id, string(checked.address))
	}
	agent := accesslog.Entry{Agent: []byte(a.Agent)} // the previous job stored it as the log escapes it
	hit := downloads.Hit{Visitor: id, Day: day, Place: c.placeOf(place), First: int32(checked.seconds % secondsPerDay),
		Counted: true}
	hit.Package, b.packages = b.tables.intern(b.tables.packages, b.packages, []byte(a.Bitstream))
	hit.Agent, b.agents = b.tables.intern(b.tables.agents, b.agents, agent.AgentText(nil))
	b.hits = append(b.hits, hit)
	if b.full() {
		return c.flush()
	}
	return nil
}
