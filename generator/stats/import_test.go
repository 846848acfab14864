package stats

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/accesslog"
	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/stats/downloads"
)

// oldDatabase writes the database that the previous job would have written for the lines first to last-1 of the test
// log: its tables, with all requests whose path has a bitstream id.
func oldDatabase(t *testing.T, first, last int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "old.sqlite")
	db, err := sql.Open("sqlite3", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	exec := func(query string, args ...any) {
		t.Helper()
		if _, err := db.Exec(query, args...); err != nil {
			t.Fatal(err)
		}
	}
	exec(`create table access (bitstream_id, ip, ts, useragent);
		create unique index access_unique_idx on access(bitstream_id, ip, ts);
		create table ipinfo (ip primary key, country_code, country_code3, country_name, region_name, city,
			latitude, longitude);
		create table uainfo (useragent primary key, browser_type, ua_name, os_name, os_family);
		create table bsinfo (bitstream_id primary key, filename, os, arch, product_name, codebase, release, revision,
			creation_date, checkout_date, size);
		insert into bsinfo values (700035, 'Viewer-4.11.0-2020-05-20-linux-amd64.tar.gz', 'linux', 'amd64', 'Viewer',
			'', '', '29055', '2020-05-20', '2020-05-19', 1);
		insert into bsinfo values (700036, 'Viewer-4.10.2-linux-amd64.tar.gz', 'linux', 'amd64', 'Viewer',
			'', '4.10.2', '28257', '2019-05-20', null, 1);
		insert into access values (700035, '192.0.2.1', '2020-06-01T10:11:12+00:00',
			'Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0');
		insert into access values (700036, '192.0.2.1', '2020-06-01T10:11:12+00:00', 'Wget/1.0');
		insert into access values (700036, '192.0.2.1', '0000-00-00', 'Wget/1.0');
		insert into ipinfo values ('192.0.2.1', 'DE', 'DE', 'Germany', null, null, 52.52, 13.405);`)
	geo, err := OpenGeo(testLog("city.mmdb"))
	if err != nil {
		t.Fatal(err)
	}
	defer geo.Close()
	parser := options(t, t.TempDir()).Formats.NewParser()
	lines := bytes.SplitAfter(text(t, "access.log.gz"), []byte("\n"))[first:last]
	for _, line := range lines {
		var e accesslog.Entry
		if parser.Parse(bytes.TrimSuffix(line, []byte("\n")), &e) != nil {
			continue
		}
		id, _ := bitstreamOf(e.URI, catalog.HexIDs)
		if !isGirderID(id) {
			continue
		}
		_, ip := addressKey(nil, e.Address)
		exec("insert or ignore into access values (?, ?, ?, ?)", string(id), string(e.Address),
			dayTime(int32(e.Time/86400)).Format("2006-01-02")+fmt.Sprintf("T%02d:%02d:%02d+00:00", e.Time%86400/3600,
				e.Time%3600/60, e.Time%60), string(e.Agent)) // escaped as in the log
		if p := geo.Lookup(ip); p.Location != "" {
			lat, lon, _ := strings.Cut(p.Location, ",")
			exec("insert or ignore into ipinfo values (?, ?, ?, '', null, null, CAST(? AS REAL), CAST(? AS REAL))",
				string(e.Address), p.Country, p.Country, lat, lon)
		}
	}
	return path
}

func ignoreBad(BadRow) {}

