package site

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/output"
)

// Item is a package as layouts show it. An Item without a Package stands for "not available".
type Item struct {
	*catalog.Package
}

// URL is the lasting address of the file, relative to the site: /bitstream/<id>.
func (i Item) URL() string { return lookup.Location(i.Package) }

// Numbered reports whether the version is one that scrapers can read: it begins with 5.12 or the like.
func (i Item) Numbered() bool { return numberedRE.MatchString(i.Version) }

var numberedRE = regexp.MustCompile(`^v?\d+\.\d`)

// ExtensionsURL is the page that lists the extensions made for the package.
func (i Item) ExtensionsURL() string { return lookup.ExtensionsURL(i.Package) }

// Kind is what the package is beside a release: "preview" or "not released yet"; "" for a release.
func (i Item) Kind() string {
	switch {
	case i.Matches(catalog.Nightly):
		return "preview"
	case i.PreRelease:
		return "not released yet"
	}
	return ""
}

// FileName is the name the file of a release is expected to have when it is saved, by Slicer's naming
// convention; the record of the package does not hold it (Girder keeps it with the file). It is "" for
// nightly builds, whose names hold the day of the last change, and for products with a name of other
// characters than those of file names.
func (i Item) FileName() string {
	if i.Release == "" || !fileWordRE.MatchString(i.ProductName) {
		return ""
	}
	return strings.Join([]string{i.ProductName, i.Release, string(i.OS), string(i.Arch)}, "-") + fileExtension(i.OS)
}

var fileWordRE = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z._-]*$`)

func fileExtension(o catalog.OS) string {
	switch o {
	case catalog.Windows:
		return ".exe"
	case catalog.MacOS:
		return ".dmg"
	}
	return ".tar.gz"
}

// platformsOf lists the platforms of packages, by operating system and architecture.
func platformsOf(items []Item) []catalog.Platform {
	var list []catalog.Platform
	for _, i := range items {
		if !slices.Contains(list, i.Platform()) {
			list = append(list, i.Platform())
		}
	}
	slices.SortFunc(list, comparePlatforms)
	return list
}

// comparePlatforms orders platforms by operating system, then architecture.
func comparePlatforms(a, b catalog.Platform) int {
	return cmp.Or(
		cmp.Compare(slices.Index(catalog.OSes(), a.OS), slices.Index(catalog.OSes(), b.OS)),
		cmp.Compare(slices.Index(catalog.Arches(), a.Arch), slices.Index(catalog.Arches(), b.Arch)),
	)
}

// platformTitles names platforms for people; the default architecture goes without saying.
func platformTitles(platforms []catalog.Platform) []string {
	titles := make([]string, len(platforms))
	for n, pf := range platforms {
		titles[n] = pf.OS.Title()
		if pf.Arch != catalog.AMD64 {
			titles[n] += " (" + string(pf.Arch) + ")"
		}
	}
	return titles
}

// cells makes one fragment for each package, as it stands in the download page, and one for no package.
func cells(packages []*catalog.Package) []*Page {
	pages := []*Page{cell("none", Item{})}
	for _, p := range packages {
		pages = append(pages, cell(p.ID, Item{p}))
	}
	return pages
}

func cell(name string, i Item) *Page {
	return &Page{Path: "-/cell/" + name + ".html", Layout: "cell.html", Data: i, Group: output.Records, NoIndex: true}
}
