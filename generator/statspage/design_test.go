package statspage_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/testutil"
)

// daily returns a daily table of 30 days until 30 October 2026, with the same downloads of some versions each day.
func daily(downloads int, versions ...string) *strings.Reader {
	table := "day\tversion\tos\tstability\tcountry\tclass\tdownloads\n"
	for i := range 30 {
		day := time.Date(2026, 10, 1+i, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
		for _, v := range versions {
			table += fmt.Sprintf("%s\t%s\twin\trelease\tGS\tbrowser\t%d\n", day, v, downloads)
			table += fmt.Sprintf("%s\t%s\tlinux\trelease\tDE\tbot\t%d\n", day, v, downloads)
		}
	}
	return strings.NewReader(table)
}

// TestOneRenderer checks that the page without scripts and the script show the same charts and lists, in both
// languages.
func TestOneRenderer(t *testing.T) {
	e := engine(t, manyReleases())
	versions := []string{"1.0", "1.1", "1.2", "1.3", "1.4", "1.5", "1.6", "4.0.0"}
	if _, err := e.ImportDaily(t.Context(), "daily.tsv", daily(1234, versions...)); err != nil {
		t.Fatal(err)
	}
	public, in := publishAll(t, e), siteInput(t)
	in.Minify = false // the minifier rewrites paths
	testutil.WriteFiles(t, filepath.Join(public, "download-stats"), pagesOf(t, e, in))
	site := serve(t, public)
	plain, b := open(t, site, settings{width: 1280, noScripts: true}), open(t, site, desktop)
	const drawn = `[...document.querySelectorAll('.plot')].map((plot) => plot.querySelector('.values')
		? [...plot.querySelectorAll('.values li')].map(
			(li) => li.textContent + li.querySelector('.fill').getAttribute('width'))
		: [plot.innerHTML])`
	for _, page := range []string{"", "de/"} {
		plain.visit(page)
		b.explore(page)
		if diff := cmp.Diff(eval[[][]string](plain, drawn), eval[[][]string](b, drawn)); diff != "" {
			t.Errorf("%s (-page +script):\n%s", page, diff)
		}
	}
}

// TestFits checks pages with long names and large numbers on windows of all widths: nothing is wider than the window,
// cut off or broken, and no label of a chart covers another.
func TestFits(t *testing.T) {
	table := daily(12_345_678, "1.0", "2.0.0-a-version-with-forty-characters-", "3.0.0+an_unbreakable_word_of_forty_chars")
	site := serve(t, publishDaily(t, manyReleases(), table))
	const faults = `(() => {
		const list = [];
		if (document.documentElement.scrollWidth > innerWidth) list.push('wider than the window');
		for (const number of document.querySelectorAll('.number')) {
			const range = document.createRange();
			range.selectNodeContents(number);
			if (range.getClientRects().length > 1) list.push('broken: ' + number.textContent);
		}
		for (const e of document.querySelectorAll('.number, .change, .label, .count, .share, main button')) {
			if (e.scrollWidth > e.clientWidth + 1) list.push('cut off: ' + e.textContent);
		}
		for (const svg of document.querySelectorAll('.plot > svg')) {
			const labels = [...svg.querySelectorAll('text')].map((e) => [e.textContent, e.getBoundingClientRect()]);
			labels.forEach(([a, x], i) => {
				if (x.left < 0 || x.right > innerWidth) list.push('outside: ' + a);
				for (const [b, y] of labels.slice(i + 1)) {
					if (x.left < y.right && y.left < x.right && x.top < y.bottom && y.top < x.bottom) list.push(a + ' on ' + b);
				}
			});
		}
		return list;
	})()`
	for _, width := range []int64{320, 1280, 360, 768, 1920}[:testutil.Amount(5, 2)] {
		b := open(t, site, settings{width: width})
		for _, page := range []string{"", "?version=" + strings.Repeat("x", 300), "de/?unit=week&by=os&as=lines", "de/?unit=day&from=2026-10-05&before=1&as=share"} {
			b.explore(page)
			for _, fault := range eval[[]string](b, faults) {
				t.Errorf("%d pixels, %q: %s", width, page, fault)
			}
		}
	}
}

// TestTablesFit checks that the tables of lists, with the links to the files of single values, need no scrolling.
func TestTablesFit(t *testing.T) {
	site := serve(t, publish(t))
	for _, width := range []int64{320, 768, 1280} {
		b := open(t, site, settings{width: width})
		b.explore("")
		got := eval[[]string](b, `[...document.querySelectorAll('.charts details')].map((e) => { e.open = true; return e; })
			.map((e) => [e.textContent.slice(0, 20), e.querySelector('.scroll')])
			.filter(([, e]) => e.scrollWidth > e.clientWidth).map(([name]) => name)`)
		if len(got) > 0 {
			t.Errorf("%d pixels: cut off: %q", width, got)
		}
	}
}

// TestTouch reads charts with a finger: a tap shows a value, until the next tap elsewhere, and so does a drag.
func TestTouch(t *testing.T) {
	b := open(t, serve(t, publish(t)), settings{width: 390})
	call(b, emulation.SetTouchEmulationEnabled, emulation.SetTouchEmulationEnabledParams{Enabled: true, MaxTouchPoints: 1})
	b.explore("")
	touch := func(kind input.DispatchTouchEventType, chart string, part float64) {
		t.Helper()
		points := []*input.TouchPoint{}
		if chart != "" {
			at := eval[[2]float64](b, fmt.Sprintf(`(() => {
				const svg = document.querySelector('[data-chart=%s] .plot svg');
				svg.scrollIntoView({ block: 'center' });
				const box = svg.getBoundingClientRect();
				return [box.left + box.width * %g, box.top + box.height / 2];
			})()`, chart, part))
			points = []*input.TouchPoint{{X: at[0], Y: at[1]}}
		}
		call(b, input.DispatchTouchEvent, input.DispatchTouchEventParams{Type: kind, TouchPoints: points})
	}
	read := func(chart string) string {
		return eval[string](b, fmt.Sprintf(`document.querySelector('[data-chart=%s] .readout').textContent`, chart))
	}
	last := ""
	for _, chart := range []string{"time", "over", "releases"} {
		touch(input.DispatchTouchEventTypeTouchStart, chart, 0.5)
		touch(input.DispatchTouchEventTypeTouchEnd, "", 0)
		tapped := read(chart)
		if tapped == "" {
			t.Errorf("%s: a tap reads nothing", chart)
		}
		if last != "" && read(last) != "" {
			t.Errorf("%s still reads %q", last, read(last))
		}
		touch(input.DispatchTouchEventTypeTouchStart, chart, 0.5)
		for _, part := range []float64{0.6, 0.7, 0.8} {
			touch(input.DispatchTouchEventTypeTouchMove, chart, part)
		}
		touch(input.DispatchTouchEventTypeTouchEnd, "", 0)
		if got := read(chart); got == "" || got == tapped {
			t.Errorf("%s: after a drag: %q, before: %q", chart, got, tapped)
		}
		last = chart
	}
	if got := eval[string](b, "location.search"); got != "" {
		t.Errorf("the drags have changed the URL to %s", got)
	}
}

// TestReadingMovesNothing checks that a chart stays in its place on a phone while its values are shown above it.
func TestReadingMovesNothing(t *testing.T) {
	b := open(t, serve(t, publish(t)), settings{width: 320})
	b.explore("?by=country&as=lines&before=1")
	const top = `document.querySelector('[data-chart=over] svg').getBoundingClientRect().top + scrollY`
	before := eval[float64](b, top)
	b.do(chromedp.Focus(chromedp.CSS("[data-chart=over] [role=slider]")), chromedp.KeyEvent(kb.End))
	if got := b.text("[data-chart=over] .readout"); !strings.Contains(got, "Other countries") {
		t.Errorf("read %q", got)
	}
	if after := eval[float64](b, top); after != before {
		t.Errorf("the chart moved from %.1f to %.1f pixels", before, after)
	}
}

// TestForcedColours checks that a browser with the colours of the system shows which buttons are pressed, and the areas
// of a chart in different colours.
func TestForcedColours(t *testing.T) {
	b := open(t, serve(t, publish(t)), desktop)
	call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "forced-colors", Value: "active"}},
	})
	b.explore("")
	colours := eval[[]string](b, `['[data-unit=day]', '[data-unit=week]'].map((s) => getComputedStyle(
		document.querySelector(s)).backgroundColor).concat([...document.querySelectorAll('.plot .band')].slice(0, 2).map(
		(e) => getComputedStyle(e).fill))`)
	if colours[0] == colours[1] || colours[2] == colours[3] {
		t.Errorf("pressed, not pressed, two areas: %q", colours)
	}
}

