package site_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/testutil"
)

func built(day string) func(*catalog.Package) {
	return func(p *catalog.Package) {
		p.Built, _ = time.Parse(time.RFC3339, day+"T23:30:00Z")
	}
}

// TestPreviewChanges checks the links to the changes since the day before.
func TestPreviewChanges(t *testing.T) {
	in := downloadInput(t, []*catalog.Package{
		newPackage(1, onLinux, nightly("5.9.0"), built("2025-12-31")),
		newPackage(2, onWindows, nightly("5.9.0"), built("2026-01-01")),
		newPackage(3, onLinux, nightly("5.9.0"), built("2026-01-01")),
		newPackage(4, onLinux, nightly("5.9.0"), built("2026-01-05")),
	})
	links := func(path string) (list []string) {
		files, _ := rendered(t, in)
		for _, a := range find(parsed(t, files[path]), func(n *html.Node) bool { return attr(n, "class") == "changes" }) {
			list = append(list, attr(a, "href"))
		}
		return list
	}
	if got := links("preview/index.html"); got != nil {
		t.Errorf("without changes in the profile: %q", got)
	}
	in.Changes = "https://git.example.org/log/{from}..{to}"
	for path, want := range map[string][]string{
		"preview/index.html":      {"https://git.example.org/log/30003..30004", "https://git.example.org/log/30001..30003"},
		"preview/2025/index.html": nil,
	} {
		if diff := cmp.Diff(want, links(path)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", path, diff)
		}
	}
}

func TestPreviewTable(t *testing.T) {
	armMac := catalog.Platform{OS: catalog.OS("macosx"), Arch: catalog.Arch("arm64")}
	files := downloadSite(t, []*catalog.Package{
		newPackage(1, onLinux, nightly("5.9.0"), built("2025-12-31")),
		newPackage(2, onWindows, nightly("5.9.0"), built("2026-01-01")),
		newPackage(3, onWindows, nightly("5.9.0"), built("2026-01-01")),
		newPackage(4, armMac, nightly(""), built("2026-01-02")),
		newPackage(5, onWindows, built("2026-01-03")), // a release
	})
	for path, want := range map[string][]string{
		"preview/index.html": {
			"Day Windows macOS (Apple chip) Linux",
			"2 Jan no build 30004 250 MB no build",
			"1 Jan 5.9.0 30003 250 MB 30002 250 MB no build no build",
			"Day Windows macOS (Apple chip) Linux",
			"31 Dec 5.9.0 no build no build 30001 250 MB",
		},
		"preview/2026/index.html": {
			"Day Windows macOS (Apple chip)",
			"2 Jan no build 30004 250 MB",
			"1 Jan 5.9.0 30003 250 MB 30002 250 MB no build",
		},
		"preview/2025/index.html": {"Day Linux", "31 Dec 5.9.0 30001 250 MB"},
	} {
		var rows []string
		for _, tr := range find(parsed(t, files[path]), func(n *html.Node) bool { return n.Data == "tr" }) {
			rows = append(rows, textOf(tr))
		}
		if diff := cmp.Diff(want, rows); diff != "" {
			t.Errorf("%s (-want +got):\n%s", path, diff)
		}
	}
	if len(find(parsed(t, files["preview/2026/index.html"]),
		func(n *html.Node) bool { return attr(n, "id") == "2026-01-02" })) != 1 {
		t.Error("want an anchor for each day")
	}
}

func TestPreviewWithoutBuilds(t *testing.T) {
	page := parsed(t, downloadSite(t, []*catalog.Package{newPackage(1, onLinux)})["preview/index.html"])
	if len(texts(page, "table")) != 0 || !strings.Contains(textOf(page), "There are no nightly builds.") {
		t.Errorf("the page shows %q", textOf(page))
	}
}

// TestPreviewOfTheArchive checks that all nightly builds of many years are linked, on pages of moderate size.
func TestPreviewOfTheArchive(t *testing.T) {
	packages := testutil.Packages(t, "archive")
	files := archiveSite(t)
	want := map[string][]string{}
	for _, p := range packages {
		if p.Matches(catalog.Nightly) {
			path := fmt.Sprintf("preview/%d/index.html", p.Built.Year())
			want[path] = append(want[path], p.ID)
		}
	}
	if len(want) < 15 {
		t.Fatalf("%d years of builds in the catalogue, want more", len(want))
	}
	linkRE := regexp.MustCompile(`href="/bitstream/([0-9a-f]{24})"`)
	for path, ids := range want {
		var got []string
		for _, m := range linkRE.FindAllStringSubmatch(files[path], -1) {
			got = append(got, m[1])
		}
		slices.Sort(ids)
		slices.Sort(got)
		if !slices.Equal(ids, got) {
			t.Errorf("%s: links to %d packages, want the %d of that year", path, len(got), len(ids))
		}
		if size := len(files[path]); size > 200_000 {
			t.Errorf("%s: %d bytes, want at most 200,000, for slow connections", path, size)
		}
	}
	page := parsed(t, files["preview/index.html"])
	days := find(page, func(n *html.Node) bool { return n.Data == "tr" && attr(n, "id") != "" })
	if len(days) != 60 || attr(days[0], "id") != "2026-11-20" {
		t.Errorf("%d days, the first %s; want the newest 60", len(days), attr(days[0], "id"))
	}
}
