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
	"github.com/Slicer/sitegen/generator/redirect"
)

// root is the entry that the function reads first: the grammar of requests, and the hashes of the tables' top nodes.
// function.js and lookup.Script read it.
type root struct {
	lookup.Tables
	Titles    []string    `json:"titles"`    // of systems, in the order of the API
	Links     [][2]string `json:"links"`     // key in the package object, template of the URL
	Hex       bool        `json:"hex"`       // ids are hexadecimal; upper and lower case mean the same
	ByID      [2]string   `json:"byid"`      // the text around the id in most URLs of files; redirect.FileURLs.ByID
	Rest      [2]string   `json:"rest"`      // the text around the middle in the others; redirect.FileURLs.Rest
	IDs       string      `json:"ids"`       // table of packages
	Host      string      `json:"host"`      // the host of production; "" if there are no other editions
	Objects   bool        `json:"objects"`   // the table of paths has the objects of all files
	Paths     string      `json:"paths"`     // table of paths: files, and rules with an exact source
	Patterns  string      `json:"patterns"`  // first node of the list of patterns
	Forced    bool        `json:"forced"`    // some pattern comes before files
	Messages  string      `json:"messages"`  // table of error pages
	Platforms string      `json:"platforms"` // table of platforms: the hashes of each platform's own tables
}

// writeTables stores all tables except the table of packages. It returns the root without the hash of that table.
func (s *store) writeTables(t *redirect.Table, o Options) root {
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
	r.Host, r.Objects = o.Host, o.Objects != nil
	r.Paths = s.table("e", s.pathRows(t, o.Objects))
	r.Patterns = s.patterns(t)
	r.Forced = slices.ContainsFunc(t.Rules.Patterns(), func(r *redirect.Rule) bool { return r.Force })
	r.Messages = s.table("m", messages(spec))
	return r
}

// writeRoot stores the root.
func (s *store) writeRoot(r root) { s.set(RootKey(""), s.text(encode(r))) }

// text stores a text of any length and returns the value of its first piece. Each piece starts with the hash of the
// next one; the last piece starts with noTable. For example, a text of three pieces A, B and C, with the hashes b and
// c, is returned as "bA" and stored as
//
//	t/b   cB
//	t/c   --------C
//
// The root of most catalogues is one piece, and the function reads it at once.
func (s *store) text(data []byte) string {
	pieces := slices.Collect(slices.Chunk(data, MaxValue-len(noTable)))
	next := noTable
	for _, piece := range slices.Backward(pieces[1:]) {
		next = s.put("t", next+string(piece))
	}
	return next + string(pieces[0])
}

// encode returns v as JSON.
func encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // cannot happen: v consists of strings, numbers, slices and maps
	}
	return b
}

// platform stores the six tables of one platform and returns their hashes, concatenated. The tables 0, 1 and 2 find
// packages of any stability and nightly builds, by revision, by day and by version. The tables 3, 4 and 5 find releases
// in the same three ways.
//
// A value refers to a package by its id and revision: "6aa1db04ce9de556d30112bb 35182". In the tables 0 to 2, this is
// the package of any stability. If the nightly build is another package, a comma and its reference follow.
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

// stepRows merges the step functions of several stabilities into one table. It has a row for each key at which one of
// the functions changes. For example, with these steps by revision:
//
//	any       100: package A    120: package B
//	nightly   100: package A    110: package C
//
// the rows are
//
//	0000100   A
//	0000110   A,C
//	0000120   B,C
//
// A request for the nightly build at or before revision 115 finds the row 0000110 and takes its second package, C.
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

// versionRows merges the tables by version of several stabilities. The first of tables contains every version.
func versionRows(tables []*lookup.Table) []row {
	var rows []row
	for _, v := range slices.Sorted(maps.Keys(tables[0].Versions)) {
		current := make([]*catalog.Package, len(tables))
		for i, t := range tables {
			current[i] = t.Versions[v]
		}
		rows = append(rows, row{v, refs(current)})
	}
	return rows
}

