package stats

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strconv"
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
	Bad      int64 `json:"bad"`      // number of invalid rows; those of accesses do not count
	Days     int   `json:"days"`     // number of days recounted
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
	w := &writer{db: e.db, rules: e.options.Rules, counted: map[int32]int64{}}
	c.send = func(b *batch) error { return w.write(ctx, b) }
	marked := map[int32]bool{}
	if err := old.Accesses(ctx, func(a *downloads.OldAccess) error {
		report.Accesses++
		hit, bad := c.checkOld(a)
		if bad != nil {
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
	report.New, report.Closed = w.changed, c.report.Closed
	days, err := e.db.Recount(ctx, e.options.LegacyFile != "")
	report.Days = len(days)
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

// checkOld checks a row of the old database in the same way as a line of a log.
func (c *collector) checkOld(a *downloads.OldAccess) (hit oldHit, bad *BadRow) {
	refuse := func(column, value, reason string) (oldHit, *BadRow) {
		return oldHit{}, &BadRow{"access", a.Row, column, value, reason}
	}
	if !isOldID(a.Bitstream) {
		return refuse("bitstream_id", a.Bitstream, notAnID)
	}
	at, err := time.Parse("2006-01-02T15:04:05Z07:00", a.Time)
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
	c.scratch = agent.AgentText(c.scratch[:0])
	hit := downloads.Hit{Visitor: id, Day: day, Place: c.placeOf(place), First: int32(checked.seconds % secondsPerDay),
		Counted: true}
	hit.Package, b.packages = intern(b.tables.packages, b.packages, []byte(a.Bitstream))
	hit.Agent, b.agents = intern(b.tables.agents, b.agents, c.scratch)
	b.hits = append(b.hits, hit)
	if len(b.hits) >= batchHits {
		return c.flush()
	}
	return nil
}

// maxImported is the maximum number of lines in a table of daily numbers: ten years of a busy site.
const maxImported = 20_000_000

// ImportDaily imports numbers that another program counted: a table in the tsv format of Export, with or without the
// column arch. If a line is invalid, it imports nothing and returns an error that lists the invalid lines, up to
// maxErrors of them. It closes the days of the table: their lines in logs are no longer counted. Days that have been
// counted from logs are an error.
func (e *Engine) ImportDaily(ctx context.Context, name string, r io.Reader) (lines int, err error) {
	table, err := readDaily(name, r)
	if err != nil {
		return 0, fault.Wrap(fault.Usage, err, "")
	}
	if err := e.db.Admin.ImportDaily(ctx, table); err != nil {
		return 0, err
	}
	return len(table), nil
}

// maxErrors is the maximum number of invalid lines that an error lists.
const maxErrors = 20

// readDaily reads a table of daily numbers.
func readDaily(name string, r io.Reader) ([]downloads.Daily, error) {
	scanner := bufio.NewScanner(r)
	if !scanner.Scan() {
		return nil, fmt.Errorf("%s: empty; the first line must be the column names: day version os stability country "+
			"class downloads", name)
	}
	columns := strings.Split(scanner.Text(), "\t")
	withArch := len(columns) > 3 && columns[3] == "arch"
	want := "day\tversion\tos\tstability\tcountry\tclass\tdownloads"
	if withArch {
		want = "day\tversion\tos\tarch\tstability\tcountry\tclass\tdownloads"
	}
	if scanner.Text() != want {
		return nil, fmt.Errorf("%s:1:1: the columns must be day version os [arch] stability country class downloads, "+
			"separated by tabs (found %.100q)", name, scanner.Text())
	}
	var table []downloads.Daily
	var problems []string
	for n := 2; scanner.Scan(); n++ {
		d, err := dailyLine(scanner.Text(), withArch)
		if err != nil {
			problems = append(problems, fmt.Sprintf("%s:%d:1: %v", name, n, err))
		}
		if len(problems) >= maxErrors || len(table) >= maxImported {
			break
		}
		table = append(table, d)
	}
	if err := scanner.Err(); err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	if len(problems) > 0 {
		return nil, fmt.Errorf("%s", strings.Join(problems, "\n"))
	}
	return table, nil
}

// dailyLine parses a line of a table of daily numbers.
func dailyLine(text string, withArch bool) (downloads.Daily, error) {
	f := strings.Split(text, "\t")
	if !withArch && len(f) >= 3 {
		f = slices.Insert(f, 3, "")
	}
	if len(f) != 8 {
		return downloads.Daily{}, fmt.Errorf("must have as many columns as the first line (found %.100q)", text)
	}
	day, err := parseDay(f[0])
	if err != nil {
		return downloads.Daily{}, err
	}
	class, ok := ParseClass(f[6])
	if !ok {
		return downloads.Daily{}, fmt.Errorf("class must be one of bot, browser, mobile, tool, unknown (found %.40q)",
			f[6])
	}
	n, err := strconv.ParseInt(f[7], 10, 40)
	if err != nil || n < 1 {
		return downloads.Daily{}, fmt.Errorf("downloads must be a positive number (found %.40q)", f[7])
	}
	if f[5] != "" && f[5] != Other && !isCountryCode(f[5]) {
		return downloads.Daily{}, fmt.Errorf("country must be a code of two capital letters (found %.40q)", f[5])
	}
	for i, name := range []string{"version", "os", "arch", "stability"} {
		if len(f[i+1]) > 40 || strings.ContainsFunc(f[i+1], func(r rune) bool { return r < ' ' || r > '~' }) {
			return downloads.Daily{}, fmt.Errorf("%s must be at most 40 printable ASCII characters (found %.60q)",
				name, f[i+1])
		}
	}
	return downloads.Daily{Day: day, Series: downloads.Series{Version: f[1], OS: f[2], Arch: f[3], Stability: f[4]},
		Country: f[5], Class: int(class), Downloads: n}, nil
}
