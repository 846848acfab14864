package stats

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"

	"github.com/Slicer/sitegen/generator/output"
	"github.com/Slicer/sitegen/generator/stats/downloads"
	"github.com/Slicer/sitegen/generator/testutil"
)

// publish writes the published files into a new folder, and returns the folder.
func publish(t testing.TB, e *Engine) string {
	t.Helper()
	dir := t.TempDir()
	testutil.WriteFiles(t, dir, publishedFiles(t, e))
	return dir
}

// publishedFiles returns the files to publish.
func publishedFiles(t testing.TB, e *Engine) []output.File {
	t.Helper()
	files, err := e.Files(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// published returns the contents of the published files, by name.
func published(t testing.TB, e *Engine) map[string]string {
	t.Helper()
	text := map[string]string{}
	for _, f := range publishedFiles(t, e) {
		text[f.Path] = string(testutil.Content(t, f))
	}
	return text
}

// decode reads a JSON file.
func decode[T any](t testing.TB, dir, name string) T {
	t.Helper()
	var v T
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return v
}

// legacyData is a file in format 1.0.
type legacyData struct {
	Bitstream   map[string]legacyPackage `json:"bitstream"`
	Access      [][4]any                 `json:"access"`
	Location    []string                 `json:"location"`
	CountryCode map[string][3]string     `json:"countryCode"`
	Version     string                   `json:"_formatVersion"`
}

// resolve returns the accesses, sorted, with their locations instead of positions in the list, whose order is
// arbitrary.
func (d *legacyData) resolve() []string {
	var list []string
	for _, a := range d.Access {
		list = append(list, fmt.Sprint(a[0], a[1], a[2], d.Location[int(a[3].(float64))]))
	}
	slices.Sort(list)
	return list
}

// TestLegacy compares the file in format 1.0 with the one that the previous job wrote for the same log.
func TestLegacy(t *testing.T) {
	e := open(t, options(t, t.TempDir()))
	read(t, e, testLog("access.log.gz"))
	got := decode[legacyData](t, publish(t, e), legacyFile)
	want := decode[legacyData](t, filepath.Dir(testLog("x")), legacyFile)
	if diff := cmp.Diff(want.resolve(), got.resolve()); diff != "" {
		t.Error(diff)
	}
	if !slices.IsSortedFunc(got.Access,
		func(a, b [4]any) int { return strings.Compare(a[1].(string), b[1].(string)) }) {
		t.Error("the accesses are not sorted by time")
	}
	if diff := cmp.Diff(want.CountryCode, got.CountryCode); diff != "" || got.Version != "1.0" ||
		want.Version != "1.0" {
		t.Error(got.Version, diff)
	}
	for _, a := range got.Access {
		id := a[0].(string)
		w := want.Bitstream[id]
		if diff := cmp.Diff(w, got.Bitstream[id]); diff != "" || w.OS == "" {
			t.Fatal(id, diff)
		}
	}
}

// TestLegacyOff checks that there is no file in format 1.0 if it is switched off, in the mode Daily, and if there are
// no accesses.
func TestLegacyOff(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(*Options)
		logs   []string
	}{
		{"switched off", func(o *Options) { o.LegacyFile = "" }, []string{testLog("access.log.gz")}},
		{"mode daily", func(o *Options) { o.Privacy = Daily }, []string{testLog("access.log.gz")}},
		{"no GeoIP database", func(o *Options) { o.GeoIP = nil }, []string{testLog("access.log.gz")}},
		{"no logs", func(o *Options) {}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			o := options(t, t.TempDir())
			tc.change(&o)
			e := open(t, o)
			read(t, e, tc.logs...)
			dir := publish(t, e)
			if _, err := os.Stat(filepath.Join(dir, legacyFile)); !os.IsNotExist(err) {
				t.Errorf("the file exists: %v", err)
			}
			if s := decode[Summary](t, dir, SummaryFile); (s.Total > 0) != (len(tc.logs) > 0) {
				t.Errorf("%d downloads", s.Total)
			}
		})
	}
}

