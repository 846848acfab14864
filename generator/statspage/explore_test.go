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
	"github.com/chromedp/chromedp/kb"
	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/testutil"
)

// contents holds the numbers on the page after the script has drawn its charts.
type contents struct {
	Total  int                       `json:"total"` // in the status text, which screen readers announce
	Charts map[string]map[string]int `json:"charts"`
	Time   int                       `json:"time"` // sum of the table of the time chart
}

// contents reads all values of all charts, by their labels.
func (b *browser) contents() contents {
	b.t.Helper()
	return eval[contents](b, `(() => {
		for (const more of document.querySelectorAll('.more[aria-expanded=false]:not([hidden])')) more.click();
		for (const details of document.querySelectorAll('.chart details')) details.open = true;
		const number = (e) => Number(e.textContent.replaceAll(',', ''));
		const charts = {};
		for (const chart of document.querySelectorAll('[data-chart]')) {
			const list = [...chart.querySelectorAll('.values button')];
			if (!list.length) continue;
			charts[chart.dataset.chart] = Object.fromEntries(list.map(
				(b) => [b.querySelector('.name').textContent, number(b.querySelector('.count'))]));
		}
		return new Promise((done) => setTimeout(() => done({ // tables are filled after they have opened
			total: Number(document.getElementById('shown').textContent.split(' ')[0].replaceAll(',', '')), charts,
			time: [...document.querySelectorAll('[data-chart=time] td')].reduce((sum, td) => sum + number(td), 0),
		})));
	})()`)
}

// labels maps values in the test data to their labels, if these differ.
var labels = map[string]map[string]string{
	"os":        {"win": "Windows", "macosx": "macOS", "linux": "Linux"},
	"stability": {"release": "Stable release", "nightly": "Preview release"},
	"class": {"browser": "Browsers", "mobile": "Mobile devices", "tool": "Download tools", "bot": "Bots",
		"unknown": "Unknown"},
	"version": {"": "Unknown"},
	"country": {"": "Unknown", "AU": "Australia", "BR": "Brazil", "CA": "Canada", "CH": "Switzerland", "CN": "China",
		"DE": "Germany", "ES": "Spain", "FR": "France", "IN": "India", "JP": "Japan", "KR": "South Korea",
		"US": "United States", "XK": "Kosovo"},
}

// labelled returns sums by label instead of by value.
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

// TestExplore compares the numbers on the page for a query with the daily table, which was counted independently.
func TestExplore(t *testing.T) {
	table := truth(t)
	b := open(t, serve(t, publish(t)), desktop)
	for _, tc := range []struct{ name, query string }{
		{"no filter", ""},
		{"one version", "?version=5.12.4"},
		{"two systems", "?os=win&os=linux"},
		{"several properties", "?version=5.12.3&version=5.12.4&os=macosx&country=US&country=FR"},
		{"preview builds", "?stability=nightly"},
		{"bots", "?class=bot"},
		{"browsers and bots", "?class=bot&class=browser"},
		{"unknown country", "?country="},
		{"two weeks", "?from=2026-10-01&to=2026-10-14"},
		{"days and a country", "?from=2026-10-20&country=JP&unit=week"},
		{"by month", "?unit=month"},
		{"no matching downloads", "?version=4.0.1&country=CH&os=win&class=mobile"},
		{"unknown values", "?version=%3Cscript%3E&os=amiga&from=1999-01-01&to=x&unit=year"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b.t = t
			b.explore(tc.query)
			filters := map[string][]string{}
			if query, _ := url.ParseQuery(strings.TrimPrefix(tc.query, "?")); query.Get("os") != "amiga" {
				filters = query
				delete(filters, "unit")
			}
			got := b.contents()
			sum := total(table, filters)
			want := contents{Total: sum, Charts: map[string]map[string]int{}, Time: sum}
			for _, key := range []string{"version", "os", "stability", "country", "class"} {
				list := sums(table, key, filters)
				for _, v := range filters[key] {
					list[v] += 0 // selected values stay in the list
				}
				if key == "version" {
					list["5.12.4"] += 0 // the newest release is always in the list
				}
				if len(list) > 0 {
					want.Charts[key] = labelled(key, list)
				}
			}
			delete(got.Charts, "arch") // not in the table
			delete(got.Charts, "region")
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-table +page):\n%s", diff)
			}
		})
	}
}