// refs returns references to one or two packages, with a comma between them. It omits the second if it is the same.
func refs(packages []*catalog.Package) string {
	first := ref(packages[0])
	if len(packages) == 1 || packages[1] == packages[0] {
		return first
	}
	return first + "," + ref(packages[1])
}

// ref returns a reference to a package: its id and revision. It is "" for no package.
func ref(p *catalog.Package) string {
	if p == nil {
		return ""
	}
	return p.ID + " " + strconv.Itoa(p.Revision)
}

// idRow returns the row of a package in the table of packages. Its first field is the middle of the file's URL, which
// is empty if the URL can be derived from the id. If whole is set, the fields of the package object follow, except
// those that the reference to the package already contains.
func idRow(p *catalog.Package, middle string, whole bool) row {
	if !whole {
		return row{p.ID, middle}
	}
	day, release := p.Day(), p.Release
	if strings.HasPrefix(p.BuildDate, day) {
		day = ""
	}
	if release != "" && release == p.Version {
		release = "=" // means "the same as the version"; no release is named so, see catalog.ValidVersion
	}
	fields := []string{middle, p.SHA512, p.Name, p.ProductName, p.BuildDate, day, strconv.FormatInt(p.Size, 10),
		release, p.Version}
	if p.SHA256 != "" {
		fields = append(fields, p.SHA256)
	}
	return row{p.ID, strings.Join(fields, "\t")}
}

// pathRows returns the table of paths. A row has the rules with that source, with bars between them, and then the file
// at the path: "f" and the key of its object, or "d" and the key of the index.html of a folder. Without objects, there
// are only files that come before a rule without "!", and no keys. For example, the rows for a redirect, a folder of two
// files, and a page with a rule whose condition rarely holds are
//
//	/old         301? /new/
//	/docs        do/3f9ac1.html
//	/docs/a.pdf  fo/77c2d0.pdf
//	/store       id=7 302 /seven|do/90aa12.html
//
// The key of a row has no slash at its end, so "/docs", "/docs/" and "/docs/index.html" are one row.
func (s *store) pathRows(t *redirect.Table, objects map[string]string) []row {
	rules := map[string]*redirect.Rule{}
	entries := map[string][]string{}
	for _, source := range t.Rules.Sources() {
		key := strings.TrimSuffix(redirect.EncodePath(source), "/")
		rules[key] = t.Rules.Exact(source)[0]
		for _, rule := range t.Rules.Exact(source) {
			entries[key] = append(entries[key], ruleText(t, rule))
		}
	}
	if objects == nil {
		for path := range t.Files.Pages {
			if !strings.HasSuffix(path, "/index.html") && t.Rules.Yields(path) {
				key, kind := pathKey(path)
				entries[key] = append(entries[key], kind)
			}
		}
	}
	for path, object := range objects {
		if !internal(path) {
			key, kind := pathKey(path)
			entries[key] = append(entries[key], kind+object)
		}
	}
	var rows []row
	for key, list := range entries {
		r := row{key, strings.Join(list, "|")}
		rows = append(rows, r)
		switch n := r.size(); {
		case n > MaxValue && rules[key] == nil:
			s.Fail(nil, "the path %.80s and its object have %d bytes, CloudFront's limit is %d; shorten the path", key, n,
				MaxValue)
		case n > MaxValue:
			s.Fail(rules[key].Written(), "%d rules for %s have %d bytes, CloudFront's limit is %d; use fewer or shorter "+
				"rules for one path, or remove cloudfront from servers", len(list), key, n, MaxValue)
		}
	}
	return sorted(rows)
}

// internal reports whether a path is that of a part of pages, which is not meant to be requested.
func internal(path string) bool { return strings.HasPrefix(path, "/-/") }

