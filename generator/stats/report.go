package stats

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/Slicer/sitegen/generator/fault"
)

// maxSample is the maximum length of an invalid line in a report (bytes).
const maxSample = 160

// Report holds the results of a run.
type Report struct {
	Logs       []LogReport      `json:"logs"`
	Missing    []string         `json:"missing,omitempty"`  // logs that were not found, with the reasons
	Lines      int64            `json:"lines"`              // lines read in this run, including comments and invalid lines
	Bytes      int64            `json:"bytes"`              // size of these lines, decompressed
	KnownBytes int64            `json:"knownBytes"`         // skipped, because earlier runs have read them
	Requests   int64            `json:"requests"`           // requests for packages, with any method and status
	Successful int64            `json:"successful"`         // of these, GET requests that were answered with the file
	ByClass    map[string]int64 `json:"byClass"`            // Successful by class
	New        int64            `json:"new"`                // requests that are new in the database, or changed a row
	Closed     int64            `json:"closed"`             // requests on closed days, see Forget and ImportDaily
	Networks   int64            `json:"networks,omitempty"` // requests for packages by content delivery networks
	Bad        []BadLines       `json:"bad"`
	Days       int              `json:"days"`  // number of days recounted
	Files      []string         `json:"files"` // published files that changed
	Seconds    float64          `json:"seconds"`
	Located    bool             `json:"located"` // whether there was a GeoIP database
	Added      int64            `json:"added"`   // downloads added: one per package, address, user agent and day
	Total      int64            `json:"total"`   // downloads in the database
}

// LogReport holds the results for one log.
type LogReport struct {
	Name       string `json:"name"`
	Format     string `json:"format,omitempty"`
	Lines      int64  `json:"lines"`
	KnownBytes int64  `json:"knownBytes"`
	Unfinished bool   `json:"unfinished,omitempty"` // the last line is incomplete; a later run reads it
	Problem    string `json:"problem,omitempty"`    // why the log could not be read to its end
}

// BadLines are the lines of one log that are invalid for the same reason.
type BadLines struct {
	Log    string    `json:"log"`
	Reason string    `json:"reason"`
	Lines  int64     `json:"lines"`  // number of lines
	Sample string    `json:"sample"` // beginning of the first of these lines, with special characters escaped
	First  []BadLine `json:"-"`      // the first of these lines, whole; at most maxBadLines
	Line   int64     `json:"line"`   // position of the first of these lines among those read in this run, from 1
}

// BadLine is an invalid line.
type BadLine struct {
	Number int64  // position among the lines read in this run, from 1
	Text   string // with special characters escaped
}

// maxBadLines is the number of invalid lines of a log with the same reason that are kept whole.
const maxBadLines = 5

// WithLists returns the report with empty lists instead of nil, which JSON would write as null: programs loop over
// them.
func (r *Report) WithLists() *Report {
	with := *r
	with.Logs, with.Bad, with.Files = append([]LogReport{}, r.Logs...), append([]BadLines{}, r.Bad...),
		append([]string{}, r.Files...)
	return &with
}

// BadCount returns the number of invalid lines.
func (r *Report) BadCount() int64 {
	var n int64
	for _, b := range r.Bad {
		n += b.Lines
	}
	return n
}

// Problems returns the reasons why logs could not be found or not be read to their end.
func (r *Report) Problems() []string {
	list := slices.Clone(r.Missing)
	for _, l := range r.Logs {
		if l.Problem != "" {
			list = append(list, l.Problem)
		}
	}
	return list
}

// AddMissing adds the logs that were not found: those of a joined error.
func (r *Report) AddMissing(err error) {
	switch joined, ok := err.(interface{ Unwrap() []error }); {
	case ok:
		for _, err := range joined.Unwrap() {
			r.AddMissing(err)
		}
	case err != nil:
		r.Missing = append(r.Missing, err.Error())
	}
}

// Losses returns an error with the kind fault.Losses if a log could not be found or not be read to its end, nil if all
// of them were read. Problems has the reasons.
func (r *Report) Losses() error {
	n := len(r.Problems())
	if n == 0 {
		return nil
	}
	err := fmt.Errorf("%s could not be read, or only in part; all others are counted", plural(n, "log"))
	return fault.Wrap(fault.Losses, err, "The next run tries to read them again.")
}

