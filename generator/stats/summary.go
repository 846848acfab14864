package stats

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/Slicer/sitegen/generator/stats/downloads"
)

// Summary is what the page shows first, and what its charts are drawn of at build time. Downloads are those of
// all classes but robots, unless it says otherwise.
type Summary struct {
	Format      int            `json:"format"`      // 2
	First       string         `json:"first"`       // first day with downloads, YYYY-MM-DD; "" when there are none
	AsOf        string         `json:"asOf"`        // last day with downloads; it may not be over
	MinCountry  int            `json:"minCountry"`  // countries with fewer downloads in a month are in "*"
	Attribution []string       `json:"attribution"` // HTML that the licence of the GeoIP database asks for
	Total       int64          `json:"total"`
	Robots      int64          `json:"robots"`  // downloads by robots
	Periods     []Period       `json:"periods"` // the last 7, 30 and 365 whole days
	Days        Days           `json:"days"`
	Versions    []Share        `json:"versions"` // most downloads first, as all shares
	Systems     []Share        `json:"systems"`
	Arches      []Share        `json:"arches"`
	Stabilities []Share        `json:"stabilities"`
	Classes     []Share        `json:"classes"` // robots included
	Countries   []CountryShare `json:"countries"`
	Releases    []Release      `json:"releases"` // newest first
	Cubes       []CubeFile     `json:"cubes"`    // oldest first
}

// Period compares the last days with as many before them.
type Period struct {
	Days      int    `json:"days"`
	From      string `json:"from"` // first and last day
	To        string `json:"to"`
	Downloads int64  `json:"downloads"`
	Before    int64  `json:"before"` // downloads in the period before
}

// Days are the downloads of each day from the first on, days without downloads included.
type Days struct {
	From      string  `json:"from"`
	Downloads []int64 `json:"downloads"`
	Robots    []int64 `json:"robots"`
}

// Share is how much of the downloads a value has.
type Share struct {
	Value     string `json:"value"`
	Downloads int64  `json:"downloads"`
}

// CountryShare is the share of a country.
type CountryShare struct {
	Code      string `json:"code"` // "" not known, "*" the others
	Name      string `json:"name"`
	Subregion string `json:"subregion"`
	Region    string `json:"region"`
	Downloads int64  `json:"downloads"`
}

// Release is how a release was taken up: downloads on the day of its release and those after it.
type Release struct {
	Version   string  `json:"version"`
	Released  string  `json:"released"`  // YYYY-MM-DD: the day its first package was built
	Downloads []int64 `json:"downloads"` // of each day from then on, curveDays at most, up to AsOf
}

// CubeFile names a cube.
type CubeFile struct {
	Period string `json:"period"` // YYYY-MM or YYYY
	Grain  string `json:"grain"`  // of its rows: day or week
	From   string `json:"from"`   // first day
	File   string `json:"file"`   // name in the folder of the summary
	Rows   int    `json:"rows"`
}

// curveDays is how long the curve of a release is (days).
const curveDays = 365

// part is what a period adds to the summary. It is kept, so that the summary need not read all days again.
type part struct {
	Downloads   map[int32]int64            `json:"downloads"` // by day, without robots
	Robots      map[int32]int64            `json:"robots"`
	Versions    map[string]int64           `json:"versions"`
	Systems     map[string]int64           `json:"systems"`
	Arches      map[string]int64           `json:"arches"`
	Stabilities map[string]int64           `json:"stabilities"`
	Classes     map[string]int64           `json:"classes"`
	Countries   map[string]int64           `json:"countries"`
	Releases    map[string]map[int32]int64 `json:"releases"` // by version and day
	Rows        int                        `json:"rows"`     // of the cube
}

func newPart() *part {
	return &part{Downloads: map[int32]int64{}, Robots: map[int32]int64{}, Versions: map[string]int64{},
		Systems: map[string]int64{},
		Arches:  map[string]int64{}, Stabilities: map[string]int64{}, Classes: map[string]int64{},
		Countries: map[string]int64{}, Releases: map[string]map[int32]int64{}}
}

// partOf sums up the cells of a period.
func partOf(cells []downloads.Cell, series map[int32]downloads.Series) *part {
	p := newPart()
	for _, c := range cells {
		p.Classes[Class(c.Class).String()] += c.Downloads
		if Class(c.Class) == Bot {
			p.Robots[c.Day] += c.Downloads
			continue
		}
		s := series[c.Series]
		p.Downloads[c.Day] += c.Downloads
		p.Versions[s.Version] += c.Downloads
		p.Systems[s.OS] += c.Downloads
		p.Arches[s.Arch] += c.Downloads
		p.Stabilities[s.Stability] += c.Downloads
		p.Countries[c.Country] += c.Downloads
		if s.Stability == "release" {
			curve := p.Releases[s.Version]
			if curve == nil {
				curve = map[int32]int64{}
				p.Releases[s.Version] = curve
			}
			curve[c.Day] += c.Downloads
		}
	}
	return p
}

// add adds the sums of another period.
func (p *part) add(o *part) {
	addAll(p.Downloads, o.Downloads)
	addAll(p.Robots, o.Robots)
	addAll(p.Versions, o.Versions)
	addAll(p.Systems, o.Systems)
	addAll(p.Arches, o.Arches)
	addAll(p.Stabilities, o.Stabilities)
	addAll(p.Classes, o.Classes)
	addAll(p.Countries, o.Countries)
	for version, curve := range o.Releases {
		if p.Releases[version] == nil {
			p.Releases[version] = map[int32]int64{}
		}
		addAll(p.Releases[version], curve)
	}
}

func addAll[K comparable](to, from map[K]int64) {
	for k, n := range from {
		to[k] += n
	}
}

// summarize makes the summary of all periods. Released says when releases came out, by version.
func summarize(p *part, first, last int32, released map[string]int32) *Summary {
	s := &Summary{Format: formatVersion, First: dayString(first), AsOf: dayString(last), Attribution: []string{},
		Versions: shares(p.Versions), Systems: shares(p.Systems), Arches: shares(p.Arches),
		Stabilities: shares(p.Stabilities),
		Classes:     shares(p.Classes), Countries: []CountryShare{}, Releases: []Release{}, Cubes: []CubeFile{}}
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

func sum(days map[int32]int64, from, to int32) (n int64) {
	for d := from; d <= to; d++ {
		n += days[d]
	}
	return n
}

// shares orders values by their downloads.
func shares(m map[string]int64) []Share {
	list := make([]Share, 0, len(m))
	for _, k := range slices.Sorted(maps.Keys(m)) {
		list = append(list, Share{k, m[k]})
	}
	slices.SortStableFunc(list, func(a, b Share) int { return cmp.Compare(b.Downloads, a.Downloads) })
	return list
}

// releaseDays gives the day on which the first package of each release was built.
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
