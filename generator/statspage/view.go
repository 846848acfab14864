package statspage

import (
	"html/template"
	"time"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/language"
	"github.com/Slicer/sitegen/generator/stats"
)

// View is the data for the layout stats.html: its Page.Data.
type View struct {
	*stats.Summary
	First, AsOf time.Time // first and last day with downloads; zero if there are none
	Licences    []template.HTML
	Privacy     stats.Privacy
	Legacy      string // name of the file in format 1.0; "" if none is published
	Tiles       []Tile // none if there are no downloads
	Timeline    Timeline
	Over        Over
	Columns     [][]Group // columns of charts on a wide screen
	Curves      Curves
	Script      Script
}

// Tile is a box that shows the downloads of a period, and how they have changed since the period before.
type Tile struct {
	Days      int // length of the period; 0 for all time
	Title     string
	Downloads string
	Change    string // compared with the period before; "" for all time
}

// Script is the data for stats.js, as JSON in the page. The script reads labels and regions from the tables of the
// page.
type Script struct {
	First      string          `json:"first"` // YYYY-MM-DD
	AsOf       string          `json:"asOf"`
	Properties []string        `json:"properties"` // of packages, in the order of their values in the cubes
	Cubes      []string        `json:"cubes"`      // names of files beside the page, oldest first
	Releases   []ScriptRelease `json:"releases"`
	Newest     string          `json:"newest"`  // version of the newest release
	Changes    []string        `json:"changes"` // days from which downloads are counted by another rule
	RuleNote   string          `json:"ruleNote"`
	NewestNote string          `json:"newestNote"`
	Folder     string          `json:"folder"` // path of the cubes
	Words      language.Script `json:"words"`
}

// ScriptRelease is a release for which the script can draw a curve.
type ScriptRelease struct {
	Version  string `json:"version"`
	Released string `json:"released"`
	Page     string `json:"page"` // path of its page; "" if it has none
}

// newView returns the view of a summary.
func newView(d *drawer, scheme *catalog.Scheme, s *stats.Summary, o Options) *View {
	words, err := d.Script("scripts.charts", "scripts.stats")
	if err != nil {
		d.err = err
		return nil
	}
	v := &View{Summary: s, First: parseDay(s.First), AsOf: parseDay(s.AsOf), Privacy: o.Privacy, Legacy: o.LegacyFile,
		Script: Script{First: s.First, AsOf: s.AsOf, Properties: stats.PackageProperties(), Cubes: []string{},
			Releases: []ScriptRelease{}, Newest: s.Newest, Changes: []string{}, RuleNote: d.text("stats.rule_change"),
			NewestNote: d.text("stats.newest"), Folder: "/" + folderName, Words: words}}
	for _, text := range s.Attribution {
		v.Licences = append(v.Licences, template.HTML(text)) // trusted: from the configuration or from package stats
	}
	if s.AsOf == "" {
		return v
	}
	page := o.ReleasePage
	if page == nil {
		page = func(string) string { return "" }
	}
	v.Tiles, v.Columns = tiles(d, s), columns(d, scheme, s, page)
	for _, column := range v.Columns {
		for i := range column {
			column[i].draw(d)
		}
	}
	changes := ruleChanges(s)
	v.Timeline = newTimeline(d, s.Days)
	v.Timeline.draw(d, changes)
	v.Over = newOver(d, v.Timeline, o.Versions, s.Newest)
	v.Curves = newCurves(d, s.Releases, v.First, page)
	for _, c := range s.Cubes {
		v.Script.Cubes = append(v.Script.Cubes, c.File)
	}
	for _, r := range s.Releases {
		v.Script.Releases = append(v.Script.Releases, ScriptRelease{r.Version, r.Released, page(r.Version)})
	}
	for _, day := range changes {
		v.Script.Changes = append(v.Script.Changes, day.Format(time.DateOnly))
	}
	return v
}

// ruleChanges returns the days from which downloads are counted by another rule.
func ruleChanges(s *stats.Summary) (days []time.Time) {
	for _, c := range s.RuleChanges {
		days = append(days, parseDay(c.Day))
	}
	return days
}

// Weekly returns the last year that is published by week instead of by day, or "" if there is none.
func (v *View) Weekly() string {
	year := ""
	for _, c := range v.Cubes { // oldest first
		if c.Grain == "week" {
			year = c.Period
		}
	}
	return year
}

// tiles returns the tiles for all time and for the last 7, 30 and 365 days.
func tiles(d *drawer, s *stats.Summary) []Tile {
	list := []Tile{{Title: d.text("stats.all_time"), Downloads: d.Number(s.Total)}}
	for _, p := range s.Periods {
		days := language.Values{"days": p.Days}
		t := Tile{Days: p.Days, Title: d.MustText("stats.last_days", days), Downloads: d.Number(p.Downloads)}
		complete := !parseDay(p.From).AddDate(0, 0, -p.Days).Before(parseDay(s.First))
		switch {
		case !complete: // the period before begins before the first day
			t.Change = d.text("stats.no_earlier")
		case p.Before == 0:
			t.Change = d.MustText("stats.none_before", days)
		default:
			change := 100 * float64(p.Downloads-p.Before) / float64(p.Before)
			t.Change = d.MustText("stats.change", language.Values{"change": d.Tenths(change, true), "days": p.Days})
		}
		list = append(list, t)
	}
	return list
}

// parseDay parses YYYY-MM-DD. It returns the zero time for "", which package stats writes if there are no downloads.
// Other forms do not occur.
func parseDay(s string) time.Time {
	t, _ := time.Parse(time.DateOnly, s)
	return t
}