// addBad counts an invalid line.
func (r *Report) addBad(log string, reason error, number int64, line []byte) {
	r.addBadLines(log, reason, 1, number, line)
}

// addBadLines counts n invalid lines, one of which is given.
func (r *Report) addBadLines(log string, reason error, n, number int64, line []byte) {
	text := reason.Error()
	for i := len(r.Bad) - 1; i >= 0 && r.Bad[i].Log == log; i-- {
		if r.Bad[i].Reason == text {
			b := &r.Bad[i]
			b.Lines += n
			if len(b.First) < maxBadLines {
				b.First = append(b.First, BadLine{number, printable(line)})
			}
			return
		}
	}
	sample := printable(line[:min(len(line), maxSample)])
	r.Bad = append(r.Bad, BadLines{Log: log, Reason: text, Lines: n, Sample: sample, Line: number,
		First: []BadLine{{number, printable(line)}}})
}

// WriteText writes the report as text for people. The example is of a run over two logs:
//
//	2 logs read in 1.2 s: 141,012 lines, 140,890 requests for packages, 139,002 of them successful
//	  browser        98,115
//	  bot            40,887
//	  105,207 requests are new; 35,683 repeat others that are stored
//	  1,204,113 bytes skipped: already read by earlier runs
//	  access.log: the last line is incomplete; the next run reads it
//	  access.log: 1 invalid line: invalid date or time; line 6: 192.0.2.1 - - [03/Foo/2024:…
//	3 days recounted, 6 files changed
//	104,399 downloads added, 245,009 downloads in total, bots included; repeated requests count once per day
func (r *Report) WriteText(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s read in %.1f s: %s, %s for packages, %s of them successful\n", plural(len(r.Logs), "log"),
		r.Seconds, amount(r.Lines, "line"), amount(r.Requests, "request"), thousands(r.Successful))
	for _, name := range slices.SortedFunc(maps.Keys(r.ByClass), func(a, b string) int {
		return cmp.Or(cmp.Compare(r.ByClass[b], r.ByClass[a]), strings.Compare(a, b))
	}) {
		fmt.Fprintf(&b, "  %-8s %12s\n", name, thousands(r.ByClass[name]))
	}
	fmt.Fprintf(&b, "  %s %s new; %s repeat others that are stored", amount(r.New, "request"), verb(r.New),
		thousands(r.Requests-r.New-r.Closed))
	if r.Closed > 0 {
		fmt.Fprintf(&b, "; %s on closed days", thousands(r.Closed))
	}
	if r.Networks > 0 {
		fmt.Fprintf(&b, "\n  %s by a content delivery network not counted: its own log has the visitors",
			amount(r.Networks, "request"))
	}
	fmt.Fprintf(&b, "\n  %s bytes skipped: already read by earlier runs\n", thousands(r.KnownBytes))
	if len(r.Logs) == 0 && r.Total == 0 {
		b.WriteString("  there is nothing to count: name the access logs of the web server that serves the site,\n" +
			"  for Nginx usually /var/log/nginx/access.log*\n")
	}
	for _, l := range r.Logs {
		if l.Unfinished {
			fmt.Fprintf(&b, "  %s: the last line is incomplete; the next run reads it\n", l.Name)
		}
		if l.Problem != "" {
			fmt.Fprintf(&b, "  %s\n", l.Problem)
		}
	}
	for _, bad := range r.Bad {
		fmt.Fprintf(&b, "  %s: %s: %s; line %s: %s\n", bad.Log, plural(int(bad.Lines), "invalid line"), bad.Reason,
			thousands(bad.Line), bad.Sample)
	}
	if !r.Located {
		b.WriteString("  countries are unknown without a GeoIP database:\n" +
			"  run sitegen stats geoip-update to download GeoLite2 with a free MaxMind account,\n" +
			"  or download DB-IP City Lite from https://db-ip.com/db/lite.php and pass it with --geoip\n")
	}
	fmt.Fprintf(&b, "%s recounted, %s changed\n", plural(r.Days, "day"), plural(len(r.Files), "file"))
	fmt.Fprintf(&b, "%s added, %s in total, bots included; repeated requests count once per day\n",
		amount(r.Added, "download"), amount(r.Total, "download"))
	_, err := io.WriteString(w, b.String())
	return err
}
