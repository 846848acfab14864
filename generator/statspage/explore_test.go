package statspage_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	cdpbrowser "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/chromedp"
	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/testutil"
)

// shown is what a page that is explored shows.
type shown struct {
	Total  int                       `json:"total"` // in the sentence that screen readers hear
	Charts map[string]map[string]int `json:"charts"`
	Time   int                       `json:"time"` // the sum of the time chart's table
}

// look reads the page: all values of all charts, by the labels that they have.
func (b *browser) look() shown {
	b.t.Helper()
	return eval[shown](b, `(() => {
		for (const more of document.querySelectorAll('.more[aria-expanded=false]:not([hidden])')) more.click();
		for (const details of document.querySelectorAll('.chart details')) details.open = true;
		const number = (e) => Number(e.textContent.replaceAll(',', ''));
		const charts = {};
		for (const chart of document.querySelectorAll('[data-chart]')) {
			const list = [...chart.querySelectorAll('.values button')];
			if (list.length) charts[chart.dataset.chart] = Object.fromEntries(list.map((b) => [b.querySelector('.label').textContent, number(b.querySelector('.count'))]));
		}
		return new Promise((done) => setTimeout(() => done({ // tables are filled when they have opened
			total: Number(document.getElementById('shown').textContent.split(' ')[0].replaceAll(',', '')), charts,
			time: [...document.querySelectorAll('[data-chart=time] td')].reduce((sum, td) => sum + number(td), 0),
		})));
	})()`)
}

// labels are those of the values in the test data that have others.
var labels = map[string]map[string]string{
	"os":        {"win": "Windows", "macosx": "macOS", "linux": "Linux"},
	"stability": {"release": "Stable release", "nightly": "Preview release"},
	"class":     {"browser": "Browsers", "mobile": "Mobile devices", "tool": "Download tools", "bot": "Robots", "unknown": "Unknown programs"},
	"version":   {"": "Unknown"},
	"country": {"": "Unknown", "AU": "Australia", "BR": "Brazil", "CA": "Canada", "CH": "Switzerland", "CN": "China", "DE": "Germany", "ES": "Spain", "FR": "France",
		"IN": "India", "JP": "Japan", "KR": "South Korea", "US": "United States", "XK": "Kosovo"},
}

// labelled gives sums by labels.
func labelled(key string, sums map[string]int) map[string]int {
	list := map[string]int{}
	for v, n := range sums {
		label, ok := labels[key][v]
		if !ok {
			label = v
		}
		list[label] += n
	}
	return list
}

// TestExplore compares what the page shows of a choice with the daily table, which was counted by others.
func TestExplore(t *testing.T) {
	table := truth(t)
	b := open(t, serve(t, publish(t)), desktop)
	for _, tc := range []struct{ name, query string }{
		{"everything", ""},
		{"one version", "?version=5.12.4"},
		{"two systems", "?os=win&os=linux"},
		{"several properties", "?version=5.12.3&version=5.12.4&os=macosx&country=US&country=FR"},
		{"preview builds", "?stability=nightly"},
		{"robots", "?class=bot"},
		{"browsers and robots", "?class=bot&class=browser"},
		{"country not known", "?country="},
		{"some days", "?from=2026-10-01&to=2026-10-14"},
		{"days, and a country", "?from=2026-10-20&country=JP&unit=week"},
		{"by month", "?unit=month"},
		{"nothing left", "?version=4.0.1&country=CH&os=win&class=mobile"},
		{"values that there are not", "?version=%3Cscript%3E&os=amiga&from=1999-01-01&to=x&unit=year"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b.t = t
			b.explore(tc.query)
			choice := map[string][]string{}
			if query, _ := url.ParseQuery(strings.TrimPrefix(tc.query, "?")); query.Get("os") != "amiga" {
				choice = query
				delete(choice, "unit")
			}
			got := b.look()
			want := shown{Total: total(table, choice), Charts: map[string]map[string]int{}, Time: total(table, choice)}
			for _, key := range []string{"version", "os", "stability", "country", "class"} {
				list := sums(table, key, choice)
				for _, v := range choice[key] {
					list[v] += 0 // stays in the list
				}
				if len(list) > 0 {
					want.Charts[key] = labelled(key, list)
				}
			}
			delete(got.Charts, "arch") // the table does not have it
			delete(got.Charts, "region")
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-table +page):\n%s", diff)
			}
		})
	}
}

