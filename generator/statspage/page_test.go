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

// summarized makes the page of a summary alone, and gives its folder.
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
	makePage(t, dir, siteInput(), statspage.Options{})
	return dir
}

// few is a summary of three days.
func few() stats.Summary {
	return stats.Summary{
		First: "2026-10-28", AsOf: "2026-10-30", Total: 600, MinCountry: 5,
		Periods:     []stats.Period{{Days: 7, From: "2026-10-23", To: "2026-10-29", Downloads: 500, Before: 400}, {Days: 1, From: "2026-10-29", To: "2026-10-29", Downloads: 300, Before: 200}},
		Days:        stats.Days{From: "2026-10-28", Downloads: []int64{200, 300, 100}, Robots: []int64{0, 0, 0}},
		Versions:    []stats.Share{{Value: "5.12.4", Downloads: 450}, {Value: "", Downloads: 150}},
		Classes:     []stats.Share{{Value: "browser", Downloads: 600}, {Value: "bot", Downloads: 50}},
		Countries:   []stats.CountryShare{{Code: "DE", Name: "Germany", Region: "Europe", Downloads: 300}, {Code: "FR", Name: "France", Region: "Europe", Downloads: 200}, {Code: "*", Name: "Other countries", Downloads: 60}, {Name: "Unknown", Downloads: 40}},
		Releases:    []stats.Release{{Version: "5.12.4", Released: "2026-10-29", Downloads: []int64{250, 100}}},
		Attribution: []string{`By <a href="https://db-ip.com">DB-IP</a>`},
	}
}

// TestPageReadsWithoutScripts finds the numbers in the page as it is made.
func TestPageReadsWithoutScripts(t *testing.T) {
	page := read(t, filepath.Join(summarized(t, few()), "index.html"))
	for _, want := range []string{
		`<dt>All time</dt><dd class="number">600</dd>`,
		`<dt>Last 7 days</dt><dd class="number">500</dd><dd class="change">nothing to compare with yet</dd>`,
		`<dt>Last 1 days</dt><dd class="number">300</dd><dd class="change">+50.0 % on the 1 days before</dd>`,
		`From 28 Oct 2026 to 30 Oct 2026, by day. Most: 29 Oct 2026, 300.`,
		`<th scope="row">29 Oct 2026</th><td>300</td>`,
		`<tr data-value="5.12.4"><th scope="row">5.12.4</th><td>450</td><td>75.0 %</td>`,
		`<tr data-value><th scope="row">Unknown</th><td>150</td><td>25.0 %</td>`,
		`<tr data-value="DE" data-region="Europe"><th scope="row">Germany</th><td>300</td><td>50.0 %</td>`,
		`<tr data-value="Europe"><th scope="row">Europe</th><td>500</td><td>83.3 %</td>`,
		`<tr data-value="Other countries"><th scope="row">Other countries</th><td>60</td>`,
		`<tr data-value="bot"><th scope="row">Robots</th><td>50</td><td>not counted</td>`,
		`<tr data-value="tool"><th scope="row">Download tools</th><td>0</td><td>0.0 %</td>`,
		`As of <time datetime="2026-10-30">30 October 2026</time>`,
		`fewer than 5 downloads in a month`,
		`By <a href="https://db-ip.com">DB-IP</a>`,
		`<nav aria-label="Site">`, `aria-current="page">Statistics</a>`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("no %s in the page", want)
		}
	}
	if strings.Contains(page, " style=") || strings.Contains(page, " onclick=") {
		t.Error("the page has styles or scripts that a Content-Security-Policy forbids")
	}
}

// TestPrivacyIsTold says what is kept of addresses.
func TestPrivacyIsTold(t *testing.T) {
	dir := summarized(t, few())
	for privacy, want := range map[stats.Privacy]string{
		stats.Keyed: "cannot be turned back without a key, which does not leave the server",
		stats.Daily: "cannot be turned back: the key to it is deleted within days",
		stats.Full:  "Addresses are kept on the server and never published.",
	} {
		makePage(t, dir, siteInput(), statspage.Options{Privacy: privacy})
		if page := read(t, filepath.Join(dir, "index.html")); !strings.Contains(page, want) {
			t.Errorf("%s: no %q", privacy, want)
		}
	}
}

