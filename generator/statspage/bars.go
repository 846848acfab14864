package statspage

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/stats"
)

// Group is a bar chart of the downloads by one property.
type Group struct {
	Key   string // name of the property in URLs, for example version
	Title string // for example Version
	Rows  []Bar  // all values, most downloads first
	Drawn []Bar  // the values shown in the picture
}

// Bar is one value of a property.
type Bar struct {
	Value     string // in the cubes, for example win
	Label     string // for people, for example Windows
	Region    string // if the value is a country: its region
	Downloads string
	Share     string // of all downloads that count, for example 37.5 %
	Width     string // relative to the longest bar, for example 80.00%
	Y         int    // position of the row in the picture (pixels)
}

const (
	drawnBars = 10 // maximum number of rows in the picture
	barHeight = 36 // height of a row (pixels); the same as in stats.css and stats-bars.html
)

// Height returns the height of the picture (pixels).
func (g Group) Height() int { return barHeight * len(g.Drawn) }

// Rest returns the number of values that the picture does not show.
func (g Group) Rest() int { return len(g.Rows) - len(g.Drawn) }

// Summary describes the picture in words by its largest values: "Windows 61.0 %, macOS 25.3 %, Linux 13.7 %".
func (g Group) Summary() string {
	var parts []string
	for _, b := range g.Rows[:min(5, len(g.Rows))] {
		parts = append(parts, b.Label+" "+b.Share)
	}
	return strings.Join(parts, ", ")
}

// columns returns all bar charts, in columns of about the same height.
func columns(scheme *catalog.Scheme, s *stats.Summary) [][]Group {
	return [][]Group{{
		newGroup("version", "Version", s.Versions, s.Total, orUnknown),
		newGroup("stability", "Stability", s.Stabilities, s.Total, stabilityLabel),
	}, {
		newGroup("os", "Operating system", s.Systems, s.Total, func(v string) string {
			return orUnknown(scheme.Title(catalog.OS(v)))
		}),
		newGroup("arch", "Architecture", s.Arches, s.Total, orUnknown),
		newGroup("class", "Client", classShares(s.Classes), s.Total, classLabel),
	}, {
		countryGroup(s),
		newGroup("region", "Region", regionShares(s.Countries), s.Total, orUnknown),
	}}
}

// countryGroup returns the chart of countries, whose bars also have a region.
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

// orUnknown returns a value, or the label of the value "".
func orUnknown(v string) string { return cmp.Or(v, "Unknown") }

// newGroup returns the chart of a property. Its shares are sorted, most downloads first.
func newGroup(key, title string, shares []stats.Share, total int64, label func(string) string) Group {
	g := Group{Key: key, Title: title}
	most := int64(1)
	for _, s := range shares {
		most = max(most, s.Downloads)
	}
	for i, s := range shares {
		b := Bar{
			Value: s.Value, Label: label(s.Value), Downloads: comma(s.Downloads), Share: share(s.Downloads, total),
			Width: percent(float64(s.Downloads), float64(most)), Y: i * barHeight,
		}
		if key == "class" && s.Value == stats.Bot.String() {
			b.Share = notCounted
		}
		g.Rows = append(g.Rows, b)
	}
	g.Drawn = g.Rows[:min(drawnBars, len(g.Rows))]
	return g
}

// notCounted is shown instead of a share for bots, since totals exclude them.
const notCounted = "not counted"

// share formats a fraction for people, for example 37.5 %.
func share(part, whole int64) string {
	if whole == 0 {
		return "0.0 %"
	}
	return fmt.Sprintf("%.1f %%", 100*float64(part)/float64(whole))
}

// regionOf returns the region of a country. Entries that belong to no region, such as Unknown and Other countries, are
// regions of their own.
func regionOf(c stats.CountryShare) string { return cmp.Or(c.Region, c.Name) }

// regionShares adds up the downloads of the countries of each region, most downloads first.
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

// classShares returns the shares of all classes, including those without downloads, since the page explains all
// classes.
func classShares(have []stats.Share) []stats.Share {
	list := slices.Clone(have)
	for _, c := range stats.Classes() {
		if !slices.ContainsFunc(list, func(s stats.Share) bool { return s.Value == c.String() }) {
			list = append(list, stats.Share{Value: c.String()})
		}
	}
	return list
}

// classLabel returns the name of a class of clients for people.
func classLabel(v string) string {
	switch c, _ := stats.ParseClass(v); c {
	case stats.Browser:
		return "Browsers"
	case stats.Mobile:
		return "Mobile devices"
	case stats.Tool:
		return "Download tools"
	case stats.Bot:
		return "Bots"
	}
	return "Unknown"
}

// stabilityLabel returns the name of a stability for people.
func stabilityLabel(v string) string {
	switch catalog.Stability(v) {
	case catalog.Release:
		return "Stable release"
	case catalog.Nightly:
		return "Preview release"
	}
	return orUnknown(v)
}