// TestArchAndRegion has numbers that the daily table does not: their sums are what it has.
func TestArchAndRegion(t *testing.T) {
	table := truth(t)
	b := open(t, serve(t, publish(t)), desktop)
	b.explore("?region=Europe&arch=arm64")
	got := b.look()
	europe := total(table, map[string][]string{"country": {"DE", "FR", "CH", "ES", "XK"}})
	if sum := got.Charts["arch"]["amd64"] + got.Charts["arch"]["arm64"]; sum != europe || got.Charts["arch"]["arm64"] == 0 {
		t.Errorf("%d downloads from Europe, want %d: %v", sum, europe, got.Charts["arch"])
	}
	if os := got.Charts["os"]; len(os) != 1 || os["macOS"] != got.Total {
		t.Errorf("arm64 from Europe: %v, %d in all; only macOS has packages for it", os, got.Total)
	}
}

// TestAddress follows a choice through the address, the back button and a reload.
func TestAddress(t *testing.T) {
	table := truth(t)
	b := open(t, serve(t, publish(t)), desktop)
	press := func(chart, label string) {
		t.Helper()
		if !eval[bool](b, fmt.Sprintf(`(() => { const button = [...document.querySelectorAll('[data-chart=%s] .values button')].find((b) => b.querySelector('.label').textContent === %q); button?.click(); return !!button; })()`, chart, label)) {
			t.Fatalf("no %s in %s", label, chart)
		}
	}
	check := func(step, query string, choice map[string][]string) {
		t.Helper()
		for range 50 { // going back takes effect in a while
			if eval[string](b, `location.search`) == query {
				break
			}
			time.Sleep(20 * time.Millisecond)
		}
		if got := eval[string](b, `location.search`); got != query {
			t.Errorf("%s: the address has %q, want %q", step, got, query)
		}
		if got, want := b.look().Total, total(table, choice); got != want {
			t.Errorf("%s: %d downloads shown, want %d", step, got, want)
		}
	}
	b.explore("")
	press("version", "5.12.4")
	press("os", "Windows")
	press("country", "Unknown")
	three := map[string][]string{"version": {"5.12.4"}, "os": {"win"}, "country": {""}}
	check("three clicks", "?version=5.12.4&os=win&country=", three)
	if got := eval[[]string](b, `[...document.querySelectorAll('.values [aria-pressed=true] .label')].map((e) => e.textContent)`); strings.Join(got, ", ") != "5.12.4, Windows, Unknown" {
		t.Errorf("pressed: %q", got)
	}
	eval[any](b, `history.back()`)
	check("back", "?version=5.12.4&os=win", map[string][]string{"version": {"5.12.4"}, "os": {"win"}})
	eval[any](b, `history.forward()`)
	check("forward", "?version=5.12.4&os=win&country=", three)
	b.do(chromedp.Reload(), chromedp.WaitVisible(chromedp.CSS(".explored .values")))
	check("reload", "?version=5.12.4&os=win&country=", three)
	if got := eval[[]string](b, `[...document.querySelectorAll('#chosen button')].map((e) => e.textContent)`); strings.Join(got, " ") != "Version: 5.12.4 × Operating system: Windows × Country: Unknown ×" {
		t.Errorf("chosen: %q", got)
	}
	b.do(chromedp.Click(chromedp.CSS("#chosen li:nth-child(2) button")))
	check("removed", "?version=5.12.4&country=", map[string][]string{"version": {"5.12.4"}, "country": {""}})
	b.do(chromedp.Click(chromedp.CSS("#clear")))
	check("cleared", "", nil)
	b.do(chromedp.Click(chromedp.CSS(`[data-last="30"]`)))
	check("30 days", "?from=2026-09-30&to=2026-10-29", map[string][]string{"from": {"2026-09-30"}, "to": {"2026-10-29"}})
}

