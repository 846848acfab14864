package statspage

import (
	"fmt"
	"strings"

	"github.com/Slicer/sitegen/generator/stats"
)

// Curves is the chart of release adoption: the cumulative downloads of each release since the day of its release.
type Curves struct {
	Drawn  []Curve // the newest releases, shown in the picture
	Rows   []Curve // all releases, newest first
	Lines  []Tick  // horizontal grid lines
	Labels []Tick  // of the horizontal axis: days since the release
}

// Curve is one release.
type Curve struct {
	Version  string
	Released string // YYYY-MM-DD
	Number   int    // of its colour in the style sheet, from 1; 0 if the release is not drawn
	Path     string
	After    []string // downloads within each of the Milestones; "" if the days are not over yet
}

// drawnCurves is the number of curves that readers can still distinguish.
const drawnCurves = 6

// Milestones returns the numbers of days after which the table shows the downloads of a release.
func (Curves) Milestones() []int { return []int{7, 30, 90, 180, 365} }

// Summary describes the picture in words: "5.12.4: 1,234 in the first week".
func (c Curves) Summary() string {
	var parts []string
	for _, r := range c.Drawn {
		if r.After[0] != "" {
			parts = append(parts, fmt.Sprintf("%s: %s in the first week", r.Version, r.After[0]))
		}
	}
	return strings.Join(parts, ", ")
}

// newCurves draws the curves of releases, which are sorted, newest first.
func newCurves(releases []stats.Release) Curves {
	var c Curves
	drawn := releases[:min(drawnCurves, len(releases))]
	days, most := 1, int64(0)
	for _, r := range drawn {
		days, most = max(days, len(r.Downloads)), max(most, sum(r.Downloads))
	}
	top, lines := scale(most)
	c.Lines, c.Labels = lines, dayLabels(days)
	for i, r := range releases {
		curve := Curve{Version: r.Version, Released: r.Released, After: make([]string, len(c.Milestones()))}
		for n, after := range c.Milestones() {
			if len(r.Downloads) >= after {
				curve.After[n] = comma(sum(r.Downloads[:after]))
			}
		}
		if i < len(drawn) {
			curve.Number, curve.Path = i+1, curvePath(r.Downloads, days, top)
			c.Drawn = append(c.Drawn, curve)
		}
		c.Rows = append(c.Rows, curve)
	}
	return c
}

// curvePath returns the path of a curve: a point for the sum at the end of each day with downloads, and level lines in
// between. On axes of 100 days and 41 downloads, the downloads 4, 0, 6, 0 are the path
//
//	M0 200L10 180.5L20 180.5L30 151.2L40 151.2
//
// that is: 4 after the first day, still 4 after the second, 10 after the third, still 10 after the fourth.
func curvePath(downloads []int64, days int, top int64) string {
	var path strings.Builder
	fmt.Fprintf(&path, "M0 %d", pictureHeight)
	total, drawn := int64(0), 0 // drawn is the day that the path has reached
	to := func(day int) {
		x, y := pictureWidth*float64(day)/float64(days), pictureHeight*(1-float64(total)/float64(top))
		fmt.Fprintf(&path, "L%s %s", number(x), number(y))
		drawn = day
	}
	for i, n := range downloads {
		if n == 0 {
			continue
		}
		if drawn < i {
			to(i) // no downloads since the last point: draw a level line
		}
		total += n
		to(i + 1)
	}
	if drawn < len(downloads) {
		to(len(downloads))
	}
	return path.String()
}

// dayLabels returns the labels of a horizontal axis with this number of days: at its ends, and at one and two thirds.
func dayLabels(days int) []Tick {
	list := []Tick{{"0%", "start", "day of release"}}
	for _, part := range []int{1, 2} {
		day := days * part / 3
		list = append(list, Tick{percent(float64(day), float64(days)), "middle", fmt.Sprint(day)})
	}
	return append(list, Tick{"100%", "end", fmt.Sprintf("%d days", days)})
}

// sum returns the sum of a list.
func sum(list []int64) (n int64) {
	for _, v := range list {
		n += v
	}
	return n
}
