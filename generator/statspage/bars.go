package statspage

import (
	"cmp"
	"html/template"
	"slices"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/stats"
)

// Group is a bar chart of the downloads by one property.
type Group struct {
	Key   string // name of the property in URLs, for example version
	Title string // for example Version
	Rows  []Bar  // all values, most downloads first
	Chart template.HTML
	Rest  int // number of values with downloads that Chart does not show
}

// Bar is one value of a property.
type Bar struct {
	Value     string // in the cubes, for example win
	Label     string // for people, for example Windows
	Region    string // if the value is a country: its region
	Downloads string
	Share     string // of all downloads that count, for example 37.5 %
	Page      string // path of the page of a release; "" if it has none
	Files     bool   // there are files with its downloads by day
	Newest    bool   // it is the newest release

	number int64
}

// drawnBars is the maximum number of values in a chart; the newest release is added if it is not among them.
const drawnBars = 10

// FilesIn returns the folder with the files of single values, or "" if there are none.
func (g Group) FilesIn() string {
	return map[string]string{"version": "version", "os": "system"}[g.Key]
}

// draw draws the chart of the values with downloads and of the newest release.
func (g *Group) draw(d *drawer) {
	type row struct {
		Label     string `json:"label"`
		Downloads int64  `json:"downloads"`
		Share     string `json:"share"`
		Most      int64  `json:"most"`
		Note      string `json:"note,omitempty"`
		Page      string `json:"page,omitempty"`
	}
	most, rows := int64(1), []row{}
	for _, b := range g.Rows {
		most = max(most, b.number)
	}
	for i, b := range g.Rows {
		if !b.Newest && (i >= drawnBars || b.number == 0) {
			g.Rest += min(1, int(b.number))
			continue
		}
		r := row{Label: b.Label, Downloads: b.number, Share: b.Share, Most: most, Page: b.Page}
		if b.Newest {
			r.Note = d.text("stats.newest")
		}
		rows = append(rows, r)
	}
	g.Chart = d.draw("bars", map[string]any{"rows": rows})
}

// columns returns all bar charts, in columns of about the same height.
func columns(d *drawer, scheme *catalog.Scheme, s *stats.Summary, page func(version string) string) [][]Group {
	return [][]Group{{
		versionGroup(d, s, page),
		newGroup(d, "stability", d.text("stats.stability"), s.Stabilities, s.Total, d.stability),
	}, {
		newGroup(d, "os", d.text("stats.os"), s.Systems, s.Total, func(v string) string {
			return d.orUnknown(d.Term(scheme.Title(catalog.OS(v))))
		}),
		newGroup(d, "arch", d.text("stats.arch"), s.Arches, s.Total, d.orUnknown),
		newGroup(d, "class", d.text("stats.class"), classShares(s.Classes), s.Total, d.class),
	}, {
		countryGroup(d, s),
		newGroup(d, "region", d.text("stats.region"), regionShares(s.Countries), s.Total, func(v string) string {
			return d.orUnknown(d.Term(v))
		}),
	}}
}

// versionGroup returns the chart of versions, whose bars may have pages. It includes the newest release, even if nobody
// has downloaded it yet.
func versionGroup(d *drawer, s *stats.Summary, page func(version string) string) Group {
	shares := s.Versions
	if s.Newest != "" && !slices.ContainsFunc(shares, func(v stats.Share) bool { return v.Value == s.Newest }) {
		shares = append(slices.Clone(shares), stats.Share{Value: s.Newest})
	}
	g := newGroup(d, "version", d.text("stats.version"), shares, s.Total, d.orUnknown)
	for i := range g.Rows {
		b := &g.Rows[i]
		b.Page, b.Newest = page(b.Value), b.Value != "" && b.Value == s.Newest
	}
	return g
}

// countryGroup returns the chart of countries, whose bars also have a region.
func countryGroup(d *drawer, s *stats.Summary) Group {
	shares := make([]stats.Share, len(s.Countries))
	byCode := map[string]stats.CountryShare{}
	for i, c := range s.Countries {
		shares[i] = stats.Share{Value: c.Code, Downloads: c.Downloads}
		byCode[c.Code] = c
	}
	g := newGroup(d, "country", d.text("stats.country"), shares, s.Total, func(code string) string {
		return d.Country(code, byCode[code].Name)
	})
	for i := range g.Rows {
		g.Rows[i].Region = regionOf(byCode[g.Rows[i].Value])
	}
	return g
}

// orUnknown returns a value, or the label of the value "".
func (d *drawer) orUnknown(v string) string { return cmp.Or(v, d.text("stats.unknown")) }

// newGroup returns the chart of a property. Its shares are sorted, most downloads first.
func newGroup(d *drawer, key, title string, shares []stats.Share, total int64, label func(string) string) Group {
	g := Group{Key: key, Title: title}
	for _, s := range shares {
		b := Bar{Value: s.Value, Label: label(s.Value),
			Downloads: d.Number(s.Downloads), Share: d.share(s.Downloads, total),
			Files: g.FilesIn() != "" && s.Downloads > 0 && stats.HasSeriesFiles(s.Value), number: s.Downloads}
		if key == "class" && s.Value == stats.Bot.String() {
			b.Share = d.text("stats.not_counted") // totals exclude bots
		}
		g.Rows = append(g.Rows, b)
	}
	return g
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

// class returns the name of a class of clients for people.
func (d *drawer) class(v string) string {
	switch c, _ := stats.ParseClass(v); c {
	case stats.Browser:
		return d.text("stats.browsers")
	case stats.Mobile:
		return d.text("stats.mobile")
	case stats.Tool:
		return d.text("stats.tools")
	case stats.Bot:
		return d.text("stats.bots")
	}
	return d.text("stats.unknown")
}

// stability returns the name of a stability for people.
func (d *drawer) stability(v string) string {
	switch catalog.Stability(v) {
	case catalog.Release:
		return d.text("stats.stable")
	case catalog.Nightly:
		return d.text("stats.preview")
	}
	return d.orUnknown(v)
}