// TestBrush draws over the first half of the time chart.
func TestBrush(t *testing.T) {
	b := open(t, serve(t, publish(t)), desktop)
	b.explore("")
	box := eval[[]float64](b, `(() => { const plot = document.querySelector('[data-chart=time] .plot'); plot.scrollIntoView({block: 'center'}); const b = plot.getBoundingClientRect(); return [b.left, b.top + b.height / 2, b.width]; })()`)
	day := box[2] / 41 // 20 September to 30 October
	b.do(chromedp.DragAndDropXY(box[0]+2.5*day, box[1], box[0]+9.5*day, box[1], 5))
	if got := eval[string](b, `location.search`); got != "?from=2026-09-22&to=2026-09-29" {
		t.Errorf("the address has %q", got)
	}
	if got, want := b.look().Total, total(truth(t), map[string][]string{"from": {"2026-09-22"}, "to": {"2026-09-29"}}); got != want {
		t.Errorf("%d downloads shown, want %d", got, want)
	}
}

// TestKeyboard chooses and takes back without a mouse. The focus stays where it was, though the list is sorted anew.
func TestKeyboard(t *testing.T) {
	b := open(t, serve(t, publish(t)), desktop)
	b.explore("")
	focused := func() string {
		return eval[string](b, `document.activeElement.querySelector('.label')?.textContent ?? document.activeElement.textContent.trim()`)
	}
	b.do(chromedp.KeyEvent("\t"))
	if got := focused(); got != "Skip to the content" {
		t.Errorf("first: %q", got)
	}
	for range 60 {
		if focused() == "Linux" {
			break
		}
		b.do(chromedp.KeyEvent("\t"))
	}
	b.do(chromedp.KeyEvent(" "))
	if got := eval[string](b, `location.search`); got != "?os=linux" || focused() != "Linux" {
		t.Errorf("space on Linux: address %q, focus on %q", got, focused())
	}
	if got, want := b.text("#shown"), fmt.Sprintf("%d downloads shown.", total(truth(t), map[string][]string{"os": {"linux"}})); !strings.HasPrefix(got, want) {
		t.Errorf("screen readers hear %q, want %q", got, want)
	}
	b.do(chromedp.KeyEvent("\r"))
	if got := eval[string](b, `location.search`); got != "" || focused() != "Linux" {
		t.Errorf("enter on Linux: address %q, focus on %q", got, focused())
	}
}

// TestSave saves what is shown, as JSON and as CSV.
func TestSave(t *testing.T) {
	table := truth(t)
	b := open(t, serve(t, publish(t)), desktop)
	dir := t.TempDir()
	if _, err := chromedp.CallBrowser(b.ctx, cdpbrowser.SetDownloadBehavior, cdpbrowser.SetDownloadBehaviorParams{Behavior: cdpbrowser.SetDownloadBehaviorBehaviorAllow, DownloadPath: dir}); err != nil {
		t.Fatal(err)
	}
	save := func(form string) string {
		t.Helper()
		b.do(chromedp.Click(chromedp.CSS(`[data-save=` + form + `]`)))
		path := filepath.Join(dir, "downloads-2026-10-30."+form)
		for range 250 {
			if data, err := os.ReadFile(path); err == nil && len(data) > 0 {
				return string(data)
			}
			time.Sleep(20 * time.Millisecond)
		}
		t.Fatalf("%s is not saved", path)
		return ""
	}
	b.explore("?os=win&from=2026-10-01&unit=week")
	choice := map[string][]string{"os": {"win"}, "from": {"2026-10-01"}}
	var got struct {
		AsOf, From, To, Unit string
		Chosen               map[string][]string
		Downloads            int
		Charts               struct {
			Country []struct {
				Value, Name string
				Downloads   int
			}
			Time []struct {
				From      string
				Downloads int
			}
		}
	}
	if err := json.Unmarshal([]byte(save("json")), &got); err != nil {
		t.Fatal(err)
	}
	if got.AsOf != "2026-10-30" || got.From != "2026-10-01" || got.To != "2026-10-30" || got.Unit != "week" || got.Downloads != total(table, choice) {
		t.Errorf("as of %s, %s to %s by %s: %d", got.AsOf, got.From, got.To, got.Unit, got.Downloads)
	}
	if diff := cmp.Diff(map[string][]string{"os": {"win"}}, got.Chosen); diff != "" {
		t.Error(diff)
	}
	countries := map[string]int{}
	for _, c := range got.Charts.Country {
		countries[c.Value] = c.Downloads
	}
	if diff := cmp.Diff(sums(table, "country", choice), countries); diff != "" {
		t.Errorf("countries (-table +file):\n%s", diff)
	}
	if len(got.Charts.Time) != 5 || got.Charts.Time[0].From != "2026-09-28" {
		t.Errorf("weeks: %v", got.Charts.Time)
	}

	csv := save("csv")
	if want := fmt.Sprintf("\"os\",\"win\",\"Windows\",%d\r\n", total(table, choice)); !strings.HasPrefix(csv, "\"chart\",\"value\",\"name\",\"downloads\"\r\n") || !strings.Contains(csv, want) {
		t.Errorf("no %q in\n%s", want, csv)
	}
}

