// Package lookup is the meaning of the download API: which package answers which URL.
//
// A request is read into a Query (Parse), and an Index, built from the published packages, answers it
// (Index.Answer). Nothing here touches the network, the disk or the clock. Every other form of the API, be
// it Nginx maps, a CloudFront function or the preview server, is a translation of this package and is tested
// against it with the same questions. The tables such a translation is made from are in tables.go.
package lookup

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/Slicer/sitegen/generator/catalog"
)

// Route is one of the dynamic URLs of the API.
type Route string

// The routes that take a query.
const (
	Home     Route = "/"
	Find     Route = "/find"
	FindAll  Route = "/findall"
	Download Route = "/download"
)

// Mode says how a query picks its package.
type Mode string

// The modes; each but Newest is also the name of the parameter that asks for it.
const (
	Newest          Mode = ""
	Version         Mode = "version"
	Revision        Mode = "revision"
	ClosestRevision Mode = "closest-revision"
	Date            Mode = "date"
	CheckoutDate    Mode = "checkout-date" // of the retired Midas server: always a Problem
)

// Modes lists the parameters of which a query may have one.
func Modes() []Mode { return []Mode{Version, Revision, ClosestRevision, Date, CheckoutDate} }

// Query is a request that makes sense, with every default filled in.
type Query struct {
	Route       Route
	OSes        []catalog.OS        // one for Find and Download
	Stabilities []catalog.Stability // one for Find and Download
	Arch        catalog.Arch
	Mode        Mode
	Value       string // of the mode's parameter, as sent; "" for Newest
	Number      int    // Value of Revision and ClosestRevision; at most catalog.MaxRevision+1
	Day         int    // Value of Date as yyyymmdd
	Offset      int    // within ±MaxOffset
}

// MaxOffset bounds Query.Offset. No catalogue has as many revisions, so a larger step leads nowhere either.
const MaxOffset = 99_999

// Plain reports whether the query says nothing but the defaults.
func (q *Query) Plain() bool {
	return q.Mode == Newest && q.Offset == 0 && q.Arch == catalog.AMD64
}

// Problem says what is wrong with a request. Each Param has an error page of its own.
type Problem struct {
	Param   string // the parameter to blame; ManyModes when there are several
	Found   string // its value as sent, "" when missing or empty; escape before showing
	Reason  string // a phrase: "is missing", "is not a known operating system"
	Allowed string // what would have been right
}

// ManyModes is the Param of a Problem with more than one mode.
const ManyModes = "mode"

func (p *Problem) Error() string {
	subject := p.Param
	if p.Found != "" {
		subject += fmt.Sprintf("=%.80q", p.Found)
	}
	return subject + " " + p.Reason + "; allowed: " + p.Allowed
}

// Problems lists one Problem for each error page, in the order in which Parse looks for them.
func Problems() []Problem {
	params := []string{"os", "stability", "arch", "offset", string(CheckoutDate), ManyModes,
		string(Version), string(Revision), string(ClosestRevision), string(Date)}
	list := make([]Problem, len(params))
	for i, name := range params {
		list[i] = Problem{Param: name, Reason: reason(name), Allowed: allowed(name)}
	}
	return list
}

func reason(param string) string {
	switch param {
	case "os":
		return "is missing or is not a known operating system"
	case "stability", "arch":
		return "has a value that is not known"
	case "offset", string(Revision), string(ClosestRevision):
		return "is not a whole number"
	case string(CheckoutDate):
		return "belonged to a server that is retired"
	case ManyModes:
		return "is given twice: version, revision, closest-revision and date exclude each other"
	case string(Date):
		return "is not a day"
	}
	return "is empty"
}

func allowed(param string) string {
	switch param {
	case "os":
		return "win, macosx, linux"
	case "stability":
		return "release, nightly, any"
	case "arch":
		return "amd64, arm64, i386"
	case "offset":
		return "a whole number, for instance -1"
	case string(CheckoutDate):
		return "date=YYYY-MM-DD, the day of the build, instead"
	case ManyModes:
		return "one of version, revision, closest-revision, date"
	case string(Version):
		return "a version or its beginning, for instance 5.2"
	case string(Revision), string(ClosestRevision):
		return "a decimal number, for instance 34645"
	}
	return "YYYY-MM-DD, for instance 2026-09-09"
}

