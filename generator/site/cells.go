package site

import (
	"cmp"
	"regexp"
	"slices"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/output"
)

// Item is a package as layouts see it. An Item with a nil Package means "not available".
type Item struct {
	*catalog.Package
	spec *lookup.Spec
}

// itemsOf wraps packages as Items.
func itemsOf(spec *lookup.Spec, packages []*catalog.Package) []Item {
	items := make([]Item, len(packages))
	for n, p := range packages {
		items[n] = Item{p, spec}
	}
	return items
}

// URL returns the permanent address of the file, relative to the site: /bitstream/<id>.
func (i Item) URL() string { return lookup.Location(i.Package) }

// System returns the title of the operating system, for instance "Windows".
func (i Item) System() string { return i.spec.Title(i.OS) }

// ArchTitle returns the title of the architecture on that system, for instance "Apple silicon".
func (i Item) ArchTitle() string { return i.spec.ArchTitle(i.Platform()) }

// Family returns the kind of operating system (windows, macos or unix). Pages show commands for its shell.
func (i Item) Family() catalog.Family {
	if s := i.spec.System(i.OS); s != nil {
		return s.Family
	}
	return catalog.UnixFamily
}

// Revisions reports whether packages have a revision of the source code.
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

// Numbered reports whether the version begins with two numbers, as in 5.12. Scrapers such as Homebrew's recognize only
// such versions.
func (i Item) Numbered() bool { return numberedRE.MatchString(i.Version) }

var numberedRE = regexp.MustCompile(`^v?\d+\.\d`)

// Link is a link to another site about a package.
type Link struct {
	Name  string // name in the profile: extensions
	Title string // heading of a column: Extensions
	Text  string // text of the link: Browse extensions
	URL   string // "" if the package has no such page
}

// Links returns the package's links to other sites, one for each link of the profile and in the same order.
func (i Item) Links() []Link {
	var links []Link
	for _, l := range i.spec.Links {
		links = append(links, Link{l.Name, l.Title, l.Text, l.URL.ExpandURL(i.Package)})
	}
	return links
}

// Attachment is a file about a package: its signature or its software bill of materials.
type Attachment struct {
	Name string // key of its name in the tables of texts: files.signature
	URL  string // http or https URL
}

// Attachments returns the files about the package.
func (i Item) Attachments() (list []Attachment) {
	for _, a := range []Attachment{{"files.signature", i.Signature}, {"files.sbom", i.SBOM}} {
		if a.URL != "" {
			list = append(list, a)
		}
	}
	return list
}

// Kind returns "preview" for a nightly build, "unreleased" for a pre-release, and "" for a release.
func (i Item) Kind() string {
	switch {
	case i.Matches(catalog.Nightly):
		return "preview"
	case i.PreRelease:
		return "unreleased"
	}
	return ""
}

// FileName returns the name under which browsers save the file. This is the source's file name or, if there is none,
// the name built from the profile's pattern; "" if neither is known. Pages show the name in shell commands, so a name
// built from the pattern that contains anything but letters, digits and . _ + - counts as unknown.
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

// platformTitles returns the titles of platforms, without the default architecture: Windows, macOS, macOS (arm64).
func platformTitles(spec *lookup.Spec, platforms []catalog.Platform) []string {
	titles := make([]string, len(platforms))
	for n, pf := range platforms {
		titles[n] = spec.PlatformTitle(pf)
	}
	return titles
}

// CellItem is the content of a cell: a package on the page for a query.
type CellItem struct {
	Item
	SupersededBy string // newest release for the package's platform; "" if the package belongs to it, or to no release
}

// cells returns one fragment of the download page for each package, and one for "not available".
func cells(x *lookup.Index) []*Page {
	pages := []*Page{cell("_none", CellItem{})} // no id begins with _
	items := itemsOf(x.Spec(), x.Packages())
	for _, i := range items {
		c := CellItem{Item: i}
		if newest := x.Table(i.Platform(), catalog.Release).Newest; i.Matches(catalog.Release) &&
			i.Release != newest.Release {
			c.SupersededBy = newest.Release
		}
		pages = append(pages, cell(i.ID, c))
	}
	return pages
}

func cell(name string, c CellItem) *Page {
	return &Page{Path: "-/cell/" + name + ".html", Layout: "cell.html", Data: c, Group: output.Records, NoIndex: true}
}
