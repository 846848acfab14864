package site

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/language"
	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/output"
)

// Home is the content of the download page.
type Home struct {
	Newest       *Release   // the newest release; nil if there are no releases
	Releases     []Offer    // one for each system
	Previews     []Offer    // one for each system
	Commands     []Commands // one for each system with commands
	Requirements string     // address of the page with the requirements; "" if there is none
	Checksums    []Checksum // of the packages that an empty query finds
	SumBits      int        // 512 for SHA-512; 256 if they only have SHA-256 checksums
	Software     softwareApplications
}

// Offer is what visitors with one operating system can download.
type Offer struct {
	OS       catalog.OS
	System   string // title: Windows
	Family   catalog.Family
	Files    []File // the newest package of each architecture in use, that of the default one first
	Others   []File // preview builds for architectures that have no release
	Requires string // versions of the system that Files need, in words; "" if unknown
	Behind   string // version of the newest release, if Files are older; else ""
	// Withdrawn is the day on which the packages of the release Behind were withdrawn; zero if there have been none.
	Withdrawn time.Time
}

// Single reports whether there is only one file.
func (o Offer) Single() bool { return len(o.Files) == 1 }

// File is a package of the download page.
type File struct {
	Item
	Latest   string      // permalink that leads to the newest package of the system; "" if it leads to another package
	Get      string      // address for a button: Latest, or one that scrapers do not read
	Link     string      // address for the table: see fragment
	Emulates []Emulation // computers for which there is no package of their own
}

// Emulation is a kind of computer that runs a package for another one.
type Emulation struct {
	Computer string // title of its architecture: Apple chip
	By       string // Rosetta
}

// Commands are the commands that install the newest release on one system.
type Commands struct {
	System string
	List   []Install // placeholders in the commands are replaced
}

// Selection is the content of a page for a query: see variant.
type Selection struct {
	Rows    []Row
	Phrases []Phrase
}

// Phrase says what a parameter selects, for the heading of the page.
type Phrase struct {
	Parameter string // version
	Text      string // Version …, with the value in place of the ellipsis
}

// phrases returns the phrases of the parameters that select packages.
func phrases(l *locale, spec *lookup.Spec) (list []Phrase) {
	texts := map[lookup.Finds]string{
		lookup.ByVersion: l.MustText("query.by_version", nil), lookup.ByRevision: l.MustText("query.by_revision", nil),
		lookup.ByClosestRevision: l.MustText("query.by_closest_revision", nil),
		lookup.ByDate:            l.MustText("query.by_date", nil),
	}
	for _, p := range spec.Modes() {
		if text := texts[p.Finds]; text != "" {
			list = append(list, Phrase{p.Name, text})
		}
	}
	if p := spec.Of(lookup.OffsetRole); p != nil {
		list = append(list, Phrase{p.Name, l.MustText("query.by_offset", nil)})
	}
	return list
}

// Row is one row of the page for a query.
type Row struct {
	Stability catalog.Stability
	Title     string // Stable release
	Cells     []Cell
}

// Cell is the place of a package on the page for a query.
type Cell struct {
	System  string // title of the operating system
	Include string // path of the fragment to include
}

// Checksum is a line of the table of checksums. Scripts that read the page look for a label such as "Linux (preview)"
// and take the hex digits of the cell next to it.
type Checksum struct {
	System  string // title: Linux
	Preview bool
	Item    Item
	Sum     string // hex digits; "" if unknown
}

// requirementsURL is the URL of the page with the requirements, content/requirements.md.
const requirementsURL = "/requirements/"

// addHome adds the download page, and one variant of it for each kind of query.
func addHome(b *Build, releases []*Release) {
	addHomePage(b, releases)
	for _, v := range variants(b.Index.Spec()) {
		b.AddPage(variantPage(b, v))
	}
}

