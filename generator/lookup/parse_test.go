package lookup

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/catalog"
)

func TestParseProblems(t *testing.T) {
	for _, tt := range []struct{ name, query, param string }{
		{"os missing", "stability=release", "os"},
		{"os empty", "os=", "os"},
		{"os without value", "os&stability=release", "os"},
		{"os in capitals", "os=WIN", "os"},
		{"names are case-sensitive", "OS=win", "os"},
		{"stability unknown", "os=win&stability=stable", "stability"},
		{"arch unknown", "os=win&arch=sparc", "arch"},
		{"offset empty", "os=win&offset=", "offset"},
		{"offset with two signs", "os=win&offset=--1", "offset"},
		{"offset a fraction", "os=win&offset=1.5", "offset"},
		{"version empty", "os=win&version=", "version"},
		{"revision a version", "os=win&revision=5.10.0", "revision"},
		{"revision negative", "os=win&revision=-5", "revision"},
		{"closest revision negative", "os=win&closest-revision=-1", "closest-revision"},
		{"blanks within a number", "os=win&revision=3%203", "revision"},
		{"blanks alone", "os=win&offset=%20", "offset"},
		{"revision in other digits", "os=win&revision=%D9%A3", "revision"},
		{"closest revision empty", "os=win&closest-revision", "closest-revision"},
		{"date without dashes", "os=win&date=20210530", "date"},
		{"date not in the calendar", "os=win&date=2021-02-29", "date"},
		{"date with a line break", "os=win&date=2021-02-28%0a", "date"},
		{"two modes", "os=win&date=2021-02-28&version=5", "mode"},
		{"two modes, one empty", "os=win&date=2021-02-28&version=", "mode"},
		{"checkout date", "os=win&checkout-date=2021-02-28", "checkout-date"},
		{"checkout date and a mode", "os=win&version=5&checkout-date=2021-02-28", "checkout-date"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, problem := testSpec.Parse(Find, tt.query)
			if problem == nil || problem.Param != tt.param {
				t.Errorf("problem %v, want one with %s", problem, tt.param)
			}
		})
	}
}

func TestParse(t *testing.T) {
	base := func(change func(*Query)) Query {
		q := Query{Route: Find, OSes: []catalog.OS{"win"}, Stabilities: []catalog.Stability{"release"}, Arch: "amd64"}
		change(&q)
		return q
	}
	for _, tt := range []struct {
		name, query string
		want        Query
	}{
		{"defaults", "os=win", base(func(q *Query) {})},
		{"unknown parameters and stray ampersands", "&&utm=1&os=win&&x", base(func(q *Query) {})},
		{"the first counts", "os=win&os=linux&os=", base(func(q *Query) {})},
		{"encoded name and value", "o%73=%77i%6E", base(func(q *Query) {})},
		{"an invalid escape", "x=%zz%&os=win", base(func(q *Query) {})},
		{"revision defaults to any", "os=win&revision=007", base(func(q *Query) {
			q.Finds, q.Mode, q.Value, q.Number, q.Stabilities = ByRevision, "revision", "007", 7,
				[]catalog.Stability{"any"}
		})},
		{"huge closest revision", "os=win&closest-revision=" + strings.Repeat("9", 40), base(func(q *Query) {
			q.Finds, q.Mode, q.Value, q.Number = ByClosestRevision, "closest-revision", strings.Repeat("9", 40),
				catalog.MaxRevision+1
		})},
		{"date", "date=2024-02-29&os=win",
			base(func(q *Query) { q.Finds, q.Mode, q.Value, q.Day = ByDate, "date", "2024-02-29", 20240229 })},
		{"offset with a plus", "os=win&offset=+3", base(func(q *Query) { q.Offset = 3 })},
		{"offset with an encoded plus", "os=win&offset=%2B3", base(func(q *Query) { q.Offset = 3 })},
		{"offset with blanks around", "os=win&offset=%20-1%20", base(func(q *Query) { q.Offset = -1 })},
		{"revision with a plus", "os=win&revision=%2B33241", base(func(q *Query) {
			q.Finds, q.Mode, q.Value, q.Number, q.Stabilities = ByRevision, "revision", "+33241", 33241,
				[]catalog.Stability{"any"}
		})},
		{"closest revision as pasted", "os=win&closest-revision=+33241+", base(func(q *Query) {
			q.Finds, q.Mode, q.Value, q.Number = ByClosestRevision, "closest-revision", " 33241 ", 33241
		})},
		{"offset far too large", "os=win&offset=-99999999999999999999", base(func(q *Query) { q.Offset = -MaxOffset })},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, problem := testSpec.Parse(Find, tt.query)
			if problem != nil {
				t.Fatal(problem)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// FuzzParse checks what servers rely on: a query has either a Problem with an error page, or only values within their
// limits.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"", "os=win", "os=win&offset=-1&version=5.2", "o%73=linux&date=2021-05-03", "%",
		"a=%zz&&=", "revision=1&date=x"} {
		f.Add(s)
	}
	params := map[string]bool{}
	for _, p := range testSpec.Problems() {
		params[p.Param] = true
	}
	f.Fuzz(func(t *testing.T, raw string) {
		for _, route := range []Route{Home, Find, FindAll, Download} {
			q, problem := testSpec.Parse(route, raw)
			if problem != nil {
				if !params[problem.Param] {
					t.Errorf("problem with %q has no page", problem.Param)
				}
				continue
			}
			if len(q.OSes) == 0 || len(q.Stabilities) == 0 || q.Arch == "" ||
				q.Offset > MaxOffset || q.Offset < -MaxOffset || q.Number < 0 || q.Number > catalog.MaxRevision+1 ||
				(q.Finds != Newest && q.Value == "") || q.Day > 9999_12_31 {
				t.Errorf("out of bounds: %+v", q)
			}
		}
	})
}
