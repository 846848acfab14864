package nginx

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/lookup"
)

// variable names a table of a platform, or of one stability of it: $sitegen_date_amd64_win_release.
func variable(table string, pf catalog.Platform, s catalog.Stability) string {
	name := "$sitegen_" + table + "_" + string(pf.Arch) + "_" + string(pf.OS)
	if s != "" {
		name += "_" + string(s)
	}
	return name
}

// tables calls f for each stability that has packages.
func (c *compiler) tables(pf catalog.Platform, f func(catalog.Stability, *lookup.Table)) {
	for _, s := range catalog.Stabilities() {
		if t := c.table.Index.Table(pf, s); t.Newest != nil {
			f(s, t)
		}
	}
}

func (c *compiler) packages(pf catalog.Platform) {
	var entries []entry
	for _, p := range c.table.Index.Packages() {
		if p.Platform() == pf {
			entries = append(entries, entry{p.Revision, c.builds[p], p.ID})
		}
	}
	var body bytes.Buffer
	exact(&body, "$sitegen_build", variable("packages", pf, ""), entries)
	c.file("http/packages-"+pf.String()+".conf", `
		The packages for `+pf.String()+`, by build: revision, and the package's id.
		34645.1 is the second newest build of revision 34645.`, &body)
}

func (c *compiler) positions(pf catalog.Platform) {
	var to, from []entry
	for i, p := range slices.Backward(c.table.Index.Heads(pf)) {
		rev, pos := strconv.Itoa(p.Revision), strconv.Itoa(i)
		to = append(to, entry{p.Revision, rev, pos})
		from = append(from, entry{i, pos, rev})
	}
	var body bytes.Buffer
	exact(&body, "$sitegen_revision", variable("position", pf, ""), to)
	body.WriteByte('\n')
	exact(&body, "$sitegen_place", variable("revision", pf, ""), from)
	c.file("http/positions-"+pf.String()+".conf", `
		The revisions for `+pf.String()+`, counted from the oldest: what offset steps over.
		First each revision's position, then each position's revision.`, &body)
}

// entry is one line of an exact table.
type entry struct {
	number     int // of the revision or position
	key, value string
}

// exact writes a table of what source holds, in maps of a thousand numbers each: larger ones overflow
// Nginx's default hash, and it says so at every start. Entries of a thousand follow each other.
func exact(body *bytes.Buffer, source, target string, entries []entry) {
	thousands := func(yield func(int, []entry) bool) {
		for start, i := 0, 0; i < len(entries); i++ {
			if i+1 < len(entries) && entries[i+1].number/1000 == entries[i].number/1000 {
				continue
			}
			if !yield(entries[i].number/1000, entries[start:i+1]) {
				return
			}
			start = i + 1
		}
	}
	fmt.Fprintf(body, "map %s_1000 %s {\n    volatile;\n", source, target)
	for n := range thousands {
		fmt.Fprintf(body, "    %d %s_%d;\n", n, target, n)
	}
	body.WriteString("}\n")
	for n, list := range thousands {
		fmt.Fprintf(body, "map %s %s_%d {\n    volatile;\n", source, target, n)
		for _, e := range list {
			fmt.Fprintf(body, "    %s %s;\n", e.key, e.value)
		}
		body.WriteString("}\n")
	}
}

func (c *compiler) dates(pf catalog.Platform) {
	var body bytes.Buffer
	c.tables(pf, func(s catalog.Stability, t *lookup.Table) {
		c.steps(&body, "$sitegen_date_address", variable("date", pf, s), t.Days, dayAddress)
	})
	c.file("http/dates-"+pf.String()+".conf", `
		date=: the newest build for `+pf.String()+` on or before a day.
		The day 2026-09-09 is written as the address 26.9.9.0.`, &body)
}