// TestLegacySwitchedOn switches format 1.0 off and on again, and checks that the accesses of days that have already
// been counted disappear and return.
func TestLegacySwitchedOn(t *testing.T) {
	o := options(t, t.TempDir())
	e := open(t, o)
	read(t, e, testLog("access.log.gz"))
	want := accessList(t, e)
	for _, on := range []bool{false, true} {
		e.options.LegacyFile = ""
		if on {
			e.options.LegacyFile = legacyFile
		}
		read(t, e)
		if got := accessList(t, e); (got == want) != on {
			t.Errorf("format 1.0 on: %v; same accesses as at the beginning: %v", on, got == want)
		}
	}
}

// cubes reads the cubes that the summary lists, and compares them with the list.
func cubes(t testing.TB, dir string) []Cube {
	t.Helper()
	var list []Cube
	for _, f := range decode[Summary](t, dir, SummaryFile).Cubes {
		c := decode[Cube](t, dir, f.File)
		if c.Period != f.Period || c.Grain != f.Grain || c.From != f.From || len(c.Downloads) != f.Rows {
			t.Errorf("cube %s by %s from %s with %d rows is listed as %+v", c.Period, c.Grain, c.From, len(c.Downloads),
				f)
		}
		list = append(list, c)
	}
	return list
}

// addRows adds the downloads of a cube by day, package, country and class.
func (c *Cube) addRows(t testing.TB, rows map[string]int64) {
	t.Helper()
	first, err := parseDay(c.From)
	if err != nil || c.Grain != "day" {
		t.Fatal(c.Grain, err)
	}
	i := 0
	for b, bucket := range c.Buckets {
		var p int32
		for range c.Rows[b] {
			p += c.Package[i]
			key := fmt.Sprintf("%d %q %s %s", first+bucket, c.Packages[p], c.Countries[c.Country[i]],
				c.Classes[c.Class[i]])
			if rows[key] > 0 {
				t.Errorf("two rows for %s", key)
			}
			rows[key] = c.Downloads[i]
			i++
		}
	}
}

// TestCube compares the cubes with the daily table.
func TestCube(t *testing.T) {
	e := open(t, options(t, t.TempDir()))
	read(t, e, testLog("access.log.gz"))
	dir := publish(t, e)
	got, want := map[string]int64{}, map[string]int64{}
	for _, c := range cubes(t, dir) {
		c.addRows(t, got)
	}
	if err := e.db.Daily(context.Background(), downloads.Filter{}, true, func(d downloads.Daily) error {
		want[fmt.Sprintf("%d %q %s %s", d.Day, [4]string{d.Version, d.OS, d.Arch, d.Stability}, d.Country,
			Class(d.Class))] = d.Downloads
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" || len(want) == 0 {
		t.Error(diff)
	}
}

func TestSummary(t *testing.T) {
	e := open(t, options(t, t.TempDir()))
	read(t, e, testLog("access.log.gz"))
	dir := publish(t, e)
	s := decode[Summary](t, dir, SummaryFile)
	var people, robots, lastWeek, weekBefore int64
	byCountry := map[string]int64{}
	for line := range strings.Lines(string(text(t, "truth-daily.tsv"))) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		var n int64
		if _, err := fmt.Sscan(f[6], &n); err != nil {
			continue
		}
		if f[5] == "bot" {
			robots += n
			continue
		}
		people += n
		byCountry[f[4]] += n
		switch {
		case f[0] >= "2026-10-23" && f[0] <= "2026-10-29":
			lastWeek += n
		case f[0] >= "2026-10-16" && f[0] <= "2026-10-22":
			weekBefore += n
		}
	}
	if s.Total != people || s.Robots != robots || s.First != "2026-09-20" || s.AsOf != "2026-10-30" ||
		len(s.Days.Downloads) != 41 {
		t.Errorf("%+v, want %d downloads and %d by bots", s, people, robots)
	}
	if diff := cmp.Diff(Period{7, "2026-10-23", "2026-10-29", lastWeek, weekBefore}, s.Periods[0]); diff != "" {
		t.Error(diff)
	}
	for _, c := range s.Countries {
		if c.Downloads != byCountry[c.Code] || c.Name == "" {
			t.Errorf("%+v, want %d", c, byCountry[c.Code])
		}
	}
	if len(s.Releases) == 0 || s.Releases[0].Version == "" || len(s.Releases[0].Downloads) == 0 {
		t.Errorf("releases %+v", s.Releases)
	}
	if diff := cmp.Diff(Badge{1, "downloads", short(people)}, decode[Badge](t, dir, BadgeTotalFile)); diff != "" {
		t.Error(diff)
	}
	if b := decode[Badge](t, dir, BadgeLatestFile); b.Label != "downloads of "+s.Releases[0].Version {
		t.Errorf("%+v", b)
	}
}

