package statspage

import (
	"html/template"
	"time"

	"github.com/Slicer/sitegen/generator/stats"
)

// Timeline is the chart of downloads over time.
type Timeline struct {
	Unit   string // day, week (from Monday) or month
	Points []Point
	Chart  template.HTML

	// Partial reports whether the first and the last point lack days: the logs may begin within a week, and the last
	// day may not be over.
	Partial [2]bool
}

// Point is the number of downloads in a day, week or month.
type Point struct {
	From      time.Time
	Label     string
	Downloads int64
}

// newTimeline returns the downloads of a range of days, grouped by a unit that fits their number.
func newTimeline(d *drawer, list stats.Days) Timeline {
	t := Timeline{Unit: unitFor(len(list.Downloads)), Partial: [2]bool{false, true}}
	day := parseDay(list.From)
	for _, n := range list.Downloads {
		from := startOf(t.Unit, day)
		if len(t.Points) == 0 || t.Points[len(t.Points)-1].From != from {
			t.Points = append(t.Points, Point{From: from, Label: d.label(t.Unit, from)})
		}
		t.Points[len(t.Points)-1].Downloads += n
		day = day.AddDate(0, 0, 1)
	}
	t.Partial[0] = t.Points[0].From.Before(parseDay(list.From))
	return t
}

// unitFor returns the unit for a number of days: days for up to three months, weeks for up to two years, months for
// more, so that each step is wide enough to see. The script uses the same limits.
func unitFor(days int) string {
	switch {
	case days <= 92:
		return "day"
	case days <= 731:
		return "week"
	}
	return "month"
}

// startOf returns the first day of the unit that contains day.
func startOf(unit string, day time.Time) time.Time {
	switch unit {
	case "week":
		return day.AddDate(0, 0, -(int(day.Weekday())+6)%7)
	case "month":
		return day.AddDate(0, 0, 1-day.Day())
	}
	return day
}

// dayNumber returns the number of days since 1970-01-01, as charts in chart.js expect it.
func dayNumber(day time.Time) int { return int(day.Unix() / (24 * 60 * 60)) }

// label returns the label of a unit that begins on a day: "30 Oct 2026", or "Oct 2026" for a month.
func (d *drawer) label(unit string, from time.Time) string {
	if unit == "month" {
		return d.Date("Jan 2006", from)
	}
	return d.ShortDay(from)
}

// draw draws the chart, with a note at each day from which downloads are counted by another rule.
func (t *Timeline) draw(d *drawer, ruleChanges []time.Time) {
	type point struct {
		From      int    `json:"from"` // days since 1970-01-01
		Label     string `json:"label"`
		Downloads int64  `json:"downloads"`
	}
	in := struct {
		Points  []point  `json:"points"`
		Unit    string   `json:"unit"`
		Partial [2]bool  `json:"partial"`
		Notes   [][2]any `json:"notes"` // index of a point, text
	}{Unit: t.Unit, Partial: t.Partial, Notes: [][2]any{}}
	for i, p := range t.Points {
		in.Points = append(in.Points, point{dayNumber(p.From), p.Label, p.Downloads})
		for _, day := range ruleChanges {
			if p.From.Equal(startOf(t.Unit, day)) {
				in.Notes = append(in.Notes, [2]any{i, d.text("stats.rule_change")})
			}
		}
	}
	t.Chart = d.draw("time", in)
}
