package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/Slicer/sitegen/generator/testutil"
	"github.com/Slicer/sitegen/generator/testutil/browser"
)

// TestDownloadsOfRelease builds the site of the sample, counts downloads of a release, and opens the pages of releases
// in Chromium. A page shows the number, in its language. A release without downloads has only the link.
func TestDownloadsOfRelease(t *testing.T) {
	t.Chdir(t.TempDir())
	do := func(args ...string) {
		t.Helper()
		var stdout, stderr bytes.Buffer
		if code := run(t.Context(), args, strings.NewReader(""), &stdout, &stderr, nil); code != 0 {
			t.Fatalf("sitegen %q: exit code %d\n%s%s", args, code, &stdout, &stderr)
		}
	}
	do("build", "--source", "sample")
	page, err := os.ReadFile("public/releases/5.12.4/index.html")
	if err != nil || bytes.Contains(page, []byte("download-stats")) {
		t.Errorf("without statistics, the page links to them; error %v", err)
	}
	writeLog(t, map[string]int{"5.12.4": 1234, "5.10.0": 1})
	do("stats", "access.log")
	do("build", "--source", "sample")

	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	nginx := testutil.StartNginx(t, filepath.Join(dir, "public"), filepath.Join(dir, "redirects"))
	chromium := browser.Start(t)
	for _, s := range []browser.Settings{{Width: 390}, {Width: 1280, Dark: true}, {Width: 1280, NoScripts: true}} {
		b := chromium.Open(t, nginx.URL, s)
		for path, want := range map[string][2]string{ // the number, and the link
			"/releases/5.12.4/":    {"1,234 downloads, the last one on 3 April 2024. ", "Downloads of 5.12.4 over time"},
			"/de/releases/5.12.4/": {"1.234 Downloads, der letzte am 3. April 2024. ", "Downloads von 5.12.4 im Zeitverlauf"},
			"/releases/5.10.0/":    {"1 download, on 3 April 2024. ", "Downloads of 5.10.0 over time"},
			"/releases/5.8.1/":     {"", "Downloads of 5.8.1 over time"},
		} {
			b.Visit(path)
			if s.NoScripts {
				want[0] = ""
			} else if want[0] != "" {
				b.Do(chromedp.WaitReady(chromedp.CSS("#downloads:not(:empty)")))
			}
			if got := b.Text("p:has(#downloads)"); got != want[0]+want[1] {
				t.Errorf("%s: %q, want %q", path, got, want)
			}
			if !s.NoScripts {
				b.CheckAccessible()
			}
		}
	}
}

// writeLog writes access.log, with a number of downloads of the first package of each release, all on 3 April 2024.
func writeLog(t *testing.T, downloads map[string]int) {
	t.Helper()
	data, err := os.ReadFile("public/api/v1/releases.json")
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Releases []struct {
			Version  string
			Packages []struct{ ID string }
		}
	}
	if err := json.Unmarshal(data, &doc); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	for _, r := range doc.Releases {
		for n := range downloads[r.Version] {
			fmt.Fprintf(&log, `192.0.%d.%d - - [03/Apr/2024:12:00:00 +0000] "GET /bitstream/%s HTTP/1.1" 302 0 "-" `+
				`"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"`+"\n", n/200, n%200,
				r.Packages[0].ID)
		}
	}
	if err := os.WriteFile("access.log", log.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}
