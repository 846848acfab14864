package stats

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// maxSample is how much of a bad line a report shows (bytes).
const maxSample = 160

// Report is what a run read and did.
type Report struct {
	Logs       []LogReport      `json:"logs"`
	Lines      int64            `json:"lines"`      // read now, bad ones and comments included
	Bytes      int64            `json:"bytes"`      // of these lines, decompressed
	KnownBytes int64            `json:"knownBytes"` // read by earlier runs and passed over
	Requests   int64            `json:"requests"`   // of packages, by any method and with any answer
	Downloads  int64            `json:"downloads"`  // of these, by the default rule, repetitions included
	ByClass    map[string]int64 `json:"byClass"`    // downloads by class
	New        int64            `json:"new"`        // requests that told something new; the others were known
	Closed     int64            `json:"closed"`     // requests of days that take no more, see Forget and ImportDaily
	Bad        []BadLines       `json:"bad"`
	Days       int              `json:"days"`  // that were counted anew
	Files      []string         `json:"files"` // published files that changed
	Seconds    float64          `json:"seconds"`
	Located    bool             `json:"located"` // whether there was a GeoIP database
	Total      int64            `json:"total"`   // downloads in the database
}

// LogReport is what became of one log.
type LogReport struct {
	Name       string `json:"name"`
	Format     string `json:"format,omitempty"`
	Lines      int64  `json:"lines"`
	KnownBytes int64  `json:"knownBytes"`
	Unfinished bool   `json:"unfinished,omitempty"` // its last line has no end yet and waits
	Problem    string `json:"problem,omitempty"`    // what kept it from being read to its end
}

// BadLines are the lines of one log that could not be read, for one reason.
type BadLines struct {
	Log    string `json:"log"`
	Reason string `json:"reason"`
	Lines  int64  `json:"lines"`
	Sample string `json:"sample"` // the first of them, its beginning, safe to print
	Line   int64  `json:"line"`   // number of that line among those read now, from 1
}

// BadCount is how many lines could not be read.
func (r *Report) BadCount() int64 {
	var n int64
	for _, b := range r.Bad {
		n += b.Lines
	}
	return n
}

// Problems lists what kept logs from being read to their end.
func (r *Report) Problems() []string {
	var list []string
	for _, l := range r.Logs {
		if l.Problem != "" {
			list = append(list, l.Problem)
		}
	}
	return list
}

// addBad counts a bad line.
func (r *Report) addBad(log string, reason error, number int64, line []byte) {
	text := reason.Error()
	for i := len(r.Bad) - 1; i >= 0 && r.Bad[i].Log == log; i-- {
		if r.Bad[i].Reason == text {
			r.Bad[i].Lines++
			return
		}
	}
	sample := fmt.Sprintf("%q", line[:min(len(line), maxSample)])
	r.Bad = append(r.Bad, BadLines{Log: log, Reason: text, Lines: 1, Sample: sample[1 : len(sample)-1], Line: number})
}

// WriteText writes the report as people read it.
func (r *Report) WriteText(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s read in %.1f s: %s lines, %s requests of packages, %s downloads\n", plural(len(r.Logs), "log"),
		r.Seconds, thousands(r.Lines), thousands(r.Requests), thousands(r.Downloads))
	for _, name := range slices.SortedFunc(maps.Keys(r.ByClass), func(a, b string) int {
		return cmp.Or(cmp.Compare(r.ByClass[b], r.ByClass[a]), strings.Compare(a, b))
	}) {
		fmt.Fprintf(&b, "  %-8s %12s\n", name, thousands(r.ByClass[name]))
	}
	fmt.Fprintf(&b, "  new      %12s of the requests; %s told nothing new", thousands(r.New),
		thousands(r.Requests-r.New-r.Closed))
	if r.Closed > 0 {
		fmt.Fprintf(&b, ", %s are of days that are closed", thousands(r.Closed))
	}
	fmt.Fprintf(&b, "\n  skipped  %12s bytes that earlier runs have read\n", thousands(r.KnownBytes))
	for _, l := range r.Logs {
		if l.Unfinished {
			fmt.Fprintf(&b, "  %s: its last line is not finished and waits\n", l.Name)
		}
		if l.Problem != "" {
			fmt.Fprintf(&b, "  %s\n", l.Problem)
		}
	}
	for _, bad := range r.Bad {
		fmt.Fprintf(&b, "  %s: %s: %s; line %s: %s\n", bad.Log, plural(int(bad.Lines), "bad line"), bad.Reason,
			thousands(bad.Line), bad.Sample)
	}
	if !r.Located {
		b.WriteString("  countries are not known without a GeoIP database: sitegen stats geoip-update fetches " +
			"MaxMind's with a free account;\n" +
			"  without one, DB-IP City Lite of https://db-ip.com/db/lite.php is a file for --geoip\n")
	}
	fmt.Fprintf(&b, "%s counted anew, %s changed, %s downloads in all\n", plural(r.Days, "day"),
		plural(len(r.Files), "file"), thousands(r.Total))
	_, err := io.WriteString(w, b.String())
	return err
}
