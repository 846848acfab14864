package site_test

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/Slicer/sitegen"
	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/site"
	"github.com/Slicer/sitegen/generator/testutil"
)

// downloadSite renders packages with the embedded layouts and content, and returns the files by path.
func downloadSite(t testing.TB, packages []*catalog.Package, change ...func(*site.Input)) map[string]string {
	t.Helper()
	in := downloadInput(t, packages)
	for _, f := range change {
		f(&in)
	}
	list, warnings, err := site.Render(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range warnings {
		t.Errorf("warning: %s", w)
	}
	files := make(map[string]string, len(list))
	for _, f := range list {
		files[f.Path] = string(f.Data)
	}
	return files
}

// archive is the site of the large test catalogue, which several tests look at and none changes.
var archive struct {
	once  sync.Once
	files map[string]string
}

// archiveSite returns the files of the site of the large test catalogue. The first call renders it.
func archiveSite(t testing.TB) map[string]string {
	t.Helper()
	archive.once.Do(func() { archive.files = downloadSite(t, testutil.Packages(t, "archive")) })
	if archive.files == nil {
		t.Fatal("the site could not be rendered; another test says why")
	}
	return archive.files
}

func downloadInput(t testing.TB, packages []*catalog.Package) site.Input {
	t.Helper()
	return site.Input{
		Options: site.Options{
			Title: "Aurora", Project: "Aurora", Description: "Installers of Aurora.",
			BaseURL: "https://download.example.org", Jobs: runtime.NumCPU(), Minify: true,
		},
		Index: lookup.New(testutil.Spec(t), packages), Content: sitegen.Content(), Layouts: sitegen.Layouts(),
	}
}

// newPackage returns a package of version 5.12.n, which is a release unless options change it. Its id is n in
// hexadecimal.
func newPackage(n int, pf catalog.Platform, options ...func(*catalog.Package)) *catalog.Package {
	p := &catalog.Package{
		ID: fmt.Sprintf("%024x", n), Name: fmt.Sprintf("Aurora_%s_%s_%d", pf.OS, pf.Arch, n), ProductName: "Aurora",
		OS: pf.OS, Arch: pf.Arch, Revision: 30_000 + n, Version: fmt.Sprintf("5.12.%d", n),
		Release: fmt.Sprintf("5.12.%d", n),
		Built:   time.Date(2026, 3, 1, 4, 5, 6, 7, time.UTC).AddDate(0, 0, n), Size: 250_000_000,
		SHA512: strings.Repeat("ab", 64),
	}
	for _, option := range options {
		option(p)
	}
	p.BuildDate = p.Built.Format(time.RFC3339Nano)
	return p
}

// withID changes the id, for a second package of the same version.
func withID(n int) func(*catalog.Package) {
	return func(p *catalog.Package) { p.ID = fmt.Sprintf("%024x", n) }
}

func nightly(version string) func(*catalog.Package) {
	return func(p *catalog.Package) { p.Version, p.Release = version, "" }
}

var (
	onWindows = catalog.Platform{OS: catalog.OS("win"), Arch: catalog.Arch("amd64")}
	onMac     = catalog.Platform{OS: catalog.OS("macosx"), Arch: catalog.Arch("amd64")}
	onLinux   = catalog.Platform{OS: catalog.OS("linux"), Arch: catalog.Arch("amd64")}
)

func id(n int) string { return fmt.Sprintf("%024x", n) }

// parsed parses a page as a browser would.
func parsed(t testing.TB, page string) *html.Node {
	t.Helper()
	if page == "" {
		t.Fatal("no such page")
	}
	doc, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// find returns the matching elements below a node, in document order.
func find(n *html.Node, match func(*html.Node) bool) []*html.Node {
	var list []*html.Node
	for d := range n.Descendants() {
		if d.Type == html.ElementNode && match(d) {
			list = append(list, d)
		}
	}
	return list
}

// textOf returns the text that a reader sees, with single spaces.
func textOf(n *html.Node) string {
	var words []string
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			words = append(words, strings.Fields(d.Data)...)
		}
	}
	return strings.Join(words, " ")
}

func texts(n *html.Node, element string) []string {
	var list []string
	for _, e := range find(n, func(n *html.Node) bool { return n.Data == element }) {
		list = append(list, textOf(e))
	}
	return list
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func attrs(nodes []*html.Node, name string) []string {
	var list []string
	for _, n := range nodes {
		list = append(list, attr(n, name))
	}
	return list
}

// BenchmarkArchive renders a site with 11,456 packages.
func BenchmarkArchive(b *testing.B) {
	in := downloadInput(b, testutil.Packages(b, "archive"))
	b.ReportAllocs()
	start := cpu()
	for b.Loop() {
		if _, _, err := site.Render(b.Context(), in); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric((cpu()-start).Seconds()/float64(b.N), "cpu-s/op")
}
