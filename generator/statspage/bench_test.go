package statspage_test

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/performance"
	"github.com/chromedp/chromedp"
	"github.com/klauspost/compress/gzip"

	"github.com/Slicer/sitegen/generator/stats/downloads"
)

// The benchmarks use the statistics of ten years.
const (
	manyDays      = 3650
	manyDownloads = 1_000_000
	manyEach      = 120 // days from one release to the next
)

// manyFirst returns the first of the many days.
func manyFirst() time.Time { return time.Date(2016, 11, 1, 0, 0, 0, 0, time.UTC) }

// manyVersion returns the version of the n-th release.
func manyVersion(n int) string { return fmt.Sprintf("%d.%d.%d", 4+n/10, n%10, n%3) }

// manyReleases returns one package for each release, with the day on which it was built.
func manyReleases() []downloads.Package {
	var list []downloads.Package
	for n := range manyDays/manyEach + 1 {
		list = append(list, downloads.Package{
			Bitstream: fmt.Sprintf("%024x", n), Stable: true,
			Series: downloads.Series{Version: manyVersion(n), OS: "win", Arch: "amd64", Stability: "release"},
			Built:  manyFirst().AddDate(0, 0, n*manyEach).Format(time.RFC3339),
		})
	}
	return list
}

// manyDaily returns a daily table of a million downloads in ten years. There is a release every four months. Most
// downloads are of the newest release, some of preview builds and of older releases. A few of the 180 countries have
// most of the downloads.
func manyDaily(t testing.TB) *bytes.Buffer {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	countries := countryCodes(t)[:180]
	r.Shuffle(len(countries), func(i, j int) { countries[i], countries[j] = countries[j], countries[i] })
	cells := map[string]int{}
	for range manyDownloads {
		day := int(manyDays * math.Pow(r.Float64(), 0.7)) // more in later years
		if weekday := manyFirst().AddDate(0, 0, day).Weekday(); weekday%6 == 0 && r.IntN(2) == 0 {
			day = max(0, day-2)
		}
		newest := day / manyEach
		version, stability := manyVersion(newest), "release"
		switch r.IntN(10) {
		case 0, 1:
			version, stability = fmt.Sprintf("%d.%d.0", 4+(newest+1)/10, (newest+1)%10), "nightly"
		case 2:
			version = manyVersion(max(0, newest-int(r.ExpFloat64()*3)))
		}
		os, arch := []string{"win", "win", "win", "macosx", "linux"}[r.IntN(5)], "amd64"
		if os == "macosx" && newest > 20 && r.IntN(2) == 0 {
			arch = "arm64"
		}
		country := countries[min(len(countries)-1, int(r.ExpFloat64()*14))]
		class := []string{"browser", "mobile", "tool", "bot"}[max(0, r.IntN(10)-6)] // 7 : 1 : 1 : 1
		date := manyFirst().AddDate(0, 0, day).Format(time.DateOnly)
		cells[strings.Join([]string{date, version, os, arch, stability, country, class}, "\t")]++
	}
	lines := make([]string, 0, len(cells))
	for cell, n := range cells {
		lines = append(lines, fmt.Sprintf("%s\t%d\n", cell, n))
	}
	slices.Sort(lines)
	b := bytes.NewBufferString("day\tversion\tos\tarch\tstability\tcountry\tclass\tdownloads\n")
	for _, line := range lines {
		b.WriteString(line)
	}
	return b
}

// countryCodes returns the country codes in the table of package stats.
func countryCodes(t testing.TB) []string {
	var codes []string
	for line := range strings.Lines(read(t, filepath.Join("..", "stats", "countries.tsv"))) {
		if code, _, _ := strings.Cut(line, "\t"); len(code) == 2 {
			codes = append(codes, code)
		}
	}
	return codes
}

