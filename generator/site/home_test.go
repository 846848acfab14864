package site_test

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/site"
	"github.com/Slicer/sitegen/generator/testutil"
)

// Patterns with which programs read the page: homebrewRE is from Homebrew's livecheck, checksumRE from a script that
// reads the checksums.
var (
	homebrewRE = regexp.MustCompile(`(?is)href=.*?/bitstream/([0-9a-f]+)["' >].+?["']header["'][^>]*?>\s*v?(\d+(?:\.\d+)+)`)
	checksumRE = regexp.MustCompile(`(Linux|macOS|Windows) ?(?:\((\w+)\))?[/td\W]+>([a-f0-9]+)`)
)

// pairs returns what Homebrew's pattern matches: pairs of id and version, in order.
func pairs(page string) [][2]string {
	list := [][2]string{}
	for _, m := range homebrewRE.FindAllStringSubmatch(page, -1) {
		list = append(list, [2]string{m[1], m[2]})
	}
	return list
}

func TestScrapersReadTheHomePage(t *testing.T) {
	for profile, render := range map[string]func(testing.TB) map[string]string{
		"live":    func(t testing.TB) map[string]string { return downloadSite(t, testutil.Packages(t, "live")) },
		"archive": archiveSite,
	} {
		t.Run(profile, func(t *testing.T) {
			packages := testutil.Packages(t, profile)
			page := render(t)["index.html"]
			want, sums := [][2]string{}, [][]string{}
			for _, c := range lookup.New(testutil.Spec(t), packages).Answer("/", "").Cells {
				want = append(want, [2]string{c.Package.ID, c.Package.Version})
				if c.Package.SHA512 != "" {
					kind := map[catalog.Stability]string{catalog.Nightly: "preview"}[c.Stability]
					sums = append(sums, []string{testutil.Scheme(t).Title(c.OS), kind, c.Package.SHA512})
				}
			}
			if len(want) != 6 || len(sums) == 0 {
				t.Fatalf("the catalogue fills %d cells, %d of them with checksums; want 6 and at least 1",
					len(want), len(sums))
			}
			if diff := cmp.Diff(want, pairs(page)); diff != "" {
				t.Errorf("ids and versions that Homebrew finds (-want +got):\n%s", diff)
			}
			got := [][]string{}
			for _, m := range checksumRE.FindAllStringSubmatch(page, -1) {
				got = append(got, m[1:])
			}
			if diff := cmp.Diff(sums, got); diff != "" {
				t.Errorf("checksums that the script finds (-want +got):\n%s", diff)
			}
		})
	}
}

// TestScrapersSkipCells checks that Homebrew's pattern never pairs an id with the version of another package.
func TestScrapersSkipCells(t *testing.T) {
	named := func(p *catalog.Package) { p.Version, p.Release = "Kiwi", "Kiwi" }
	tests := []struct {
		name     string
		packages []*catalog.Package
		want     [][2]string
	}{
		{"a nightly without version", []*catalog.Package{
			newPackage(1, onWindows), newPackage(1, onMac, withID(2)), newPackage(1, onLinux, withID(3)),
			newPackage(4, onWindows, nightly("")), newPackage(5, onMac, nightly("5.13.0")),
			newPackage(6, onLinux, nightly("")),
		}, [][2]string{{id(1), "5.12.1"}, {id(2), "5.12.1"}, {id(3), "5.12.1"}, {id(5), "5.13.0"}}},
		{"a release named by a word", []*catalog.Package{
			newPackage(1, onWindows, named), newPackage(2, onMac), newPackage(3, onLinux),
		}, [][2]string{{id(2), "5.12.2"}, {id(3), "5.12.3"}}},
		{"a system without packages", []*catalog.Package{
			newPackage(1, onWindows), newPackage(3, onLinux), newPackage(4, onLinux, nightly("5.13.0")),
		}, [][2]string{{id(1), "5.12.1"}, {id(3), "5.12.3"}, {id(4), "5.13.0"}}},
		{"no number at all", []*catalog.Package{newPackage(1, onMac, nightly(""))}, [][2]string{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			page := downloadSite(t, tt.packages)["index.html"]
			if diff := cmp.Diff(tt.want, pairs(page)); diff != "" {
				t.Errorf("ids and versions (-want +got):\n%s", diff)
			}
			for _, p := range tt.packages {
				if !strings.Contains(page, `href="/bitstream/`+p.ID) {
					t.Errorf("no link to %s", p.ID)
				}
			}
		})
	}
}

