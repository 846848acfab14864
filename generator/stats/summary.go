package stats

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/Slicer/sitegen/generator/stats/downloads"
)

// Summary holds the numbers that the page shows before any filter is set. Downloads do not include those by bots,
// unless a field says otherwise.
type Summary struct {
	Format      int      `json:"format"`      // 2
	First       string   `json:"first"`       // first day with downloads, YYYY-MM-DD; "" if there are none
	AsOf        string   `json:"asOf"`        // last day with downloads, which may not be over yet
	MinCountry  int      `json:"minCountry"`  // countries with fewer downloads in a month are in "*"
	Attribution []string `json:"attribution"` // HTML that the licences of the GeoIP databases require
	Newest      string   `json:"newest"`      // newest release, also if it has no downloads; "" if there is none
	Total       int64    `json:"total"`
	Robots      int64    `json:"robots"`  // downloads by bots
	Periods     []Period `json:"periods"` // the last 7, 30 and 365 complete days
	Days        Days     `json:"days"`
	PackageShares
	Classes   []Share        `json:"classes"` // including bots; most downloads first, as in all shares
	Countries []CountryShare `json:"countries"`
	Releases  []Release      `json:"releases"` // newest first
	Cubes     []CubeFile     `json:"cubes"`    // oldest first

	RuleChanges []RuleChange `json:"ruleChanges"` // oldest first
}

// RuleChange is a day from which downloads are counted by another rule than before, so that the numbers before and
// after it cannot be compared. For example, if the days up to 1 June 2020 were imported from the previous job, the
// change is {"day": "2020-06-02", "before": "previous-job", "after": "logs"}, or a later day if that one has no
// downloads.
type RuleChange struct {
	Day    string `json:"day"`    // the first one with downloads counted by the new rule, YYYY-MM-DD
	Before string `json:"before"` // the rules: RuleLogs, RulePrevious or RuleTable
	After  string `json:"after"`
}

// The rules by which the downloads of a day are counted.
const (
	RuleLogs     = "logs"         // that of this package, from logs
	RulePrevious = "previous-job" // any method and status: at least a part was imported with ImportOld
	RuleTable    = "table"        // that of another program: imported with ImportDaily
)

// ruleChanges returns the days on which the rule changes. Days without downloads have no rule. Imported is the result
// of downloads.Reader.ImportedDays.
func (p *part) ruleChanges(imported map[int32]bool) []RuleChange {
	changes := []RuleChange{}
	days := maps.Clone(p.Downloads)
	addAll(days, p.Robots)
	before := ""
	for _, day := range slices.Sorted(maps.Keys(days)) {
		rule := RuleLogs
		if previous, ok := imported[day]; ok {
			rule = RuleTable
			if previous {
				rule = RulePrevious
			}
		}
		if before != "" && rule != before {
			changes = append(changes, RuleChange{dayString(day), before, rule})
		}
		before = rule
	}
	return changes
}

// Period compares the last days with the same number of days before them.
type Period struct {
	Days      int    `json:"days"`
	From      string `json:"from"` // first and last day
	To        string `json:"to"`
	Downloads int64  `json:"downloads"`
	Before    int64  `json:"before"` // downloads in the period before
}

// Days holds the downloads of each day, beginning with From, including days without downloads.
type Days struct {
	From      string  `json:"from"`
	Downloads []int64 `json:"downloads"`
	Robots    []int64 `json:"robots"`
}

// Share is the number of downloads of one value of a property.
type Share struct {
	Value     string `json:"value"`
	Downloads int64  `json:"downloads"`
}

// CountryShare is the number of downloads from a country.
type CountryShare struct {
	Code      string `json:"code"` // "" unknown, "*" other countries
	Name      string `json:"name"`
	Subregion string `json:"subregion"`
	Region    string `json:"region"`
	Downloads int64  `json:"downloads"`
}

// Release holds the downloads of a release by day.
type Release struct {
	Version   string  `json:"version"`
	Released  string  `json:"released"`  // YYYY-MM-DD: the day its first package was built
	Downloads []int64 `json:"downloads"` // of each day from Released to AsOf, at most curveDays
}

// CubeFile describes the file of a cube.
type CubeFile struct {
	Period string `json:"period"` // YYYY-MM or YYYY
	Grain  string `json:"grain"`  // of its buckets: day or week
	From   string `json:"from"`   // first day
	File   string `json:"file"`   // name in the folder of the summary
	Rows   int    `json:"rows"`
}

// curveDays is the length of the curve of a release (days).
const curveDays = 365

// part holds the sums of a period for the summary. The database stores the parts, so that a new summary reads only the
// days of periods that have changed.
type part struct {
	Downloads map[int32]int64            `json:"downloads"` // by day, without bots
	Robots    map[int32]int64            `json:"robots"`    // by bots, by day
	Packages  []map[string]int64         `json:"packages"`  // by value of each property, in the order of properties
	Classes   map[string]int64           `json:"classes"`
	Countries map[string]int64           `json:"countries"`
	Releases  map[string]map[int32]int64 `json:"releases"` // by version and day
	Versions  map[string]map[int32]int64 `json:"versions"` // by version and day, including preview builds
	Systems   map[string]map[int32]int64 `json:"systems"`  // by operating system and day
	Rows      int                        `json:"rows"`     // of the cube
}

func newPart() *part {
	p := &part{
		Downloads: map[int32]int64{}, Robots: map[int32]int64{}, Classes: map[string]int64{},
		Countries: map[string]int64{}, Releases: map[string]map[int32]int64{},
		Versions: map[string]map[int32]int64{}, Systems: map[string]map[int32]int64{},
	}
	for range properties() {
		p.Packages = append(p.Packages, map[string]int64{})
	}
	return p
}

