package build_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/Slicer/sitegen/generator/testutil"
	"github.com/Slicer/sitegen/generator/testutil/browser"
)

// serveSample builds the site of the sample and serves it with Nginx.
func serveSample(t *testing.T) *testutil.Nginx {
	t.Helper()
	dir := t.TempDir()
	if _, err := run(t, dir, map[string][]string{"source": {"sample"}}); err != nil {
		t.Fatal(err)
	}
	return testutil.StartNginx(t, filepath.Join(dir, "public"), filepath.Join(dir, "redirects"))
}

// TestPages opens the pages of a site in Chromium: Nginx answers the links, and sends the Content-Security-Policy.
func TestPages(t *testing.T) {
	t.Parallel()
	site := serveSample(t)
	chromium := browser.Start(t)
	t.Run("detection", func(t *testing.T) { testDetection(t, chromium, site.URL) })
	t.Run("accessible", func(t *testing.T) { testAccessible(t, chromium, site.URL) })
	t.Run("releases", func(t *testing.T) { testFilter(t, chromium, site.URL) })
	t.Run("answers", func(t *testing.T) { testAnswers(t, chromium, site.URL) })
	t.Run("bisect", func(t *testing.T) { testBisect(t, chromium, site.URL) })
	t.Run("search", func(t *testing.T) { testSearch(t, chromium, site.URL) })
	t.Run("budget", func(t *testing.T) { testBudget(t, chromium, site.URL) })
	t.Run("German", func(t *testing.T) { testGerman(t, chromium, site.URL) })
	t.Run("copy", func(t *testing.T) { testCopy(t, chromium, site.URL) })
}

// testDetection opens the download page on many devices. What comes first is the visitor's system; nothing is hidden.
func testDetection(t *testing.T, chromium *browser.Process, url string) {
	const (
		chrome  = " AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
		safari  = " AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15"
		mobile  = " AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Mobile/15E148 Safari/604.1"
		android = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 "
	)
	hints := func(platform, arch string) *emulation.UserAgentMetadata {
		return &emulation.UserAgentMetadata{Platform: platform, Architecture: arch}
	}
	phone := hints("Android", "")
	phone.Mobile = true
	const windows = "Download for Windows 5.12.4 · 277 MB 64-bit Intel and AMD, 64-bit ARM by emulation"
	const mac = "Download for macOS 5.12.4 · 442 MB Intel chip, Apple chip by Rosetta"
	const linux = "Download for Linux 5.12.4 · 477 MB 64-bit Intel and AMD"
	for _, tc := range []struct {
		name     string
		settings browser.Settings
		want     string // the first button
		phone    bool
	}{
		{"Windows", browser.Settings{Agent: "Mozilla/5.0 (Windows NT 10.0; Win64; x64)" + chrome, Hints: hints("Windows", "x86")},
			windows, false},
		{"Windows on ARM", browser.Settings{Agent: "Mozilla/5.0 (Windows NT 10.0; Win64; x64)" + chrome,
			Hints: hints("Windows", "arm")}, windows, false},
		{"Windows, Firefox", browser.Settings{Agent: "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 " +
			"Firefox/145.0"}, windows, false},
		{"Mac, Chrome, Apple chip", browser.Settings{Agent: "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)" + chrome,
			Hints: hints("macOS", "arm")}, mac, false},
		{"Mac, Safari", browser.Settings{Agent: "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)" + safari}, mac, false},
		{"Mac, Firefox", browser.Settings{Agent: "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:145.0) Gecko/20100101 " +
			"Firefox/145.0"}, mac, false},
		{"Linux", browser.Settings{Agent: "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"},
			linux, false},
		{"ChromeOS", browser.Settings{Agent: "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0)" + chrome}, linux, false},
		{"iPhone", browser.Settings{Width: 390, Touch: true, Agent: "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X)" +
			mobile}, windows, true},
		{"iPad", browser.Settings{Width: 768, Touch: true, Agent: "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)" + safari},
			windows, true},
		{"Android phone", browser.Settings{Width: 390, Touch: true, Agent: android + "Mobile Safari/537.36", Hints: phone},
			windows, true},
		{"Android tablet", browser.Settings{Width: 768, Touch: true, Agent: android + "Safari/537.36",
			Hints: hints("Android", "")}, windows, true},
		{"unknown", browser.Settings{Agent: "Lynx/2.9.2"}, windows, false},
		{"no scripts", browser.Settings{NoScripts: true}, windows, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if tc.settings.Width == 0 {
				tc.settings.Width = 1280
			}
			b := chromium.Open(t, url, tc.settings)
			b.Visit("/")
			if got := b.Text("#systems .get"); got != tc.want {
				t.Errorf("the first button is %q, want %q", got, tc.want)
			}
			shown := browser.Eval[[]string](b, `[...document.querySelectorAll('#systems .get')]
				.filter((a) => a.checkVisibility({visibilityProperty: true})).map((a) => a.getAttribute('href'))`)
			slices.Sort(shown)
			if want := []string{"/latest/linux", "/latest/macosx", "/latest/win"}; !slices.Equal(shown, want) {
				t.Errorf("visible buttons lead to %q, want %q", shown, want)
			}
			if got := browser.Eval[bool](b, `document.getElementById('phone').checkVisibility()`); got != tc.phone {
				t.Errorf("note for phones visible: %v, want %v", got, tc.phone)
			}
		})
	}
}