// TestImportOld imports an old database with the requests of the first half of a log, and then reads the second half,
// or the whole log. In both cases, the statistics of format 1.0 must be those of the whole log.
func TestImportOld(t *testing.T) {
	ctx := context.Background()
	whole := open(t, options(t, t.TempDir()))
	read(t, whole, testLog("access.log.gz"))
	want := decode[legacyData](t, publish(t, whole), legacyFile)

	half := 3000
	path := oldDatabase(t, 0, half)
	second := write(t, t.TempDir(), "second.log",
		bytes.Join(bytes.SplitAfter(text(t, "access.log.gz"), []byte("\n"))[half:], nil))
	for _, log := range []string{second, testLog("access.log.gz")} {
		e := open(t, options(t, t.TempDir()))
		r, err := e.ImportOld(ctx, path, ignoreBad)
		if err != nil || r.Bad != 1 || r.Packages != 2 || r.New == 0 {
			t.Fatalf("%+v, %v", r, err)
		}
		if again, err := e.ImportOld(ctx, path, ignoreBad); err != nil || again.New != 0 {
			t.Errorf("imported again: %+v, %v", again, err)
		}
		read(t, e, log)
		got := decode[legacyData](t, publish(t, e), legacyFile)
		old := 0
		var accesses [][4]any
		for _, a := range got.Access {
			if strings.HasPrefix(a[0].(string), "7000") {
				old++
				continue
			}
			accesses = append(accesses, a)
		}
		if diff := cmp.Diff(legacyPackage{"linux", "amd64", 64, "4.11.0", 0, "2020-05-19"},
			got.Bitstream["700035"]); diff != "" || old != 2 {
			t.Error(old, diff)
		}
		got.Access = accesses
		if diff := cmp.Diff(want.resolve(), got.resolve()); diff != "" {
			t.Error(diff)
		}
		if table := export(t, e); !strings.Contains(table, "2020-06-01\t4.10.2\tlinux\trelease\tDE\ttool\t1\n") {
			t.Error("the old downloads are not in the daily table")
		}
		changes := decode[Summary](t, publish(t, e), SummaryFile).RuleChanges
		if len(changes) != 1 || changes[0].Before != RulePrevious || changes[0].After != RuleLogs {
			t.Errorf("changes of the rule: %+v", changes)
		}
		verified(t, e)
	}
}