func TestHomePage(t *testing.T) {
	packages := []*catalog.Package{
		newPackage(1, onWindows), newPackage(1, onMac, withID(2)),
		newPackage(7, onMac, nightly("5.13.0"), func(p *catalog.Package) { p.SHA512 = "" }),
		newPackage(8, catalog.Platform{OS: catalog.OS("macosx"), Arch: catalog.Arch("arm64")}, nightly("5.13.0")),
	}
	doc := parsed(t, downloadSite(t, packages, func(in *site.Input) {
		in.Notice, in.Sample = "Closed on *Monday* morning.", true
	})["index.html"])

	systems := find(doc, func(n *html.Node) bool { return attr(n, "data-os") != "" })
	for n, want := range []string{
		"Windows Download for Windows Windows 5.12.1 · 250 MB 64-bit Intel and AMD, 64-bit ARM by emulation",
		"macOS Download for macOS macOS 5.12.1 · 250 MB Intel chip, Apple chip by Rosetta " +
			"Native for Apple chip: preview 5.13.0 (250 MB)",
	} {
		if n >= len(systems) {
			t.Fatalf("%d systems to choose from, want Windows and macOS", len(systems))
		}
		if got := textOf(systems[n]); got != want {
			t.Errorf("choice %d: %q, want %q", n, got, want)
		}
	}
	buttons := attrs(find(doc, func(n *html.Node) bool { return strings.HasPrefix(attr(n, "class"), "get") }), "href")
	if want := []string{"/latest/win", "/latest/macosx"}; !slices.Equal(buttons, want) {
		t.Errorf("buttons lead to %q, want %q", buttons, want)
	}
	var rows []string
	for _, row := range find(doc, func(n *html.Node) bool {
		return n.Data == "tr" && n.Parent.Data == "tbody" && strings.Contains(attr(n.Parent.Parent, "class"), "files")
	}) {
		rows = append(rows, textOf(row))
	}
	if diff := cmp.Diff([]string{
		"Windows 64-bit Intel and AMD 64-bit ARM by emulation Aurora-5.12.1-win-amd64.exe " +
			"5.12.1 · 2 March 2026 · Browse extensions 250 MB Copy SHA-512",
		"macOS Intel chip Apple chip by Rosetta Aurora-5.12.1-macosx-amd64.dmg " +
			"5.12.1 · 2 March 2026 · Browse extensions 250 MB Copy SHA-512",
		"Linux Not available",
		"Windows Not available",
		"macOS Intel chip Aurora_macosx_amd64_7 5.13.0 · 8 March 2026 · Browse extensions 250 MB",
		"macOS Apple chip Aurora_macosx_arm64_8 5.13.0 · 9 March 2026 · Browse extensions 250 MB Copy SHA-512",
		"Linux Not available",
	}, rows); diff != "" {
		t.Errorf("rows of the tables (-want +got):\n%s", diff)
	}
	for _, anchor := range []string{"installers", "checksums", "access-older-releases"} {
		if len(find(doc, func(n *html.Node) bool { return attr(n, "id") == anchor })) != 1 {
			t.Errorf("want one element with the id %s", anchor)
		}
	}
	notes := find(doc, func(n *html.Node) bool { return attr(n, "role") == "note" })
	if len(notes) != 2 || textOf(notes[0]) != "Closed on Monday morning." ||
		!strings.Contains(textOf(notes[1]), "sample data") {
		t.Errorf("%d notices, want the configured one and one about sample data", len(notes))
	}
	got := texts(doc, "pre")
	want := []string{"Invoke-WebRequest https://download.example.org/latest/win -OutFile Aurora-5.12.1-win-amd64.exe",
		"curl -fLJO https://download.example.org/latest/macosx"}
	if len(got) != 4 || !slices.Equal(got[:2], want) || !strings.HasPrefix(got[2], "(Get-FileHash ") ||
		!strings.HasSuffix(got[3], "| shasum -a 512 -c") {
		t.Errorf("commands %q, want %q and one that verifies each", got, want)
	}
}