// TestCurves compares the table of releases with the daily one, for a choice.
func TestCurves(t *testing.T) {
	table := truth(t)
	b := open(t, serve(t, publish(t)), desktop)
	b.explore("?os=win")
	b.look()
	rows := eval[[][]string](b, `[...document.querySelectorAll('[data-chart=releases] tbody tr')].map((tr) => [...tr.children].map((td) => td.textContent))`)
	if len(rows) == 0 {
		t.Fatal("no releases")
	}
	for _, row := range rows {
		released, err := time.Parse(time.DateOnly, row[1])
		if err != nil {
			t.Fatal(err)
		}
		for i, days := range []int{7, 30, 90, 180, 365} {
			end := released.AddDate(0, 0, days-1)
			want := "not yet"
			if !end.After(time.Date(2026, 10, 30, 0, 0, 0, 0, time.UTC)) {
				want = strconv.Itoa(total(table, map[string][]string{"os": {"win"}, "version": {row[0]}, "stability": {"release"}, "from": {row[1]}, "to": {end.Format(time.DateOnly)}}))
			}
			if row[i+2] != want {
				t.Errorf("%s of %s after %d days: %s, want %s", row[0], row[1], days, row[i+2], want)
			}
		}
	}
}

// TestWeeks explores years that are published by the week: nothing is lost, and nothing is shown by the day there.
func TestWeeks(t *testing.T) {
	table := "day\tversion\tos\tstability\tcountry\tclass\tdownloads\n"
	for i, day := range []string{"2010-11-03", "2011-12-31", "2012-12-31", "2014-06-30", "2016-01-01", "2025-01-01", "2026-10-29", "2026-10-30"} {
		table += fmt.Sprintf("%s\t5.8.1\twin\trelease\tDE\tbrowser\t%d\n", day, 1<<i)
	}
	b := open(t, serve(t, publishDaily(t, nil, strings.NewReader(table))), desktop)
	for query, want := range map[string]int{"": 255, "?unit=week": 255, "?to=2013-01-05": 7, "?from=2014-06-01": 248, "?from=2016-01-01": 240, "?from=2024-12-31&to=2026-10-29": 96} {
		b.explore(query)
		if got := b.look(); got.Total != want || got.Time != want || got.Charts["os"]["Windows"] != want {
			t.Errorf("%q: %d downloads, %d over time, %v, want %d", query, got.Total, got.Time, got.Charts["os"], want)
		}
		byDay := eval[bool](b, `!document.querySelector('[data-unit=day]').disabled`)
		if want := strings.Contains(query, "from=2016") || strings.Contains(query, "from=2024"); byDay != want {
			t.Errorf("%q: can be shown by day: %v", query, byDay)
		}
	}
	if got := eval[string](b, `[...document.querySelectorAll('.tiles .number')].map((e) => e.textContent).join(' ')`); got != "255 64 64 64" {
		t.Errorf("tiles: %s", got)
	}
	if got := b.text("#counted"); !strings.Contains(got, "the years up to 2015") {
		t.Error(got)
	}
}

