package cloudfront

import (
	"encoding/json"
	"fmt"
	"html"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/output"
	"github.com/Slicer/sitegen/generator/redirect"
)

// root is what the function reads first: how to read requests, and where the tables start. Its keys are read by
// function.js and lookup.Script.
type root struct {
	lookup.Tables
	Titles    []string    `json:"titles"` // of systems, in the order of the API
	Links     [][2]string `json:"links"`  // key in the package object, template of the URL
	Hex       bool        `json:"hex"`    // ids are hexadecimal: digits count in either case
	ByID      [2]string   `json:"byid"`   // around the id, where the file of most packages is fetched
	Rest      [2]string   `json:"rest"`   // around what the row of a package says, for the others
	IDs       string      `json:"ids"`    // hash of the table of packages
	Exact     string      `json:"exact"`
	Patterns  string      `json:"patterns"` // hash of the first node of patterns
	Messages  string      `json:"messages"`
	Platforms string      `json:"platforms"`
}

// rootKey is the only key whose value changes.
const rootKey = "root"

// writeTables stores everything but the table of packages.
func (s *store) writeTables(t *redirect.Table) root {
	s.set("about", output.Mark)
	spec := t.Index.Spec()
	urls := redirect.NewFileURLs(t.Index.Packages())
	r := root{
		Tables: lookup.NewTables(spec), Links: [][2]string{}, Hex: spec.IDs == catalog.HexIDs,
		ByID: [2]string{urls.ByID.Before, urls.ByID.After}, Rest: [2]string{urls.Rest.Before, urls.Rest.After},
	}
	for _, o := range spec.OSes() {
		r.Titles = append(r.Titles, spec.Title(o))
	}
	for _, l := range spec.Links {
		r.Links = append(r.Links, [2]string{l.Key, l.URL.String()})
	}
	var platforms []row
	for _, pf := range t.Index.Platforms() {
		platforms = append(platforms, row{pf.String(), s.platform(t.Index, pf)})
	}
	r.Platforms = s.table("p", sorted(platforms))
	r.Exact = s.table("e", s.exactRows(t.Rules))
	r.Patterns = s.patterns(t.Rules)
	r.Messages = s.table("m", messages(spec))
	return r
}

// writeRoot stores the root, last.
func (s *store) writeRoot(r root) { s.set(rootKey, s.text(encode(r))) }

// text stores a text and returns its first piece, as function.js reads it: each piece begins with the hash of the next.
// A text of one piece, which the root of most catalogues is, takes no further read.
func (s *store) text(data []byte) string {
	pieces := slices.Collect(slices.Chunk(data, MaxValue-len(noTable)))
	next := noTable
	for _, piece := range slices.Backward(pieces[1:]) {
		next = s.put("t", next+string(piece))
	}
	return next + string(pieces[0])
}

func encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // strings, numbers and maps of them: cannot happen
	}
	return b
}

// platform stores the tables of one platform: 0 by revision, 1 by day and 2 by version for any and nightly; 3, 4 and 5
// for releases. It returns their hashes one after the other.
//
// A value is a reference to a package: its id and revision, "6aa1db04ce9de556d30112bb 35182". In tables 0 to 2 it is
// that of any; where that of nightly is another, a comma and it follow.
func (s *store) platform(x *lookup.Index, pf catalog.Platform) string {
	var hashes strings.Builder
	for book, columns := range [][]catalog.Stability{{catalog.Any, catalog.Nightly}, {catalog.Release}} {
		tables := make([]*lookup.Table, len(columns))
		for i, c := range columns {
			tables[i] = x.Table(pf, c)
		}
		for kind, rows := range [][]row{
			stepRows(tables, "%07d", func(t *lookup.Table) []lookup.Step { return t.Revisions }),
			stepRows(tables, "%08d", func(t *lookup.Table) []lookup.Step { return t.Days }),
			versionRows(tables),
		} {
			hashes.WriteString(s.table(fmt.Sprintf("%s/%d", pf, 3*book+kind), rows))
		}
	}
	return hashes.String()
}

// stepRows merges the step functions of several stabilities: a row wherever one of them changes.
func stepRows(tables []*lookup.Table, format string, steps func(*lookup.Table) []lookup.Step) []row {
	next := make([]int, len(tables))
	current := make([]*catalog.Package, len(tables))
	var rows []row
	for {
		from, more := 0, false
		for i, t := range tables {
			if list := steps(t); next[i] < len(list) && (!more || list[next[i]].From < from) {
				from, more = list[next[i]].From, true
			}
		}
		if !more {
			return rows
		}
		for i, t := range tables {
			if list := steps(t); next[i] < len(list) && list[next[i]].From == from {
				current[i] = list[next[i]].Package
				next[i]++
			}
		}
		rows = append(rows, row{fmt.Sprintf(format, from), refs(current)})
	}
}

func versionRows(tables []*lookup.Table) []row {
	var rows []row
	for _, v := range slices.Sorted(maps.Keys(tables[0].Versions)) { // any release or nightly build is in the first
		current := make([]*catalog.Package, len(tables))
		for i, t := range tables {
			current[i] = t.Versions[v]
		}
		rows = append(rows, row{v, refs(current)})
	}
	return rows
}

// refs writes package references, the second only where it differs from the first.
func refs(packages []*catalog.Package) string {
	first := ref(packages[0])
	if len(packages) == 1 || packages[1] == packages[0] {
		return first
	}
	return first + "," + ref(packages[1])
}

