package site_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"github.com/Slicer/sitegen"
	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/site"
	"github.com/Slicer/sitegen/generator/testutil"
)

// version changes the version, revision and build time of a package.
func version(v string, revision int) func(*catalog.Package) {
	return func(p *catalog.Package) {
		p.Version, p.Release, p.Revision = v, v, revision
		p.Built = time.Date(2020, 1, 1, 12, 0, 0, 0, time.UTC).AddDate(0, 0, revision)
	}
}

// preRelease turns a release into a pre-release.
func preRelease(p *catalog.Package) { p.PreRelease = true }

// someReleases returns releases of two series, 5.6 and 5.8. 5.8.1 has two builds for macOS and a pre-release for Linux;
// 5.10.0 only has a pre-release.
func someReleases() []*catalog.Package {
	return []*catalog.Package{
		newPackage(1, onWindows, version("5.6.2", 100)), newPackage(2, onLinux, version("5.6.2", 100)),
		newPackage(3, onWindows, version("5.8.0", 200)),
		newPackage(4, onMac, version("5.8.1", 210)), newPackage(5, onMac, version("5.8.1", 211)),
		newPackage(6, onWindows, version("5.8.1", 210)), newPackage(7, onLinux, version("5.8.1", 210), preRelease),
		newPackage(8, onWindows, version("5.10.0", 300), preRelease),
		newPackage(9, onWindows, nightly("5.9.0")),
	}
}

func TestReleaseList(t *testing.T) {
	notes := fstest.MapFS{"releases/5.8.0.md": {Data: []byte("---\ntitle: Spring\n---\n## What is new\n\nA *lot*.\n")}}
	files := downloadSite(t, someReleases(),
		func(in *site.Input) { in.Content = site.Overlay(notes, sitegen.Content()) })
	var rows []string
	for _, tr := range find(parsed(t, files["releases/index.html"]),
		func(n *html.Node) bool { return n.Data == "tr" }) {
		rows = append(rows, textOf(tr))
	}
	want := []string{
		"Release Date Files Status",
		"5.8.1 29 July 2020 Windows 250 MB macOS 250 MB newest",
		"5.8.0 19 July 2020 Windows 250 MB superseded by 5.8.1 notes",
		"Release Date Files Status", // of the next series
		"5.6.2 10 April 2020 Windows 250 MB Linux 250 MB newest of its series newest for Linux",
	}
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	if _, ok := files["releases/5.10.0/index.html"]; ok {
		t.Error("a version that only has a pre-release has a page")
	}
	page := parsed(t, files["releases/5.8.0/index.html"])
	if got, want := texts(page, "h1"), []string{"Spring"}; !slices.Equal(got, want) {
		t.Errorf("title %q, want %q", got, want)
	}
	section := find(page, func(n *html.Node) bool { return attr(n, "id") == "notes" })
	if len(section) != 1 || textOf(section[0]) != "What is new What is new A lot ." {
		t.Errorf("notes: %d sections, want one with the text of the content file", len(section))
	}
}

func TestReleasePage(t *testing.T) {
	files := downloadSite(t, someReleases())
	page := parsed(t, files["releases/5.8.1/index.html"])
	var rows []string
	for _, tr := range find(page, func(n *html.Node) bool { return n.Data == "tr" }) {
		rows = append(rows, textOf(tr))
	}
	if diff := cmp.Diff([]string{ // the permalink of a version leads to its latest build
		"System Processor File Size Built Checksum",
		"Windows 64-bit Intel and AMD Aurora-5.8.1-win-amd64.exe Browse extensions 250 MB 2020-07-29 revision 210 " +
			"Copy SHA-512",
		"macOS Intel chip Aurora-5.8.1-macosx-amd64.dmg Browse extensions 250 MB 2020-07-30 revision 211 Copy SHA-512",
		"macOS Intel chip Aurora-5.8.1-macosx-amd64.dmg Browse extensions 250 MB 2020-07-29 revision 210 Copy SHA-512",
		"System Always this package Always the newest, currently this one",
		"Windows /releases/5.8.1/win /revision/210/win /releases/5.8/win /latest/win",
		"macOS /releases/5.8.1/macosx /revision/211/macosx /releases/5.8/macosx /latest/macosx",
		"macOS /revision/210/macosx",
	}, rows); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	sum := strings.Repeat("ab", 64)
	if diff := cmp.Diff([]string{
		`(Get-FileHash -Algorithm SHA512 Aurora-5.8.1-win-amd64.exe).Hash -eq "` + sum + `"`,
		`echo "` + sum + ` Aurora-5.8.1-macosx-amd64.dmg" | shasum -a 512 -c`,
		`echo "` + sum + ` Aurora-5.8.1-macosx-amd64.dmg" | shasum -a 512 -c`,
	}, texts(page, "pre")); diff != "" {
		t.Errorf("commands (-want +got):\n%s", diff)
	}
	if !strings.Contains(files["releases/5.8.1/index.html"], sum+"  Aurora") {
		t.Error("want two spaces between checksum and file name, as shasum requires")
	}

	for path, want := range map[string]string{
		"releases/5.8.1/index.html": "Released 29 July 2020 . This is the newest release.",
		"releases/5.8.0/index.html": "Released 19 July 2020 . This release has been superseded by 5.8.1 .",
		"releases/5.6.2/index.html": "Released 10 April 2020 . The newest release is 5.8.1 . For Linux, this is the newest release.",
	} {
		main := find(parsed(t, files[path]), func(n *html.Node) bool { return n.Data == "main" })[0]
		if got := textOf(find(main, func(n *html.Node) bool { return n.Data == "p" })[0]); got != want {
			t.Errorf("%s shows %q, want %q", path, got, want)
		}
	}
}

