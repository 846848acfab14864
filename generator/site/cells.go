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

// itemsOf wraps packages for layouts.
func itemsOf(spec *lookup.Spec, packages []*catalog.Package) []Item {
	items := make([]Item, len(packages))
	for n, p := range packages {
		items[n] = Item{p, spec}
	}
	return items
}

// URL is the lasting address of the file, relative to the site: /bitstream/<id>.
func (i Item) URL() string { return lookup.Location(i.Package) }

// System is the name people know the operating system by.
func (i Item) System() string { return i.spec.Title(i.OS) }

// ArchTitle is the name people know the architecture by, on that system.
func (i Item) ArchTitle() string { return i.spec.ArchTitle(i.Platform()) }

// Family is the kind of the operating system: windows, macos or unix. It decides which shell commands fit.
func (i Item) Family() catalog.Family {
	if s := i.spec.System(i.OS); s != nil {
		return s.Family
	}
	return catalog.UnixFamily
}

// Revisions reports whether the revision of the package is one of the source.
func (i Item) Revisions() bool { return i.spec.Revisions }

// Checksum is the strongest checksum that is known of the file, "" for none.
func (i Item) Checksum() string { return cmp.Or(i.SHA512, i.SHA256) }

// ChecksumBits is the size of Checksum: 512 for a SHA-512.
func (i Item) ChecksumBits() int {
	if i.SHA512 == "" {
		return 256
	}
	return 512
}

// Numbered reports whether the version is one that scrapers can read: it begins with 5.12 or the like.
func (i Item) Numbered() bool { return numberedRE.MatchString(i.Version) }

var numberedRE = regexp.MustCompile(`^v?\d+\.\d`)

// Link is a page elsewhere about a package.
type Link struct {
	Name  string // of the profile
	Title string // Extensions
	Text  string // Browse extensions
	URL   string // "" when there is no such page for the package
}

// Links lists the pages elsewhere about the package: one for each link of the profile, in its order.
func (i Item) Links() []Link {
	var links []Link
	for _, l := range i.spec.Links {
		links = append(links, Link{l.Name, l.Title, l.Text, l.URL.ExpandURL(i.Package)})
	}
	return links
}

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

// FileName is the name the file is saved under: what the source says or, for a release, what the project's own pattern
// makes of it. It is "" when neither is known, and when the name has other characters than those of plain file names:
// pages show it in shell commands.
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

// platformsOf lists the platforms of packages, by system and architecture.
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

// platformTitles names platforms for people; the default architecture goes without saying.
func platformTitles(spec *lookup.Spec, platforms []catalog.Platform) []string {
	titles := make([]string, len(platforms))
	for n, pf := range platforms {
		titles[n] = spec.PlatformTitle(pf)
	}
	return titles
}

// cells makes one fragment for each package, as it stands in the download page, and one for no package.
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
