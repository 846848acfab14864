package cloudfront

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/lookup"
)

// describer writes the descriptions of packages. Several packages share a node, whose lines are the architecture,
// kinds, and packages:
//
//	amd64
//	0	5.13.0		{1}	Aurora
//	112 8Je 6SX1… QgI7O Kb0Zj5P 0mUo…
//
// A kind holds what packages have in common, with tabs between: the number of the template of the package's cell, the
// version, the release ("=" if that is the version), the templates of the name and of the product's name, and the day
// and date of the build if they do not follow from its time. {1} is the second of the texts in the root, for instance
// "Aurora_{os}_{revision}". A package has three characters: the line of its kind, its system, and the text in the root
// with the form of its date, "{day}T{time}+00:00". Its fields follow, with spaces between: revision, id, size, time of
// the build in milliseconds since 1970, SHA-512 and SHA-256. Numbers are in base 36, and hexadecimal digits in base 64:
// JavaScript converts both itself.
type describer struct {
	*store
	spec  *lookup.Spec
	texts []string // texts in the root
	cells map[*catalog.Package]int
}

// describe stores the descriptions of all packages and returns their places.
func (d *describer) describe(x *lookup.Index) map[*catalog.Package]ref {
	d.texts = sharedTexts(x.Packages())
	places := make(map[*catalog.Package]ref, len(x.Packages()))
	for _, arch := range x.Spec().ArchIDs() {
		var n description
		for _, p := range slices.Backward(x.Packages()) { // oldest first: new ones change the last node only
			if p.Arch == arch {
				if !n.add(d, p) {
					d.flush(&n, places)
					n.add(d, p)
				}
			}
		}
		d.flush(&n, places)
	}
	return places
}

// flush stores a node.
func (d *describer) flush(n *description, places map[*catalog.Package]ref) {
	if len(n.packages) > 0 {
		hash := d.put(packageNodes, n.text)
		for p, line := range n.packages {
			places[p] = ref{hash, line}
		}
	}
	*n = description{}
}

// description is a node of descriptions that is being written.
type description struct {
	text     string
	lines    int
	kinds    map[string]int // line by kind
	packages map[*catalog.Package]int
	last     string // id of the last package
}

// add adds a package. It reports false if the node is full.
func (n *description) add(d *describer, p *catalog.Package) bool {
	if n.packages == nil {
		*n = description{text: string(p.Arch), lines: 1, kinds: map[string]int{}, packages: map[*catalog.Package]int{}}
	}
	kind, date := d.kind(p)
	line, ok := n.kinds[kind]
	more := ""
	if !ok {
		more, line = "\n"+kind, n.lines
	}
	more += "\n" + char(line) + char(slices.Index(d.spec.OSes(), p.OS)) + char(date) + " " + d.fields(p)
	if len(n.packages) > 0 && (len(n.text)+len(more) > MaxValue || len(n.text) > MaxValue*7/10 && endsNode(n.last)) {
		return false
	}
	if !ok {
		n.kinds[kind] = line
		n.lines++
	}
	n.packages[p] = n.lines
	n.lines++
	n.text += more
	n.last = p.ID
	return true
}

// kind returns the kind of a package, and the number of the text with the form of its date.
func (d *describer) kind(p *catalog.Package) (kind string, date int) {
	release, day, form := p.Release, "", dateForm(p)
	if release != "" && release == p.Version {
		release = "=" // no release is named so, see catalog.ValidVersion
	}
	date = slices.Index(d.texts, form)
	literal := ""
	if p.Built.UnixMilli() < 0 {
		date, literal, day = -1, strings.ReplaceAll(p.BuildDate, "{", "{l}"), p.Day()
	} else if date < 0 {
		literal = form
	}
	fields := []string{strconv.Itoa(d.cells[p]), p.Version, release, d.shared(template(p, p.Name)),
		d.shared(template(p, p.ProductName)), day, literal}
	return strings.TrimRight(strings.Join(fields, "\t"), "\t"), max(date, 0)
}

// shared returns a text, or {n} if the root has it.
func (d *describer) shared(text string) string {
	if i := slices.Index(d.texts, text); i >= 0 {
		return "{" + strconv.Itoa(i) + "}"
	}
	return text
}

// fields returns the fields of a package that it shares with no other.
func (d *describer) fields(p *catalog.Package) string {
	id := p.ID
	if d.spec.IDs == catalog.HexIDs {
		id = pack(id)
	}
	return strings.TrimRight(strings.Join([]string{number(int64(p.Revision)), id, number(p.Size),
		number(max(p.Built.UnixMilli(), 0)), pack(p.SHA512), pack(p.SHA256)}, " "), " ")
}

// template replaces the values of a package in a text by the names of its fields. The function does the opposite, so
// the text results in any case. For instance, Aurora_linux_34645 becomes Aurora_{os}_{revision}.
func template(p *catalog.Package, text string) string { return replacer(text, packageValues(p)) }

// packageValues lists the fields of a package and their values, in the order in which they are looked for.
func packageValues(p *catalog.Package) [][2]string {
	return [][2]string{{"id", p.ID}, {"day", p.Day()}, {"version", p.Version}, {"release", p.Release},
		{"revision", strconv.Itoa(p.Revision)}, {"os", string(p.OS)}, {"arch", string(p.Arch)}}
}

// replacer replaces values in a text by names in braces. A brace in the text becomes {l}.
func replacer(text string, values [][2]string) string {
	var pairs []string
	for _, v := range values {
		if v[1] != "" {
			pairs = append(pairs, v[1], "{"+v[0]+"}")
		}
	}
	return strings.NewReplacer(append(pairs, "{", "{l}")...).Replace(text)
}

// dateForm returns the form of a package's date, for instance {day}T{time}.{ms}000+00:00.
func dateForm(p *catalog.Package) string {
	return replacer(p.BuildDate, [][2]string{{"day", p.Day()}, {"time", p.Built.Format("15:04:05")},
		{"dot", p.Built.Format(".000")}})
}

// sharedTexts returns the texts that many packages share, in the order of their first package, so that new packages
// rarely change the number of a text.
func sharedTexts(packages []*catalog.Package) (texts []string) {
	count := map[string]int{}
	var order []string
	for _, p := range slices.Backward(packages) {
		for _, text := range []string{dateForm(p), template(p, p.Name), template(p, p.ProductName)} {
			if count[text]++; count[text] == 1 {
				order = append(order, text)
			}
		}
	}
	size := 0
	for _, text := range order {
		if count[text] > 5+len(packages)/20 && size+len(text) < maxTexts {
			texts = append(texts, text)
			size += len(text) + 1
		}
	}
	return texts
}

// maxTexts is the maximum size of all texts in the root.
const maxTexts = 160

// sizeText returns a size as pages show it: 408 MB, 4.1 GB. The function has the same formula.
func sizeText(size int64) string {
	v, unit := float64(size), 0
	for v >= 1000 && unit < 4 {
		v /= 1000
		unit++
	}
	decimals := 0
	if v < 9.95 && unit > 0 {
		decimals = 1
	}
	if v*4 == math.Trunc(v*4) { // JavaScript's toFixed rounds 1.25 up to 1.3, FormatFloat to the even 1.2
		v = math.Nextafter(v, math.MaxFloat64)
	}
	return strconv.FormatFloat(v, 'f', decimals, 64) + " " + []string{"B", "kB", "MB", "GB", "TB"}[unit]
}