// pageTypes has a path of each type of page.
var pageTypes = []string{
	"/", "/releases/", "/releases/5.12.4/", "/releases/5.2.2/", "/preview/",
	"/preview/bisect/?system=amd64-win&good=35152&bad=35185", "/api/", "/requirements/", "/search/?q=5.12", "/search/",
	"/de/", "/de/releases/", "/de/releases/5.12.4/", "/de/releases/5.2.2/", "/de/preview/",
	"/de/preview/bisect/?system=amd64-win&good=35152&bad=35185", "/de/requirements/", "/de/search/?q=5.12",
	"/?version=5.2", "/?os=macosx&stability=release", "/?os=mac", "/download?os=win&version=5.9", "/no/such/page/",
	"/de/no/such/page/",
}

// testAccessible checks all types of pages with axe-core, on phones, tablets and desktop computers, in light and dark
// colours. With go test -short, it opens each page on one of two phones.
func testAccessible(t *testing.T, chromium *browser.Process, url string) {
	for phone, s := range []browser.Settings{
		{Width: 390}, {Width: 390, Dark: true}, {Width: 768}, {Width: 1280}, {Width: 1280, Dark: true}, {Width: 320},
	}[:testutil.Amount(6, 2)] {
		b := chromium.Open(t, url, s)
		for i, path := range pageTypes {
			if (i+phone)%testutil.Amount(1, 2) != 0 {
				continue
			}
			b.Visit(path)
			b.CheckAccessible()
			b.Ignore("Failed to load resource: the server responded with a status of 40")
			if t.Failed() {
				t.Fatalf("on %s with %+v", path, s)
			}
		}
	}
}

// testFilter filters the list of releases.
func testFilter(t *testing.T, chromium *browser.Process, url string) {
	b := chromium.Open(t, url, browser.Settings{Width: 1280})
	visible := func() string {
		return strings.Join(browser.Eval[[]string](b, `[...document.querySelectorAll('.series tbody th')]
			.filter((e) => e.checkVisibility()).map((e) => e.textContent)`), " ")
	}
	b.Visit("/releases/")
	all := visible()
	b.Do(chromedp.SendKeys(chromedp.CSS("#filter [name=q]"), "5.12"))
	if got, want := visible(), "5.12.4 5.12.3 5.12.2"; got != want {
		t.Errorf("releases with 5.12: %s, want %s", got, want)
	}
	if got, want := b.Text("#found"), "3 of 12 releases"; got != want {
		t.Errorf("status %q, want %q", got, want)
	}
	b.Visit("/releases/" + browser.Eval[string](b, `location.search`)) // as a shared link
	if got, want := visible(), "5.12.4 5.12.3 5.12.2"; got != want {
		t.Errorf("releases of the shared link: %s, want %s", got, want)
	}
	b.Visit("/releases/?year=2023&system=win")
	if got, want := visible(), "5.4.0 5.2.2"; got != want {
		t.Errorf("releases of 2023: %s, want %s", got, want)
	}
	b.Visit("/releases/?q=9.9")
	if got, want := b.Text("#found"), "No release matches."; got != want || visible() != "" {
		t.Errorf("status %q, want %q", got, want)
	}
	plain := chromium.Open(t, url, browser.Settings{Width: 390, NoScripts: true})
	plain.Visit("/releases/")
	if got := browser.Eval[bool](plain, `document.getElementById('filter').checkVisibility()`); got {
		t.Error("without scripts, a filter is shown that does nothing")
	}
	if b = plain; visible() != all {
		t.Errorf("without scripts, the list has %s, want %s", visible(), all)
	}
}

