package statspage_test

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// TestGerman checks the page in German, without scripts and with a filter.
func TestGerman(t *testing.T) {
	t.Parallel()
	site := serve(t, publish(t))
	plain := open(t, site, settings{width: 390, noScripts: true})
	plain.visit("de/")
	page := plain.text("main")
	for _, want := range []string{"Download-Statistik", "Gesamt 1.", "Betriebssystem", "Frankreich", "Mobilgeräte", "Europa",
		"Downloads nach Tag", "Vorschau", "26. Okt."} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q in the page without scripts: %s", want, page)
		}
	}
	b := open(t, site, desktop)
	b.explore("de/?os=win&country=DE&version=9.9.9&unit=day")
	for selector, want := range map[string]string{
		"#shown":                 " passende Downloads.",
		"#missing":               "Nichts für Version 9.9.9. Der Link ist vielleicht älter als die Daten",
		"#chosen":                "Betriebssystem: Windows × Land: Deutschland × Alle Filter löschen",
		".tiles":                 " % zu den 7 Tagen davor",
		"[data-chart=time]":      "Downloads nach Tag Unvollständiger Tag 7-Tage-Mittel",
		"[data-chart=country]":   "Deutschland",
		"[data-chart=stability]": "Stabile Version",
	} {
		if got := b.text(selector); !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", selector, got, want)
		}
	}
	if got := eval[string](b, `document.querySelector('a[hreflang=en]').href`); !strings.HasSuffix(got,
		"/download-stats/?os=win&country=DE&version=9.9.9&unit=day") {
		t.Errorf("the link to the English page leads to %s", got)
	}
	b.do(chromedp.Click(chromedp.CSS("#chosen button"))) // that of the system
	if got := eval[string](b, `document.querySelector('a[hreflang=en]').search`); got != "?country=DE&unit=day" {
		t.Errorf("after a filter was removed, the query of that link is %s", got)
	}
	b.explore("de/")
	b.do(chromedp.SendKeys(chromedp.CSS("[data-chart=country] [type=search]"), "SUDK")) // on a keyboard without ü
	if got := b.text("[data-chart=country] .values"); !strings.HasPrefix(got, "Südkorea") {
		t.Errorf("found %q", got)
	}
	if got, want := eval[string](b, `document.querySelector('[data-chart=time] .plot').getAttribute('aria-label')`),
		"Lesen Sie die Werte mit den Pfeiltasten."; !strings.Contains(got, want) {
		t.Errorf("the chart is labelled %q, want %q", got, want)
	}
}