// TestMinCountry checks that countries with fewer than MinCountry downloads in a month are merged, and none is lost.
func TestMinCountry(t *testing.T) {
	o := options(t, t.TempDir())
	o.MinCountry = 60
	e := open(t, o)
	read(t, e, testLog("access.log.gz"))
	months := map[string]int64{}
	var all int64
	for _, c := range cubes(t, publish(t, e)) {
		for i, n := range c.Downloads {
			months[c.Period+c.Countries[c.Country[i]]] += n
			all += n
		}
	}
	merged := false
	for key, n := range months {
		merged = merged || strings.HasSuffix(key, Other)
		if n < 60 && !strings.HasSuffix(key, Other) && len(key) > len("2026-09") {
			t.Errorf("%s has %d downloads", key, n)
		}
	}
	if all != int64(total(t, e)) || !merged {
		t.Errorf("%d downloads in the cubes, want %d; countries merged: %v", all, total(t, e), merged)
	}
}

// TestSeries compares the files of versions and systems with the daily table, and checks that values which are no file
// names have none.
func TestSeries(t *testing.T) {
	e := open(t, options(t, t.TempDir()))
	read(t, e, testLog("access.log.gz"))
	files := published(t, e)
	want := map[string]int64{} // by file and day
	for line := range strings.Lines(string(text(t, "truth-daily.tsv"))) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if n, err := strconv.ParseInt(f[6], 10, 64); err == nil && f[5] != "bot" {
			for file, value := range map[string]string{"version": f[1], "system": f[2]} {
				if value != "" {
					want[file+"/"+value+" "+f[0]] += n
				}
			}
		}
	}
	tables, lists := map[string]int64{}, map[string]int64{}
	for name, data := range files {
		if file, ok := strings.CutSuffix(name, ".csv"); ok {
			for line := range strings.Lines(data) {
				f := strings.Split(strings.TrimSpace(line), ",")
				if n, err := strconv.ParseInt(f[2], 10, 64); err == nil {
					tables[file+" "+f[0]] = n
				}
			}
			continue
		}
		if folder, _, _ := strings.Cut(name, "/"); folder != "version" && folder != "system" {
			continue
		}
		var s Series
		if err := json.Unmarshal([]byte(data), &s); err != nil {
			t.Fatal(err)
		}
		from, err := parseDay(s.From)
		if err != nil {
			t.Fatal(err)
		}
		for i, n := range s.Downloads {
			if s.Total -= n; n > 0 {
				lists[strings.TrimSuffix(name, ".json")+" "+dayString(from+int32(i))] = n
			}
		}
		if s.Total != 0 {
			t.Errorf("%s: the total is wrong by %d", name, s.Total)
		}
	}
	var listed []VersionTotal
	if err := json.Unmarshal([]byte(files[VersionsFile]), &listed); err != nil || len(listed) == 0 {
		t.Fatal(err, listed)
	}
	for _, v := range listed {
		prefix, sum, days := "version/"+v.Version+" ", int64(0), []string{}
		for key, n := range want {
			if day, ok := strings.CutPrefix(key, prefix); ok && n > 0 {
				sum += n
				days = append(days, day)
			}
		}
		if sum != v.Total || slices.Min(days) != v.From || slices.Max(days) != v.To {
			t.Errorf("%+v, want a total of %d, on %v", v, sum, days)
		}
	}
	if diff := cmp.Diff(want, tables); diff != "" {
		t.Errorf("CSV (-table +files): %s", diff)
	}
	if diff := cmp.Diff(want, lists); diff != "" {
		t.Errorf("JSON (-table +files): %s", diff)
	}
	for _, value := range []string{"", "..", ".x", "a/b", "a,b", "=1", "a b"} {
		if HasSeriesFiles(value) {
			t.Errorf("%q is a file name", value)
		}
	}
}