// TestImportOldRows imports invalid rows, and rows that must be read like the lines of a log.
func TestImportOldRows(t *testing.T) {
	ctx := context.Background()
	path := oldDatabase(t, 0, 0)
	db, err := sql.Open("sqlite3", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	const id = "4ed1a82fa87f2adf921627d3" // a package that is not in the catalogue
	for _, row := range [][4]any{
		{"700035", "192.0.2.7:4321", "2020-06-02 10:00:00", `Tool \"x\" \xC3\xA9`}, // row 4
		{"700035", "192.0.2.8, 10.0.0.1", "2020-06-02 12:00:00.5+02:00", "-"},
		{id, "2001:db8::1", "2020-06-02T10:00:00+00:00", "Wget/1.0"},
		{"", "192.0.2.7", "2020-06-02T10:00:00+00:00", "Wget/1.0"}, // row 7
		{"x'y", "192.0.2.7", "2020-06-02T10:00:00+00:00", "Wget/1.0"},
		{nil, "192.0.2.7", "2020-06-02T10:00:00+00:00", "Wget/1.0"},
		{"700035", "-", "2020-06-02T10:00:00+00:00", "Wget/1.0"},
		{"700035", nil, "2020-06-02T10:00:00+00:00", "Wget/1.0"},
		{"700035", "192.0.2.7", "2062-06-02T10:00:00+00:00", "Wget/1.0"},
		{"700035", "192.0.2.7", "1970-01-01T00:00:00+00:00", "Wget/1.0"},
		{"700035", "192.0.2.7", nil, "Wget/1.0"},
	} {
		if _, err := db.Exec("insert into access values (?, ?, ?, ?)", row[0], row[1], row[2], row[3]); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := db.Exec("insert into ipinfo values ('192.0.2.7', 'FR', '', '', null, null, 'north', 2)"); err != nil {
		t.Fatal(err)
	}
	e := open(t, options(t, t.TempDir()))
	var bad []string
	r, err := e.ImportOld(ctx, path, func(b BadRow) { bad = append(bad, b.String()) })
	if err != nil || r.Accesses != 14 || r.Bad != int64(len(bad)) || r.Invalid != r.Bad-1 || r.New != 5 ||
		r.Losses() != nil {
		t.Fatalf("%+v, %v, %v", r, err, r.Losses())
	}
	if diff := cmp.Diff([]string{
		`ipinfo row 2, column latitude: not a number; the place is unknown (found "north")`,
		`access row 3, column ts: invalid time (found "0000-00-00")`,
		`access row 7, column bitstream_id: must be 24 hex digits, or decimal digits (found "")`,
		`access row 8, column bitstream_id: must be 24 hex digits, or decimal digits (found "x'y")`,
		`access row 9, column bitstream_id: must be 24 hex digits, or decimal digits (found "")`,
		`access row 10, column ip: missing or invalid client address (found "-")`,
		`access row 11, column ip: missing or invalid client address (found "")`,
		`access row 12, column ts: time is later than tomorrow (found "2062-06-02T10:00:00+00:00")`,
		`access row 13, column ts: time is before the first package of the project (found "1970-01-01T00:00:00+00:00")`,
		`access row 14, column ts: invalid time (found "")`,
	}, bad); diff != "" {
		t.Error(diff)
	}
	// A log with the same requests adds nothing.
	log := write(t, t.TempDir(), "access.log", []byte(
		`192.0.2.7 - - [02/Jun/2020:10:00:00 +0000] "GET /bitstream/700035 HTTP/1.1" 200 5 "-" "Tool \"x\" \xC3\xA9"`+"\n"+
			`192.0.2.8 - - [02/Jun/2020:10:00:00 +0000] "GET /bitstream/700035 HTTP/1.1" 200 5 "-" "-"`+"\n"))
	before := total(t, e)
	if r := read(t, e, log); r.Requests != 2 || total(t, e) != before {
		t.Errorf("%d requests, %d downloads after them, %d before", r.Requests, total(t, e), before)
	}
	agents, err := e.db.Agents(ctx)
	if err != nil || !slices.ContainsFunc(agents, func(a downloads.Agent) bool { return a.Text == `Tool "x" é` }) {
		t.Errorf("agents %v, %v", agents, err)
	}
	verified(t, e)
}

func TestImportOldRefuses(t *testing.T) {
	e := open(t, options(t, t.TempDir()))
	path := oldDatabase(t, 0, 0)
	db, err := sql.Open("sqlite3", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec("update access set ts = 'day ' || ts"); err != nil {
		t.Fatal(err)
	}
	r, err := e.ImportOld(context.Background(), path, ignoreBad)
	if err != nil || r.Invalid != r.Accesses || fault.KindOf(r.Losses()) != fault.Losses {
		t.Errorf("no access is valid: %+v, %v, %v", r, err, r.Losses())
	}
	if _, err := e.ImportOld(context.Background(), filepath.Join(e.options.Dir, "downloads.sqlite"), ignoreBad); err == nil ||
		!strings.Contains(err.Error(), "0 of the tables") {
		t.Errorf("got %v", err)
	}
	if _, err := e.ImportOld(context.Background(), filepath.Join(t.TempDir(), "none"), ignoreBad); err == nil {
		t.Error("a missing file was imported")
	}
}

// TestImportDaily imports a daily table twice, and checks that the export is the same table. It then mixes imported
// days with days that are counted from logs.
func TestImportDaily(t *testing.T) {
	ctx := context.Background()
	table := strings.ReplaceAll(string(text(t, "truth-daily.tsv")), "2026-", "2024-")
	e := open(t, options(t, t.TempDir()))
	for range 2 {
		if n, err := e.ImportDaily(ctx, "daily.tsv", strings.NewReader(table)); err != nil ||
			n != strings.Count(table, "\n")-1 {
			t.Fatal(n, err)
		}
	}
	if diff := cmp.Diff(table, export(t, e)); diff != "" {
		t.Error(diff)
	}
	read(t, e, testLog("access.log.gz"))
	_, rest, _ := strings.Cut(string(text(t, "truth-daily.tsv")), "\n")
	if diff := cmp.Diff(table+rest, export(t, e)); diff != "" {
		t.Error(diff)
	}
	changes := decode[Summary](t, publish(t, e), SummaryFile).RuleChanges
	if diff := cmp.Diff([]RuleChange{{"2026-09-20", RuleTable, RuleLogs}}, changes); diff != "" {
		t.Error(diff)
	}
	verified(t, e)
	if _, err := e.ImportDaily(ctx, "daily.tsv", bytes.NewReader(text(t, "truth-daily.tsv"))); err == nil ||
		!strings.Contains(err.Error(), "the downloads of 2026-09-20 have been counted from logs") ||
		!strings.Contains(strings.Join(fault.Hints(err), ""), "sitegen stats drop --day 2026-09-20 --apply") {
		t.Errorf("got %v, hints %q", err, fault.Hints(err))
	}
	// In the other order: lines of days that have been imported do not count.
	o := open(t, options(t, t.TempDir()))
	if _, err := o.ImportDaily(ctx, "daily.tsv", bytes.NewReader(text(t, "truth-daily.tsv"))); err != nil {
		t.Fatal(err)
	}
	// One request is HEAD, on a day that has no downloads and is therefore not in the table.
	if r := read(t, o, testLog("access.log.gz")); r.Closed < r.Requests-1 || r.New > 1 {
		t.Errorf("%d of %d requests on closed days, %d new", r.Closed, r.Requests, r.New)
	}
	if diff := cmp.Diff(string(text(t, "truth-daily.tsv")), export(t, o)); diff != "" {
		t.Error(diff)
	}
	if s := decode[Summary](t, publish(t, o), SummaryFile); int(s.Total+s.Robots) != total(t, o) {
		t.Errorf("%d downloads published, %d imported", s.Total+s.Robots, total(t, o))
	}
}

func TestImportDailyRefuses(t *testing.T) {
	const head = "day\tversion\tos\tstability\tcountry\tclass\tdownloads\n"
	for _, tc := range []struct{ name, table, want string }{
		{"empty", "", "empty"},
		{"other columns", "a\tb\n", ":1:1: the columns"},
		{"missing column", head + "2024-01-01\t5.8\twin\trelease\tDE\ttool\n", ":2:1: must have as many columns"},
		{"future", head + "2024-01-01\t5.8\twin\trelease\tDE\ttool\t1\n2924-01-01\t5.8\twin\trelease\tDE\ttool\t1\n",
			`:3:1: day must be between 1970-01-01 and tomorrow (found "2924-01-01")`},
		{"quote", head + "2024-01-01\t\"5.8\twin\trelease\tDE\ttool\t1\n",
			`:2:38: extraneous or missing " in quoted-field`},
		{"long line", head + strings.Repeat("x", 70_000) + "\n", ":2:1: line longer than 65,536 bytes"},
		{"empty line", head + "\n", ":2:1: empty line"},
		{"csv", strings.ReplaceAll(head, "\t", ",") + "2024-01-01,\"5,8\",win,release,D,tool,1\n",
			`:2:30: country must be a code of two capital letters (found "D")`},
		{"day", head + "2024-02-31\t5.8\twin\trelease\tDE\ttool\t1\n", "invalid day"},
		{"class", head + "2024-01-01\t5.8\twin\trelease\tDE\tpeople\t1\n", "class"},
		{"number", head + "2024-01-01\t5.8\twin\trelease\tDE\ttool\t-1\n", "downloads"},
		{"country", head + "2024-01-01\t5.8\twin\trelease\tGermany\ttool\t1\n", "country"},
		{"version", head + "2024-01-01\t5\x1b[8\twin\trelease\tDE\ttool\t1\n", "version"},
		{"system", head + "2024-01-01\t5.8\tbeos\trelease\tDE\ttool\t1\n",
			`:2:16: os must be one of win, linux, or empty (found "beos"); for others, add a system to the profile`},
		{"stability", head + "2024-01-01\t5.8\twin\tstable\tDE\ttool\t1\n",
			`:2:20: stability must be release, nightly or empty (found "stable")`},
		{"repeated line", head + "2024-01-02\t5.8\twin\trelease\tDE\ttool\t1\n2024-01-01\t5.8\twin\trelease\tDE\ttool\t1\n" +
			"2024-01-02\t5.8\twin\trelease\tDE\ttool\t7\n", ":4:1: repeats line 2, apart from the downloads; add up"},
		{"two invalid lines", head + "x\ny\n", ":3:1:"},
		{"many invalid lines", head + strings.Repeat("x\n", maxErrors+1), ":21:1:"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			o := options(t, t.TempDir())
			o.Systems = []string{"win", "linux"}
			e := open(t, o)
			_, err := e.ImportDaily(context.Background(), "daily.tsv", strings.NewReader(tc.table))
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
			hint := strings.Join(fault.Hints(err), "\n")
			if more := strings.Contains(hint, "there may be more"); more != (tc.name == "many invalid lines") ||
				!strings.Contains(hint, "Nothing was imported") {
				t.Errorf("hint %q", hint)
			}
			if export(t, e) != head {
				t.Error("something was imported")
			}
		})
	}
}

func FuzzDailyLine(f *testing.F) {
	f.Add("2024-01-01\t5.8\twin\trelease\tDE\ttool\t1", false, true)
	f.Add("2024-01-01\t5.8\twin\tamd64\trelease\t\tbot\t12", true, true)
	f.Add(`2024-01-01,"5,8",win,amd64,release,,bot,12`, true, false)
	f.Fuzz(func(t *testing.T, line string, arch, tabs bool) {
		r := tableReader{arch: arch, comma: ',', lastDay: 20_000}
		if tabs {
			r.comma = '\t'
		}
		d, column, err := r.parse(line)
		if err == nil && (d.Downloads < 1 || len(d.Version) > 40 || d.Class > int(Unknown) || d.Day > r.lastDay) {
			t.Errorf("%+v", d)
		}
		if err != nil && (column < 1 || column > len(line)+1) {
			t.Errorf("column %d of %q: %v", column, line, err)
		}
	})
}