// partOf returns the sums of the cells of a period.
func partOf(cells []downloads.Cell, series map[int32]downloads.Series) *part {
	type seriesDay struct{ series, day int32 }
	p, bySeries, byDay := newPart(), map[int32]int64{}, map[seriesDay]int64{}
	for _, c := range cells {
		p.Classes[Class(c.Class).String()] += c.Downloads
		if Class(c.Class) == Bot {
			p.Robots[c.Day] += c.Downloads
			continue
		}
		p.Countries[c.Country] += c.Downloads
		byDay[seriesDay{c.Series, c.Day}] += c.Downloads
	}
	for k, n := range byDay {
		s := series[k.series]
		p.Downloads[k.day] += n
		bySeries[k.series] += n
		addDay(p.Versions, s.Version, k.day, n)
		addDay(p.Systems, s.OS, k.day, n)
		if s.Stability == "release" {
			addDay(p.Releases, s.Version, k.day, n)
		}
	}
	for id, n := range bySeries {
		for i, value := range valuesOf(series[id]) {
			p.Packages[i][value] += n
		}
	}
	return p
}

// add adds the sums of another period.
func (p *part) add(o *part) {
	addAll(p.Downloads, o.Downloads)
	addAll(p.Robots, o.Robots)
	for i := range p.Packages {
		addAll(p.Packages[i], o.Packages[i])
	}
	addAll(p.Classes, o.Classes)
	addAll(p.Countries, o.Countries)
	for _, tables := range [][2]map[string]map[int32]int64{
		{p.Releases, o.Releases}, {p.Versions, o.Versions}, {p.Systems, o.Systems},
	} {
		for value, days := range tables[1] {
			for day, n := range days {
				addDay(tables[0], value, day, n)
			}
		}
	}
}

// addDay adds downloads to the day of a value.
func addDay(values map[string]map[int32]int64, value string, day int32, n int64) {
	days := values[value]
	if days == nil {
		days = map[int32]int64{}
		values[value] = days
	}
	days[day] += n
}

// addAll adds the numbers in from to those in to.
func addAll[K comparable](to, from map[K]int64) {
	for k, n := range from {
		to[k] += n
	}
}

// summarize returns the summary of all periods. Released maps the version of a release to the day its first package was
// built.
func summarize(p *part, first, last int32, released map[string]int32) *Summary {
	s := &Summary{Format: formatVersion, First: dayString(first), AsOf: dayString(last), Attribution: []string{},
		Classes: shares(p.Classes), Countries: []CountryShare{}, Releases: []Release{}, Cubes: []CubeFile{}}
	for i, property := range properties() {
		*property.shares(&s.PackageShares) = shares(p.Packages[i])
	}
	s.Days.From = s.First
	for day := first; day <= last; day++ {
		s.Days.Downloads = append(s.Days.Downloads, p.Downloads[day])
		s.Days.Robots = append(s.Days.Robots, p.Robots[day])
		s.Total += p.Downloads[day]
		s.Robots += p.Robots[day]
	}
	for _, n := range []int32{7, 30, 365} {
		to := last - 1 // the last day may not be over
		s.Periods = append(s.Periods, Period{int(n), dayString(to - n + 1), dayString(to), sum(p.Downloads, to-n+1, to),
			sum(p.Downloads, to-2*n+1, to-n)})
	}
	for _, c := range shares(p.Countries) {
		country := CountryOf(c.Value)
		s.Countries = append(s.Countries,
			CountryShare{c.Value, country.Name, country.Subregion, country.Region, c.Downloads})
	}
	for version, day := range released {
		if curve := p.Releases[version]; curve != nil {
			r := Release{Version: version, Released: dayString(day)}
			for d := day; d <= min(last, day+curveDays-1); d++ {
				r.Downloads = append(r.Downloads, curve[d])
			}
			if sum(curve, day, day+curveDays-1) > 0 {
				s.Releases = append(s.Releases, r)
			}
		}
	}
	slices.SortFunc(s.Releases, func(a, b Release) int {
		return cmp.Or(cmp.Compare(b.Released, a.Released), cmp.Compare(b.Version, a.Version))
	})
	return s
}

// sum returns the sum of the days from one day to another, both included.
func sum(days map[int32]int64, from, to int32) (n int64) {
	for d := from; d <= to; d++ {
		n += days[d]
	}
	return n
}

// shares returns the downloads by value, most first.
func shares(m map[string]int64) []Share {
	list := make([]Share, 0, len(m))
	for _, k := range slices.Sorted(maps.Keys(m)) {
		list = append(list, Share{k, m[k]})
	}
	slices.SortStableFunc(list, func(a, b Share) int { return cmp.Compare(b.Downloads, a.Downloads) })
	return list
}

// releaseDays returns the day on which the first package of each release was built, by version.
func releaseDays(packages []downloads.StoredPackage) map[string]int32 {
	days := map[string]int32{}
	for _, p := range packages {
		if p.Stability != "release" || len(p.Built) < len(time.DateOnly) {
			continue
		}
		day, err := parseDay(p.Built[:len(time.DateOnly)])
		if have, ok := days[p.Version]; err == nil && (!ok || day < have) {
			days[p.Version] = day
		}
	}
	return days
}

// newestRelease returns the version of the release that was built last, or "" if there is none.
func newestRelease(released map[string]int32) (newest string) {
	for version, day := range released {
		have, ok := released[newest]
		if !ok || cmp.Or(cmp.Compare(day, have), cmp.Compare(version, newest)) > 0 {
			newest = version
		}
	}
	return newest
}
