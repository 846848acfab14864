package site

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/language"
	"github.com/Slicer/sitegen/generator/lookup"
)

// recentDays is the number of days on the page of the newest nightly builds. Days without builds do not count.
const recentDays = 60

// Preview is the content of a page of nightly builds: one row per day, newest first, and one column per platform.
type Preview struct {
	Year      int      // the year of the builds; 0 for the page of the newest builds
	Platforms []string // titles of the columns
	Months    []Month  // newest first
	Years     []int    // all years with builds, newest first
	Revisions bool     // whether builds have a revision of the source code

	changes string // URL of the changes between two revisions, with {from} and {to}; "" for none
}

// Changes returns the URL of the changes since the builds of the day before, or "" if it is not known.
func (p Preview) Changes(d Day) string {
	to := d.revision()
	if p.changes == "" || d.before == 0 || d.before >= to {
		return ""
	}
	return strings.NewReplacer("{from}", strconv.Itoa(d.before), "{to}", strconv.Itoa(to)).Replace(p.changes)
}

// Month is the days of a month that have nightly builds, newest first.
type Month struct {
	Date time.Time // midnight of one of its days, UTC
	Days []Day
}

// ID returns the id of the month on its page: 2026-01.
func (m Month) ID() string { return m.Date.Format("2006-01") }

// monthsOf groups days by month.
func monthsOf(days []Day) (months []Month) {
	for _, d := range days {
		last := len(months) - 1
		if last < 0 || months[last].ID() != (Month{Date: d.Date}).ID() {
			months = append(months, Month{Date: d.Date})
			last++
		}
		months[last].Days = append(months[last].Days, d)
	}
	return months
}

// Day is the nightly builds of one day (UTC).
type Day struct {
	Date  time.Time // midnight, UTC
	Items []Item    // newest first
	Cells [][]Item  // builds by column of the page

	before int // highest revision of the day before with builds; 0 if there is none
}

// revision returns the highest revision of the day's builds.
func (d Day) revision() (highest int) {
	for _, i := range d.Items {
		highest = max(highest, i.Revision)
	}
	return highest
}

// Anchor returns the id of the day on its page, for instance 2026-01-31.
func (d Day) Anchor() string { return d.Date.Format(time.DateOnly) }

// Version returns the version of the day's newest build, or "" if the build has none.
func (d Day) Version() string { return d.Items[0].Version }

// Updated returns the time of the day's last build.
func (d Day) Updated() time.Time {
	t := d.Items[0].Built
	for _, i := range d.Items {
		t = later(t, i.Built)
	}
	return t
}

// URL returns the permanent URL of the day, on the page of its year.
func (d Day) URL() string { return yearURL(d.Date.Year()) + "#" + d.Anchor() }

func yearURL(year int) string { return fmt.Sprintf("/preview/%d/", year) }

// daysOf groups the nightly builds by day, newest first.
func daysOf(packages []Item) []Day {
	byDay := map[string][]Item{}
	for _, p := range packages {
		if p.Matches(catalog.Nightly) {
			byDay[p.Day()] = append(byDay[p.Day()], p)
		}
	}
	days := make([]Day, 0, len(byDay))
	for _, items := range byDay {
		days = append(days, Day{Date: items[0].Built.Truncate(24 * time.Hour), Items: items})
	}
	slices.SortFunc(days, func(a, b Day) int { return b.Date.Compare(a.Date) })
	for n := range len(days) - 1 {
		days[n].before = days[n+1].revision()
	}
	return days
}

// addPreview adds the page of the newest nightly builds, and one page per year with all builds of that year. Links to a
// day lead to the page of its year, so they remain valid when newer builds arrive.
func addPreview(b *Build) {
	for _, p := range b.derived.previews {
		p.changes = b.Changes
		page := Page{
			Path: "preview/index.html", Layout: "preview.html", Data: p,
		}
		words := heading{"preview.title", "preview.description",
			language.Values{"project": b.Site.Project, "year": p.Year}}
		if p.Year != 0 {
			page.Path = strings.TrimPrefix(yearURL(p.Year), "/") + "index.html"
			words.title, words.description = "preview.title_year", "preview.description_year"
		}
		if len(p.Months) > 0 {
			page.Date = p.Months[0].Days[0].Updated()
		}
		b.addLocalized(page, words)
	}
}

// previewsOf returns the content of all pages of nightly builds. The page of the newest builds is the first.
func previewsOf(spec *lookup.Spec, days []Day) []Preview {
	years := yearsOf(days)
	previews := []Preview{newPreview(spec, 0, days[:min(len(days), recentDays)], years)}
	for _, year := range years {
		previews = append(previews, newPreview(spec, year, ofYear(days, year), years))
	}
	return previews
}

func newPreview(spec *lookup.Spec, year int, days []Day, years []int) Preview {
	var items []Item
	for _, d := range days {
		items = append(items, d.Items...)
	}
	platforms := platformsOf(spec, items)
	return Preview{Year: year, Platforms: platformTitles(spec, platforms), Months: monthsOf(inColumns(days, platforms)),
		Years: years, Revisions: spec.Revisions}
}

func yearsOf(days []Day) []int {
	var years []int
	for _, d := range days {
		years = append(years, d.Date.Year())
	}
	return slices.Compact(years)
}

func ofYear(days []Day, year int) []Day {
	var list []Day
	for _, d := range days {
		if d.Date.Year() == year {
			list = append(list, d)
		}
	}
	return list
}

// inColumns returns the days with their Cells set: the builds by platform.
func inColumns(days []Day, platforms []catalog.Platform) []Day {
	days = slices.Clone(days)
	for n := range days {
		days[n].Cells = make([][]Item, len(platforms))
		for _, i := range days[n].Items {
			column := slices.Index(platforms, i.Platform())
			days[n].Cells[column] = append(days[n].Cells[column], i)
		}
	}
	return days
}
