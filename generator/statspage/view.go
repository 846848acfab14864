package statspage

import (
	"fmt"
	"html/template"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/stats"
)

// View is what the layout shows: Page.Data of stats.html.
type View struct {
	*stats.Summary
	First, AsOf time.Time // days; zero when there are no downloads
	Licences    []template.HTML
	Privacy     stats.Privacy
	Legacy      bool // there is a file of format 1.0
	Tiles       []Tile
	Timeline    Timeline
	Columns     [][]Group // on a wide screen
	Curves      Curves
	Script      Script
}

// Tile is a number and how it compares.
type Tile struct {
	Days      int // of the period; 0 for all time
	Title     string
	Downloads string
	Change    string // "" for all time
}

// Script is what the script needs to know. Labels and regions are in the tables.
type Script struct {
	First    string          `json:"first"` // YYYY-MM-DD
	AsOf     string          `json:"asOf"`
	Cubes    []string        `json:"cubes"` // names of files beside the page, oldest first
	Releases []ScriptRelease `json:"releases"`
}

// ScriptRelease is a release that has a curve.
type ScriptRelease struct {
	Version  string `json:"version"`
	Released string `json:"released"`
}

func newView(scheme *catalog.Scheme, s *stats.Summary, privacy stats.Privacy, legacy bool) *View {
	v := &View{Summary: s, First: parseDay(s.First), AsOf: parseDay(s.AsOf), Privacy: privacy, Legacy: legacy,
		Script: Script{First: s.First, AsOf: s.AsOf, Cubes: []string{}, Releases: []ScriptRelease{}}}
	for _, text := range s.Attribution {
		v.Licences = append(v.Licences, template.HTML(text)) // of the configuration, or of package stats
	}
	if s.AsOf == "" {
		return v
	}
	v.Tiles, v.Columns = tiles(s), columns(scheme, s)
	v.Timeline, v.Curves = newTimeline(s.Days), newCurves(s.Releases)
	for _, c := range s.Cubes {
		v.Script.Cubes = append(v.Script.Cubes, c.File)
	}
	for _, r := range s.Releases {
		v.Script.Releases = append(v.Script.Releases, ScriptRelease{r.Version, r.Released})
	}
	return v
}

// RobotDownloads writes the downloads that are not counted otherwise.
func (v *View) RobotDownloads() string { return comma(v.Robots) }

// Weekly is the last year that is published by the week; "" when there is none.
func (v *View) Weekly() string {
	year := ""
	for _, c := range v.Cubes { // oldest first
		if c.Grain == "week" {
			year = c.Period
		}
	}
	return year
}

// tiles are the downloads of all time and of the last days.
func tiles(s *stats.Summary) []Tile {
	list := []Tile{{Title: "All time", Downloads: comma(s.Total)}}
	for _, p := range s.Periods {
		t := Tile{Days: p.Days, Title: fmt.Sprintf("Last %d days", p.Days), Downloads: comma(p.Downloads)}
		whole := !parseDay(p.From).AddDate(0, 0, -p.Days).Before(parseDay(s.First))
		switch {
		case !whole:
			t.Change = "nothing to compare with yet"
		case p.Before == 0:
			t.Change = fmt.Sprintf("none in the %d days before", p.Days)
		default:
			t.Change = fmt.Sprintf("%+.1f %% on the %d days before", 100*float64(p.Downloads-p.Before)/float64(p.Before), p.Days)
		}
		list = append(list, t)
	}
	return list
}

// parseDay reads YYYY-MM-DD; package stats writes nothing else, but "" for no day.
func parseDay(s string) time.Time {
	t, _ := time.Parse(time.DateOnly, s)
	return t
}

// comma writes 1234567 as 1,234,567.
func comma(n int64) string { return humanize.Comma(n) }

// percent gives a part of a whole for a picture, "37.5%".
func percent(part, whole float64) string {
	if whole == 0 {
		return "0%"
	}
	return fmt.Sprintf("%.2f%%", 100*part/whole)
}
