package nginx

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/output"
)

// tables writes the tables of packages, for each platform and what its queries can ask for.
type tables struct {
	index   *lookup.Index
	grammar grammar
	builds  map[*catalog.Package]string // see nameBuilds
}

// nameBuilds names each package within its platform: by its revision if it is that revision's newest build, else with
// the number of newer ones after a dot. Short names keep the tables short and readable, and the diff of one more
// nightly build small.
func nameBuilds(packages []*catalog.Package) map[*catalog.Package]string {
	type revision struct {
		platform catalog.Platform
		number   int
	}
	newer := map[revision]int{}
	names := make(map[*catalog.Package]string, len(packages))
	for _, p := range packages { // newest first
		rev := revision{p.Platform(), p.Revision}
		name := strconv.Itoa(p.Revision)
		if n := newer[rev]; n > 0 {
			name += "." + strconv.Itoa(n)
		}
		newer[rev]++
		names[p] = name
	}
	return names
}

// files lists the files. Those that look packages up come after those that name them, so that a half-written set
// offers an old package rather than a missing one.
func (x *tables) files() []output.File {
	var files []output.File
	for _, pf := range x.index.Platforms() {
		files = append(files, x.packages(pf), x.positions(pf))
		if x.grammar.given(lookup.ByDate) != "" {
			files = append(files, x.dates(pf))
		}
		if x.grammar.given(lookup.ByRevision, lookup.ByClosestRevision) != "" {
			files = append(files, x.revisions(pf))
		}
		if x.grammar.given(lookup.ByVersion) != "" {
			files = append(files, x.versions(pf))
		}
	}
	return append(files, x.newest(), x.choices())
}

// variable names a table of a platform, or of one stability of it: $sitegen_date_amd64_win_release.
func variable(table string, pf catalog.Platform, s catalog.Stability) string {
	name := "$sitegen_" + table + "_" + word(string(pf.Arch)) + "_" + word(string(pf.OS))
	if s != "" {
		name += "_" + string(s)
	}
	return name
}

// stabilities calls f for each stability of a platform that has packages.
func (x *tables) stabilities(pf catalog.Platform, f func(catalog.Stability, *lookup.Table)) {
	for _, s := range catalog.Stabilities() {
		if t := x.index.Table(pf, s); t.Newest != nil {
			f(s, t)
		}
	}
}

func (x *tables) packages(pf catalog.Platform) output.File {
	var entries []numbered
	for _, p := range x.index.Packages() {
		if p.Platform() == pf {
			entries = append(entries, numbered{p.Revision, x.builds[p], p.ID})
		}
	}
	var t text
	exact(&t, "$sitegen_build", variable("packages", pf, ""), entries)
	return file("http/packages-"+pf.String()+".conf", `
		The packages for `+pf.String()+`, by build: revision, and the package's id.
		34645.1 is the second newest build of revision 34645.`, &t)
}

func (x *tables) positions(pf catalog.Platform) output.File {
	var to, from []numbered
	for i, p := range slices.Backward(x.index.Heads(pf)) {
		rev, pos := strconv.Itoa(p.Revision), strconv.Itoa(i)
		to = append(to, numbered{p.Revision, rev, pos})
		from = append(from, numbered{i, pos, rev})
	}
	var t text
	exact(&t, "$sitegen_revision", variable("position", pf, ""), to)
	t.WriteByte('\n')
	exact(&t, "$sitegen_place", variable("revision", pf, ""), from)
	return file("http/positions-"+pf.String()+".conf", `
		The revisions for `+pf.String()+`, counted from the oldest, 0: an offset steps from one to the next.
		First the position of each revision, then the revision at each position.`, &t)
}

// numbered is a line of an exact table.
type numbered struct {
	number     int // of the revision or position
	key, value string
}

// mapLimit is how many numbers a map may have as keys. At some number between 1,000 and 1,500 Nginx begins to warn that
// it could not build an optimal map_hash, depending on which they are.
const mapLimit = 1000