// TestPrint checks that a print has the charts, the selection and open tables, and neither controls nor tables that are
// closed, whose numbers are those of all downloads.
func TestPrint(t *testing.T) {
	b := open(t, serve(t, publish(t)), desktop)
	b.explore("?os=win&from=2026-10-01")
	b.do(chromedp.Click(chromedp.CSS("[data-chart=country] summary")))
	call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: "print"})
	got := eval[map[string]bool](b, `Object.fromEntries(['#shown', '#chosen li', '[data-chart=time] svg', '.value',
		'[data-chart=country] table', '[data-chart=os] table', '.controls button', '.finder', '.tools button', '.page',
		'#clear'].map((s) => [s, document.querySelector(s).checkVisibility()]))`)
	want := map[string]bool{"#shown": true, "#chosen li": true, "[data-chart=time] svg": true, ".value": true,
		"[data-chart=country] table": true, "[data-chart=os] table": false, ".controls button": false, ".finder": false,
		".tools button": false, ".page": false, "#clear": false}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("visible (-want +got):\n%s", diff)
	}
}

// TestVersionOrder sorts versions by their parts, not as text, and pre-releases before their release.
func TestVersionOrder(t *testing.T) {
	order := []string{"5.10.1", "5.10", "5.10-rc2", "5.10-rc1", "5.9.3-1", "5.9.3", "5.9", "4.11.20210226", "4.11.0"}
	site := serve(t, publishDaily(t, nil, daily(1, order...)))
	b := open(t, site, desktop)
	b.explore("")
	b.do(chromedp.Click(chromedp.CSS("[data-chart=version] .finder .group button:last-child")))
	got := eval[[]string](b, `[...document.querySelectorAll('[data-chart=version] .name')].map((e) => e.textContent)`)
	if diff := cmp.Diff(order, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestYoung checks the presets of a project whose logs are younger than they.
func TestYoung(t *testing.T) {
	b := open(t, serve(t, publishDaily(t, nil, daily(1, "1.0"))), desktop)
	b.explore("")
	const pressed = `[...document.querySelectorAll('.controls [data-last], .controls [data-year]')].map(
		(e) => (e.disabled ? '(' + e.title + ')' : e.textContent) + (e.ariaPressed === 'true' ? ' pressed' : ''))`
	b.do(chromedp.Click(chromedp.CSS(`[data-last="30"]`)))
	const begin = "(The logs begin on 1 Oct 2026)"
	want := []string{"7 days", "30 days pressed", begin, begin, "This year", begin, "All"}
	if diff := cmp.Diff(want, eval[[]string](b, pressed)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	const shown = "29 downloads from 1 Oct 2026 to 29 Oct 2026, no earlier data to compare."
	if got := b.text("#shown"); got != shown {
		t.Errorf("got %q, want %q", got, shown)
	}
	for query, want := range map[string]string{
		"?from=2026-10-05&to=2026-10-05":           "1 download on 5 Oct 2026, +0.0 % vs. the day before.",
		"?class=bot&from=2026-10-05&to=2026-10-05": "1 matching download on 5 Oct 2026, +0.0 % vs. the day before.",
	} {
		b.explore(query)
		if got := b.text("#shown"); got != want {
			t.Errorf("%s: got %q, want %q", query, got, want)
		}
	}
}