// TestFilesReproducible checks that Files returns the same files if nothing has changed, that only the files with
// changed numbers change, and that another database with the same downloads results in the same bytes.
func TestFilesReproducible(t *testing.T) {
	e := open(t, options(t, t.TempDir()))
	lines := bytes.SplitAfter(text(t, "access.log.gz"), []byte("\n"))
	log := write(t, t.TempDir(), "a.log", bytes.Join(lines[:3000], nil))
	read(t, e, log)
	half, version := published(t, e), legacyVersionOf(t, e)
	if diff := cmp.Diff(half, published(t, e)); diff != "" || legacyVersionOf(t, e) != version || version == "" {
		t.Errorf("version %q, then %q: %s", version, legacyVersionOf(t, e), diff)
	}
	write(t, filepath.Dir(log), "a.log", bytes.Join(lines, nil))
	read(t, e, log)
	whole := published(t, e)
	var changed []string
	for name := range whole {
		if half[name] != whole[name] && !strings.HasPrefix(name, "version/") && !strings.HasPrefix(name, "system/") {
			changed = append(changed, name)
		}
	}
	slices.Sort(changed)
	want := []string{BadgeLatestFile, BadgeTotalFile, "badge/downloads-dark.svg", "badge/downloads.svg", "cube-2026-10.json", SummaryFile, VersionsFile, legacyFile}
	if diff := cmp.Diff(want, changed); diff != "" || legacyVersionOf(t, e) == version {
		t.Error(diff)
	}
	fresh := open(t, options(t, t.TempDir()))
	read(t, fresh, testLog("cloudfront.log.gz"))
	if diff := cmp.Diff(whole, published(t, fresh)); diff != "" {
		t.Error(diff)
	}
}

// legacyVersionOf returns the version of the file in format 1.0, "" if there is no such file.
func legacyVersionOf(t testing.TB, e *Engine) string {
	t.Helper()
	for _, f := range publishedFiles(t, e) {
		if f.Path == legacyFile {
			return f.Version
		}
	}
	return ""
}

// TestCubeSize checks that the cubes of 1,000,000 downloads in ten years have less than 1.5 MB, compressed.
func TestCubeSize(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	series := map[int32]downloads.Series{}
	for v := range int32(30) {
		for o, os := range []string{"win", "macosx", "linux"} {
			for s, stability := range []string{"release", "nightly"} {
				series[v*6+int32(o)*2+int32(s)] = downloads.Series{Version: fmt.Sprintf("%d.%d.%d", 4+v/20, v%20, s),
					OS: os, Arch: "amd64", Stability: stability}
			}
		}
	}
	first, err := parseDay("2016-01-01")
	if err != nil {
		t.Fatal(err)
	}
	last := first + 3652 // 2025-12-31
	all := tenYears(r, first, last, 1_000_000,
		func(year int) int32 { return int32(min(29, (year-2016)*3+r.IntN(3)))*6 + int32(r.IntN(6)) })
	var size, rows int
	for _, p := range periods(first, last) {
		cells := all[p.name]
		mergeCountries(cells, 5)
		cube := newCube(p, cells, series)
		text, err := encode(cube)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		w.Write(text)
		w.Close()
		size += b.Len()
		rows += len(cube.Downloads)
	}
	t.Logf("%d rows, %d bytes compressed", rows, size)
	if size > 1_500_000 {
		t.Errorf("%d bytes compressed, want at most 1,500,000", size)
	}
}

