package stats

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// TestReport reads a log with requests that count and others that do not, twice. "Downloads" are always those that
// count: the last line of the report and the exported table agree.
func TestReport(t *testing.T) {
	t.Parallel()
	e := open(t, options(t, t.TempDir()))
	log := write(t, t.TempDir(), "access.log", slices.Concat(logOf(t, 0, 2, 0), logOf(t, 0, 1, 9),
		bytes.ReplaceAll(logOf(t, 5, 1, 0), []byte("GET"), []byte("HEAD"))))
	for _, want := range []string{
		": 4 lines, 4 requests for packages, 3 of them successful\n",
		": 0 lines, 0 requests for packages, 0 of them successful\n",
	} {
		r := read(t, e, log)
		var text bytes.Buffer
		if err := r.WriteText(&text); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(text.String(), want) {
			t.Errorf("report:\n%swant %q", &text, want)
		}
		if r.Total != 2 || int(r.Total) != total(t, e) {
			t.Errorf("%d downloads in total, %d exported, want 2", r.Total, total(t, e))
		}
		end := "\n2 downloads added, 2 downloads in total, bots included; repeated requests count once per day\n"
		if r.Added == 0 {
			end = "\n0 downloads added, 2 downloads in total, bots included; repeated requests count once per day\n"
		}
		if !strings.HasSuffix(text.String(), end) {
			t.Errorf("report:\n%swant %q", &text, end)
		}
	}
}

// TestReportedLines checks how invalid lines are printed: as in the log, except for what a terminal would act on.
func TestReportedLines(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		`1.2.3.4 "GET /a\x22" "Größe"`: `1.2.3.4 "GET /a\x22" "Größe"`,
		"a\x1b[2Jb\tc\x00":             `a\x1b[2Jb\tc\x00`,
		"\xff\xfe a":                   `\xff\xfe a`,
		"right\u202eleft":              `right\u202eleft`,
	} {
		var r Report
		r.addBad("a.log", errors.New("why"), 1, []byte(line))
		if got := r.Bad[0]; got.Sample != want || got.First[0].Text != want {
			t.Errorf("%q: %q and %q, want %q", line, got.Sample, got.First[0].Text, want)
		}
	}
}

// TestDocumentedReport compares the keys of the report as JSON with the tables in docs/stats.md.
func TestDocumentedReport(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "stats.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(text), "\n### The report as JSON\n")
	section, _, _ = strings.Cut(section, "\n### ")
	var documented [][]string // keys of each table
	for line := range strings.Lines(section) {
		cells := strings.Split(line, "|")
		switch {
		case len(cells) < 4 || strings.HasPrefix(cells[1], " ---"):
		case cells[1] == " Key ":
			documented = append(documented, nil)
		default:
			last := &documented[len(documented)-1]
			for key := range strings.SplitSeq(cells[1], ",") {
				*last = append(*last, strings.Trim(key, " `"))
			}
		}
	}
	var keys [][]string
	for _, part := range []any{Report{}, LogReport{}, BadLines{}} {
		var list []string
		for _, f := range reflect.VisibleFields(reflect.TypeOf(part)) {
			if key, _, _ := strings.Cut(f.Tag.Get("json"), ","); key != "-" {
				list = append(list, key)
			}
		}
		keys = append(keys, list)
	}
	sorted := cmpopts.SortSlices(func(a, b string) bool { return a < b })
	if diff := cmp.Diff(keys, documented, sorted); diff != "" {
		t.Errorf("keys of the report (-) and of docs/stats.md (+):\n%s", diff)
	}
}
