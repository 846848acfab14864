package site

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/output"
)

// Home is the content of the download page below its introduction (which is the Body): one row for each stability, with
// one cell for each operating system. Pages for queries show a Home, too: see variant.
type Home struct {
	Rows      []Row
	Checksums []Checksum     // the files of the cells, row by row; empty for a query
	SumBits   int            // 512 for SHA-512; 256 if the cells only have SHA-256 checksums
	Arches    []catalog.Arch // architectures with packages, except the default; empty for a query
	Newest    *Release       // the newest release; nil if there are no releases
	Query     bool           // a page for a query, whose cells the web server includes
	Software  softwareApplications
	Reference *Reference // reference of the download API
}

// Row is one row of the download page.
type Row struct {
	Stability catalog.Stability
	Cells     []Cell
}

// Title returns the heading of the row.
func (r Row) Title() string {
	switch r.Stability {
	case catalog.Release:
		return "Stable release"
	case catalog.Nightly:
		return "Preview release"
	}
	return "Newest build"
}

// Cell is a package of the download page, or a server-side include of one.
type Cell struct {
	System  string // title of the operating system
	Item    Item   // its Package is nil if not available
	Include string // if not "", the path of the fragment to include instead of showing Item
}

// Checksum is a line of the table of checksums. Scripts that read the page look for a label such as "Linux (preview)"
// and take the hex digits of the cell next to it.
type Checksum struct {
	Label string // Linux, Linux (preview)
	Item  Item
	Sum   string // hex digits; "" if unknown
}

// addHome adds the download page, and one variant of it for each kind of query.
func addHome(b *Build, releases []*Release) {
	b.AddPage(homePage(b, releases))
	for _, v := range variants(b.Index.Spec()) {
		b.AddPage(variantPage(b, v, releases))
	}
}

// homePage returns the page for a request without a query.
func homePage(b *Build, releases []*Release) Page {
	h := Home{Rows: plainRows(b.Index), Arches: otherArches(b.Index), Newest: newest(releases),
		Reference: reference(b.Index.Spec(), newest(releases))}
	h.Checksums, h.SumBits = checksums(h.Rows)
	h.Software = software(b, available(h.Rows, catalog.Release))
	return withText(b, Page{
		Path: "index.html", Layout: "home.html",
		Title: "Download " + b.Site.Project, Description: b.Site.Description, Data: h,
	})
}

// plainRows returns the rows for a request without a query.
func plainRows(x *lookup.Index) []Row {
	var rows []Row
	for _, c := range x.Answer(string(lookup.Home), "").Cells {
		if len(rows) == 0 || rows[len(rows)-1].Stability != c.Stability {
			rows = append(rows, Row{Stability: c.Stability})
		}
		row := &rows[len(rows)-1]
		row.Cells = append(row.Cells, Cell{System: x.Spec().Title(c.OS), Item: Item{c.Package, x.Spec()}})
	}
	return rows
}

// available returns the available packages of one stability.
func available(rows []Row, s catalog.Stability) []Item {
	var items []Item
	for _, r := range rows {
		for _, c := range r.Cells {
			if r.Stability == s && c.Item.Package != nil {
				items = append(items, c.Item)
			}
		}
	}
	return items
}

// checksums returns the files of the cells with their checksums. All are SHA-512 or, if no cell has one and some have a
// SHA-256, SHA-256.
func checksums(rows []Row) (list []Checksum, bits int) {
	has512, has256 := false, false
	for _, r := range rows {
		for _, c := range r.Cells {
			label := c.System
			if r.Stability == catalog.Nightly {
				label += " (preview)"
			}
			list = append(list, Checksum{Label: label, Item: c.Item})
			if c.Item.Package != nil {
				has512, has256 = has512 || c.Item.SHA512 != "", has256 || c.Item.SHA256 != ""
			}
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

// otherArches returns the architectures that have packages, except the default.
func otherArches(x *lookup.Index) []catalog.Arch {
	var list []catalog.Arch
	for _, pf := range x.Platforms() {
		if pf.Arch != x.Spec().DefaultArch() && !slices.Contains(list, pf.Arch) {
			list = append(list, pf.Arch)
		}
	}
	return list
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
func variantPage(b *Build, v variant, releases []*Release) Page {
	h := Home{Query: true, Newest: newest(releases), Reference: reference(b.Index.Spec(), newest(releases))}
	for _, s := range v.stabilities() {
		row := Row{Stability: s}
		for _, o := range v.oses() {
			row.Cells = append(row.Cells, Cell{System: v.spec.Title(o),
				Include: "/-/page-cell/" + string(o) + "/" + string(s) + "?$args"})
		}
		h.Rows = append(h.Rows, row)
	}
	return Page{
		Path: "-/home/" + v.name() + ".html", Layout: "home.html",
		Title: variantTitle(b, v, h.Rows), Data: h, Group: output.Pages, NoIndex: true,
	}
}

func variantTitle(b *Build, v variant, rows []Row) string {
	title := "Selected packages of " + b.Site.Project
	if v.os != "" {
		title += " for " + v.spec.Title(v.os)
	}
	if v.stability != "" {
		title += ": " + rows[0].Title()
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