// TestHomePageOfAnySystem checks what the download page offers if a system has not the newest release, or only packages
// for some architectures.
func TestHomePageOfAnySystem(t *testing.T) {
	onAppleChip := catalog.Platform{OS: "macosx", Arch: "arm64"}
	version := func(v string) func(*catalog.Package) {
		return func(p *catalog.Package) { p.Version, p.Release = v, v }
	}
	tests := []struct {
		name     string
		packages []*catalog.Package
		want     string // text of the choice
	}{
		{"both chips", []*catalog.Package{newPackage(1, onMac), newPackage(1, onAppleChip, withID(2))},
			"Download for macOS Intel chip 5.12.1 · 250 MB Apple chip 5.12.1 · 250 MB"},
		{"half out", []*catalog.Package{newPackage(1, onMac), newPackage(2, onWindows)},
			"macOS Download for macOS macOS 5.12.1 · 250 MB Intel chip, Apple chip by Rosetta " +
				"For macOS, 5.12.1 is the newest release. 5.12.2 is not available for it yet."},
		{"half out on one chip", []*catalog.Package{newPackage(1, onMac), newPackage(2, onAppleChip)},
			"Download for macOS Intel chip 5.12.1 · 250 MB Apple chip 5.12.2 · 250 MB"},
		{"an old release for another chip", []*catalog.Package{newPackage(9, onMac),
			newPackage(1, onAppleChip, version("4.1.0"))},
			"macOS Download for macOS macOS 5.12.9 · 250 MB Intel chip, Apple chip by Rosetta"},
		{"no release yet", []*catalog.Package{newPackage(1, onWindows), newPackage(7, onMac, nightly("5.13.0"))},
			"Download for macOS No release yet for Intel chip: preview 5.13.0 (250 MB)"},
		{"an old preview for another chip", []*catalog.Package{newPackage(1, onMac),
			newPackage(99, onMac, nightly("5.13.0")), newPackage(2, onAppleChip, nightly("5.11.0"))},
			"macOS Download for macOS macOS 5.12.1 · 250 MB Intel chip, Apple chip by Rosetta"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			doc := parsed(t, downloadSite(t, tt.packages)["index.html"])
			choices := find(doc, func(n *html.Node) bool { return attr(n, "data-os") == "macosx" })
			if len(choices) != 1 || textOf(choices[0]) != tt.want {
				t.Fatalf("%d choices for macOS, want 1: %q", len(choices), tt.want)
			}
		})
	}
}

// TestEveryPage checks properties that all pages share.
func TestEveryPage(t *testing.T) {
	files := downloadSite(t, testutil.Packages(t, "live"), func(in *site.Input) { in.Sample = true })
	titles := map[string]string{}
	for _, path := range slices.Sorted(maps.Keys(files)) {
		if !strings.HasSuffix(path, ".html") || strings.HasPrefix(path, "-/cell/") {
			continue
		}
		doc := parsed(t, files[path])
		root := find(doc, func(n *html.Node) bool { return n.Data == "html" })[0]
		if attr(root, "lang") != "en" {
			t.Errorf("%s: no lang", path)
		}
		if n := len(texts(doc, "h1")); n != 1 {
			t.Errorf("%s: %d h1, want 1", path, n)
		}
		title := strings.Join(texts(doc, "title"), "|")
		if other := titles[title]; other != "" {
			t.Errorf("%s: title %q is also the title of %s", path, title, other)
		}
		titles[title] = path
		if !strings.Contains(textOf(doc), "sample data") {
			t.Errorf("%s: does not mention that it shows sample data", path)
		}
		for _, th := range find(doc, func(n *html.Node) bool { return n.Data == "th" }) {
			if attr(th, "scope") == "" && path != "api/index.html" { // its tables are Markdown
				t.Errorf("%s: th %q without scope", path, textOf(th))
			}
		}
		canonical := attrs(find(doc, func(n *html.Node) bool { return attr(n, "rel") == "canonical" }), "href")
		robots := attrs(find(doc, func(n *html.Node) bool { return attr(n, "name") == "robots" }), "content")
		wantCanonical, wantRobots := []string{"https://download.example.org/" + strings.TrimSuffix(path, "index.html")},
			[]string(nil)
		switch {
		case strings.HasPrefix(path, "-/home/"):
			wantCanonical, wantRobots = []string{"https://download.example.org/"}, []string{"noindex"}
		case strings.HasPrefix(path, "-/"), path == "400.html", path == "404.html", path == "search/index.html":
			wantCanonical, wantRobots = nil, []string{"noindex"}
		}
		if !slices.Equal(canonical, wantCanonical) || !slices.Equal(robots, wantRobots) {
			t.Errorf("%s: canonical %q, robots %q, want %q, %q", path, canonical, robots, wantCanonical, wantRobots)
		}
		for _, n := range find(doc, func(n *html.Node) bool {
			return attr(n, "src") != "" || n.Data == "link" && attr(n, "rel") == "stylesheet"
		}) {
			if target := attr(n, "src") + attr(n, "href"); !strings.HasPrefix(target, "/assets/") {
				t.Errorf("%s: loads %s, which is not an asset of this site", path, target)
			}
		}
	}
}

