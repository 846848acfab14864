package statspage_test

import (
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/stats"
	"github.com/Slicer/sitegen/generator/testutil"
)

// TestOverTime compares the table of the chart over time with the daily table.
func TestOverTime(t *testing.T) {
	table := truth(t)
	b := open(t, serve(t, publish(t)), desktop)
	for query, tc := range map[string]struct {
		title, key string
		filters    map[string][]string
	}{
		"?by=os&as=share":        {"Systems over time", "os", nil},
		"?by=stability&os=linux": {"Stability over time", "stability", map[string][]string{"os": {"linux"}}},
		"?by=class&class=bot&class=browser&as=lines": {"Clients over time", "class",
			map[string][]string{"class": {"bot", "browser"}}},
		"?by=os&version=5.12.4&from=2026-10-01&to=2026-10-20": {"Systems over time", "os",
			map[string][]string{"version": {"5.12.4"}, "from": {"2026-10-01"}, "to": {"2026-10-20"}}},
	} {
		b.explore(query)
		b.contents()
		rows := eval[[][]string](b, `[...document.querySelectorAll('[data-chart=over] tr')].map(
			(tr) => [...tr.children].map((td) => td.textContent))`)
		got, want := map[string]int{}, map[string]int{}
		for _, row := range rows[1:] {
			for i, text := range row[1:] {
				if n, err := strconv.Atoi(text); err != nil {
					t.Fatal(err)
				} else if n > 0 {
					got[row[0]+" "+rows[0][i+1]] += n
				}
			}
		}
		for _, line := range table {
			if line.n > 0 && line.matches("", tc.filters) {
				want[line.day+" "+labels[tc.key][line.property(tc.key)]] += line.n
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-table +page):\n%s", query, diff)
		}
		if got := b.text("#over-title"); got != tc.title {
			t.Errorf("%s: the title is %q", query, got)
		}
	}
}

// TestRuleChange checks that the chart of downloads over time marks the first day that is counted from logs, after days
// whose numbers were imported: in the page, with the script, and not if the visitor selects other days.
func TestRuleChange(t *testing.T) {
	e := engine(t, stats.FromCatalog(testutil.Packages(t, "live")))
	const table = "day\tversion\tos\tstability\tcountry\tclass\tdownloads\n" +
		"2026-09-10\t5.12.4\twin\trelease\tDE\tbrowser\t7\n"
	if _, err := e.ImportDaily(t.Context(), "daily.tsv", strings.NewReader(table)); err != nil {
		t.Fatal(err)
	}
	log := testutil.Path(filepath.Join("stats", "access.log.gz"))
	if _, err := e.Read(t.Context(), []string{log}, func(int64) {}); err != nil {
		t.Fatal(err)
	}
	site := serve(t, publishAll(t, e))
	notes := func(b *browser) [][]string {
		return eval[[][]string](b, `[...document.querySelectorAll('[data-chart=time] .note')].map((line) =>
			[line.getBoundingClientRect().height > 50 ? 'visible' : 'hidden', line.nextElementSibling.textContent])`)
	}
	want := [][]string{{"visible", "counted differently from here"}}
	still := open(t, site, settings{width: 1280, blockScript: true})
	still.visit("")
	still.ignore("ERR_BLOCKED")
	if diff := cmp.Diff(want, notes(still)); diff != "" {
		t.Errorf("without the script: %s", diff)
	}
	b := open(t, site, desktop)
	for query, want := range map[string][][]string{"?unit=day": want, "?from=2026-10-01": {}} {
		b.explore(query)
		if diff := cmp.Diff(want, notes(b)); diff != "" {
			t.Errorf("%s: %s", query, diff)
		}
	}
}

// overTime returns the sums of the chart over time by its columns.
func (b *browser) overTime(query string) map[string]int {
	b.explore(query)
	b.contents()
	return eval[map[string]int](b, `(([head, ...rows]) => Object.fromEntries([...head.children].slice(1).map((th, i) =>
		[th.textContent, rows.reduce((sum, tr) => sum + Number(tr.children[i + 1].textContent), 0)])))(
		document.querySelectorAll('[data-chart=over] tr'))`)
}