// pathKey returns the key of a file's row, and its kind: "d" for the index.html of a folder, "f" for another file.
func pathKey(path string) (key, kind string) {
	path = redirect.EncodePath(path)
	if folder, ok := strings.CutSuffix(strings.TrimSuffix(path, "index.html"), "/"); ok {
		return folder, "d"
	}
	return path, "f"
}

// patterns stores the patterns as a linked list of nodes and returns the hash of the first node. The function tries
// them in order. A node starts with the hash of the next node. Then it has a line for each pattern, with tabs between
// the regular expression, the names of its groups and the rule:
//
//	9b8a7c6d
//	^/docs(?:/(.*))?$   splat   301? /d/:splat
func (s *store) patterns(t *redirect.Table) string {
	var nodes []string
	for _, r := range t.Rules.Patterns() {
		line := "\n" + strings.Join([]string{expression(r), strings.Join(r.Names(), " "), ruleText(t, r)}, "\t")
		if n := len(noTable) + len(line); n > MaxValue {
			s.Fail(r, "this pattern takes %d bytes in CloudFront's store, the limit is %d; shorten it, or remove "+
				"cloudfront from servers", n, MaxValue)
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

// ruleText returns a rule without its source: "[name=value …] status[!][?] [target]". An exclamation mark means that
// the rule comes before files, a question mark that it passes the query on.
func ruleText(t *redirect.Table, r *redirect.Rule) string {
	var words []string
	for _, c := range r.Conditions {
		value := c.Value
		if c.Placeholder != "" {
			value = ":" + c.Placeholder
		}
		words = append(words, c.Name+"="+value)
	}
	status := strconv.Itoa(r.Status)
	if r.Force {
		status += "!"
	}
	if r.PassesQuery() {
		status += "?"
	}
	words = append(words, status)
	name := func(name string) string { return ":" + name }
	switch target := r.Expand(name); {
	case r.Moved():
		words = append(words, target)
	case r.Status == 200:
		if r.Fixed() && t.Files.Pages[target+"/"] { // the function adds index.html to a path that ends in a slash
			target += "/"
		}
		words = append(words, r.ExpandText(redirect.EncodePath, name)+strings.TrimPrefix(target, r.Expand(name)))
	}
	return strings.Join(words, " ")
}

// expression returns a regular expression that matches the encoded paths of a pattern.
func expression(r *redirect.Rule) string {
	literal := func(text string) string { return regexp.QuoteMeta(redirect.EncodePath(text)) }
	return "^" + r.ExprOf(literal, "[^/]", ".") + "$"
}

// messages returns the texts of the error pages. A value is the title of a page and, after a tab, a sentence in HTML.
// The row "foot" is the end of all pages.
func messages(spec *lookup.Spec) []row {
	rows := []row{
		{"404", "Page not found\tNothing is published at this address."},
		{"410", "Page removed\tThis page has been removed permanently."},
		{"file", "File not found\tNo package with this id is published."},
		{"large", "Request not supported\tThe catalogue is too large for this server to describe a package this old. " +
			"For one operating system and stability, use <code>/find</code> or <code>/download</code>."},
		{"package", "Package not found\tNo package matches this request."},
		{"foot", foot(spec)},
	}
	for _, p := range spec.Problems() {
		rows = append(rows, row{p.Param,
			fmt.Sprintf("Invalid request\tThe parameter <code>%s</code> %s. Allowed: %s.",
				html.EscapeString(p.Param), html.EscapeString(p.Reason), html.EscapeString(p.Allowed))})
	}
	return sorted(rows)
}

// foot returns links to the newest release for each system, as many as a row can hold.
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
	return ". Download the newest release for " + strings.TrimPrefix(text, ", ") + "."
}

// sorted sorts rows by key and returns them.
func sorted(rows []row) []row {
	slices.SortFunc(rows, func(a, b row) int { return strings.Compare(a.key, b.key) })
	return rows
}
