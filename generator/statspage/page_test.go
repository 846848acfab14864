package statspage_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/output"
	"github.com/Slicer/sitegen/generator/site"
	"github.com/Slicer/sitegen/generator/stats"
	"github.com/Slicer/sitegen/generator/statspage"
	"github.com/Slicer/sitegen/generator/testutil"
)

// few returns a summary of three days.
func few() stats.Summary {
	return stats.Summary{
		First: "2026-10-28", AsOf: "2026-10-30", Total: 600, MinCountry: 5,
		Periods: []stats.Period{
			{Days: 7, From: "2026-10-23", To: "2026-10-29", Downloads: 500, Before: 400},
			{Days: 1, From: "2026-10-29", To: "2026-10-29", Downloads: 300, Before: 200},
		},
		Days: stats.Days{From: "2026-10-28", Downloads: []int64{200, 300, 100}, Robots: []int64{0, 0, 0}},
		PackageShares: stats.PackageShares{
			Versions: []stats.Share{{Value: "5.12.4", Downloads: 450}, {Value: "", Downloads: 150}},
		},
		Classes: []stats.Share{{Value: "browser", Downloads: 600}, {Value: "bot", Downloads: 50}},
		Countries: []stats.CountryShare{
			{Code: "DE", Name: "Germany", Region: "Europe", Downloads: 300},
			{Code: "FR", Name: "France", Region: "Europe", Downloads: 200},
			{Code: "*", Name: "Other countries", Downloads: 60}, {Name: "Unknown", Downloads: 40},
		},
		Releases:    []stats.Release{{Version: "5.12.4", Released: "2026-10-29", Downloads: []int64{250, 100}}},
		Attribution: []string{`By <a href="https://db-ip.com">DB-IP</a>`},
	}
}

// TestPage checks that the HTML contains the numbers, so that they can be read without scripts.
func TestPage(t *testing.T) {
	page := pageText(t, few(), statspage.Options{})
	for _, want := range []string{
		`<dt>All time</dt><dd class="number">600</dd>`,
		`<dt>Last 7 days</dt><dd class="number">500</dd><dd class="change">no earlier data to compare</dd>`,
		`<dt>Last 1 days</dt><dd class="number">300</dd><dd class="change">+50.0 % vs. previous 1 days</dd>`,
		`From 28 Oct 2026 to 30 Oct 2026, by day. Most: 29 Oct 2026, 300.`,
		`<th scope="row">29 Oct 2026</th><td>300</td>`,
		`<tr data-value="5.12.4"><th scope="row">5.12.4</th><td>450</td><td>75.0 %</td>`,
		`<tr data-value><th scope="row">Unknown</th><td>150</td><td>25.0 %</td>`,
		`<tr data-value="DE" data-region="Europe"><th scope="row">Germany</th><td>300</td><td>50.0 %</td>`,
		`<tr data-value="Europe"><th scope="row">Europe</th><td>500</td><td>83.3 %</td>`,
		`<tr data-value="Other countries"><th scope="row">Other countries</th><td>60</td>`,
		`<tr data-value="bot"><th scope="row">Bots</th><td>50</td><td>not counted</td>`,
		`<tr data-value="tool"><th scope="row">Download tools</th><td>0</td><td>0.0 %</td>`,
		`to <time datetime="2026-10-30">30 October 2026</time> (UTC)`, `>Client</h2>`,
		`fewer than 5 downloads in a month`,
		`By <a href="https://db-ip.com">DB-IP</a>`,
		`<nav aria-label="Site">`, `aria-current="page">Statistics</a>`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not contain %s", want)
		}
	}
	if strings.Contains(page, " style=") || strings.Contains(page, " onclick=") {
		t.Error("the page contains inline styles or scripts, which a Content-Security-Policy forbids")
	}
}