// TestDataMissing shows the page as it was made when the data does not arrive.
func TestDataMissing(t *testing.T) {
	public := publish(t)
	if err := os.Remove(filepath.Join(public, "download-stats", "cube-2026-10.json")); err != nil {
		t.Fatal(err)
	}
	b := open(t, serve(t, public), desktop)
	b.visit("")
	b.do(chromedp.WaitVisible(chromedp.CSS(".failed #shown")))
	if got := b.text("#shown"); got != "The data to explore could not be loaded (cube-2026-10.json: 404). The charts show all downloads." {
		t.Error(got)
	}
	if got := eval[int](b, `document.querySelectorAll('.plot > svg').length`); got != 9 {
		t.Errorf("%d charts", got)
	}
	b.forget("404")
}

// axe is the path of axe-core, which .ci/axe fetches.
var axe = filepath.Join(filepath.Dir(testutil.Path("")), ".cache", "axe.min.js")

// TestAccessible has axe-core judge the page: light and dark, on a screen and on a telephone, without the script
// and explored with everything open.
func TestAccessible(t *testing.T) {
	source, err := os.ReadFile(axe)
	if err != nil {
		t.Fatalf("axe-core is missing; run .ci/axe: %v", err)
	}
	site := serve(t, publish(t))
	for _, tc := range []struct {
		name string
		look look
	}{
		{"light", look{width: 1280}}, {"dark", look{width: 1280, dark: true}},
		{"telephone", look{width: 390}}, {"telephone, dark", look{width: 390, dark: true}},
		{"as made", look{width: 1280, made: true}}, {"as made, dark telephone", look{width: 390, dark: true, made: true}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := open(t, site, tc.look)
			if tc.look.made {
				b.visit("")
				b.forget("ERR_BLOCKED")
			} else {
				b.explore("?os=win&version=5.12.4&from=2026-10-01")
				b.look()
			}
			eval[any](b, string(source)+"; null")
			findings := eval[[]string](b, `axe.run().then((r) => r.violations.flatMap((v) => v.nodes.map((n) => v.id + ': ' + n.failureSummary + ' ' + n.html)))`)
			for _, f := range findings {
				t.Error(f)
			}
			if passes := eval[int](b, `axe.run().then((r) => r.passes.length)`); passes < 15 {
				t.Errorf("axe-core only checked %d rules", passes)
			}
			if wide := eval[int](b, `document.documentElement.scrollWidth`); wide > int(tc.look.width) {
				t.Errorf("the page is %d wide", wide)
			}
		})
	}
}

// TestWithoutScripts has everything to read and nothing that does not work.
func TestWithoutScripts(t *testing.T) {
	b := open(t, serve(t, publish(t)), look{width: 390, noScripts: true})
	b.visit("")
	for _, selector := range []string{"[data-chart=time] svg", "[data-chart=version] svg", "[data-chart=releases] svg", ".tiles", "#counted"} {
		if box := run(b, chromedp.Dimensions(chromedp.CSS(selector))); box.Width < 300 || box.Height < 60 {
			t.Errorf("%s: %d by %d", selector, box.Width, box.Height)
		}
	}
	if n := eval[int](b, `[...document.querySelectorAll('main button, main input')].filter((e) => e.checkVisibility({visibilityProperty: true})).length`); n != 0 {
		t.Errorf("%d controls that do nothing", n)
	}
	b.do(chromedp.Click(chromedp.CSS("[data-chart=country] summary")))
	if got := b.text("[data-chart=country] tbody"); !strings.HasPrefix(got, "United States 227 13.5 % India 140") {
		t.Errorf("table of countries: %s", got)
	}
}

// TestNothingMoves compares the layout before and after the script has taken over.
func TestNothingMoves(t *testing.T) {
	site := serve(t, publish(t))
	places := `[...document.querySelectorAll('h2')].map((h) => Math.round(h.getBoundingClientRect().top))`
	b := open(t, site, desktop)
	b.do(chromedp.Navigate(site.URL + "/download-stats/"))
	shift := eval[float64](b, `new Promise((done) => { let sum = 0; new PerformanceObserver((l) => { for (const e of l.getEntries()) sum += e.value; }).observe({ type: 'layout-shift', buffered: true }); setTimeout(() => done(sum), 1500); })`)
	if shift > 0.05 {
		t.Errorf("the layout shifts by %.3f; headings at %v", shift, eval[[]int](b, places))
	}
}
