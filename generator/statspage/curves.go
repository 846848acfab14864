package statspage

import (
	"html/template"
	"time"

	"github.com/Slicer/sitegen/generator/stats"
)

// Curves is the chart of release adoption: the cumulative downloads of each release since the day of its release.
type Curves struct {
	Chart template.HTML
	Rows  []Curve // all releases, newest first
}

// Curve is one release.
type Curve struct {
	Version  string
	Released string   // YYYY-MM-DD
	Page     string   // path of its page; "" if it has none
	After    []string // downloads within each of the Milestones, or why they are not known
}

// drawnCurves is the number of curves that readers can still distinguish.
const drawnCurves = 6

// Milestones returns the numbers of days after which the table shows the downloads of a release.
func (Curves) Milestones() []int { return []int{7, 30, 90, 180, 365} }

// drawnCurve is an element of the argument of charts.releases in chart.js.
type drawnCurve struct {
	Version string     `json:"version"`
	Points  [][2]int64 `json:"points"`
	Week    string     `json:"week"` // downloads in the first week; "" if not known
}

// newCurves draws the curves of releases, which are sorted, newest first. First is the first day of the logs.
func newCurves(d *drawer, releases []stats.Release, first time.Time, page func(version string) string) Curves {
	var c Curves
	drawn := []drawnCurve{}
	for _, r := range releases {
		missing := max(0, int(first.Sub(parseDay(r.Released)).Hours()/24))
		curve := Curve{Version: r.Version, Released: r.Released, Page: page(r.Version)}
		week := ""
		for i, days := range c.Milestones() {
			text := d.text("stats.not_yet") // the days are not over
			switch {
			case len(r.Downloads) < days:
			case missing > 0:
				text = d.text("stats.not_known") // the logs begin after the release
			default:
				if text = d.Number(sum(r.Downloads[:days])); i == 0 {
					week = text
				}
			}
			curve.After = append(curve.After, text)
		}
		if len(drawn) < drawnCurves {
			drawn = append(drawn, drawnCurve{r.Version, curvePoints(r.Downloads, missing), week})
		}
		c.Rows = append(c.Rows, curve)
	}
	c.Chart = d.draw("releases", map[string]any{"curves": drawn})
	return c
}

// curvePoints returns the points of a curve: one for the sum at the end of each day with downloads, and level lines in
// between. The first missing days are before the first log, so the curve begins after them. The downloads 4, 0, 6, 0
// are the points
//
//	[0 0] [1 4] [2 4] [3 10] [4 10]
func curvePoints(downloads []int64, missing int) [][2]int64 {
	missing = min(missing, len(downloads))
	points := [][2]int64{{int64(missing), 0}}
	total := int64(0)
	reach := func(day int) {
		if points[len(points)-1][0] < int64(day) {
			points = append(points, [2]int64{int64(day), total})
		}
	}
	for i := missing; i < len(downloads); i++ {
		if downloads[i] == 0 {
			continue
		}
		reach(i)
		total += downloads[i]
		reach(i + 1)
	}
	reach(len(downloads))
	return points
}

// sum returns the sum of a list.
func sum(list []int64) (n int64) {
	for _, v := range list {
		n += v
	}
	return n
}
