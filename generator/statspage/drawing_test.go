package statspage

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/stats"
)

func TestScale(t *testing.T) {
	for _, tc := range []struct {
		most, top int64
		lines     string
	}{
		{0, 1, "1"}, {1, 1, "1"}, {4, 4, "1 2 3 4"}, {5, 5, "2 4"}, {9, 9, "5"}, {21, 22, "10 20"}, {55, 57, "20 40"},
		{100, 106, "50 100"}, {1234, 1296, "500 1,000"}, {1_000_000, 1_062_500, "500,000 1,000,000"},
	} {
		top, lines := scale(tc.most)
		var labels []string
		for _, l := range lines {
			labels = append(labels, l.Label)
		}
		if got := strings.Join(labels, " "); top != tc.top || got != tc.lines {
			t.Errorf("scale(%d): top %d, lines %s; want %d, %s", tc.most, top, got, tc.top, tc.lines)
		}
	}
}

// TestTimeline groups days by a unit that fits their number. Weeks begin on Monday, months on the first, and no
// download may be lost.
func TestTimeline(t *testing.T) {
	for _, tc := range []struct {
		name, from     string
		days           int
		unit           string
		points         int
		first, last    string
		labels, recent string
	}{
		{"one day", "2026-10-30", 1, "day", 1, "30 Oct 2026", "30 Oct 2026",
			"30 Oct 2026", "M0 200V0H1000V200Z"},
		{"two days", "2026-10-29", 2, "day", 2, "29 Oct 2026", "30 Oct 2026",
			"29 Oct 2026, 30 Oct 2026", "M500 200V0H1000V200Z"},
		{"three months", "2026-08-01", 92, "day", 92, "1 Aug 2026", "31 Oct 2026",
			"1 Aug 2026, 31 Aug 2026, 30 Sep 2026, 31 Oct 2026", "M989.1 200V0H1000V200Z"},
		{"a year", "2026-01-01", 365, "week", 53, "29 Dec 2025", "28 Dec 2026",
			"29 Dec 2025, 27 Apr 2026, 24 Aug 2026, 28 Dec 2026", "M981.1 200V85.7H1000V200Z"},
		{"three years", "2024-01-15", 1081, "month", 36, "Jan 2024", "Dec 2026",
			"Jan 2024, Dec 2024, Dec 2025, Dec 2026", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			days := make([]int64, tc.days)
			for i := range days {
				days[i] = 1
			}
			got := newTimeline(stats.Days{From: tc.from, Downloads: days})
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
			var labels []string
			for _, l := range got.Labels {
				labels = append(labels, l.Label)
			}
			if diff := cmp.Diff(tc.labels, strings.Join(labels, ", ")); diff != "" {
				t.Errorf("labels (-want +got):\n%s", diff)
			}
			if tc.recent != "" && got.Recent != tc.recent {
				t.Errorf("last point %s, want %s", got.Recent, tc.recent)
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

// TestCurves checks that curves add up, stay level on days without downloads, and end with the last day.
func TestCurves(t *testing.T) {
	long := make([]int64, 100)
	long[0], long[50] = 10, 30
	c := newCurves([]stats.Release{
		{Version: "2.0", Released: "2026-10-01", Downloads: []int64{4, 0, 6, 0}},
		{Version: "1.0", Released: "2026-07-01", Downloads: long},
	})
	paths := []string{"M0 200L10 180.5L20 180.5L30 151.2L40 151.2", "M0 200L10 151.2L500 151.2L510 4.9L1000 4.9"}
	if diff := cmp.Diff(paths, []string{c.Drawn[0].Path, c.Drawn[1].Path}); diff != "" {
		t.Errorf("paths (-want +got):\n%s", diff)
	}
	after := [][]string{{"", "", "", "", ""}, {"10", "10", "40", "", ""}}
	if diff := cmp.Diff(after, [][]string{c.Rows[0].After, c.Rows[1].After}); diff != "" {
		t.Errorf("table (-want +got):\n%s", diff)
	}
	labels := []Tick{
		{"0%", "start", "day of release"}, {"33.00%", "middle", "33"}, {"66.00%", "middle", "66"},
		{"100%", "end", "100 days"},
	}
	if diff := cmp.Diff(labels, c.Labels); diff != "" {
		t.Errorf("labels (-want +got):\n%s", diff)
	}
	if got, want := c.Summary(), "1.0: 10 in the first week"; got != want {
		t.Errorf("summary %q, want %q", got, want)
	}
}
