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

// Query is a valid request, with all defaults filled in.
type Query struct {
	Route       Route
	OSes        []catalog.OS        // one for Find and Download
	Stabilities []catalog.Stability // one for Find and Download
	Arch        catalog.Arch
	Finds       Finds
	Mode        string // name of the parameter that determines Finds; "" for Newest
	Value       string // decoded value of Mode; "" for Newest
	Number      int    // Value as a number, for ByRevision and ByClosestRevision; at most catalog.MaxRevision+1
	Day         int    // Value as yyyymmdd, for ByDate
	Offset      int    // within ±MaxOffset
}

// MaxOffset limits Query.Offset. No catalogue has that many revisions, so neither MaxOffset nor a larger offset finds
// anything.
const MaxOffset = 99_999

// Problem describes an invalid request. There is one error page for each Param.
type Problem struct {
	Param   string // the invalid parameter; ManyModes if there are several modes
	Found   string // its decoded value, "" if missing or empty; escape before showing
	Reason  string // a phrase: "is missing", "is not a known operating system"
	Allowed string // description of the valid values
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

func (p *Parameter) problem(found string) Problem {
	return Problem{Param: p.Name, Found: found, Reason: p.Reason, Allowed: p.Allowed}
}

func manyModes(s *Spec, found string) Problem {
	names := s.ModeNames()
	return Problem{
		Param: ManyModes, Found: found,
		Reason:  "is given twice: " + enumerate(names) + " exclude each other",
		Allowed: "one of " + strings.Join(names, ", "),
	}
}

// enumerate joins words for a sentence: "a, b and c".
func enumerate(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}

var (
	integerRE = regexp.MustCompile(`^[-+]?[0-9]+$`)
	naturalRE = regexp.MustCompile(`^\+?[0-9]+$`)
	dayRE     = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}$`)
)

// valid reports whether the parameter accepts a decoded value.
func (p *Parameter) valid(v string) bool {
	switch p.Kind {
	case Choice:
		return slices.Contains(p.Values, v)
	case Text:
		return v != ""
	case Natural:
		return naturalRE.MatchString(strings.Trim(v, " "))
	case Integer:
		return integerRE.MatchString(strings.Trim(v, " "))
	case Day:
		_, err := time.Parse(time.DateOnly, v)
		return err == nil && dayRE.MatchString(v)
	}
	return false
}

// set stores a valid value in the query.
func (q *Query) set(p *Parameter, v string) {
	switch p.Role {
	case OSRole:
		q.OSes = []catalog.OS{catalog.OS(v)}
	case StabilityRole:
		q.Stabilities = []catalog.Stability{catalog.Stability(v)}
	case ArchRole:
		q.Arch = catalog.Arch(v)
	case OffsetRole:
		q.Offset = clamp(v, -MaxOffset, MaxOffset)
	case ModeRole:
		q.Finds, q.Mode, q.Value = p.Finds, p.Name, v
		switch p.Finds {
		case ByRevision, ByClosestRevision:
			q.Number = clamp(v, 0, catalog.MaxRevision+1)
		case ByDate:
			q.Day, _ = strconv.Atoi(strings.ReplaceAll(v, "-", "")) // a valid day: digits and dashes
		}
	}
}

// clamp parses a valid number. A number out of range becomes the nearest one within it.
func clamp(v string, low, high int) int {
	v = strings.TrimPrefix(strings.Trim(v, " "), "+")
	n, err := strconv.Atoi(v)
	if err != nil { // too many digits for an int
		n = high
		if v[0] == '-' {
			n = low
		}
	}
	return max(low, min(n, high))
}

func dayNumber(t time.Time) int {
	y, m, d := t.Date()
	return y*10_000 + int(m)*100 + d
}

// DecodeQuery decodes a query string as the retired server did: it splits only at ampersands, the first of repeated
// names counts, a name without a value has the value "", and a percent sign that does not begin a valid escape is kept.
func DecodeQuery(rawQuery string) map[string]string {
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