// addHomePage adds the page for a request without a query.
func addHomePage(b *Build, releases []*Release) {
	h := Home{Newest: newest(releases)}
	for _, s := range b.Index.Spec().Systems {
		release, preview := offer(b, &s, catalog.Release), offer(b, &s, catalog.Nightly)
		if h.Newest != nil && len(release.Files) > 0 &&
			!slices.ContainsFunc(release.Files, func(f File) bool { return f.Release == h.Newest.Version }) {
			release.Behind = h.Newest.Version
			release.Withdrawn = withdrawals(b.Withdrawn).of(h.Newest.Version, s.ID)
		}
		release.Others = slices.DeleteFunc(slices.Clone(preview.Files), func(f File) bool {
			return slices.ContainsFunc(release.Files, func(r File) bool { return r.Arch == f.Arch })
		})
		h.Releases, h.Previews = append(h.Releases, release), append(h.Previews, preview)
		if c := commands(b, release); len(c.List) > 0 {
			h.Commands = append(h.Commands, c)
		}
	}
	h.Checksums, h.SumBits = checksums(b.Index)
	var released []Item
	for _, c := range b.Index.Answer(string(lookup.Home), "").Cells {
		if c.Package != nil && c.Stability == catalog.Release {
			released = append(released, Item{c.Package, b.Index.Spec()})
		}
	}
	h.Software = software(b, released)
	for _, l := range b.locales {
		h.Requirements = ""
		for _, url := range []string{requirementsURL, l.prefix + requirementsURL} {
			if b.Publishes(url) {
				h.Requirements = url
			}
		}
		page := Page{Path: "index.html", Layout: "home.html", Description: b.Options.Description, Data: h}
		b.AddPage(b.localized(l, page,
			heading{title: "home.title", values: language.Values{"project": b.Site.Project}}))
	}
}

// Packages for other architectures than the default one are shown if they are current: a release if it belongs to the
// same series as the newest one for the system, a preview build if it is not much older than the newest one.
const previewAge = 60 * 24 * time.Hour

// offer returns the newest packages for a system.
func offer(b *Build, s *catalog.System, st catalog.Stability) Offer {
	spec := b.Index.Spec()
	o := Offer{OS: s.ID, System: s.Title, Family: s.Family}
	var newest *catalog.Package
	var found []*catalog.Package
	for _, arch := range spec.ArchIDs() {
		t := b.Index.Table(catalog.Platform{Arch: arch, OS: s.ID}, st)
		if t == nil || t.Newest == nil {
			continue
		}
		found = append(found, t.Newest)
		if newest == nil || t.Newest.Built.After(newest.Built) {
			newest = t.Newest
		}
	}
	for _, p := range found {
		current := series(p.Version) == series(newest.Version)
		if st == catalog.Nightly {
			current = newest.Built.Sub(p.Built) < previewAge
		}
		if current || p.Arch == spec.DefaultArch() {
			o.Files = append(o.Files, file(b.Index, p, st))
		}
	}
	for i := range o.Files {
		o.Files[i].Emulates = emulates(spec, s, o.Files, o.Files[i].Arch)
	}
	if newest != nil && st == catalog.Release {
		o.Requires = b.data.requires(newest)
	}
	return o
}

// file returns the newest package of its platform.
func file(x *lookup.Index, p *catalog.Package, st catalog.Stability) File {
	spec := x.Spec()
	f := File{Item: Item{p, spec}}
	f.Link = f.URL() + f.fragment()
	latest := spec.LatestPath(p.OS, st)
	if route, query, ok := spec.Permalink(latest); ok && x.Answer(string(route), query).Package == p {
		f.Latest = latest
	}
	f.Get = cmp.Or(f.Latest, f.URL()+"#"+string(p.Arch))
	return f
}

// fragment returns what the link to a package ends in. Version scrapers, such as Homebrew's, read the id from a link,
// and the version from the next element with the class header, even if it belongs to another package. They expect one
// package for each system. Therefore, links to other packages, and to those without a version number, end in a
// fragment: scrapers then do not read the id. Browsers do not send the fragment to the server.
func (i Item) fragment() string {
	switch {
	case i.Arch != i.spec.DefaultArch():
		return "#" + string(i.Arch)
	case !i.Numbered():
		return "#unnumbered"
	}
	return ""
}

// emulates returns the computers that can run a package for arch and have none of their own in files.
func emulates(spec *lookup.Spec, s *catalog.System, files []File, arch catalog.Arch) (list []Emulation) {
	for _, e := range s.Runs {
		if e.Packages == arch && !slices.ContainsFunc(files, func(f File) bool { return f.Arch == e.Arch }) {
			list = append(list, Emulation{spec.ArchTitle(catalog.Platform{Arch: e.Arch, OS: s.ID}), e.By})
		}
	}
	return list
}

// commands returns the commands that install the newest release on a system.
func commands(b *Build, o Offer) Commands {
	c := Commands{System: o.System}
	if len(o.Files) == 0 || o.Files[0].Latest == "" {
		return c
	}
	f := o.Files[0]
	for _, i := range b.data.install {
		if !slices.Contains(i.OSes, o.OS) || strings.Contains(i.Command, "{file}") && f.FileName() == "" {
			continue
		}
		i.Command = strings.NewReplacer("{latest}", b.AbsURL(f.Latest), "{file}", f.FileName(), "{version}", f.Version).
			Replace(i.Command)
		c.List = append(c.List, i)
	}
	return c
}

