package statspage_test

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/Slicer/sitegen/generator/testutil"
)

// TestAccessible checks the page with axe-core, in light and dark colours, on a desktop computer and a phone: without
// the script, and with active filters and all tables open.
func TestAccessible(t *testing.T) {
	source, err := os.ReadFile(axe)
	if errors.Is(err, fs.ErrNotExist) {
		testutil.Missing(t, "axe-core")
	}
	if err != nil {
		t.Fatal(err)
	}
	site := serve(t, publish(t))
	for _, tc := range []struct {
		name     string
		settings settings
	}{
		{"light", settings{width: 1280}}, {"small phone, dark", settings{width: 320, dark: true}},
		{"phone", settings{width: 390}}, {"wide, dark", settings{width: 1920, dark: true}},
		{"no script", settings{width: 1280, blockScript: true}},
		{"no script, phone, dark", settings{width: 390, dark: true, blockScript: true}},
	}[:testutil.Amount(6, 2)] {
		t.Run(tc.name, func(t *testing.T) {
			b := open(t, site, tc.settings)
			if tc.settings.blockScript {
				b.visit("")
				b.ignore("ERR_BLOCKED")
			} else {
				b.explore("?os=win&version=5.12.4&from=2026-10-01")
				b.contents()
			}
			eval[any](b, string(source)+"; null")
			found := eval[struct {
				Violations []string `json:"violations"`
				Passes     int      `json:"passes"`
			}](b, `axe.run({ resultTypes: ['violations'] }).then((r) => ({ passes: r.passes.length, violations:
				r.violations.flatMap((v) => v.nodes.map((n) => v.id + ': ' + n.failureSummary + ' ' + n.html)) }))`)
			for _, v := range found.Violations {
				t.Error(v)
			}
			if found.Passes < 15 {
				t.Errorf("axe-core checked only %d rules", found.Passes)
			}
			if width := eval[int](b, `document.documentElement.scrollWidth`); width > int(tc.settings.width) {
				t.Errorf("the page is %d pixels wide, the window %d", width, tc.settings.width)
			}
		})
	}
}

// TestWithoutScripts checks that all charts and tables are visible without scripts, and that no control is, since it
// would do nothing.
func TestWithoutScripts(t *testing.T) {
	b := open(t, serve(t, publish(t)), settings{width: 390, noScripts: true})
	b.visit("")
	for _, selector := range []string{
		"[data-chart=time] svg", "[data-chart=over] svg", "[data-chart=version] .values",
		"[data-chart=releases] svg", ".tiles", "#counted",
	} {
		if box := run(b, chromedp.Dimensions(chromedp.CSS(selector))); box.Width < 300 || box.Height < 60 {
			t.Errorf("%s: %d by %d pixels", selector, box.Width, box.Height)
		}
	}
	if n := eval[int](b, `[...document.querySelectorAll('main button, main input, main [role=slider]')]
		.filter((e) => e.checkVisibility({visibilityProperty: true})).length`); n != 0 {
		t.Errorf("%d visible controls, which do nothing without scripts", n)
	}
	b.do(chromedp.Click(chromedp.CSS("[data-chart=country] summary")))
	if got := b.text("[data-chart=country] tbody"); !strings.HasPrefix(got, "United States 227 13.5 % India 140") {
		t.Errorf("table of countries: %s", got)
	}
}

// TestNothingMoves checks that the layout hardly shifts when the script replaces the charts.
func TestNothingMoves(t *testing.T) {
	site := serve(t, publish(t))
	b := open(t, site, desktop)
	b.do(chromedp.Navigate(site.URL + "/download-stats/"))
	shift := eval[float64](b, `new Promise((done) => {
		let sum = 0;
		new PerformanceObserver((list) => { for (const e of list.getEntries()) sum += e.value; })
			.observe({ type: 'layout-shift', buffered: true });
		setTimeout(() => done(sum), 1500);
	})`)
	if shift > 0.05 {
		tops := eval[[]int](b, `[...document.querySelectorAll('h2')].map(
			(h) => Math.round(h.getBoundingClientRect().top))`)
		t.Errorf("the layout shifts by %.3f; headings at %v", shift, tops)
	}
}