// tenYears returns random cells by period, with n downloads on the days from first to last. They come from 150
// countries, of which some are frequent.
func tenYears(r *rand.Rand, first, last int32, n int, series func(year int) int32) map[string][]downloads.Cell {
	codes := slices.Sorted(func(yield func(string) bool) {
		for code := range countries() {
			if !yield(code) {
				return
			}
		}
	})[:150]
	sum := map[downloads.Cell]int64{}
	in := map[int32]period{}
	for _, p := range periods(first, last) {
		for day := p.first; day <= p.last; day++ {
			in[day] = p
		}
	}
	for range n {
		day := first + int32(r.IntN(int(last-first+1)))
		x := r.Float64()
		class := Browser
		switch y := r.IntN(100); {
		case y < 15:
			class = Tool
		case y < 25:
			class = Bot
		case y < 30:
			class = Mobile
		}
		sum[downloads.Cell{Day: day, Series: series(2016 + int(day-first)/366), Country: codes[int(x*x*x*150)],
			Class: int(class)}]++
	}
	all := map[string][]downloads.Cell{}
	for c, n := range sum {
		c.Downloads = n
		all[in[c.Day].name] = append(all[in[c.Day].name], c)
	}
	return all
}

// TestPeriods publishes after each of some days in 2015 to 2026. It checks that the cubes of past years replace those
// of their months, that a year which is more than ten years ago is published by week, and that no download is lost.
func TestPeriods(t *testing.T) {
	ctx := context.Background()
	e := open(t, options(t, t.TempDir()))
	var dir string
	var names []string
	for _, day := range []string{"2015-03-05", "2015-03-06", "2024-02-29", "2025-12-31", "2026-01-01"} {
		table := "day\tversion\tos\tstability\tcountry\tclass\tdownloads\n" + day +
			"\t5.8\twin\trelease\tDE\ttool\t100\n"
		if _, err := e.ImportDaily(ctx, "x", strings.NewReader(table)); err != nil {
			t.Fatal(err)
		}
		dir = publish(t, e)
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if strings.HasPrefix(f.Name(), "cube-") {
			names = append(names, strings.TrimSuffix(strings.TrimPrefix(f.Name(), "cube-"), ".json"))
		}
	}
	var want []string
	for year := 2015; year <= 2024; year++ {
		want = append(want, fmt.Sprint(year))
	}
	for month := 1; month <= 12; month++ {
		want = append(want, fmt.Sprintf("2025-%02d", month))
	}
	if diff := cmp.Diff(append(want, "2026-01"), names); diff != "" {
		t.Error(diff)
	}
	var sum int64
	for _, c := range cubes(t, dir) {
		for _, n := range c.Downloads {
			sum += n
		}
	}
	if old := decode[Cube](t, dir, "cube-2015.json"); old.Grain != "week" || len(old.Buckets) != 1 ||
		old.Buckets[0] != 9 || old.Downloads[0] != 200 || sum != 500 {
		t.Errorf("%+v; %d downloads", old, sum)
	}
	if newer := decode[Cube](t, dir, "cube-2024.json"); newer.Grain != "day" || len(newer.Buckets) != 1 ||
		newer.Buckets[0] != 59 {
		t.Errorf("%+v", newer)
	}
}