// exact writes a table of what source holds, in one map for each thousand numbers. The entries are sorted by number,
// so those of a thousand follow each other. For instance:
//
//	map $sitegen_build_1000 $sitegen_packages_amd64_win    { 34 $sitegen_packages_amd64_win_34; … }
//	map $sitegen_build      $sitegen_packages_amd64_win_34 { 34645 <id>; 34645.1 <id>; … }
//
// A revision may have any number of builds, so a thousand revisions may have more builds than a map takes. They are
// cut again then, see piece.
func exact(t *text, source, target string, entries []numbered) {
	thousands := func(e numbered) string { return strconv.Itoa(e.number / 1000) }
	t.printf("map %s_1000 %s {\n    volatile;\n", source, target)
	for n := range runs(entries, thousands) {
		t.printf("    %s %s_%s;\n", n, target, n)
	}
	t.printf("}\n")
	for n, list := range runs(entries, thousands) {
		name := target + "_" + n
		if len(list) <= mapLimit {
			exactMap(t, source, name, list)
			continue
		}
		byPiece := func(e numbered) string { return piece(e.key) }
		slices.SortStableFunc(list, func(a, b numbered) int { return strings.Compare(piece(a.key), piece(b.key)) })
		t.printf("map %s_cut %s {\n    volatile;\n", source, name)
		for at := range runs(list, byPiece) {
			t.printf("    %q %s;\n", at, pieceName(name, at))
		}
		t.printf("}\n")
		for at, list := range runs(list, byPiece) {
			exactMap(t, source, pieceName(name, at), list)
		}
	}
}

func exactMap(t *text, source, target string, entries []numbered) {
	t.printf("map %s %s {\n    volatile;\n", source, target)
	for _, e := range entries {
		t.printf("    %s %s;\n", e.key, e.value)
	}
	t.printf("}\n")
}

// piece is a build without its last three digits, so that no more than a thousand builds of a thousand revisions have
// the same. The dot stays: 34 for 34645, 346. for 34645.1, 3464. for 34645.12 and 34645. for 34645.123. In Nginx it is
// $sitegen_build_cut, see lookup.conf.
func piece(build string) string {
	rest, dot := build, ""
	for range 3 {
		if strings.HasSuffix(rest, ".") {
			rest, dot = rest[:len(rest)-1], "."
		}
		if rest == "" {
			return ""
		}
		rest = rest[:len(rest)-1]
	}
	return rest + dot
}

func pieceName(name, piece string) string { return name + "_" + strings.ReplaceAll(piece, ".", "x") }

// about begins the comment of a table: which modes look in it, and the platform.
func (x *tables) about(pf catalog.Platform, ways ...lookup.Finds) string {
	var names []string
	for _, p := range x.grammar.Modes() {
		if slices.Contains(ways, p.Finds) {
			names = append(names, p.Name+"=")
		}
	}
	return strings.Join(names, " and ") + ": the newest build for " + pf.String()
}

func (x *tables) dates(pf catalog.Platform) output.File {
	var t text
	x.stabilities(pf, func(s catalog.Stability, table *lookup.Table) {
		x.steps(&t, "$sitegen_date_address", variable("date", pf, s), table.Days, dayAddress)
	})
	return file("http/dates-"+pf.String()+".conf", x.about(pf, lookup.ByDate)+` on or before a day.
		Days are addresses, 2026-09-09 is 26.9.9.0. The line "26.9.4.0-26.9.8.255 34640;" says that from 2026-09-04 until
		the day before 2026-09-09 the newest build was 34640.`, &t)
}

func (x *tables) revisions(pf catalog.Platform) output.File {
	var t text
	x.stabilities(pf, func(s catalog.Stability, table *lookup.Table) {
		x.steps(&t, "$sitegen_number_address", variable("closest", pf, s), table.Revisions, revisionAddress)
	})
	about := x.about(pf, lookup.ByRevision, lookup.ByClosestRevision)
	return file("http/revisions-"+pf.String()+".conf", about+` at or below a revision.
		Revisions are addresses, 34645 is 3.46.45.0. The line "3.46.40.0-3.46.44.255 34640;" says that from revision 34640
		until the one before 34645 it is 34640.`, &t)
}

// steps writes a step function as a geo block, which finds the range that an address is in. Each step is a range that
// ends one address before the next step, and the last one is the default: as a range up to the last address, it would
// make Nginx fill a table up to there. For instance, the steps 34640 and 34645 are
//
//	geo $sitegen_number_address $sitegen_closest_amd64_win_any {
//	    ranges;
//	    default 34645;
//	    0.0.0.0-3.46.39.255 "";
//	    3.46.40.0-3.46.44.255 34640;
//	}
//
// source is the address, see grammar.keys.
func (x *tables) steps(t *text, source, target string, steps []lookup.Step, address func(int) address) {
	t.printf("geo %s %s {\n    ranges;\n    default %s;\n", source, target, x.builds[steps[len(steps)-1].Package])
	from, value := addressOf(0, 0, 0), `""`
	for _, s := range steps {
		if at := address(s.From); at > from {
			t.printf("    %s-%s %s;\n", from, at-1, value)
			from = at
		}
		value = x.builds[s.Package]
	}
	t.printf("}\n")
}

// address is an IPv4 address as geo counts them.
type address uint32