// testAnswers follows links with parameters.
func testAnswers(t *testing.T, chromium *browser.Process, url string) {
	b := chromium.Open(t, url, browser.Settings{Width: 1280})
	b.Visit("/?version=5.2")
	if got, want := b.Text("h1"), "Version 5.2"; got != want {
		t.Errorf("heading %q, want %q", got, want)
	}
	if got, want := b.Text(".cell .superseded"), "Superseded by 5.12.4"; got != want {
		t.Errorf("the cell of 5.2.2 says %q, want %q", got, want)
	}
	b.Visit("/?os=mac&stability=release")
	if got, want := b.Text("#given"), "Your link says os=mac. Did you mean os=macosx&stability=release?"; got != want {
		t.Errorf("proposal %q, want %q", got, want)
	}
	b.Ignore("status of 400")
	b.Do(chromedp.Click(chromedp.CSS("#given a")), chromedp.WaitVisible(chromedp.CSS(".cell .get")))
	if got, want := browser.Eval[string](b, `location.search`), "?os=macosx&stability=release"; got != want {
		t.Errorf("the proposal leads to %s, want %s", got, want)
	}
	b.Visit("/?os=%3Cimg+src%3Dx+onerror%3Dalert(1)%3E")
	if got, want := b.Text("#given"), "Your link says os=<img src=x onerror=alert(1)>."; got != want {
		t.Errorf("hostile value: %q, want %q", got, want)
	}
	b.Visit("/download?os=win&version=5.9")
	b.Do(chromedp.WaitVisible(chromedp.CSS("#nearest a")))
	if got, want := b.Text("#nearest"), "The nearest releases: 5.10.0 5.8.1 5.6.2 5.12.4 5.4.0"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	b.Visit("/releases/4.9.0/")
	b.Do(chromedp.WaitVisible(chromedp.CSS("#nearest a")))
	if got, want := b.Text("#nearest a"), "4.8.1"; got != want {
		t.Errorf("release nearest to 4.9.0: %s, want %s", got, want)
	}
	b.Ignore("status of 40")
}

// testCopy copies a checksum with the keyboard.
func testCopy(t *testing.T, chromium *browser.Process, url string) {
	b := chromium.Open(t, url, browser.Settings{Width: 1280})
	b.Visit("/")
	browser.Eval[any](b, `navigator.clipboard.writeText = async (text) => { window.copied = text }; null`)
	b.Do(chromedp.Focus(chromedp.CSS("#installers .copy")), chromedp.KeyEvent("\r"))
	if got := browser.Eval[string](b, `window.copied ?? ''`); len(got) != 128 {
		t.Errorf("copied %q, want a SHA-512", got)
	}
	if got := b.Text("#installers .copy"); got != "Copied" {
		t.Errorf("the button says %q, want Copied", got)
	}
	b.Do(chromedp.Click(chromedp.CSS("#command-line .copy")))
	if got := browser.Eval[string](b, `window.copied`); !strings.HasPrefix(got, "winget install ") {
		t.Errorf("copied %q, want the first command", got)
	}
}