// TestArchAndRegion checks two properties that are not in the daily table, by comparing their sums with numbers that
// are.
func TestArchAndRegion(t *testing.T) {
	table := truth(t)
	b := open(t, serve(t, publish(t)), desktop)
	b.explore("?region=Europe&arch=arm64")
	got := b.contents()
	europe := total(table, map[string][]string{"country": {"DE", "FR", "CH", "ES", "XK"}})
	arch := got.Charts["arch"]
	if sum := arch["amd64"] + arch["arm64"]; sum != europe || arch["arm64"] == 0 {
		t.Errorf("%d downloads from Europe, want %d: %v", sum, europe, arch)
	}
	if by := b.overTime("?region=Europe&arch=arm64&by=region"); len(by) != 1 || by["Europe"] != got.Total {
		t.Errorf("over time: %v; want Europe with %d downloads", by, got.Total)
	}
	if os := got.Charts["os"]; len(os) != 1 || os["macOS"] != got.Total {
		t.Errorf("arm64 from Europe: %v of %d downloads; only macOS has packages for it", os, got.Total)
	}
}

// TestURL checks that the URL contains the filters, and that the back button and a reload restore them.
func TestURL(t *testing.T) {
	table := truth(t)
	b := open(t, serve(t, publish(t)), desktop)
	press := func(chart, label string) {
		t.Helper()
		found := eval[bool](b, fmt.Sprintf(`(() => {
			const button = [...document.querySelectorAll('[data-chart=%s] .values button')]
				.find((b) => b.querySelector('.name').textContent === %q);
			button?.click();
			return !!button;
		})()`, chart, label))
		if !found {
			t.Fatalf("no %s in the chart %s", label, chart)
		}
	}
	check := func(step, query string, filters map[string][]string) {
		t.Helper()
		if got := eval[string](b, `location.search`); got != query {
			t.Errorf("%s: query %q, want %q", step, got, query)
		}
		if got, want := b.contents().Total, total(table, filters); got != want {
			t.Errorf("%s: %d downloads shown, want %d", step, got, want)
		}
	}
	texts := func(selector string) string {
		t.Helper()
		return strings.Join(eval[[]string](b, fmt.Sprintf(
			`[...document.querySelectorAll(%q)].map((e) => e.textContent)`, selector)), ", ")
	}
	move := func(direction string) { // going back takes effect after a while
		t.Helper()
		eval[any](b, `new Promise((done) => {
			addEventListener('popstate', () => done(null), { once: true });
			history.`+direction+`();
		})`)
	}
	b.explore("")
	press("version", "5.12.4")
	press("os", "Windows")
	press("country", "Unknown")
	three := map[string][]string{"version": {"5.12.4"}, "os": {"win"}, "country": {""}}
	check("three clicks", "?version=5.12.4&os=win&country=", three)
	if got := texts(".values [aria-pressed=true] .name"); got != "5.12.4, Windows, Unknown" {
		t.Errorf("pressed: %s", got)
	}
	move("back")
	check("back", "?version=5.12.4&os=win", map[string][]string{"version": {"5.12.4"}, "os": {"win"}})
	move("forward")
	check("forward", "?version=5.12.4&os=win&country=", three)
	b.do(chromedp.Reload(), chromedp.WaitVisible(chromedp.CSS(".explored .values")))
	check("reload", "?version=5.12.4&os=win&country=", three)
	const active = "Version: 5.12.4 ×, Operating system: Windows ×, Country: Unknown ×"
	if got := texts("#chosen button:not(#clear)"); got != active {
		t.Errorf("active filters: %s", got)
	}
	b.do(chromedp.Click(chromedp.CSS("#chosen li:nth-child(2) button")))
	check("remove a filter", "?version=5.12.4&country=", map[string][]string{"version": {"5.12.4"}, "country": {""}})
	b.do(chromedp.Click(chromedp.CSS("[data-as=share]")), chromedp.Click(chromedp.CSS("#clear")))
	check("clear all filters", "?as=share", nil) // the form of the chart stays
	b.do(chromedp.Click(chromedp.CSS(`[data-last="30"]`)))
	check("last 30 days", "?from=2026-09-30&to=2026-10-29&as=share",
		map[string][]string{"from": {"2026-09-30"}, "to": {"2026-10-29"}})
}

