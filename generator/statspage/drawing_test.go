package statspage

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen"
	"github.com/Slicer/sitegen/generator/language"
	"github.com/Slicer/sitegen/generator/stats"
)

// english returns the built-in table of texts in English.
func english(t *testing.T) *language.Table {
	t.Helper()
	text, err := fs.ReadFile(sitegen.Layouts(), "languages/en.yaml")
	if err != nil {
		t.Fatal(err)
	}
	table, _, findings := language.Read(language.Base, []language.File{{Name: "en.yaml", Text: text}}, nil)
	if len(findings) > 0 {
		t.Fatal(findings)
	}
	return table
}

// script runs an expression with chart.js and returns its value as JSON.
func script(t *testing.T, expression string) string {
	t.Helper()
	d, stop, err := newDrawer(t.Context(), sitegen.Layouts(), english(t))
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	v, err := d.vm.RunString("JSON.stringify(" + expression + ")")
	if err != nil {
		t.Fatal(err)
	}
	return v.String()
}

func TestScale(t *testing.T) {
	for most, want := range map[int]string{
		0: `{"top":1,"lines":[[1,"1"]]}`, 4: `{"top":4,"lines":[[1,"1"],[2,"2"],[3,"3"],[4,"4"]]}`,
		5: `{"top":5,"lines":[[2,"2"],[4,"4"]]}`, 9: `{"top":9,"lines":[[5,"5"]]}`,
		21: `{"top":22,"lines":[[10,"10"],[20,"20"]]}`, 100: `{"top":106,"lines":[[50,"50"],[100,"100"]]}`,
		1234:      `{"top":1296,"lines":[[500,"500"],[1000,"1,000"]]}`,
		1_000_000: `{"top":1062500,"lines":[[500000,"500,000"],[1000000,"1,000,000"]]}`,
	} {
		if got := script(t, fmt.Sprintf("charts.scale(%d)", most)); got != want {
			t.Errorf("scale(%d) = %s, want %s", most, got, want)
		}
	}
}

// TestCharts checks the paths that chart.js draws.
func TestCharts(t *testing.T) {
	const points = `[{from: 1, label: '1 May', downloads: 5}, {from: 2, label: '<b>', downloads: 10}]`
	days := `Array.from({length: 14}, (_, i) => ({from: i, label: 'd' + i, downloads: 7}))`
	series := `[{name: 'a', values: [0, 3]}, {name: 'b', values: [1, 1]}]`
	for _, tc := range []struct{ name, call, want string }{
		{"steps", `time({unit: 'day', partial: [false, true], points: ` + points + `})`, `"M0 200V100H500V200Z"`},
		{"the last step", `time({unit: 'day', partial: [false, true], points: ` + points + `})`,
			`class="area part" d="M500 200V0H1000V200Z"`},
		{"escaped labels", `time({unit: 'day', points: ` + points + `})`, `&#60;b&#62;, 10.`},
		{"sums", `time({unit: 'day', cumulative: true, points: ` + points + `})`, `Total: 15.`},
		{"the period before", `time({unit: 'day', before: [10, 5], points: ` + points + `})`,
			`class="line before" d="M250 0L750 100"`},
		{"a mean of seven days", `time({unit: 'day', points: ` + days + `})`, `class="line mean" d="M464.3 0L535.7 0`},
		{"a mean with the days before", `time({unit: 'day', lead: [7, 7, 7, 7, 7, 7], points: ` + days + `.slice(0, 7)})`,
			`class="line mean" d="M71.4 0L214.3 0`},
		{"no mean of an incomplete day", `time({unit: 'day', partial: [false, true], points: ` + days + `})`, `0L892.9 0"/>`},
		{"a note", `time({unit: 'day', notes: [[1, 'rule']], points: ` + points + `})`, `x1="50%" x2="50%"`},
		{"a line begins with its values", `over({title: 'T', unit: 'day', days: [1, 2, 3], as: 'lines', series: [{name: 'a',
			values: [0, 3, 3]}]})`, `class="line c1" d="M500 0L833.3 0"`},
		{"a line of one point", `over({title: 'T', unit: 'day', days: [1, 2], as: 'lines', series: [{name: 'a', values: [0, 3]}]})`,
			`class="line c1" d="M500 0H1000"`},
		{"a line with a partial point", `over({title: 'T', unit: 'week', days: [4, 11, 18], as: 'lines', partial: [false, true],
			series: [{name: 'a', values: [4, 4, 2]}]})`,
			`class="line c1" d="M166.7 0L500 0"/><path class="line c1 part" d="M500 0L833.3 100"`},
		{"a partial point of areas", `over({title: 'T', unit: 'week', days: [4, 11], as: 'stacked', partial: [true, false],
			series: ` + series + `})`, `class="veil" d="M0 0H500V200H0Z"`},
		{"a partial first week", `time({unit: 'week', partial: [true, false], points: ` + points + `})`,
			`class="area part" d="M0 200V100H500V200Z"`},
		{"stacked areas", `over({title: 'T', unit: 'day', days: [1, 2], as: 'stacked', series: ` + series + `})`,
			`class="band b2" d="M0 150H500L500 0H1000L1000 50H500L500 200H0Z"`},
		{"shares", `over({title: 'T', unit: 'day', days: [1, 2], as: 'share', series: ` + series + `})`,
			`class="band b1" d="M0 200H500L500 50H1000L1000 200H500L500 200H0Z"`},
		{"no downloads", `over({title: 'T', unit: 'day', days: [1], series: []})`, `No downloads match`},
		{"a release before the logs", `releases({curves: [{version: '1', points: [[5, 0], [10, 4]], week: ''}]})`,
			`d="M500 200L1000 0"`},
	} {
		var got string
		if err := json.Unmarshal([]byte(script(t, "charts."+tc.call)), &got); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(got, tc.want) {
			t.Errorf("%s: no %s in %s", tc.name, tc.want, got)
		}
	}
	if got := script(t, `charts.top(Array.from({length: 9}, (_, i) => ({downloads: i, keep: i === 0})))
		.map((row) => row.downloads)`); got != "[0,4,5,6,7,8]" {
		t.Errorf("the top rows are %s", got)
	}
}