// checksums returns the packages that an empty query finds, with their checksums. All are SHA-512 or, if none has one
// and some have a SHA-256, SHA-256.
func checksums(x *lookup.Index) (list []Checksum, bits int) {
	has512, has256 := false, false
	for _, c := range x.Answer(string(lookup.Home), "").Cells {
		list = append(list, Checksum{System: x.Spec().Title(c.OS), Preview: c.Stability == catalog.Nightly,
			Item: Item{c.Package, x.Spec()}})
		if c.Package != nil {
			has512, has256 = has512 || c.Package.SHA512 != "", has256 || c.Package.SHA256 != ""
		}
	}
	bits = 512
	if has256 && !has512 {
		bits = 256
	}
	for i, c := range list {
		switch {
		case c.Item.Package == nil:
		case bits == 512:
			list[i].Sum = c.Item.SHA512
		default:
			list[i].Sum = c.Item.SHA256
		}
	}
	return list, bits
}

func newest(releases []*Release) *Release {
	if len(releases) == 0 {
		return nil
	}
	return releases[0]
}

// variant is a kind of query to / or /findall: the systems and stabilities that it selects. The rest of a query only
// decides which package a cell shows. So the page of a variant is a single file, and the web server includes the cells
// that the query selects. For example, /?os=linux&version=5.12 and /?os=linux&date=2026-01-31 use the same page,
// linux-default, with different cells.
type variant struct {
	os        catalog.OS        // "" for all
	stability catalog.Stability // "" for the default
	spec      *lookup.Spec
}

// variants returns all variants.
func variants(spec *lookup.Spec) []variant {
	var list []variant
	for _, o := range append([]catalog.OS{""}, spec.OSes()...) {
		for _, s := range append([]catalog.Stability{""}, catalog.Stabilities()...) {
			list = append(list, variant{o, s, spec})
		}
	}
	return list
}

// name returns the name of the variant's files, for instance all-default or linux-release.
func (v variant) name() string {
	return cmp.Or(string(v.os), "all") + "-" + cmp.Or(string(v.stability), "default")
}

func (v variant) oses() []catalog.OS {
	if v.os == "" {
		return v.spec.OSes()
	}
	return []catalog.OS{v.os}
}

func (v variant) stabilities() []catalog.Stability {
	if v.stability == "" {
		return v.spec.CellStabilities()
	}
	return []catalog.Stability{v.stability}
}

// variantPage is the download page for a variant.
func variantPage(b *Build, v variant) Page {
	h := Selection{Phrases: phrases(b.locales[0], b.Index.Spec())}
	for _, s := range v.stabilities() {
		row := Row{Stability: s, Title: b.locales[0].MustText("query."+string(s), nil)}
		for _, o := range v.oses() {
			row.Cells = append(row.Cells, Cell{System: v.spec.Title(o),
				Include: "/-/page-cell/" + string(o) + "/" + string(s) + "?$args"})
		}
		h.Rows = append(h.Rows, row)
	}
	return Page{
		Path: "-/home/" + v.name() + ".html", Layout: "query.html",
		Title: variantTitle(b, v, h.Rows), Data: h, Group: output.Pages, NoIndex: true,
	}
}

func variantTitle(b *Build, v variant, rows []Row) string {
	l := b.locales[0]
	title := l.MustText("query.title", language.Values{"project": b.Site.Project})
	if v.os != "" {
		title = l.MustText("query.title_system", language.Values{"project": b.Site.Project,
			"system": l.Term(v.spec.Title(v.os))})
	}
	if v.stability != "" {
		title = l.MustText("query.title_row", language.Values{"title": title, "row": rows[0].Title})
	}
	return title
}

// findAllJSON returns the answer of /findall for a variant, with includes in place of the packages. Its keys are in the
// same order as in lookup.ObjectsJSON.
func findAllJSON(v variant) []byte {
	var buf bytes.Buffer
	for n, o := range slices.Sorted(slices.Values(v.oses())) {
		fmt.Fprintf(&buf, "%c%q:", "{,"[min(n, 1)], o)
		for m, s := range slices.Sorted(slices.Values(v.stabilities())) {
			fmt.Fprintf(&buf, "%c%q:", "{,"[min(m, 1)], s)
			fmt.Fprintf(&buf, `<!--#include virtual="/-/object/%s/%s?$args" -->`, o, s)
		}
		buf.WriteByte('}')
	}
	buf.WriteString("}\n")
	return buf.Bytes()
}