// TestBrush drags over eight days of the time chart to select them.
func TestBrush(t *testing.T) {
	b := open(t, serve(t, publish(t)), desktop)
	b.explore("")
	box := eval[[]float64](b, `(() => {
		const plot = document.querySelector('[data-chart=time] .plot');
		plot.scrollIntoView({block: 'center'});
		const b = plot.getBoundingClientRect();
		return [b.left, b.top + b.height / 2, b.width];
	})()`)
	day := box[2] / 41 // 20 September to 30 October
	b.do(chromedp.DragAndDropXY(box[0]+2.5*day, box[1], box[0]+9.5*day, box[1], 5))
	if got, want := eval[string](b, `location.search`), "?from=2026-09-22&to=2026-09-29"; got != want {
		t.Errorf("query %q, want %q", got, want)
	}
	want := total(truth(t), map[string][]string{"from": {"2026-09-22"}, "to": {"2026-09-29"}})
	if got := b.contents().Total; got != want {
		t.Errorf("%d downloads shown, want %d", got, want)
	}
}

// TestKeyboard selects a value and removes it again without a mouse. The focus must stay on the value although the list
// is sorted again.
func TestKeyboard(t *testing.T) {
	b := open(t, serve(t, publish(t)), desktop)
	b.explore("")
	focused := func() string {
		return eval[string](b, `(() => {
			const e = document.activeElement;
			return e.querySelector('.name')?.textContent ?? e.textContent.trim();
		})()`)
	}
	b.do(chromedp.KeyEvent("\t"))
	if got := focused(); got != "Skip to the content" {
		t.Errorf("first: %q", got)
	}
	for range 200 {
		if focused() == "Linux" {
			break
		}
		b.do(chromedp.KeyEvent("\t"))
	}
	b.do(chromedp.KeyEvent(" "))
	if got := eval[string](b, `location.search`); got != "?os=linux" || focused() != "Linux" {
		t.Errorf("space on Linux: query %q, focus on %q", got, focused())
	}
	want := fmt.Sprintf("%d matching downloads.", total(truth(t), map[string][]string{"os": {"linux"}}))
	if got := b.text("#shown"); got != want {
		t.Errorf("screen readers announce %q, want %q", got, want)
	}
	b.do(chromedp.KeyEvent("\r"))
	if got := eval[string](b, `location.search`); got != "" || focused() != "Linux" {
		t.Errorf("enter on Linux: query %q, focus on %q", got, focused())
	}
}

// TestStatus checks that the status text describes the filters, and suggests filtering if there are none.
func TestStatus(t *testing.T) {
	b := open(t, serve(t, publish(t)), desktop)
	for query, want := range map[string]string{
		"":                               " downloads. Filter by selecting any value below.",
		"?os=win":                        " matching downloads.",
		"?from=2026-09-27&to=2026-10-10": " downloads from 27 Sep 2026 to 10 Oct 2026, no earlier data to compare.",
	} {
		b.explore(query)
		if _, got, _ := strings.Cut(b.text("#shown"), " "); " "+got != want {
			t.Errorf("%q: %q, want %q", query, " "+got, want)
		}
	}
}