// TestVariants replaces the includes with cells, as the web server does, and checks the resulting pages.
func TestVariants(t *testing.T) {
	packages := testutil.Packages(t, "live")
	index := lookup.New(testutil.Spec(t), packages)
	files := downloadSite(t, packages)
	includeRE := regexp.MustCompile(`<!--#include virtual="/-/page-cell/(\w+)/(\w+)\?\$args" -->`)
	serve := func(file, query string) string {
		return includeRE.ReplaceAllStringFunc(files[file], func(include string) string {
			m := includeRE.FindStringSubmatch(include)
			cell := index.Answer("/", query+"&os="+m[1]+"&stability="+m[2]).Cells[0]
			if cell.Package == nil {
				return files["-/cell/_none.html"]
			}
			return files["-/cell/"+cell.Package.ID+".html"]
		})
	}
	for _, tt := range []struct{ file, query, rest string }{
		{"all-default", "", "offset=-1"},
		{"all-release", "stability=release", "version=5.8"},
		{"all-nightly", "stability=nightly", "date=2012-01-01"}, // before any nightly: not available
		{"all-any", "stability=any", "arch=arm64"},
		{"win-default", "os=win", "offset=-7"},
		{"win-release", "os=win&stability=release", ""},
		{"win-nightly", "os=win&stability=nightly", "offset=-3"},
		{"win-any", "os=win&stability=any", "offset=2"},
		{"macosx-default", "os=macosx", "version=5"},
		{"macosx-release", "os=macosx&stability=release", ""}, // Homebrew's request
		{"macosx-nightly", "os=macosx&stability=nightly", "arch=arm64"},
		{"macosx-any", "os=macosx&stability=any", "date=2026-10-01"},
		{"linux-default", "os=linux", "offset=-2"},
		{"linux-release", "os=linux&stability=release", "version=4.11"},
		{"linux-nightly", "os=linux&stability=nightly", ""},
		{"linux-any", "os=linux&stability=any", "closest-revision=31000"},
	} {
		t.Run(tt.file, func(t *testing.T) {
			want := [][2]string{}
			cells := 0
			if tt.rest != "" && tt.query != "" {
				tt.rest = "&" + tt.rest
			}
			for _, c := range index.Answer("/", tt.query+tt.rest).Cells {
				cells++
				if c.Package != nil {
					want = append(want, [2]string{c.Package.ID, c.Package.Version})
				}
			}
			page := serve("-/home/"+tt.file+".html", strings.TrimPrefix(tt.rest, "&"))
			if diff := cmp.Diff(want, pairs(page)); diff != "" {
				t.Errorf("ids and versions (-want +got):\n%s", diff)
			}
			if got := len(texts(parsed(t, page), "h3")); got != cells {
				t.Errorf("%d cells, want %d", got, cells)
			}
		})
	}
}

// TestChecksumsOfAnotherProject checks that pages show SHA-256 checksums if the packages have no SHA-512.
func TestChecksumsOfAnotherProject(t *testing.T) {
	in := siteInput(t, folder{}, nil)
	in.Index = testutil.Aurora(t)
	files, _ := rendered(t, in)
	home := files["index.html"]
	if !strings.Contains(home, ">SHA-256</th>") || strings.Contains(home, "SHA-512") ||
		strings.Contains(home, "unknown") {
		t.Error("the home page does not show the SHA-256 checksums")
	}
	found := in.Index.Answer("/find", "os=freebsd").Package
	if found == nil || !strings.Contains(home, "<tt>"+found.SHA256+"</tt>") {
		t.Errorf("no checksum of %v", found)
	}
}
