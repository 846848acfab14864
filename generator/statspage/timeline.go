package statspage

import (
	"fmt"
	"strings"
	"time"

	"github.com/Slicer/sitegen/generator/stats"
)

// Timeline is the chart of downloads over time.
type Timeline struct {
	Unit   string // day, week (from Monday) or month
	Points []Point
	Area   string // path of the outline of all points but the last
	Recent string // path of the outline of the last point, which may be incomplete
	Lines  []Tick // horizontal grid lines
	Labels []Tick // of the horizontal axis
}

// Point is the number of downloads in a day, week or month.
type Point struct {
	From      time.Time
	Label     string
	Downloads int64
}

// Count returns the downloads formatted for people: 1,234.
func (p Point) Count() string { return comma(p.Downloads) }

// Tick is a labelled position on an axis.
type Tick struct {
	At     string // position: a percentage of the width, or units of the height
	Anchor string // of the text: start, middle or end (text-anchor)
	Label  string
}

// The size of the nested picture in which curves are drawn (units): see the package comment.
const (
	pictureWidth  = 1000
	pictureHeight = 200
)

// newTimeline draws the downloads of a range of days, grouped by a unit that fits their number.
func newTimeline(d stats.Days) Timeline {
	t := Timeline{Unit: unitFor(len(d.Downloads))}
	day := parseDay(d.From)
	for _, n := range d.Downloads {
		from := startOf(t.Unit, day)
		if len(t.Points) == 0 || t.Points[len(t.Points)-1].From != from {
			t.Points = append(t.Points, Point{From: from, Label: labelOf(t.Unit, from)})
		}
		t.Points[len(t.Points)-1].Downloads += n
		day = day.AddDate(0, 0, 1)
	}
	t.draw()
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

// labelOf returns the label of a unit that begins on a day: "30 Oct 2026", or "Oct 2026" for a month.
func labelOf(unit string, from time.Time) string {
	if unit == "month" {
		return from.Format("Jan 2006")
	}
	return from.Format("2 Jan 2006")
}

// draw sets the outlines, which have a step for each point, and the axes. The package comment has an example.
func (t *Timeline) draw() {
	most := int64(0)
	for _, p := range t.Points {
		most = max(most, p.Downloads)
	}
	top, lines := scale(most)
	t.Lines = lines
	last := len(t.Points) - 1
	x := func(i int) string { return number(pictureWidth * float64(i) / float64(last+1)) }
	y := func(i int) string {
		return number(pictureHeight * (1 - float64(t.Points[i].Downloads)/float64(top)))
	}
	var area strings.Builder
	fmt.Fprintf(&area, "M0 %d", pictureHeight)
	for i := range last {
		fmt.Fprintf(&area, "V%sH%s", y(i), x(i+1))
	}
	fmt.Fprintf(&area, "V%dZ", pictureHeight)
	t.Area = area.String()
	t.Recent = fmt.Sprintf("M%s %dV%sH%dV%dZ", x(last), pictureHeight, y(last), pictureWidth, pictureHeight)
	for _, i := range labelled(len(t.Points)) {
		tick := Tick{At: percent(float64(i)+.5, float64(len(t.Points))), Anchor: "middle", Label: t.Points[i].Label}
		switch i {
		case 0:
			tick.At, tick.Anchor = "0%", "start"
		case last:
			tick.At, tick.Anchor = "100%", "end"
		}
		t.Labels = append(t.Labels, tick)
	}
}

// labelled returns the indexes of the points that get a label: up to four, evenly spaced, which fit on a phone.
func labelled(n int) []int {
	if n <= 4 {
		list := make([]int, n)
		for i := range list {
			list[i] = i
		}
		return list
	}
	return []int{0, (n - 1) / 3, 2 * (n - 1) / 3, n - 1}
}

// Summary describes the picture in words: "From 20 Sep 2026 to 30 Oct 2026, by day. Most: 29 Oct 2026, 300.".
func (t Timeline) Summary() string {
	if len(t.Points) == 0 {
		return ""
	}
	most := t.Points[0]
	for _, p := range t.Points {
		if p.Downloads > most.Downloads {
			most = p
		}
	}
	first, last := t.Points[0], t.Points[len(t.Points)-1]
	return fmt.Sprintf("From %s to %s, by %s. Most: %s, %s.",
		first.Label, last.Label, t.Unit, most.Label, comma(most.Downloads))
}

// scale returns the top of an axis that includes the value most, and its grid lines: up to four multiples of a step,
// which is 1, 2 or 5 times a power of ten. An axis for 1234 has the step 500, lines at 500 and 1,000, and ends at 1296:
// an eighth of a step more than needed, which leaves room for a label. The script has the same function.
func scale(most int64) (top int64, lines []Tick) {
	step := int64(1)
	for i := 0; most > 4*step; i++ {
		if i%3 == 1 {
			step = step / 2 * 5
		} else {
			step *= 2
		}
	}
	top = max(most+step/8, 1)
	for n := step; n <= top; n += step {
		lines = append(lines, Tick{At: number(pictureHeight * (1 - float64(n)/float64(top))), Label: comma(n)})
	}
	return top, lines
}

// number formats a coordinate with at most one decimal: differences below a tenth of a unit are invisible.
func number(f float64) string {
	return strings.TrimSuffix(fmt.Sprintf("%.1f", f), ".0")
}