// TestTicks checks the marks of the horizontal axis: few enough for a phone, and at the beginnings of weeks, months or
// years.
func TestTicks(t *testing.T) {
	for _, tc := range []struct{ unit, from, to, want string }{
		{"day", "2026-11-26", "2026-11-26", `[[50,"26 Nov"]]`},
		{"day", "2026-11-21", "2026-11-27", `[[7.14,"21 Nov"],[35.71,"23 Nov"],[64.29,"25 Nov"],[92.86,"27 Nov"]]`},
		{"day", "2026-10-29", "2026-11-27", `[[15,"2 Nov"],[38.33,"9 Nov"],[61.67,"16 Nov"],[85,"23 Nov"]]`},
		{"day", "2026-08-28", "2026-11-27", `[[4.89,"Sep 2026"],[37.5,"Oct 2026"],[71.2,"Nov 2026"]]`},
		{"week", "2025-12-20", "2026-01-14", `[[10,"15 Dec"],[50,"29 Dec"],[90,"12 Jan"]]`},
		{"week", "2025-11-28", "2026-11-27",
			`[[10.38,"Jan 2026"],[34.91,"Apr 2026"],[59.43,"Jul 2026"],[83.96,"Oct 2026"]]`},
		{"month", "2022-01-01", "2026-11-27", `[[0.85,2022],[21.19,2023],[41.53,2024],[61.86,2025],[82.2,2026]]`},
		{"month", "2016-11-01", "2026-11-27", `[[11.98,2018],[31.82,2020],[51.65,2022],[71.49,2024],[91.32,2026]]`},
	} {
		var days []int
		for day := parseDay(tc.from); !day.After(parseDay(tc.to)); day = day.AddDate(0, 0, 1) {
			if n := dayNumber(startOf(tc.unit, day)); len(days) == 0 || days[len(days)-1] != n {
				days = append(days, n)
			}
		}
		list, err := json.Marshal(days)
		if err != nil {
			t.Fatal(err)
		}
		if got := script(t, fmt.Sprintf("charts.ticks(%s, %q)", list, tc.unit)); got != tc.want {
			t.Errorf("%s from %s to %s: %s, want %s", tc.unit, tc.from, tc.to, got, tc.want)
		}
	}
	const curve = `{version: '1', points: [[0, 0], [%d, 4]], week: ''}`
	for days, want := range map[int]string{
		1: "0, 1", 4: "0, 1, 2, 3, 4 days", 27: "0, 10, 20 days", 73: "0, 15, 30, 45, 60 days", 365: "0, 90, 180, 270, 360 days",
	} {
		const marks = `.match(/(?<="(start|middle|end)">)[^<]+/g).join(', ')`
		got := script(t, fmt.Sprintf("charts.releases({curves: ["+curve+"]})"+marks, days))
		if got != `"`+want+`"` {
			t.Errorf("adoption in %d days: %s, want %s", days, got, want)
		}
	}
}