// testBisect looks for a build with the keyboard, as a visitor who knows that the build 35165 is the first bad one.
func testBisect(t *testing.T, chromium *browser.Process, url string) {
	b := chromium.Open(t, url, browser.Settings{Width: 1280})
	b.Visit("/preview/bisect/")
	b.Do(chromedp.SendKeys(chromedp.CSS("[name=good]"), "2026-11-09"), chromedp.SendKeys(chromedp.CSS("[name=bad]"),
		"35185\r"), chromedp.WaitVisible(chromedp.CSS("#step h2")))
	var asked []string
	answer := func(n int, word string) {
		t.Helper()
		asked = append(asked, browser.Eval[string](b, `document.querySelector('#step h2 a').textContent`))
		b.Do(chromedp.KeyEvent("\t"))
		for range n {
			b.Do(chromedp.KeyEvent("\t"))
		}
		if got := browser.Eval[string](b, `document.activeElement.textContent`); got != word {
			t.Fatalf("the focus is on %q, want %q", got, word)
		}
		before := browser.Eval[string](b, `window.old = location.href`)
		b.Do(chromedp.KeyEvent("\r"), chromedp.WaitVisible(chromedp.CSS("#step h2")))
		for browser.Eval[bool](b, `location.href === `+fmt.Sprintf("%q", before)+` || !document.querySelector('#step h2')`) {
			time.Sleep(10 * time.Millisecond) // the next step is loading
		}
	}
	for len(asked) < 10 && browser.Eval[bool](b, `document.querySelectorAll('.answers a').length === 3`) {
		revision := browser.Eval[int](b, `parseInt(document.querySelector('#step h2 a').textContent)`)
		switch {
		case len(asked) == 0:
			answer(3, "I cannot test it")
		case revision >= 35165:
			answer(2, "It has the bug")
		default:
			answer(1, "It is good")
		}
	}
	want := []string{"35170 (2026-11-15)", "35173 (2026-11-16)", "35161 (2026-11-12)", "35164 (2026-11-13)"}
	if !slices.Equal(asked, want) {
		t.Errorf("tested %q, want %q", asked, want)
	}
	const found = "The bug appeared between 35164 (2026-11-13) and 35173 (2026-11-16)"
	if got := b.Text("#step h2"); got != found {
		t.Errorf("result %q, want %q", got, found)
	}
	link := browser.Eval[string](b, `location.search`)
	browser.Eval[any](b, `history.back(); null`)
	for browser.Eval[bool](b, `!document.querySelector('#step .answers')`) {
		time.Sleep(10 * time.Millisecond)
	}
	if got, want := browser.Eval[string](b, `document.querySelector('#step h2 a').textContent`),
		asked[len(asked)-1]; got != want {
		t.Errorf("after going back, the build to test is %s, want %s", got, want)
	}
	b.Visit("/preview/bisect/" + link) // shared
	b.Do(chromedp.WaitVisible(chromedp.CSS("#step h2")))
	if got := b.Text("#step h2"); got != found {
		t.Errorf("result of the shared address %q, want %q", got, found)
	}
	for query, want := range map[string]string{
		"?good=35185&bad=35152": "The good build must be older than the bad one: they are 35185 (2026-11-20) and 35152 (2026-11-09).",
		"?good=1&bad=35185":     "There is no build at or before 1. The oldest one is 35152 (2026-11-09).",
		"?good=%3Cb%3E&bad=2":   "“<b>” is not a revision such as 33176 or a day such as 2026-01-31.",
	} {
		b.Visit("/preview/bisect/" + query)
		b.Do(chromedp.WaitVisible(chromedp.CSS("#step .notice")))
		if got := b.Text("#step"); got != want {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
}

// testBudget checks that the download page is small, with everything that it loads before a click (compressed bytes).
func testBudget(t *testing.T, chromium *browser.Process, url string) {
	b := chromium.Open(t, url, browser.Settings{Width: 390})
	b.Visit("/")
	files := browser.Eval[map[string]int](b, `Object.fromEntries([...performance.getEntriesByType('navigation'),
		...performance.getEntriesByType('resource')].map((e) => [new URL(e.name).pathname, e.encodedBodySize]))`)
	sum := 0
	for _, n := range files {
		sum += n
	}
	if len(files) < 6 || sum > 15_000 {
		t.Errorf("%d bytes in %d files, want at most 15,000: %v", sum, len(files), files)
	}
}

// testSearch searches with the keyboard, from the download page.
func testSearch(t *testing.T, chromium *browser.Process, url string) {
	b := chromium.Open(t, url, browser.Settings{Width: 1280})
	b.Visit("/")
	b.Do(chromedp.KeyEvent("k", chromedp.KeyModifiers(chromedp.ModifierCtrl)))
	if got := browser.Eval[string](b, `document.activeElement.name ?? ''`); got != "q" {
		t.Fatalf("after Ctrl-K, the focus is on %q, want the search box", got)
	}
	b.Do(chromedp.KeyEvent("install linux\r"), chromedp.WaitVisible(chromedp.CSS("#results a")))
	first := func() string {
		return browser.Eval[string](b, `document.querySelector('#results a')?.textContent ?? ''`)
	}
	if got, want := first(), "System requirements"; got != want {
		t.Errorf("the first result is %q, want %q", got, want)
	}
	for query, want := range map[string][2]string{
		"5.10":        {" 5.10.0", "1 result"},
		"LINUX 5.2":   {" 5.2.2", "1 result"},
		"35170":       {"Builds of revision 35170 or before", "1 result"},
		"2023-02-21":  {"Builds of 2023-02-21 or before", "2 results"}, // and the release of that day
		"<img src=x>": {"", "Nothing has been found for “<img src=x>”."},
	} {
		b.Visit("/search/")
		b.Do(chromedp.SendKeys(chromedp.CSS(".search input"), query))
		for browser.Eval[string](b, `document.getElementById('found').textContent`) == "" {
			time.Sleep(10 * time.Millisecond) // the index is loading
		}
		if got := first(); !strings.HasSuffix(got, want[0]) || b.Text("#found") != want[1] {
			t.Errorf("%s: %q, %q, want %q", query, got, b.Text("#found"), want)
		}
	}
	b.Visit("/search/?q=35170")
	b.Do(chromedp.WaitVisible(chromedp.CSS("#results a")), chromedp.Click(chromedp.CSS("#results a")),
		chromedp.WaitVisible(chromedp.CSS(".cell .get")))
	if got, want := b.Text("h1"), "Revision 35170 or before"; got != want {
		t.Errorf("the result leads to %q, want %q", got, want)
	}
}

// testGerman follows the link to the German site and uses its scripts.
func testGerman(t *testing.T, chromium *browser.Process, url string) {
	b := chromium.Open(t, url, browser.Settings{Width: 1280})
	b.Visit("/releases/5.12.4/")
	b.Do(chromedp.Click(chromedp.CSS("footer [hreflang=de]")), chromedp.WaitVisible(chromedp.CSS("html[lang=de] .lead")))
	if got, want := b.Text(".lead"), "Erschienen am 9. September 2026. Dies ist die neueste Version."; got != want {
		t.Errorf("the German release page says %q, want %q", got, want)
	}
	for path, want := range map[string][2]string{ // a selector, and its text
		"/de/":                             {"#systems .mine .get", "Download für"},
		"/de/releases/?q=5.12":             {"#found", "3 von 12 Versionen"},
		"/de/search/?q=LINUX+5.2":          {"#found", "1 Treffer"},
		"/de/search/?q=2023-02-21":         {"#results", "Builds vom 2023-02-21 oder davor"},
		"/de/preview/bisect/?good=1&bad=2": {"#step", "Vor 1 gibt es keinen Build."},
		"/de/preview/bisect/?good=35152&bad=35185&system=amd64-win":            {"#step", "bleiben 9 Builds. Das sind etwa 4 Schritte."},
		"/de/preview/bisect/?good=35164&bad=35173&skip=35170&system=amd64-win": {"#step", "Einer der Builds dazwischen konnte nicht getestet werden."},
		"/de/preview/":      {".show-sums", "Prüfsummen"},
		"/de/requirements/": {"h1", "Systemanforderungen"},
	} {
		b.Visit(path)
		b.Do(chromedp.WaitVisible(chromedp.CSS(want[0] + ":not(:empty)")))
		if got := b.Text(want[0]); !strings.Contains(got, want[1]) {
			t.Errorf("%s says %q, want %q", path, got, want[1])
		}
	}
}
