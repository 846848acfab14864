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

// tables writes the files with the tables of packages.
type tables struct {
	index   *lookup.Index
	grammar grammar
	names
	builds map[*catalog.Package]string // from nameBuilds
}

// nameBuilds returns a name for each package that is unique within its platform. The newest build of a revision is
// named by the revision: 34645. The others have the number of newer builds after a dot: 34645.1 is the second newest,
// 34645.2 the third. The tables use these names instead of ids because they are short, and because a new nightly build
// then changes only a few lines.
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

// files returns the files in the order in which they must be written: a table that maps names to packages comes before
// the tables that lead to these names. For example, the new build 34880 appears in three files:
//
//	packages-amd64-win.conf    34880 <id>;             written first
//	dates-amd64-win.conf       … default 34880;
//	newest.conf                amd64-win-any 34880;    written last
//
// If Nginx reloads while only the first file is new, it still offers the previous build. In the opposite order, it
// would look for 34880 in packages-amd64-win.conf, not find it, and answer 404.
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

// variable returns the variable of a table for a platform and, unless s is "", a stability:
// $sitegen_date_amd64_win_release.
func (n names) variable(table string, pf catalog.Platform, s catalog.Stability) string {
	name := word(string(pf.Arch)) + "_" + word(string(pf.OS))
	if s != "" {
		name += "_" + string(s)
	}
	return suffixed(n.own("$sitegen_%s", table), name)
}

// stabilities calls f for each stability of a platform that has packages.
func (x *tables) stabilities(pf catalog.Platform, f func(catalog.Stability, *lookup.Table)) {
	for _, s := range catalog.Stabilities() {
		if t := x.index.Table(pf, s); t.Newest != nil {
			f(s, t)
		}
	}
}

// packages writes the tables from builds to ids.
func (x *tables) packages(pf catalog.Platform) output.File {
	var entries []numbered
	for _, p := range x.index.Packages() {
		if p.Platform() == pf {
			entries = append(entries, numbered{p.Revision, x.builds[p], p.ID})
		}
	}
	t := text{names: x.names}
	exact(&t, t.own("$sitegen_build"), t.variable("packages", pf, ""), entries)
	return file("http/packages-"+pf.String()+".conf", `
		The ids of the packages for `+pf.String()+` by build. A build is named by its revision: 34645.1 is the
		second newest build of revision 34645.`, &t)
}

// positions writes the tables from revisions to positions and back.
func (x *tables) positions(pf catalog.Platform) output.File {
	var to, from []numbered
	for i, p := range slices.Backward(x.index.Heads(pf)) {
		rev, pos := strconv.Itoa(p.Revision), strconv.Itoa(i)
		to = append(to, numbered{p.Revision, rev, pos})
		from = append(from, numbered{i, pos, rev})
	}
	t := text{names: x.names}
	exact(&t, t.own("$sitegen_revision"), t.variable("position", pf, ""), to)
	t.WriteByte('\n')
	exact(&t, t.own("$sitegen_place"), t.variable("revision", pf, ""), from)
	return file("http/positions-"+pf.String()+".conf", `
		The positions of the revisions for `+pf.String()+`, counted from the oldest, which has the position 0. An
		offset is added to a position. The first tables contain the position of each revision, the others the revision
		at each position.`, &t)
}

// numbered is a line of an exact table.
type numbered struct {
	number     int // the revision or position
	key, value string
}

// mapLimit is the maximum number of keys of a map if they are numbers. Depending on the keys, Nginx warns that it could
// not build an optimal map_hash from some number between 1,000 and 1,500 on.
const mapLimit = 1000