// TestHTML checks the HTML of the page, with and without downloads.
func TestHTML(t *testing.T) {
	testutil.CheckHTML(t, map[string]string{
		"few downloads": pageText(t, few(), statspage.Options{}),
		"none":          pageText(t, stats.Summary{}, statspage.Options{}),
	})
}

// TestPrivacy checks that the page explains what is stored about visitors.
func TestPrivacy(t *testing.T) {
	for privacy, want := range map[stats.Privacy]string{
		stats.Keyed: "without the key, which never leaves the server",
		stats.Daily: "The key is deleted within days",
		stats.Full:  "IP addresses are stored on the server and never published.",
	} {
		page := strings.Join(strings.Fields(pageText(t, few(), statspage.Options{Privacy: privacy})), " ")
		if !strings.Contains(page, want) {
			t.Errorf("%s: the page does not contain %q", privacy, want)
		}
	}
}

func TestNoDownloads(t *testing.T) {
	page := pageText(t, stats.Summary{}, statspage.Options{})
	if !strings.Contains(page, "No downloads have been counted yet.") ||
		!strings.Contains(page, "How downloads are counted") || strings.Contains(page, `id="stats-data"`) ||
		strings.Contains(page, `href="#version-title"`) { // a link to a table that is not there
		t.Errorf("unexpected page:\n%s", page)
	}
}

// TestHostileNames checks that names in the summary are escaped.
func TestHostileNames(t *testing.T) {
	s := few()
	const evil = `</script></title><img src=x onerror=alert(1)>"' --> <!--#include virtual="/-/x" -->`
	s.Versions[0].Value, s.Releases[0].Version, s.Countries[0].Name = evil, evil, evil
	page := pageText(t, s, statspage.Options{})
	for _, bad := range []string{"<img src=x", "<!--#", "</title><img"} {
		if strings.Contains(page, bad) {
			t.Errorf("the page contains %s", bad)
		}
	}
	if strings.Count(page, "</script>") != 4 {
		t.Errorf("%d closing script tags, want 4", strings.Count(page, "</script>"))
	}
}

// TestFiles checks that Files returns the page with its assets, and the same bytes each time.
func TestFiles(t *testing.T) {
	s := few()
	files := pageFiles(t, siteInput(t), &s, statspage.Options{LegacyFile: "old.json"})
	for _, f := range files {
		if !statspage.IsFile(f.Path) || f.Root != output.Public ||
			(f.Group == output.Records) != strings.HasPrefix(f.Path, "assets/") {
			t.Errorf("unexpected path or group: file %s, group %d", f.Path, f.Group)
		}
	}
	if statspage.IsFile("summary.json") || len(files) < 3 {
		t.Errorf("%d files", len(files))
	}
	page := string(files[len(files)-1].Data)
	if !strings.Contains(page, `<a href="/download-stats/old.json">old.json</a>`) {
		t.Error("the page does not link to the file in format 1.0")
	}
	if diff := cmp.Diff(files, pageFiles(t, siteInput(t), &s, statspage.Options{LegacyFile: "old.json"})); diff != "" {
		t.Error(diff)
	}
}

// TestInvalidLayout checks that the error of an invalid layout names the file and the line.
func TestInvalidLayout(t *testing.T) {
	in := siteInput(t)
	invalid := fstest.MapFS{"stats.html": {Data: []byte(`{{define "main"}}{{.Page.Data.Totals}}{{end}}`)}}
	in.Layouts = site.Overlay(invalid, in.Layouts)
	s := few()
	_, err := statspage.Files(t.Context(), in, &s, statspage.Options{})
	if fault.KindOf(err) != fault.Content || !strings.HasPrefix(err.Error(), "layouts/stats.html:1:") {
		t.Error(err)
	}
}

// BenchmarkFiles measures the rendering of the page.
func BenchmarkFiles(b *testing.B) {
	s := few()
	for b.Loop() {
		pageFiles(b, siteInput(b), &s, statspage.Options{})
	}
}
