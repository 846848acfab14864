package statspage_test

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"

	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/output"
	"github.com/Slicer/sitegen/generator/site"
	"github.com/Slicer/sitegen/generator/stats"
	"github.com/Slicer/sitegen/generator/statspage"
)

// summarized renders the page of a summary without cubes and returns its folder.
func summarized(t testing.TB, s stats.Summary) (dir string) {
	t.Helper()
	b, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, stats.SummaryFile), b, 0o644); err != nil {
		t.Fatal(err)
	}
	makePage(t, dir, siteInput(t), statspage.Options{})
	return dir
}

// few returns a summary of three days.
func few() stats.Summary {
	return stats.Summary{
		First: "2026-10-28", AsOf: "2026-10-30", Total: 600, MinCountry: 5,
		Periods: []stats.Period{
			{Days: 7, From: "2026-10-23", To: "2026-10-29", Downloads: 500, Before: 400},
			{Days: 1, From: "2026-10-29", To: "2026-10-29", Downloads: 300, Before: 200},
		},
		Days:     stats.Days{From: "2026-10-28", Downloads: []int64{200, 300, 100}, Robots: []int64{0, 0, 0}},
		Versions: []stats.Share{{Value: "5.12.4", Downloads: 450}, {Value: "", Downloads: 150}},
		Classes:  []stats.Share{{Value: "browser", Downloads: 600}, {Value: "bot", Downloads: 50}},
		Countries: []stats.CountryShare{
			{Code: "DE", Name: "Germany", Region: "Europe", Downloads: 300},
			{Code: "FR", Name: "France", Region: "Europe", Downloads: 200},
			{Code: "*", Name: "Other countries", Downloads: 60}, {Name: "Unknown", Downloads: 40},
		},
		Releases:    []stats.Release{{Version: "5.12.4", Released: "2026-10-29", Downloads: []int64{250, 100}}},
		Attribution: []string{`By <a href="https://db-ip.com">DB-IP</a>`},
	}
}

// TestPage expects the numbers in the HTML, where they can be read without scripts.
func TestPage(t *testing.T) {
	page := read(t, filepath.Join(summarized(t, few()), "index.html"))
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

// TestPrivacy expects that the page explains what is stored about visitors.
func TestPrivacy(t *testing.T) {
	dir := summarized(t, few())
	for privacy, want := range map[stats.Privacy]string{
		stats.Keyed: "without the key, which never leaves the server",
		stats.Daily: "The key is deleted within days",
		stats.Full:  "IP addresses are stored on the server and never published.",
	} {
		makePage(t, dir, siteInput(t), statspage.Options{Privacy: privacy})
		page := strings.Join(strings.Fields(read(t, filepath.Join(dir, "index.html"))), " ")
		if !strings.Contains(page, want) {
			t.Errorf("%s: the page does not contain %q", privacy, want)
		}
	}
}

func TestNoDownloads(t *testing.T) {
	page := read(t, filepath.Join(summarized(t, stats.Summary{}), "index.html"))
	if !strings.Contains(page, "No downloads have been counted yet.") ||
		!strings.Contains(page, "How downloads are counted") || strings.Contains(page, `id="stats-data"`) {
		t.Errorf("unexpected page:\n%s", page)
	}
}

// TestHostileNames expects that names from outside are escaped.
func TestHostileNames(t *testing.T) {
	s := few()
	const evil = `</script></title><img src=x onerror=alert(1)>"' --> <!--#include virtual="/-/x" -->`
	s.Versions[0].Value, s.Releases[0].Version, s.Countries[0].Name = evil, evil, evil
	dir := summarized(t, s)
	page := read(t, filepath.Join(dir, "index.html"))
	for _, bad := range []string{"<img", "<!--#", "</title><img"} {
		if strings.Contains(page, bad) {
			t.Errorf("the page contains %s", bad)
		}
	}
	if strings.Count(page, "</script>") != 2 {
		t.Errorf("%d closing script tags, want 2", strings.Count(page, "</script>"))
	}
}

// TestMakeAgain expects that only what changed is written or removed: nothing; then the page and a style sheet; then
// the compressed variants, once they are switched off.
func TestMakeAgain(t *testing.T) {
	dir := filepath.Join(publish(t), "download-stats")
	o := statspage.Options{Precompress: output.Precompress{Gzip: true}}
	if changed := makePage(t, dir, siteInput(t), o); changed != nil {
		t.Errorf("unchanged page: %v written", changed)
	}
	before := list(t, dir)
	in := siteInput(t)
	in.Layouts = site.Overlay(fstest.MapFS{"assets/stats.css": {Data: []byte("h1 { color: red }")}}, in.Layouts)
	changed := makePage(t, dir, in, o)
	after := list(t, dir)
	var sheets []string
	for _, name := range after {
		if strings.Contains(name, "assets/stats.") && strings.Contains(name, ".css") {
			sheets = append(sheets, name)
		}
	}
	// Changed are the new style sheet and the page, and the old style sheet and its variant, which are removed.
	if len(sheets) != 1 || slices.Contains(before, sheets[0]) || len(changed) != 4 {
		t.Errorf("style sheets %v, changed %v", sheets, changed)
	}
	for _, name := range after {
		packed := filepath.Join(dir, name)
		if !strings.HasSuffix(name, ".gz") {
			continue
		}
		if got, want := unpack(t, packed), read(t, strings.TrimSuffix(packed, ".gz")); got != want {
			t.Errorf("%s differs from its file", name)
		}
	}
	if !slices.Contains(after, "index.html.gz") || !slices.Contains(after, "cube-2026-10.json.gz") ||
		slices.Contains(after, "badge-total.json.gz") { // too small
		t.Errorf("files: %v", after)
	}
	makePage(t, dir, in, statspage.Options{})
	for _, name := range list(t, dir) {
		if strings.HasSuffix(name, ".gz") {
			t.Errorf("%s exists, although compression is switched off", name)
		}
	}
}

// TestInvalidLayout expects an error with its place, and no change.
func TestInvalidLayout(t *testing.T) {
	dir := summarized(t, few())
	before := list(t, dir)
	in := siteInput(t)
	invalid := fstest.MapFS{"stats.html": {Data: []byte(`{{define "main"}}{{.Page.Data.Totals}}{{end}}`)}}
	in.Layouts = site.Overlay(invalid, in.Layouts)
	s := few()
	_, err := statspage.Make(t.Context(), in, &s, dir, statspage.Options{})
	if fault.KindOf(err) != fault.Content || !strings.HasPrefix(err.Error(), "layouts/stats.html:1:") {
		t.Error(err)
	}
	if diff := cmp.Diff(before, list(t, dir)); diff != "" {
		t.Error(diff)
	}
}

// list returns the names of the files in a folder and its subfolders.
func list(t testing.TB, dir string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			name, _ := filepath.Rel(dir, path)
			names = append(names, filepath.ToSlash(name))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// unpack returns the text of a gzip file.
func unpack(t testing.TB, path string) string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// BenchmarkMake renders a page that has not changed.
func BenchmarkMake(b *testing.B) {
	dir := filepath.Join(publish(b), "download-stats")
	for b.Loop() {
		makePage(b, dir, siteInput(b), statspage.Options{Precompress: output.Precompress{Gzip: true}})
	}
}