// TestTimeline groups days by a unit that fits their number. Weeks begin on Monday, months on the first, and no
// download may be lost.
func TestTimeline(t *testing.T) {
	for _, tc := range []struct {
		name, from  string
		days        int
		unit        string
		points      int
		first, last string
	}{
		{"one day", "2026-10-30", 1, "day", 1, "30 Oct 2026", "30 Oct 2026"},
		{"two days", "2026-10-29", 2, "day", 2, "29 Oct 2026", "30 Oct 2026"},
		{"three months", "2026-08-01", 92, "day", 92, "1 Aug 2026", "31 Oct 2026"},
		{"a year", "2026-01-01", 365, "week", 53, "29 Dec 2025", "28 Dec 2026"},
		{"three years", "2024-01-15", 1081, "month", 36, "Jan 2024", "Dec 2026"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			days := make([]int64, tc.days)
			for i := range days {
				days[i] = 1
			}
			got := newTimeline(&drawer{Table: english(t)}, stats.Days{From: tc.from, Downloads: days})
			sum := int64(0)
			for _, p := range got.Points {
				sum += p.Downloads
			}
			if got.Unit != tc.unit || len(got.Points) != tc.points || sum != int64(tc.days) {
				t.Errorf("%d points by %s, %d downloads; want %d by %s, %d",
					len(got.Points), got.Unit, sum, tc.points, tc.unit, tc.days)
			}
			first, last := got.Points[0].Label, got.Points[len(got.Points)-1].Label
			if first != tc.first || last != tc.last {
				t.Errorf("from %s to %s, want %s to %s", first, last, tc.first, tc.last)
			}
		})
	}
}

func TestStartOf(t *testing.T) {
	for day, want := range map[string]string{
		"2026-10-25": "2026-10-19", "2026-10-26": "2026-10-26", "2026-11-01": "2026-10-26",
	} {
		if got := startOf("week", parseDay(day)).Format(time.DateOnly); got != want {
			t.Errorf("the week of %s begins on %s, want %s", day, got, want)
		}
	}
	if got := startOf("month", parseDay("2024-02-29")).Format(time.DateOnly); got != "2024-02-01" {
		t.Errorf("the month begins on %s", got)
	}
}

// TestCurves checks that curves add up, stay level on days without downloads, end with the last day, and begin with the
// logs if the release is older.
func TestCurves(t *testing.T) {
	for _, tc := range []struct {
		missing int
		want    [][2]int64
	}{
		{0, [][2]int64{{0, 0}, {1, 4}, {2, 4}, {3, 10}, {4, 10}}},
		{2, [][2]int64{{2, 0}, {3, 6}, {4, 6}}},
		{9, [][2]int64{{4, 0}}},
	} {
		if diff := cmp.Diff(tc.want, curvePoints([]int64{4, 0, 6, 0}, tc.missing)); diff != "" {
			t.Errorf("%d days missing (-want +got):\n%s", tc.missing, diff)
		}
	}
	long := make([]int64, 100)
	long[0], long[50] = 10, 30
	d, stop, err := newDrawer(t.Context(), sitegen.Layouts(), english(t))
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	c := newCurves(d, []stats.Release{
		{Version: "2.0", Released: "2026-10-01", Downloads: []int64{4, 0, 6, 0}},
		{Version: "1.0", Released: "2026-07-01", Downloads: long},
		{Version: "0.9", Released: "2026-06-01", Downloads: long},
	}, parseDay("2026-07-01"), func(string) string { return "" })
	const notYet, notKnown = "not yet", "not known"
	after := [][]string{
		{notYet, notYet, notYet, notYet, notYet}, {"10", "10", "40", notYet, notYet},
		{notKnown, notKnown, notKnown, notYet, notYet},
	}
	if diff := cmp.Diff(after, [][]string{c.Rows[0].After, c.Rows[1].After, c.Rows[2].After}); diff != "" {
		t.Errorf("table (-want +got):\n%s", diff)
	}
	if !strings.Contains(string(c.Chart), "1.0: 10 in the first week") || d.err != nil {
		t.Errorf("chart %s: %v", c.Chart, d.err)
	}
}
