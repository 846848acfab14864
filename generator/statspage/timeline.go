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
	Area   string // the path of its outline
	Recent string // the path of the last point, which is not over
	Lines  []Tick // across
	Labels []Tick // along
}

// Point is the downloads of a day, week or month.
type Point struct {
	From      time.Time
	Label     string
	Downloads int64
}

// Count writes the downloads for people.
func (p Point) Count() string { return comma(p.Downloads) }

// Tick is a place on an axis.
type Tick struct {
	At     string // per cent of the width, or units of the height
	Anchor string // of the text: start, middle or end
	Label  string
}

// The picture into which curves are drawn.
const (
	pictureWidth  = 1000
	pictureHeight = 200
)

// newTimeline draws days, in steps that can be told apart.
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

// unitFor gives the step for a number of days.
func unitFor(days int) string {
	switch {
	case days <= 92:
		return "day"
	case days <= 731:
		return "week"
	}
	return "month"
}

func startOf(unit string, day time.Time) time.Time {
	switch unit {
	case "week":
		return day.AddDate(0, 0, -(int(day.Weekday())+6)%7)
	case "month":
		return day.AddDate(0, 0, 1-day.Day())
	}
	return day
}

func labelOf(unit string, from time.Time) string {
	if unit == "month" {
		return from.Format("Jan 2006")
	}
	return from.Format("2 Jan 2006")
}

// draw makes the outline: a step for each point.
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

// labelled picks the points that have room for a label on a telephone: four, evenly spaced.
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

// Summary tells the picture in words.
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
	return fmt.Sprintf("From %s to %s, by %s. Most: %s, %s.", first.Label, last.Label, t.Unit, most.Label, comma(most.Downloads))
}

// scale gives the top of an axis that reaches most, and its lines: at 1, 2 or 5 times a power of ten, four at most.
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

// number writes a coordinate as short as it can be seen.
func number(f float64) string {
	return strings.TrimSuffix(fmt.Sprintf("%.1f", f), ".0")
}