// TestSave downloads the data shown, as JSON and as CSV, and compares it with the daily table.
func TestSave(t *testing.T) {
	table := truth(t)
	b := open(t, serve(t, publish(t)), desktop)
	dir := t.TempDir()
	if _, err := chromedp.CallBrowser(b.ctx, cdpbrowser.SetDownloadBehavior, cdpbrowser.SetDownloadBehaviorParams{
		Behavior: cdpbrowser.SetDownloadBehaviorBehaviorAllow, DownloadPath: dir,
		BrowserContextID: chromedp.FromContext(b.ctx).BrowserContextID, EventsEnabled: new(true),
	}); err != nil {
		t.Fatal(err)
	}
	saved := make(chan cdpbrowser.DownloadProgressState, 10)
	err := chromedp.ListenBrowser(b.ctx, func(event any) {
		if e, ok := event.(*cdpbrowser.EventDownloadProgress); ok &&
			e.State != cdpbrowser.DownloadProgressStateInProgress {
			saved <- e.State
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	save := func(format string) string {
		t.Helper()
		b.do(chromedp.Click(chromedp.CSS(`[data-save=` + format + `]`)))
		select {
		case state := <-saved:
			if state != cdpbrowser.DownloadProgressStateCompleted {
				t.Fatalf("the download was %s", state)
			}
		case <-time.After(20 * time.Second):
			t.Fatalf("no %s was downloaded", format)
		}
		return read(t, filepath.Join(dir, "downloads-2026-10-30."+format))
	}
	b.explore("?os=win&from=2026-10-01&unit=week")
	filters := map[string][]string{"os": {"win"}, "from": {"2026-10-01"}}
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
	if got.AsOf != "2026-10-30" || got.From != "2026-10-01" || got.To != "2026-10-30" || got.Unit != "week" {
		t.Errorf("as of %s, %s to %s by %s", got.AsOf, got.From, got.To, got.Unit)
	}
	if want := total(table, filters); got.Downloads != want {
		t.Errorf("%d downloads, want %d", got.Downloads, want)
	}
	if diff := cmp.Diff(map[string][]string{"os": {"win"}}, got.Chosen); diff != "" {
		t.Errorf("chosen (-want +got):\n%s", diff)
	}
	countries := map[string]int{}
	for _, c := range got.Charts.Country {
		countries[c.Value] = c.Downloads
	}
	if diff := cmp.Diff(sums(table, "country", filters), countries); diff != "" {
		t.Errorf("countries (-table +file):\n%s", diff)
	}
	if len(got.Charts.Time) != 5 || got.Charts.Time[0].From != "2026-09-28" {
		t.Errorf("weeks: %v", got.Charts.Time)
	}

	csv := save("csv")
	if want := `"chart","value","name","downloads"` + "\r\n"; !strings.HasPrefix(csv, want) {
		t.Errorf("the file does not begin with %q:\n%s", want, csv)
	}
	if want := fmt.Sprintf("\"os\",\"win\",\"Windows\",%d\r\n", total(table, filters)); !strings.Contains(csv, want) {
		t.Errorf("the file does not contain %q:\n%s", want, csv)
	}
}

// TestCurves compares the table of release adoption with the daily table, for a filter.
func TestCurves(t *testing.T) {
	table := truth(t)
	b := open(t, serve(t, publish(t)), desktop)
	b.explore("?os=win")
	b.contents()
	rows := eval[[][]string](b, `[...document.querySelectorAll('[data-chart=releases] tbody tr')].map(
		(tr) => [...tr.children].map((td) => td.textContent))`)
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
			switch {
			case end.After(time.Date(2026, 10, 30, 0, 0, 0, 0, time.UTC)):
			case row[1] < "2026-09-20": // the logs begin after the release
				want = "not known"
			default:
				want = strconv.Itoa(total(table, map[string][]string{
					"os": {"win"}, "version": {row[0]}, "stability": {"release"},
					"from": {row[1]}, "to": {end.Format(time.DateOnly)},
				}))
			}
			if row[i+2] != want {
				t.Errorf("%s of %s after %d days: %s, want %s", row[0], row[1], days, row[i+2], want)
			}
		}
	}
}

// TestReadOut reads the values of charts with the arrow keys, as screen readers announce them. Escape ends it.
func TestReadOut(t *testing.T) {
	b := open(t, serve(t, publish(t)), desktop)
	for query, keys := range map[string]map[string]string{
		"?by=os":        {"time": "29 Oct 2026: 39, 7-day mean 43", "over": "29 Oct 2026: "},
		"?cumulative=1": {"time": "29 Oct 2026: 1,676", "releases": "After "},
		"?from=2026-10-24&to=2026-10-30&before=1":                   {"time": "29 Oct 2026: 39, 7-day mean 43, period before "},
		"?version=5.12.4&country=CH&os=win&class=mobile&arch=arm64": {"over": "No downloads"},
	} {
		b.explore(query)
		for key, want := range keys {
			b.do(chromedp.Focus(chromedp.CSS(`[data-chart=` + key + `] [role=slider]`)))
			b.do(chromedp.KeyEvent(kb.End), chromedp.KeyEvent(kb.ArrowLeft))
			said := eval[string](b, `document.activeElement.getAttribute('aria-valuetext')`)
			shown := eval[string](b, `document.querySelector('[data-chart=`+key+`] .readout').textContent`)
			if !strings.HasPrefix(said, want) || shown != said && want != "No downloads" {
				t.Errorf("%s, %s: %q is announced and %q shown, want %q", query, key, said, shown, want)
			}
			b.do(chromedp.KeyEvent(kb.Escape))
			if got := eval[string](b, `document.querySelector('[data-chart=`+key+`] .readout').textContent`); got != "" {
				t.Errorf("%s, %s: Escape leaves %q", query, key, got)
			}
		}
	}
}

// TestOutlivedLink checks that the page mentions values and days of a shared link that it does not know, and shows the
// rest.
func TestOutlivedLink(t *testing.T) {
	b := open(t, serve(t, publish(t)), desktop)
	b.explore("?version=9.9.9&os=win")
	const want = "Nothing for version 9.9.9. The link may be older than the data, so this part of it is ignored."
	if got := b.text("#missing"); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := b.contents().Total, total(truth(t), map[string][]string{"os": {"win"}}); got != want {
		t.Errorf("%d downloads, want %d", got, want)
	}
	for query, want := range map[string]string{
		"?from=2030-01-01": "Nothing for the days from 2030-01-01.",
		"?from=2026-02-31": "Nothing for the days from 2026-02-31.",
		"?to=2020-05-01":   "Nothing for the days up to 2020-05-01.",
		"?from=2020-05-01": "", "?to=2030-01-01": "", "?from=&to=": "",
	} {
		b.explore(query)
		if got := eval[string](b, `document.getElementById('missing').textContent`); !strings.HasPrefix(got, want) ||
			(got == "") != (want == "") {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
}

// TestLists sorts and searches the list of versions. The newest release is in it, whatever is selected.
func TestLists(t *testing.T) {
	b := open(t, serve(t, publish(t)), desktop)
	names := func() []string {
		return eval[[]string](b, `[...document.querySelectorAll('[data-chart=version] .name')].map((e) => e.textContent)`)
	}
	b.explore("?version=4.0.1")
	if got := b.text("[data-chart=version] .tag"); got != "newest" {
		t.Errorf("the newest release is called %q", got)
	}
	b.explore("")
	b.do(chromedp.Click(chromedp.CSS("[data-chart=version] .finder .group button:last-child")))
	if got := eval[string](b, "location.search"); got != "?sort=version" {
		t.Errorf("the URL of the list by version ends in %q", got)
	}
	b.explore("?sort=version") // a shared link
	if got := names(); len(got) < 10 || got[0] != "5.13.0" || got[1] != "5.12.4" || got[2] != "5.12.3" {
		t.Errorf("by version: %v", got)
	}
	const pressed = `document.querySelector('[data-chart=version] .finder [aria-pressed=true]').textContent`
	if got := eval[string](b, pressed); got != "Newest version" {
		t.Errorf("the order is called %q", got)
	}
	b.do(chromedp.SendKeys(chromedp.CSS("[data-chart=version] [type=search]"), "5.12"))
	if diff := cmp.Diff([]string{"5.12.4", "5.12.3", "5.12.2"}, names()); diff != "" {
		t.Errorf("5.12 (-want +got):\n%s", diff)
	}
	if got := eval[string](b, `document.querySelector('[data-chart=version] .page').getAttribute('href')`); got !=
		"/releases/5.12.4/" {
		t.Errorf("link to %s", got)
	}
}

// TestPresets checks the days that the buttons for usual periods select, and the comparison with the period before.
func TestPresets(t *testing.T) {
	table := truth(t)
	b := open(t, serve(t, publish(t)), desktop)
	b.explore("")
	for selector, want := range map[string]string{
		`[data-last="7"]`: "?from=2026-10-23&to=2026-10-29", `[data-year="0"]`: "?from=2026-09-20&to=2026-10-30",
		`[data-last="0"]`: "",
	} {
		b.do(chromedp.Click(chromedp.CSS(selector)))
		if got := eval[string](b, `location.search`); got != want {
			t.Errorf("%s: query %q, want %q", selector, got, want)
		}
	}
	b.do(chromedp.Click(chromedp.CSS(`[data-last="7"]`)))
	now := total(table, map[string][]string{"from": {"2026-10-23"}, "to": {"2026-10-29"}})
	before := total(table, map[string][]string{"from": {"2026-10-16"}, "to": {"2026-10-22"}})
	change := strings.Replace(fmt.Sprintf("%+.1f", 100*float64(now-before)/float64(before)), "-", "−", 1)
	want := fmt.Sprintf("%d downloads from 23 Oct 2026 to 29 Oct 2026, %s %% vs. the 7 days before.", now, change)
	if got := b.text("#shown"); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	b.do(chromedp.Click(chromedp.CSS(`[data-show="before"]`)), chromedp.Click(chromedp.CSS("[data-chart=time] summary")))
	const sums = `new Promise((done) => setTimeout(() => done([...document.querySelectorAll('[data-chart=time] tr')].reduce(
		(sums, row) => [...row.cells].slice(1).map((cell, i) => cell.matches('td') ? (sums[i] ?? 0) + Number(cell.textContent) : 0), []))))`
	if diff := cmp.Diff([]int{now, before}, eval[[]int](b, sums)); diff != "" {
		t.Errorf("sums of the table with the period before (-want +got):\n%s", diff)
	}
}

// TestWeeks filters years that are published by week. No download may be lost, and the page must not offer to group
// these years by day.
func TestWeeks(t *testing.T) {
	table := "day\tversion\tos\tstability\tcountry\tclass\tdownloads\n"
	for i, day := range []string{
		"2010-11-03", "2011-12-31", "2012-12-31", "2014-06-30", "2016-01-01", "2025-01-01", "2026-10-29", "2026-10-30",
	} {
		table += fmt.Sprintf("%s\t5.8.1\twin\trelease\tDE\tbrowser\t%d\n", day, 1<<i)
	}
	b := open(t, serve(t, publishDaily(t, nil, strings.NewReader(table))), desktop)
	for query, want := range map[string]int{
		"": 255, "?unit=week": 255, "?to=2013-01-05": 7, "?from=2014-06-01": 248, "?from=2016-01-01": 240,
		"?from=2024-12-31&to=2026-10-29": 96,
	} {
		b.explore(query)
		if got := b.contents(); got.Total != want || got.Time != want || got.Charts["os"]["Windows"] != want {
			t.Errorf("%q: %d downloads, %d over time, %v, want %d", query, got.Total, got.Time, got.Charts["os"], want)
		}
		byDay := eval[bool](b, `!document.querySelector('[data-unit=day]').disabled`)
		if want := strings.Contains(query, "from=2016") || strings.Contains(query, "from=2024"); byDay != want {
			t.Errorf("%q: can be grouped by day: %v, want %v", query, byDay, want)
		}
	}
	tiles := eval[string](b, `[...document.querySelectorAll('.tiles .number')].map((e) => e.textContent).join(' ')`)
	if tiles != "255 64 64 64" {
		t.Errorf("tiles: %s", tiles)
	}
	if got := b.text("#counted"); !strings.Contains(got, "the years up to 2015") {
		t.Errorf("the page does not explain which years are published by week: %s", got)
	}
}

// TestMissingData checks that the page keeps its charts, and shows a message, if the data cannot be loaded.
func TestMissingData(t *testing.T) {
	public := publish(t)
	if err := os.Remove(filepath.Join(public, "download-stats", "cube-2026-10.json")); err != nil {
		t.Fatal(err)
	}
	b := open(t, serve(t, public), desktop)
	b.visit("")
	b.do(chromedp.WaitVisible(chromedp.CSS(".failed #shown")))
	const want = "Filters are not available, because their data could not be loaded (cube-2026-10.json: 404). " +
		"The charts show all downloads."
	if got := b.text("#shown"); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := eval[int](b, `document.querySelectorAll('.plot > svg, .plot > .values').length`); got != 10 {
		t.Errorf("%d charts, want 10", got)
	}
	b.ignore("404")
}

// axe is the path of axe-core, which .ci/axe downloads.
var axe = filepath.Join(filepath.Dir(testutil.Path("")), ".cache", "axe.min.js")
