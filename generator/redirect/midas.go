package redirect

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/lookup"
)

// midasTSV lists the numbers of the retired Midas server that public links still have, and what they were:
// number, OS, version, revision; the last three may be empty.
//
//go:embed midas.tsv
var midasTSV string

// MidasNumber is a file of the retired Midas server, which /bitstream/<number> used to give.
type MidasNumber struct {
	Number   int
	OS       catalog.OS
	Version  string // as Midas called it, "" when nobody knows
	Revision string // decimal, "" when nobody knows
	Line     int    // of midas.tsv
}

// MidasNumbers lists the numbers that are known.
func MidasNumbers() []MidasNumber {
	var list []MidasNumber
	line := 0
	for row := range strings.Lines(midasTSV) {
		line++
		cols := strings.Split(strings.TrimRight(row, "\r\n"), "\t")
		n, err := strconv.Atoi(cols[0])
		if err != nil || len(cols) != 4 { // the comment and the names of the columns
			continue
		}
		list = append(list, MidasNumber{n, catalog.OS(cols[1]), cols[2], cols[3], line})
	}
	return list
}

// What says what the number was, for the page that has nothing better to offer.
func (m MidasNumber) What() string {
	s := "a package for " + m.OS.Title()
	if m.Version != "" {
		s = fmt.Sprintf("version %s for %s", m.Version, m.OS.Title())
	}
	if m.Revision != "" {
		s += ", revision " + m.Revision
	}
	return s
}

// MidasRules sends the known numbers to the same package, where it is published; else to the page of its
// release, where another platform's package is; else to a 404 page that says what the number was.
func MidasRules(x *lookup.Index) []Rule {
	releases := map[string]bool{}
	for _, p := range x.Packages() {
		if p.Matches(catalog.Release) {
			releases[p.Release] = true
		}
	}
	var rules []Rule
	for _, m := range MidasNumbers() {
		r := Rule{Source: fmt.Sprintf("%s%d", lookup.BitstreamPrefix, m.Number), Status: 302, Origin: Midas,
			Pos: Pos{"midas.tsv", m.Line, 1}}
		switch p := m.find(x); {
		case p != nil:
			r.Target = lookup.Location(p)
		case releases[m.Version]:
			r.Target = "/releases/" + m.Version + "/"
		default:
			r.Status, r.Note = 404, m.What()
		}
		r.compile()
		rules = append(rules, r)
	}
	return rules
}

// find looks for the package by its revision, then for the release by its whole name.
func (m MidasNumber) find(x *lookup.Index) *catalog.Package {
	if n, err := strconv.Atoi(m.Revision); err == nil {
		q := lookup.Query{Mode: lookup.Revision, Number: n, Arch: catalog.AMD64}
		if p := x.Find(&q, m.OS, catalog.Any); p != nil {
			return p
		}
	}
	q := lookup.Query{Mode: lookup.Version, Value: m.Version, Arch: catalog.AMD64}
	if p := x.Find(&q, m.OS, catalog.Release); p != nil && p.Release == m.Version {
		return p
	}
	return nil
}