var (
	// A space is what an unescaped plus sign decodes to.
	offsetRE  = regexp.MustCompile(`^[-+ ]?[0-9]+$`)
	decimalRE = regexp.MustCompile(`^[0-9]+$`)
	dayRE     = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}$`)
)

// Parse reads the query string of a request (still encoded, without the question mark). The second result
// is nil when the request makes sense.
func Parse(route Route, rawQuery string) (Query, *Problem) {
	params := Parameters(rawQuery)
	bad := func(name string) (Query, *Problem) {
		return Query{}, &Problem{Param: name, Found: params[name], Reason: reason(name), Allowed: allowed(name)}
	}
	// given tells a parameter that is there and empty from one that is not there.
	given := func(name string) (string, bool) { v, ok := params[name]; return v, ok }
	single := route == Find || route == Download
	q := Query{Route: route, OSes: catalog.OSes(), Arch: catalog.AMD64}

	if v, ok := given("os"); ok {
		if !slices.Contains(q.OSes, catalog.OS(v)) {
			return bad("os")
		}
		q.OSes = []catalog.OS{catalog.OS(v)}
	} else if single {
		return bad("os")
	}
	if v, ok := given("stability"); ok {
		if !slices.Contains(catalog.Stabilities(), catalog.Stability(v)) {
			return bad("stability")
		}
		q.Stabilities = []catalog.Stability{catalog.Stability(v)}
	}
	if v, ok := given("arch"); ok {
		if !slices.Contains(catalog.Arches(), catalog.Arch(v)) {
			return bad("arch")
		}
		q.Arch = catalog.Arch(v)
	}
	if v, ok := given("offset"); ok {
		if !offsetRE.MatchString(v) {
			return bad("offset")
		}
		q.Offset = clamp(v)
	}
	if _, ok := given(string(CheckoutDate)); ok {
		return bad(string(CheckoutDate))
	}
	for _, m := range Modes() {
		v, ok := given(string(m))
		if !ok {
			continue
		}
		if q.Mode != Newest {
			return Query{}, &Problem{Param: ManyModes, Found: string(q.Mode) + " and " + string(m), Reason: reason(ManyModes), Allowed: allowed(ManyModes)}
		}
		q.Mode, q.Value = m, v
	}
	var ok bool
	switch q.Mode {
	case Newest:
		ok = true
	case Version:
		ok = q.Value != ""
	case Revision, ClosestRevision:
		q.Number, ok = number(q.Value)
	case Date:
		q.Day, ok = day(q.Value)
	}
	if !ok {
		return bad(string(q.Mode))
	}
	if q.Stabilities == nil {
		q.Stabilities = defaultStabilities(single, q.Mode)
	}
	return q, nil
}

func defaultStabilities(single bool, m Mode) []catalog.Stability {
	switch {
	case !single:
		return []catalog.Stability{catalog.Release, catalog.Nightly}
	case m == Revision:
		return []catalog.Stability{catalog.Any}
	}
	return []catalog.Stability{catalog.Release}
}

// clamp reads an integer that offsetRE accepts. Whatever is too large for any catalogue becomes ±MaxOffset.
func clamp(v string) int {
	n, err := strconv.Atoi(strings.TrimLeft(v, " +"))
	if err != nil { // out of range: offsetRE has checked the rest
		n = MaxOffset
		if v[0] == '-' {
			n = -MaxOffset
		}
	}
	return max(-MaxOffset, min(n, MaxOffset))
}

// number reads a revision. Numbers above any that can be published become the first of them.
func number(v string) (int, bool) {
	if !decimalRE.MatchString(v) {
		return 0, false
	}
	n, err := strconv.Atoi(v)
	if err != nil {
		n = catalog.MaxRevision + 1
	}
	return min(n, catalog.MaxRevision+1), true
}

// day reads a day of the calendar as yyyymmdd.
func day(v string) (int, bool) {
	if !dayRE.MatchString(v) {
		return 0, false
	}
	t, err := time.Parse(time.DateOnly, v)
	return dayNumber(t), err == nil
}

func dayNumber(t time.Time) int {
	y, m, d := t.Date()
	return y*10_000 + int(m)*100 + d
}

// Parameters decodes a query string as the old server did: split at ampersands only, the first of a
// repeated name counts, a name without a value is empty, an escape that is none stands for itself.
func Parameters(rawQuery string) map[string]string {
	params := map[string]string{}
	for part := range strings.SplitSeq(rawQuery, "&") {
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		name = unescape(name)
		if _, ok := params[name]; !ok {
			params[name] = unescape(value)
		}
	}
	return params
}

func unescape(s string) string {
	if !strings.ContainsAny(s, "%+") {
		return s
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+3], 16, 8); err == nil {
				out = append(out, byte(n))
				i += 2
				continue
			}
		}
		if s[i] == '+' {
			out = append(out, ' ')
			continue
		}
		out = append(out, s[i])
	}
	return string(out)
}