func ref(p *catalog.Package) string {
	if p == nil {
		return ""
	}
	return p.ID + " " + strconv.Itoa(p.Revision)
}

// idRow is the row of a package in the table of packages: what its URL has in the middle, when that is not its id, and,
// when whole is set, all that the package object says and does not follow from the reference.
func idRow(p *catalog.Package, middle string, whole bool) row {
	if !whole {
		return row{p.ID, middle}
	}
	day, release := p.Day(), p.Release
	if strings.HasPrefix(p.BuildDate, day) {
		day = ""
	}
	if release != "" && release == p.Version {
		release = "=" // no name of a release: see catalog.ValidVersion
	}
	fields := []string{middle, p.SHA512, p.Name, p.ProductName, p.BuildDate, day, strconv.FormatInt(p.Size, 10),
		release, p.Version}
	if p.SHA256 != "" {
		fields = append(fields, p.SHA256)
	}
	return row{p.ID, strings.Join(fields, "\t")}
}

// exactRows has a row for each source: its rules, a bar between them.
func (s *store) exactRows(rules *redirect.Rules) []row {
	var rows []row
	for _, r := range rules.All() {
		list := rules.Exact(r.Source)
		if r.Pattern() || list[0] != r {
			continue
		}
		texts := make([]string, len(list))
		for i, rule := range list {
			texts[i] = ruleText(rule)
		}
		rows = append(rows, row{encodeURI(r.Source), strings.Join(texts, "|")})
		if n := rows[len(rows)-1].size(); n > MaxValue {
			s.Fail(r, "%d rules for %s have %d bytes, CloudFront's limit is %d; use fewer or shorter rules for one "+
				"path, or leave cloudfront out of servers",
				len(list), r.Source, n, MaxValue)
		}
	}
	return sorted(rows)
}

// patterns stores the patterns and returns the hash of their first node. They are tried one after the other, so their
// nodes are a list: the hash of the next node, then a line for each pattern: expression, names of its groups, rule.
func (s *store) patterns(rules *redirect.Rules) string {
	var nodes []string
	for _, r := range rules.Patterns() {
		line := "\n" + strings.Join([]string{expression(r), strings.Join(r.Names(), " "), ruleText(r)}, "\t")
		if n := len(noTable) + len(line); n > MaxValue {
			s.Fail(r, "this pattern has %d bytes as CloudFront needs it, the limit is %d; shorten it, or leave "+
				"cloudfront out of servers", n, MaxValue)
		}
		if n := len(nodes); n > 0 && len(noTable)+len(nodes[n-1])+len(line) <= MaxValue {
			nodes[n-1] += line
			continue
		}
		nodes = append(nodes, line)
	}
	next := noTable
	for _, node := range slices.Backward(nodes) {
		next = s.put("r", next+node)
	}
	return next
}

// ruleText writes a rule without its source: conditions, status, target.
func ruleText(r *redirect.Rule) string {
	var words []string
	for _, c := range r.Conditions {
		value := c.Value
		if c.Placeholder != "" {
			value = ":" + c.Placeholder
		}
		words = append(words, c.Name+"="+value)
	}
	words = append(words, strconv.Itoa(r.Status))
	if r.Target != "" {
		words = append(words, r.Target)
	}
	return strings.Join(words, " ")
}

// expression is the regular expression of a pattern over encoded paths.
func expression(r *redirect.Rule) string { return r.ExprOf(encodeURI) + "$" }

// keptRE is what JavaScript's encodeURI leaves as it is.
var keptRE = regexp.MustCompile(`^[A-Za-z0-9;,/?:@&=+$_.!~*'()#-]$`)

// encodeURI does what the function of that name does in JavaScript.
func encodeURI(path string) string {
	var b strings.Builder
	for i := range len(path) {
		if c := path[i : i+1]; keptRE.MatchString(c) {
			b.WriteString(c)
			continue
		}
		fmt.Fprintf(&b, "%%%02X", path[i])
	}
	return b.String()
}

// messages are the texts of the error pages: title and, after a tab, a sentence in HTML; and what all of them end with.
func messages(spec *lookup.Spec) []row {
	rows := []row{
		{"404", "There is nothing here\tNothing is published under this address any more."},
		{"410", "This page is gone\tIt was removed for good."},
		{"file", "No such file\tNo package with this id is published."},
		{"large", "Too large to answer here\tThe catalogue is too large for this server to describe so old a " +
			"package. <code>/find</code> and <code>/download</code> answer the same question for one operating " +
			"system and stability."},
		{"package", "No such package\tNo package matches this request."},
		{"foot", foot(spec)},
	}
	for _, p := range spec.Problems() {
		rows = append(rows, row{p.Param,
			fmt.Sprintf("This request cannot be answered\tThe parameter <code>%s</code> %s. Allowed: %s.",
				html.EscapeString(p.Param), html.EscapeString(p.Reason), html.EscapeString(p.Allowed))})
	}
	return sorted(rows)
}

// foot links to the newest release for each system, as many as a row can hold.
func foot(spec *lookup.Spec) string {
	text := ""
	for _, o := range spec.OSes() {
		link := fmt.Sprintf(`, <a href="%s">%s</a>`, spec.LatestPath(o, catalog.Release),
			html.EscapeString(spec.Title(o)))
		if len(text)+len(link) > MaxValue-100 {
			break
		}
		text += link
	}
	return ". The newest release for " + strings.TrimPrefix(text, ", ") + "."
}

func sorted(rows []row) []row {
	slices.SortFunc(rows, func(a, b row) int { return strings.Compare(a.key, b.key) })
	return rows
}
