package statspage

import (
	"html/template"
	"time"

	"github.com/Slicer/sitegen/generator/stats"
)

// Over is the chart of versions over time.
type Over struct {
	Chart template.HTML
	Table template.HTML // its rows, as the content of a table
}

// overInput is the argument of charts.allOver and charts.overTable in chart.js.
type overInput struct {
	Title string    `json:"title"`
	Unit  string    `json:"unit"` // of the points
	Days  []int     `json:"days"` // on which the points begin, as days since 1970-01-01
	Rows  []overRow `json:"rows"`
	Rest  string    `json:"rest"` // name of the rows that the chart combines
	As    string    `json:"as"`   // lines, stacked or share

	Partial [2]bool `json:"partial"` // whether the first and the last point lack days
}

// overRow is a value of a property.
type overRow struct {
	Name      string  `json:"name"`
	Downloads int64   `json:"downloads"`
	Values    []int64 `json:"values"` // by point
	Keep      bool    `json:"keep"`   // shown although others have more downloads
}

// newOver draws the downloads of versions, at the points of a timeline.
func newOver(d *drawer, t Timeline, versions []stats.Series, newest string) Over {
	in := overInput{Title: d.text("stats.versions_over_time"), Unit: t.Unit, Rest: d.text("stats.other_versions"),
		As: "stacked", Partial: t.Partial}
	at := map[time.Time]int{}
	for i, p := range t.Points {
		at[p.From] = i
		in.Days = append(in.Days, dayNumber(p.From))
	}
	for _, v := range versions {
		row := overRow{Name: d.orUnknown(v.Value), Downloads: v.Total, Values: make([]int64, len(t.Points)),
			Keep: v.Value == newest && newest != ""}
		day := parseDay(v.From)
		for _, n := range v.Downloads {
			if i, ok := at[startOf(t.Unit, day)]; ok {
				row.Values[i] += n
			}
			day = day.AddDate(0, 0, 1)
		}
		in.Rows = append(in.Rows, row)
	}
	if len(in.Rows) == 0 {
		return Over{}
	}
	return Over{Chart: d.draw("allOver", in), Table: d.draw("overTable", in)}
}
