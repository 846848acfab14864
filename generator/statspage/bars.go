package statspage

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/stats"
)

// Group is a chart of bars: the downloads by one property of theirs.
type Group struct {
	Key   string // name of the property in addresses: version
	Title string // Version
	Rows  []Bar  // all values, most downloads first
	Drawn []Bar  // those in the picture
}

// Bar is a value of a property.
type Bar struct {
	Value     string // as it is in the cubes
	Label     string
	Region    string // of a country
	Downloads string
	Share     string // of the downloads that count
	Width     string // of the bar, of the longest one
	Y         int    // of the row in the picture
}

const (
	drawnBars = 10
	barHeight = 36 // of a row; stats.css has the same
)

// Height of the picture.
func (g Group) Height() int { return barHeight * len(g.Drawn) }

// Rest is how many values the picture leaves out.
func (g Group) Rest() int { return len(g.Rows) - len(g.Drawn) }

// Summary tells the picture in words: the greatest shares.
func (g Group) Summary() string {
	var parts []string
	for _, b := range g.Rows[:min(5, len(g.Rows))] {
		parts = append(parts, b.Label+" "+b.Share)
	}
	return strings.Join(parts, ", ")
}

// columns are all charts of bars, in columns of about the same height.
func columns(scheme *catalog.Scheme, s *stats.Summary) [][]Group {
	return [][]Group{{
		newGroup("version", "Version", s.Versions, s.Total, orUnknown),
		newGroup("stability", "Stability", s.Stabilities, s.Total, stabilityLabel),
	}, {
		newGroup("os", "Operating system", s.Systems, s.Total, func(v string) string { return orUnknown(scheme.Title(catalog.OS(v))) }),
		newGroup("arch", "Architecture", s.Arches, s.Total, orUnknown),
		newGroup("class", "Asked by", classShares(s.Classes), s.Total, classLabel),
	}, {
		countryGroup(s),
		newGroup("region", "Region", regionShares(s.Countries), s.Total, orUnknown),
	}}
}

func countryGroup(s *stats.Summary) Group {
	shares := make([]stats.Share, len(s.Countries))
	byCode := map[string]stats.CountryShare{}
	for i, c := range s.Countries {
		shares[i] = stats.Share{Value: c.Code, Downloads: c.Downloads}
		byCode[c.Code] = c
	}
	g := newGroup("country", "Country", shares, s.Total, func(code string) string { return byCode[code].Name })
	for i := range g.Rows {
		g.Rows[i].Region = regionOf(byCode[g.Rows[i].Value])
	}
	return g
}

func orUnknown(v string) string { return cmp.Or(v, "Unknown") }

func newGroup(key, title string, shares []stats.Share, total int64, label func(string) string) Group {
	g := Group{Key: key, Title: title}
	most := int64(1)
	for _, s := range shares {
		most = max(most, s.Downloads)
	}
	for i, s := range shares {
		b := Bar{Value: s.Value, Label: label(s.Value), Downloads: comma(s.Downloads), Share: share(s.Downloads, total), Width: percent(float64(s.Downloads), float64(most)), Y: i * barHeight}
		if key == "class" && s.Value == stats.Bot.String() {
			b.Share = notCounted
		}
		g.Rows = append(g.Rows, b)
	}
	g.Drawn = g.Rows[:min(drawnBars, len(g.Rows))]
	return g
}

// notCounted stands where robots would have a share.
const notCounted = "not counted"

// share writes a part of a whole for people.
func share(part, whole int64) string {
	if whole == 0 {
		return "0.0 %"
	}
	return fmt.Sprintf("%.1f %%", 100*float64(part)/float64(whole))
}

// regionOf is the region of a country; what lies in none is a region of its own.
func regionOf(c stats.CountryShare) string { return cmp.Or(c.Region, c.Name) }

func regionShares(countries []stats.CountryShare) []stats.Share {
	var list []stats.Share
	for _, c := range countries {
		at := slices.IndexFunc(list, func(s stats.Share) bool { return s.Value == regionOf(c) })
		if at < 0 {
			at, list = len(list), append(list, stats.Share{Value: regionOf(c)})
		}
		list[at].Downloads += c.Downloads
	}
	slices.SortStableFunc(list, func(a, b stats.Share) int { return cmp.Compare(b.Downloads, a.Downloads) })
	return list
}

// classShares lists the classes; those without downloads too, since the page explains them all.
func classShares(have []stats.Share) []stats.Share {
	list := slices.Clone(have)
	for _, c := range stats.Classes() {
		if !slices.ContainsFunc(list, func(s stats.Share) bool { return s.Value == c.String() }) {
			list = append(list, stats.Share{Value: c.String()})
		}
	}
	return list
}

func classLabel(v string) string {
	switch c, _ := stats.ParseClass(v); c {
	case stats.Browser:
		return "Browsers"
	case stats.Mobile:
		return "Mobile devices"
	case stats.Tool:
		return "Download tools"
	case stats.Bot:
		return "Robots"
	}
	return "Unknown programs"
}

func stabilityLabel(v string) string {
	switch catalog.Stability(v) {
	case catalog.Release:
		return "Stable release"
	case catalog.Nightly:
		return "Preview release"
	}
	return orUnknown(v)
}
