package statspage

import (
	"fmt"
	"strings"

	"github.com/Slicer/sitegen/generator/stats"
)

// Curves is the chart of how releases were taken up: downloads since the day of release, added up.
type Curves struct {
	Drawn  []Curve // the newest
	Rows   []Curve // all, newest first
	Lines  []Tick  // across
	Labels []Tick  // along: days since the release
}

// Curve is one release.
type Curve struct {
	Version  string
	Released string // YYYY-MM-DD
	Number   int    // of its colour, from 1
	Path     string
	After    []string // downloads after so many days, see Milestones; "" where these are not over
}

// drawnCurves are so many as can be told apart.
const drawnCurves = 6

// Milestones are the days of which the table tells the downloads.
func (Curves) Milestones() []int { return []int{7, 30, 90, 180, 365} }

// Summary tells the picture in words.
func (c Curves) Summary() string {
	var parts []string
	for _, r := range c.Drawn {
		if r.After[0] != "" {
			parts = append(parts, fmt.Sprintf("%s: %s in the first week", r.Version, r.After[0]))
		}
	}
	return strings.Join(parts, ", ")
}

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

// curvePath draws the sum at the end of each day.
func curvePath(downloads []int64, days int, top int64) string {
	var path strings.Builder
	fmt.Fprintf(&path, "M0 %d", pictureHeight)
	total, drawn := int64(0), 0 // and the day up to which it is
	to := func(day int) {
		fmt.Fprintf(&path, "L%s %s", number(pictureWidth*float64(day)/float64(days)), number(pictureHeight*(1-float64(total)/float64(top))))
		drawn = day
	}
	for i, n := range downloads {
		if n == 0 {
			continue
		}
		if drawn < i {
			to(i) // level since then
		}
		total += n
		to(i + 1)
	}
	if drawn < len(downloads) {
		to(len(downloads))
	}
	return path.String()
}

// dayLabels marks some days of an axis.
func dayLabels(days int) []Tick {
	list := []Tick{{"0%", "start", "day of release"}}
	for _, part := range []int{1, 2} {
		day := days * part / 3
		list = append(list, Tick{percent(float64(day), float64(days)), "middle", fmt.Sprint(day)})
	}
	return append(list, Tick{"100%", "end", fmt.Sprintf("%d days", days)})
}

func sum(list []int64) (n int64) {
	for _, v := range list {
		n += v
	}
	return n
}