func (c *compiler) revisions(pf catalog.Platform) {
	var body bytes.Buffer
	c.tables(pf, func(s catalog.Stability, t *lookup.Table) {
		c.steps(&body, "$sitegen_number_address", variable("closest", pf, s), t.Revisions, revisionAddress)
	})
	c.file("http/revisions-"+pf.String()+".conf", `
		revision= and closest-revision=: the newest build for `+pf.String()+` at or below a revision.
		The revision 34645 is written as the address 3.46.45.0.`, &body)
}

// steps writes a step function as a geo block. The last step is the default and so has no end, which keeps
// Nginx from filling its table up to the last address.
func (c *compiler) steps(body *bytes.Buffer, source, target string, steps []lookup.Step, address func(int) address) {
	fmt.Fprintf(body, "geo %s %s {\n    ranges;\n    default %s;\n", source, target, c.builds[steps[len(steps)-1].Package])
	from, value := addressOf(0, 0, 0), `""`
	for _, s := range steps {
		if at := address(s.From); at > from {
			fmt.Fprintf(body, "    %s-%s %s;\n", from, at-1, value)
			from = at
		}
		value = c.builds[s.Package]
	}
	body.WriteString("}\n")
}

// address is an IPv4 address as geo counts them.
type address uint32

func addressOf(a, b, c int) address { return address(a)<<24 | address(b)<<16 | address(c)<<8 }

func (a address) String() string {
	return fmt.Sprintf("%d.%d.%d.%d", a>>24, a>>16&255, a>>8&255, a&255)
}

// revisionAddress puts pairs of digits into octets, so that a block of 65,536 addresses, which geo scans
// one by one, holds a hundred revisions.
func revisionAddress(rev int) address { return addressOf(rev/10_000, rev/100%100, rev%100) }

// dayAddress takes yyyymmdd; the catalogue holds the years 2000 to 2099 only.
func dayAddress(day int) address { return addressOf(day/10_000%100, day/100%100, day%100) }

func (c *compiler) versions(pf catalog.Platform) {
	var body bytes.Buffer
	c.tables(pf, func(s catalog.Stability, t *lookup.Table) {
		fmt.Fprintf(&body, "map $sitegen_version %s {\n", variable("version", pf, s))
		for _, v := range slices.SortedFunc(maps.Keys(t.Versions), compareVersions) {
			fmt.Fprintf(&body, "    %s %s;\n", versionKey(v), c.builds[t.Versions[v]])
		}
		body.WriteString("}\n")
	})
	c.file("http/versions-"+pf.String()+".conf", `
		version=: the newest build for `+pf.String()+` of each version, and of each beginning of one.`, &body)
}

// versionKey spells a version as parameters.conf does. Nginx ignores the case of keys, so versions with
// capitals are kept apart, as patterns.
func versionKey(v string) string {
	if v == strings.ToLower(v) {
		return "v" + v
	}
	return `"~^c` + strings.ReplaceAll(v, ".", `\.`) + `\z"`
}

// compareVersions sorts 5.2 before 5.10.
func compareVersions(a, b string) int {
	pa, pb := strings.Split(a, "."), strings.Split(b, ".")
	for i := range min(len(pa), len(pb)) {
		na, erra := strconv.Atoi(pa[i])
		nb, errb := strconv.Atoi(pb[i])
		if erra == nil && errb == nil && na != nb {
			return cmp.Compare(na, nb)
		}
		if pa[i] != pb[i] {
			return strings.Compare(pa[i], pb[i])
		}
	}
	return cmp.Compare(len(pa), len(pb))
}

func (c *compiler) newest() {
	var body bytes.Buffer
	body.WriteString("map $sitegen_cell $sitegen_newest {\n    volatile;\n")
	for _, pf := range c.table.Index.Platforms() {
		c.tables(pf, func(s catalog.Stability, t *lookup.Table) {
			fmt.Fprintf(&body, "    %s-%s %s;\n", pf, s, c.builds[t.Newest])
		})
	}
	body.WriteString("}\n")
	c.file("http/newest.conf", "The newest build of each platform and stability.", &body)
}