// TestPermalinksLeadToTheirPackage follows every permalink of the release pages.
func TestPermalinksLeadToTheirPackage(t *testing.T) {
	packages := testutil.Packages(t, "live")
	x := lookup.New(testutil.Spec(t), packages)
	count := 0
	for path, page := range downloadSite(t, packages) {
		if !strings.HasPrefix(path, "releases/") || !strings.HasSuffix(path, ".html") {
			continue
		}
		for _, a := range find(parsed(t, page), func(n *html.Node) bool { return n.Data == "a" }) {
			route, query, ok := testutil.Spec(t).Permalink(attr(a, "href"))
			if !ok {
				continue
			}
			count++
			if p := x.Answer(string(route), query).Package; p == nil || "releases/"+p.Release+"/index.html" != path {
				t.Errorf("%s: %s leads to %v", path, attr(a, "href"), p)
			}
		}
	}
	if count < 200 {
		t.Errorf("%d permalinks, want at least 200", count)
	}
}

// TestPermalinksAreForAMD64 checks that a page without packages for the default architecture shows no permalinks.
func TestPermalinksAreForAMD64(t *testing.T) {
	onARM := catalog.Platform{OS: catalog.OS("macosx"), Arch: catalog.Arch("arm64")}
	page := downloadSite(t, []*catalog.Package{newPackage(1, onARM)})["releases/5.12.1/index.html"]
	if page == "" || strings.Contains(page, "permalinks") {
		t.Errorf("want a page without permalinks: %s", page)
	}
}

// TestReleasesOfTheCatalogue checks that the page of each release links to all of its packages.
func TestReleasesOfTheCatalogue(t *testing.T) {
	packages := testutil.Packages(t, "live")
	files := downloadSite(t, packages)
	want := map[string][]string{}
	for _, p := range packages {
		if p.Matches(catalog.Release) {
			want[p.Release] = append(want[p.Release], "/bitstream/"+p.ID)
		}
	}
	if len(want) < 30 {
		t.Fatalf("%d releases in the catalogue, want more", len(want))
	}
	linkRE := regexp.MustCompile(`/bitstream/[0-9a-f]{24}`)
	got := map[string][]string{}
	for path := range files {
		if m := regexp.MustCompile(`^releases/([^/]+)/index\.html$`).FindStringSubmatch(path); m != nil {
			main, _, _ := strings.Cut(files[path], "application/ld+json")
			got[m[1]] = linkRE.FindAllString(main, -1)
		}
	}
	for _, links := range []map[string][]string{want, got} {
		for _, l := range links {
			slices.Sort(l)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("links of the release pages (-want +got):\n%s", diff)
	}
}

// TestWithdrawn checks what pages say if the packages of the newest release for one system have been withdrawn.
func TestWithdrawn(t *testing.T) {
	packages := []*catalog.Package{newPackage(1, onWindows), newPackage(1, onLinux, withID(2)),
		newPackage(2, onLinux, withID(3))}
	files := downloadSite(t, packages, func(in *site.Input) {
		in.Withdrawn = []site.Withdrawal{{Package: newPackage(2, onWindows, withID(4)),
			At: time.Date(2026, 9, 11, 3, 4, 5, 0, time.UTC)}}
	})
	for path, want := range map[string]string{
		"index.html":                 "For Windows, 5.12.1 is the newest release. 5.12.2 was withdrawn on 11 September 2026",
		"releases/5.12.2/index.html": "Windows Withdrawn on 11 September 2026",
		"releases/5.12.1/index.html": "For Windows, this is the newest release.",
		"releases/index.html":        "superseded by 5.12.2 newest for Windows",
	} {
		if got := textOf(parsed(t, files[path])); !strings.Contains(got, want) {
			t.Errorf("%s does not say %q: %s", path, want, got)
		}
	}
	if strings.Contains(files["-/cell/"+id(1)+".html"], "uperseded") {
		t.Error("the cell of the newest package for Windows is marked as superseded")
	}
	if !strings.Contains(files["-/cell/"+id(2)+".html"], `Superseded by <a href="/releases/5.12.2/">`) {
		t.Error("the cell of a package for Linux does not say that it is superseded")
	}
}
