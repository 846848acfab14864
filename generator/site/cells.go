package site

import (
	"cmp"
	"regexp"
	"slices"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/output"
)

// Item is a package as layouts show it. An Item without a Package stands for "not available".
type Item struct {
	*catalog.Package
	spec *lookup.Spec
}

// itemsOf returns packages as Items.
func itemsOf(spec *lookup.Spec, packages []*catalog.Package) []Item {
	items := make([]Item, len(packages))
	for n, p := range packages {
		items[n] = Item{p, spec}
	}
	return items
}

// URL returns the permanent address of the file, relative to the site: /bitstream/<id>.
func (i Item) URL() string { return lookup.Location(i.Package) }

// System returns the title of the operating system, such as Windows.
func (i Item) System() string { return i.spec.Title(i.OS) }

// ArchTitle returns the title of the architecture on that system, such as Apple silicon.
func (i Item) ArchTitle() string { return i.spec.ArchTitle(i.Platform()) }

// Family returns the kind of the operating system, windows, macos or unix: the page shows commands for its shell.
func (i Item) Family() catalog.Family {
	if s := i.spec.System(i.OS); s != nil {
		return s.Family
	}
	return catalog.UnixFamily
}

// Revisions reports whether packages have revisions of the source code.
func (i Item) Revisions() bool { return i.spec.Revisions }

// Checksum returns the strongest known checksum of the file, or "" if none is known.
func (i Item) Checksum() string { return cmp.Or(i.SHA512, i.SHA256) }

// ChecksumBits returns the size of Checksum in bits: 512 for SHA-512.
func (i Item) ChecksumBits() int {
	if i.SHA512 == "" {
		return 256
	}
	return 512
}

// Numbered reports whether the version is one that scrapers can read: it begins with 5.12 or the like.
func (i Item) Numbered() bool { return numberedRE.MatchString(i.Version) }

var numberedRE = regexp.MustCompile(`^v?\d+\.\d`)

// Link is a link to another site about a package.
type Link struct {
	Name  string // of the profile
	Title string // Extensions
	Text  string // Browse extensions
	URL   string // "" when there is no such page for the package
}

// Links returns the links to other sites about the package: one for each link of the profile, in its order.
func (i Item) Links() []Link {
	var links []Link
	for _, l := range i.spec.Links {
		links = append(links, Link{l.Name, l.Title, l.Text, l.URL.ExpandURL(i.Package)})
	}
	return links
}

// Kind returns "preview" for a nightly build, "not released yet" for a pre-release, and "" for a release.
func (i Item) Kind() string {
	switch {
	case i.Matches(catalog.Nightly):
		return "preview"
	case i.PreRelease:
		return "not released yet"
	}
	return ""
}

// FileName returns the name the file is saved under: the name that the source gives or, for a release, the name made by
// the project's pattern. It returns "" if neither is known. Because pages show the name in shell commands, it also
// returns "" if the name has characters that plain file names do not have.
func (i Item) FileName() string {
	if i.Package.FileName != "" {
		return i.Package.FileName
	}
	if s := i.spec.System(i.OS); s != nil {
		if name := s.File.Expand(i.Package); fileWordRE.MatchString(name) {
			return name
		}
	}
	return ""
}

var fileWordRE = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z._+-]*$`)

// platformsOf returns the platforms of packages, ordered by system and architecture.
func platformsOf(spec *lookup.Spec, items []Item) []catalog.Platform {
	var list []catalog.Platform
	for _, i := range items {
		if !slices.Contains(list, i.Platform()) {
			list = append(list, i.Platform())
		}
	}
	slices.SortFunc(list, spec.Compare)
	return list
}

// platformTitles returns the titles of platforms. It leaves out the default architecture: Windows, macOS, macOS
// (arm64).
func platformTitles(spec *lookup.Spec, platforms []catalog.Platform) []string {
	titles := make([]string, len(platforms))
	for n, pf := range platforms {
		titles[n] = spec.PlatformTitle(pf)
	}
	return titles
}

// cells returns one fragment of the download page for each package, and one for a missing package.
func cells(x *lookup.Index) []*Page {
	pages := []*Page{cell("_none", Item{})} // no id begins with _
	for _, i := range itemsOf(x.Spec(), x.Packages()) {
		pages = append(pages, cell(i.ID, i))
	}
	return pages
}

func cell(name string, i Item) *Page {
	return &Page{Path: "-/cell/" + name + ".html", Layout: "cell.html", Data: i, Group: output.Records, NoIndex: true}
}