func TestNothingCountedYet(t *testing.T) {
	page := read(t, filepath.Join(summarized(t, stats.Summary{}), "index.html"))
	if !strings.Contains(page, "No downloads have been counted yet.") || strings.Contains(page, `id="stats-data"`) || !strings.Contains(page, "What is counted") {
		t.Error(page)
	}
}

// TestHostileNames shows what comes from outside as text.
func TestHostileNames(t *testing.T) {
	s := few()
	const evil = `</script></title><img src=x onerror=alert(1)>"' --> <!--#include virtual="/-/x" -->`
	s.Versions[0].Value, s.Releases[0].Version, s.Countries[0].Name = evil, evil, evil
	dir := summarized(t, s)
	page := read(t, filepath.Join(dir, "index.html"))
	for _, bad := range []string{"<img", "<!--#", "</title><img"} {
		if strings.Contains(page, bad) {
			t.Errorf("%s is in the page", bad)
		}
	}
	if strings.Count(page, "</script>") != 2 {
		t.Errorf("%d scripts end", strings.Count(page, "</script>"))
	}
}

// TestMakeAgain writes what changed: nothing; the page and an asset; nothing of what is not its own.
func TestMakeAgain(t *testing.T) {
	dir := filepath.Join(publish(t), "download-stats")
	o := statspage.Options{Precompress: output.Precompress{Gzip: true}}
	if changed := makePage(t, dir, siteInput(), o); changed != nil {
		t.Errorf("made again: %v", changed)
	}
	before := list(t, dir)
	in := siteInput()
	in.Layouts = site.Overlay(fstest.MapFS{"assets/stats.css": {Data: []byte("h1 { color: red }")}}, in.Layouts)
	changed := makePage(t, dir, in, o)
	after := list(t, dir)
	var sheets []string
	for _, name := range after {
		if strings.Contains(name, "assets/stats.") && strings.Contains(name, ".css") {
			sheets = append(sheets, name)
		}
	}
	if len(sheets) != 1 || slices.Contains(before, sheets[0]) || len(changed) != 4 { // the sheet and the page written, the old sheet and its variant removed
		t.Errorf("style sheets %v, changed %v", sheets, changed)
	}
	for _, name := range after {
		packed := filepath.Join(dir, name)
		if !strings.HasSuffix(name, ".gz") {
			continue
		}
		if got, want := unpack(t, packed), read(t, strings.TrimSuffix(packed, ".gz")); got != want {
			t.Errorf("%s is not its file", name)
		}
	}
	if !slices.Contains(after, "index.html.gz") || !slices.Contains(after, "cube-2026-10.json.gz") || slices.Contains(after, "badge-total.json.gz") {
		t.Errorf("files: %v", after)
	}
	makePage(t, dir, in, statspage.Options{})
	for _, name := range list(t, dir) {
		if strings.HasSuffix(name, ".gz") {
			t.Errorf("%s is still there, though nobody wants it", name)
		}
	}
}

// TestLayoutsWithMistakes leave the page as it is.
func TestLayoutsWithMistakes(t *testing.T) {
	dir := summarized(t, few())
	before := list(t, dir)
	in := siteInput()
	in.Layouts = site.Overlay(fstest.MapFS{"stats.html": {Data: []byte(`{{define "main"}}{{.Page.Data.Totals}}{{end}}`)}}, in.Layouts)
	_, err := statspage.Make(t.Context(), in, dir, statspage.Options{})
	if fault.KindOf(err) != fault.Content || !strings.HasPrefix(err.Error(), "layouts/stats.html:1:") {
		t.Error(err)
	}
	if diff := cmp.Diff(before, list(t, dir)); diff != "" {
		t.Error(diff)
	}
}

func TestNoSummary(t *testing.T) {
	if _, err := statspage.Make(t.Context(), siteInput(), t.TempDir(), statspage.Options{}); err == nil || !strings.HasPrefix(err.Error(), "read the statistics: ") {
		t.Error(err)
	}
}

// list gives the files of a folder.
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

// BenchmarkMake makes a page that is as it was.
func BenchmarkMake(b *testing.B) {
	dir := filepath.Join(publish(b), "download-stats")
	for b.Loop() {
		makePage(b, dir, siteInput(), statspage.Options{Precompress: output.Precompress{Gzip: true}})
	}
}