// lastAddress is higher than that of any day or revision.
const lastAddress address = 254 << 24

func addressOf(a, b, c int) address { return address(a)<<24 | address(b)<<16 | address(c)<<8 }

func (a address) String() string {
	return fmt.Sprintf("%d.%d.%d.%d", a>>24, a>>16&255, a>>8&255, a&255)
}

// revisionAddress puts pairs of digits into octets, 34645 into 3.46.45.0. Written as plain numbers, revisions would
// stand in one block of 65,536 addresses, of which geo scans the ranges one by one; like this a block has a hundred.
func revisionAddress(rev int) address { return addressOf(rev/10_000, rev/100%100, rev%100) }

// dayAddress takes yyyymmdd, 20260909 as 26.9.9.0; packages are of the years 2000 to 2099 only.
func dayAddress(day int) address { return addressOf(day/10_000%100, day/100%100, day%100) }

// plainVersions is how many versions a map may have as keys. Of keys as long as catalog.MaxVersionLength Nginx takes a
// hundred, whichever they are; more become a hashed table.
const plainVersions = 100

// byVersion is the hash that larger tables of versions are cut by.
func byVersion() hash { return hash{name: "version_digit", source: "$sitegen_version"} }

func (x *tables) versions(pf catalog.Platform) output.File {
	var t text
	x.stabilities(pf, func(s catalog.Stability, table *lookup.Table) {
		target := variable("version", pf, s)
		var pairs []pair
		for _, v := range slices.SortedFunc(maps.Keys(table.Versions), compareVersions) {
			pairs = append(pairs, pair{versionKey(v), x.builds[table.Versions[v]]})
		}
		if len(pairs) > plainVersions {
			byVersion().table(&t, target, pairs)
			return
		}
		t.printf("map $sitegen_version %s {\n", target)
		for _, p := range pairs {
			key := p.key
			if key[0] == 'c' {
				key = regex("^" + strings.ReplaceAll(key, ".", `\.`) + `\z`)
			}
			t.printf("    %s %s;\n", key, p.value)
		}
		t.printf("}\n")
	})
	about := x.about(pf, lookup.ByVersion) + " of each version, and of each beginning of one."
	return file("http/versions-"+pf.String()+".conf", about, &t)
}

// versionKey spells a version as parameters.conf does: as v5.2.0, and one with capitals as c5.2.0-RC1.
func versionKey(v string) string {
	if v == strings.ToLower(v) {
		return "v" + v
	}
	return "c" + v
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

func (x *tables) newest() output.File {
	var t text
	t.printf("map $sitegen_cell $sitegen_newest {\n    volatile;\n")
	for _, pf := range x.index.Platforms() {
		x.stabilities(pf, func(s catalog.Stability, table *lookup.Table) {
			t.printf("    %s-%s %s;\n", pf, s, x.builds[table.Newest])
		})
	}
	t.printf("}\n")
	return file("http/newest.conf", "The newest build of each platform and stability.", &t)
}

// choices writes the maps that choose among the tables: by mode, and by platform and stability.
func (x *tables) choices() output.File {
	var t text
	perPlatform := func(target, table string) {
		t.printf("map $sitegen_platform $sitegen_%s {\n    volatile;\n", target)
		for _, pf := range x.index.Platforms() {
			t.printf("    %s %s;\n", pf, variable(table, pf, ""))
		}
		t.printf("}\n")
	}
	perCell := func(target, table string) {
		t.printf("map $sitegen_cell $sitegen_%s {\n    volatile;\n", target)
		for _, pf := range x.index.Platforms() {
			x.stabilities(pf, func(s catalog.Stability, _ *lookup.Table) {
				t.printf("    %s-%s %s;\n", pf, s, variable(table, pf, s))
			})
		}
		t.printf("}\n")
	}
	x.grammar.picked(&t)
	if x.grammar.given(lookup.ByVersion) != "" {
		most := 0
		for _, pf := range x.index.Platforms() {
			most = max(most, len(x.index.Table(pf, catalog.Any).Versions))
		}
		if most > plainVersions {
			byVersion().define(&t, digitsFor(most))
		}
		perCell("by_version", "version")
	}
	if x.grammar.given(lookup.ByRevision, lookup.ByClosestRevision) != "" {
		perCell("by_closest", "closest")
	}
	if x.grammar.given(lookup.ByDate) != "" {
		perCell("by_date", "date")
	}
	perPlatform("package", "packages")
	perPlatform("position_listed", "position")
	perPlatform("revision_listed", "revision")
	return file("http/tables.conf", "Which table answers for which mode, platform and stability.", &t)
}
