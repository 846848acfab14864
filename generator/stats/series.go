package stats

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/Slicer/sitegen/generator/output"
)

// Series holds the downloads of one version or operating system by day, without bots. It begins with the first and ends
// with the last day that has downloads, so it does not change while nobody downloads an old version.
type Series struct {
	Value     string  `json:"value"`
	Total     int64   `json:"total"`
	From      string  `json:"from"`      // YYYY-MM-DD
	Downloads []int64 `json:"downloads"` // of each day, beginning with From
}

// seriesTable is the document with all series. It is stored beside the summary and generated together with it.
type seriesTable struct {
	Versions []Series `json:"versions"` // sorted by value, as are Systems
	Systems  []Series `json:"systems"`
}

// seriesName is the name under which the database stores the seriesTable.
const seriesName = "series"

// seriesOf returns the series of values, given their downloads by day.
func seriesOf(values map[string]map[int32]int64) []Series {
	list := []Series{}
	for _, value := range slices.Sorted(maps.Keys(values)) {
		days := slices.Sorted(maps.Keys(values[value]))
		first, last := days[0], days[len(days)-1]
		s := Series{Value: value, From: dayString(first), Downloads: make([]int64, 0, last-first+1)}
		for day := first; day <= last; day++ {
			s.Downloads = append(s.Downloads, values[value][day])
			s.Total += values[value][day]
		}
		list = append(list, s)
	}
	return list
}

// Versions returns the series of all versions that Files has generated, sorted by version.
func (e *Engine) Versions(ctx context.Context) ([]Series, error) {
	return storedVersions(ctx, e.db.Documents)
}

// storedVersions returns the series of all versions that a publisher has stored.
func storedVersions(ctx context.Context, d documents) ([]Series, error) {
	t := new(seriesTable)
	text, err := d.Get(ctx, allTime, seriesName)
	if err != nil || text == nil {
		return nil, err
	}
	if err := json.Unmarshal(text, t); err != nil {
		return nil, fmt.Errorf("read the series of the statistics: %w", err)
	}
	return t.Versions, nil
}

// publishSeries adds a JSON and a CSV file for each version and each operating system, for example version/5.12.4.json
// and system/win.csv.
func (p *publisher) publishSeries(ctx context.Context) error {
	text, err := p.documents.Get(ctx, allTime, seriesName)
	if err != nil {
		return err
	}
	t := new(seriesTable)
	if err := json.Unmarshal(text, t); err != nil {
		return err
	}
	if err := p.publishVersions(t.Versions); err != nil {
		return err
	}
	for _, folder := range []string{"version", "system"} {
		list := t.Versions
		if folder == "system" {
			list = t.Systems
		}
		for _, s := range list {
			if !HasSeriesFiles(s.Value) {
				continue
			}
			text, err := encode(s)
			if err != nil {
				return err
			}
			p.add(output.Records, folder+"/"+s.Value+".json", text)
			p.add(output.Records, folder+"/"+s.Value+".csv", seriesCSV(folder, s))
		}
	}
	return nil
}

// VersionsFile is the file that lists the versions that have downloads and files of their own.
const VersionsFile = "versions.json"

// VersionTotal is an item of VersionsFile.
type VersionTotal struct {
	Version string `json:"version"`
	Total   int64  `json:"total"`
	From    string `json:"from"` // the first day with downloads, YYYY-MM-DD
	To      string `json:"to"`   // the last one
}

// publishVersions adds VersionsFile. Pages of releases read it, so it exists even if there are no downloads.
func (p *publisher) publishVersions(list []Series) error {
	totals := make([]VersionTotal, 0, len(list))
	for _, s := range list {
		if !HasSeriesFiles(s.Value) {
			continue
		}
		from, _ := parseDay(s.From) // written by dayString
		totals = append(totals, VersionTotal{s.Value, s.Total, s.From, dayString(from + int32(len(s.Downloads)) - 1)})
	}
	text, err := encode(totals)
	p.add(output.Records, VersionsFile, text)
	return err
}

// seriesCSV returns a series as CSV, with a line for each day that has downloads.
func seriesCSV(folder string, s Series) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "day,%s,downloads\r\n", folder)
	from, _ := parseDay(s.From) // written by dayString
	for i, n := range s.Downloads {
		if n > 0 {
			fmt.Fprintf(&b, "%s,%s,%d\r\n", dayString(from+int32(i)), s.Value, n)
		}
	}
	return b.Bytes()
}

// plainValue matches values that are safe as file names on every system, in URLs, and in CSV.
var plainValue = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z._+-]{0,99}$`)

// IsSeriesFile reports whether a file in the folder download-stats has the name of that of a version or an operating
// system.
func IsSeriesFile(name string) bool {
	folder, file, _ := strings.Cut(name, "/")
	value, ok := strings.CutSuffix(file, ".json")
	if !ok {
		value, ok = strings.CutSuffix(file, ".csv")
	}
	return ok && (folder == "version" || folder == "system") && HasSeriesFiles(value)
}

// HasSeriesFiles reports whether a version or operating system has files of its own. Values that come from damaged
// packages, such as "" or "../x", have none.
func HasSeriesFiles(value string) bool { return plainValue.MatchString(value) }