// exact writes a table with numbers as keys. It splits the table into one map for each thousand numbers, and writes a
// map that chooses among them by the number without its last three digits. The entries must be sorted by number. For
// example, the table $sitegen_packages_amd64_win by $sitegen_build is
//
//	map $sitegen_build_1000 $sitegen_packages_amd64_win    { 34 $sitegen_packages_amd64_win_34; … }
//	map $sitegen_build      $sitegen_packages_amd64_win_34 { 34645 <id>; 34645.1 <id>; … }
//
// For the build 34645.1, $sitegen_build_1000 is 34, so the second map is used.
//
// A thousand revisions may have more than mapLimit builds, because a revision may have any number of builds. Then exact
// splits the map again, see piece.
func exact(t *text, source, target string, entries []numbered) {
	thousands := func(e numbered) string { return strconv.Itoa(e.number / 1000) }
	t.printf("map %s_1000 %s {\n    volatile;\n", source, target)
	for n := range runs(entries, thousands) {
		t.printf("    %s %s;\n", n, suffixed(target, n))
	}
	t.printf("}\n")
	for n, list := range runs(entries, thousands) {
		name := suffixed(target, n)
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

// exactMap writes one map of an exact table.
func exactMap(t *text, source, target string, entries []numbered) {
	t.printf("map %s %s {\n    volatile;\n", source, target)
	for _, e := range entries {
		t.printf("    %s %s;\n", e.key, e.value)
	}
	t.printf("}\n")
}

// piece returns a build without its last three digits: 34 for 34645, 346. for 34645.1, 3464. for 34645.12, and 34645.
// for 34645.123. A dot is not a digit and stays. At most a thousand builds have the same piece, since they differ only
// in three digits. In Nginx, the piece is $sitegen_build_cut, see lookup.conf.
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

// pieceName returns the variable of the map for a piece of a table.
func pieceName(name, piece string) string { return suffixed(name, strings.ReplaceAll(piece, ".", "x")) }

// about returns the start of a table's comment: the modes that use the table, and its platform.
func (x *tables) about(pf catalog.Platform, ways ...lookup.Finds) string {
	var names []string
	for _, p := range x.grammar.Modes() {
		if slices.Contains(ways, p.Finds) {
			names = append(names, p.Name+"=")
		}
	}
	return strings.Join(names, " and ") + ": the newest build for " + pf.String()
}

// dates writes the geo blocks that find the newest build on or before a day.
func (x *tables) dates(pf catalog.Platform) output.File {
	t := text{names: x.names}
	x.stabilities(pf, func(s catalog.Stability, table *lookup.Table) {
		x.steps(&t, t.own("$sitegen_date_address"), t.variable("date", pf, s), table.Days, dayAddress)
	})
	return file("http/dates-"+pf.String()+".conf", x.about(pf, lookup.ByDate)+` on or before a day.
		A day is written as an address: 2026-09-09 is 26.9.9.0. The line "26.9.4.0-26.9.8.255 34640;" means that the
		newest build was 34640 from 2026-09-04 to 2026-09-08.`, &t)
}

// revisions writes the geo blocks that find the newest build at or below a revision.
func (x *tables) revisions(pf catalog.Platform) output.File {
	t := text{names: x.names}
	x.stabilities(pf, func(s catalog.Stability, table *lookup.Table) {
		x.steps(&t, t.own("$sitegen_number_address"), t.variable("closest", pf, s), table.Revisions, revisionAddress)
	})
	about := x.about(pf, lookup.ByRevision, lookup.ByClosestRevision)
	return file("http/revisions-"+pf.String()+".conf", about+` at or below a revision.
		A revision is written as an address: 34645 is 3.46.45.0. The line "3.46.40.0-3.46.44.255 34640;" means that the
		newest build is 34640 for the revisions 34640 to 34644.`, &t)
}

// steps writes a step function as a geo block. A geo block finds the range of IPv4 addresses that contains the address
// in source, see grammar.keys. For example, a platform with the builds 34640 and 34645 has this table:
//
//	geo $sitegen_number_address $sitegen_closest_amd64_win_any {
//	    ranges;
//	    default 34645;
//	    0.0.0.0-3.46.39.255 "";
//	    3.46.40.0-3.46.44.255 34640;
//	}
//
// The newest build at or below revision 34643 is found like this: the revision is the address 3.46.43.0, which is in
// the last range, so the build is 34640. Revision 34700 is the address 3.47.0.0, which is in no range, so the build is
// the default, 34645. Revision 12 is the address 0.0.12.0, which is in the first range, so there is no build.
//
// Each range ends one address before the next step. The last step is the default instead of a range up to the last
// address, because Nginx would fill a large table for such a range.
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

// address is an IPv4 address as a number.
type address uint32

// lastAddress is higher than the address of any day or revision.
const lastAddress address = 254 << 24

func addressOf(a, b, c int) address { return address(a)<<24 | address(b)<<16 | address(c)<<8 }

func (a address) String() string {
	return fmt.Sprintf("%d.%d.%d.%d", a>>24, a>>16&255, a>>8&255, a&255)
}

// revisionAddress returns a revision as an address: its pairs of decimal digits are the octets, so 34645 is 3.46.45.0.
// It does not use the revision as the number of the address, because Nginx searches the ranges within a block of 65,536
// addresses (the first two octets) one by one. All revisions would be in one block; this way, a block has at most a
// hundred of them.
func revisionAddress(rev int) address { return addressOf(rev/10_000, rev/100%100, rev%100) }

// dayAddress returns a day, given as the number yyyymmdd, as an address: 20260909 is 26.9.9.0. Two digits of the year
// are enough, because packages are from the years 2000 to 2099.
func dayAddress(day int) address { return addressOf(day/10_000%100, day/100%100, day%100) }

// plainVersions is the maximum number of keys of a map if they are versions. Nginx accepts any hundred keys of
// catalog.MaxVersionLength bytes without a warning. A platform with more versions has a hashed table.
const plainVersions = 100

// byVersion returns the hash of the hashed tables of versions.
func (n names) byVersion() hash {
	return hash{digit: n.own("$sitegen_version_digit"), source: n.own("$sitegen_version")}
}

// versions writes the tables from versions to builds.
func (x *tables) versions(pf catalog.Platform) output.File {
	t := text{names: x.names}
	x.stabilities(pf, func(s catalog.Stability, table *lookup.Table) {
		target := t.variable("version", pf, s)
		var pairs []pair
		for _, v := range slices.SortedFunc(maps.Keys(table.Versions), compareVersions) {
			pairs = append(pairs, pair{versionKey(v), x.builds[table.Versions[v]]})
		}
		if len(pairs) > plainVersions {
			t.byVersion().table(&t, target, pairs)
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
	about := x.about(pf, lookup.ByVersion) + " of each version, and of each start of a version: 5 and 5.2 for 5.2.1."
	return file("http/versions-"+pf.String()+".conf", about, &t)
}

// versionKey returns the key of a version: v5.2.0, or c5.2.0-RC1 for a version with capital letters. grammar.keys
// writes the map that converts the version of a query to such a key.
func versionKey(v string) string {
	if v == strings.ToLower(v) {
		return "v" + v
	}
	return "c" + v
}

// compareVersions compares versions part by part, numbers by their value: 5.2 comes before 5.10.
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

// newest writes the table of the newest builds.
func (x *tables) newest() output.File {
	t := text{names: x.names}
	t.printf("map $sitegen_cell $sitegen_newest {\n    volatile;\n")
	for _, pf := range x.index.Platforms() {
		x.stabilities(pf, func(s catalog.Stability, table *lookup.Table) {
			t.printf("    %s-%s %s;\n", pf, s, x.builds[table.Newest])
		})
	}
	t.printf("}\n")
	return file("http/newest.conf", "The newest build of each platform and stability.", &t)
}

// choices writes the maps that choose among the tables by mode, platform and stability.
func (x *tables) choices() output.File {
	t := text{names: x.names}
	perPlatform := func(target, table string) {
		t.printf("map $sitegen_platform $sitegen_%s {\n    volatile;\n", target)
		for _, pf := range x.index.Platforms() {
			t.printf("    %s %s;\n", pf, t.variable(table, pf, ""))
		}
		t.printf("}\n")
	}
	perCell := func(target, table string) {
		t.printf("map $sitegen_cell $sitegen_%s {\n    volatile;\n", target)
		for _, pf := range x.index.Platforms() {
			x.stabilities(pf, func(s catalog.Stability, _ *lookup.Table) {
				t.printf("    %s-%s %s;\n", pf, s, t.variable(table, pf, s))
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
			t.byVersion().define(&t, digitsFor(most))
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
	return file("http/tables.conf", "Chooses the table for the mode, platform and stability of a request.", &t)
}