// BenchmarkExplore measures in Chromium how long counting (count) and also drawing (update) take after a click, for a
// million downloads in ten years, when the page is idle after loading, and for how long it is blocked until then (the sum
// of what tasks take beyond 50 ms, as in Lighthouse). These are elapsed times. Other programs on the machine do not
// change the CPU time of a click (cpu), which includes everything up to the next picture: layout, painting, and about a
// millisecond of the measurement itself. The benchmark also reports the compressed sizes of the data and of the files
// that are needed for the first charts.
func BenchmarkExplore(b *testing.B) {
	public := publishDaily(b, manyReleases(), manyDaily(b))
	tab := open(b, serve(b, public), desktop)
	tab.explore("")
	loading := eval[[2]float64](tab, `new Promise((done) => {
		const first = performance.getEntriesByName('stats-update')[0];
		let blocked = 0;
		new PerformanceObserver((list) => {
			for (const e of list.getEntries()) blocked += Math.max(0, e.duration - 50);
		}).observe({ type: 'longtask', buffered: true });
		setTimeout(() => done([first.startTime + first.duration, blocked]), 500);
	})`)
	call(tab, performance.Enable, performance.EnableParams{TimeDomain: performance.EnableTimeDomainThreadTicks})
	// A click, and what the browser draws after it.
	const click = `new Promise((done) => {
		performance.clearMeasures();
		%s.click();
		const of = (name) => performance.getEntriesByName(name)[0].duration;
		requestAnimationFrame(() => setTimeout(() => done([of('stats-count'), of('stats-update')])));
	})`
	buttons := []string{"document.getElementById('clear')"}
	for _, chart := range []string{"version", "country", "os", "class", "region", "stability"} {
		buttons = append(buttons, fmt.Sprintf(`document.querySelector('[data-chart="%s"] .values button[aria-pressed=false]')`,
			chart))
	}
	var counts, updates, processor []float64
	for b.Loop() {
		for i := range buttons { // the last one removes all filters
			before := mainThread(tab)
			took := eval[[2]float64](tab, fmt.Sprintf(click, buttons[(i+1)%len(buttons)]))
			processor = append(processor, mainThread(tab)-before)
			counts, updates = append(counts, took[0]), append(updates, took[1])
		}
	}
	for name, list := range map[string][]float64{"count": counts, "update": updates, "cpu": processor} {
		slices.Sort(list)
		b.ReportMetric(list[len(list)/2], name+"-ms-median")
		b.ReportMetric(list[len(list)*95/100], name+"-ms-p95")
	}
	b.ReportMetric(loading[0], "idle-ms")
	b.ReportMetric(loading[1], "blocked-ms")
	dir := filepath.Join(public, "download-stats")
	b.ReportMetric(float64(gzippedSize(b, dir, "cube-*.json"))/1e3, "data-kB")
	b.ReportMetric(float64(gzippedSize(b, dir, "index.html", "assets/*.css", "assets/*.js"))/1e3, "first-kB")
	b.ReportMetric(0, "ns/op")
}

// mainThread returns the CPU time that the main thread of a tab has used (milliseconds).
func mainThread(b *browser) float64 {
	b.t.Helper()
	result, err := chromedp.Call(b.ctx, performance.GetMetrics, cdp.Empty{})
	if err != nil {
		b.t.Fatal(err)
	}
	for _, m := range result.Metrics {
		if m.Name == "TaskDuration" {
			return 1000 * m.Value
		}
	}
	b.t.Fatal("the browser does not report the time of its tasks")
	return 0
}

// gzippedSize returns the total size of files when each is compressed with gzip (bytes).
func gzippedSize(t testing.TB, dir string, patterns ...string) int {
	t.Helper()
	size := 0
	for _, pattern := range patterns {
		names, err := filepath.Glob(filepath.Join(dir, filepath.FromSlash(pattern)))
		if err != nil || len(names) == 0 {
			t.Fatalf("%s: %v %v", pattern, names, err)
		}
		for _, name := range names {
			var compressed bytes.Buffer
			w := gzip.NewWriter(&compressed)
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := w.Write(data); err != nil {
				t.Fatal(err)
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			size += compressed.Len()
		}
	}
	return size
}
