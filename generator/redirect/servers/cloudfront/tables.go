package cloudfront

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/redirect"
)

// root is the value that the function reads first: the grammar of requests, and the top nodes of the tables. Its parts
// have an empty line between them:
//
//	fields, with tabs between; see fields
//	texts of packages, one on each line; see describer
//	top nodes of the table of packages by id
//	top nodes of the table of paths
//	top nodes of the tables of the first architecture by revision, by day and by version, then those of the next
type root struct {
	fields []string
	texts  []string
	trees  []*tree
}

// text returns the root with the current levels of the trees.
func (r root) text() string {
	parts := []string{strings.Join(r.fields, "\t"), strings.Join(r.texts, "\n")}
	for _, t := range r.trees {
		parts = append(parts, t.rows())
	}
	return strings.Join(parts, "\n\n")
}

// fit chooses the levels of the trees, so that the root fits into one value if that is possible. A level less is a read
// less. Each tree first gets its top node. Then the highest trees get a level less, as far as there is room.
func (r root) fit() {
	for _, t := range r.trees {
		t.level = max(len(t.levels)-1, 0)
	}
	for depth := 10; depth > 0; depth-- {
		for _, t := range r.trees {
			if t.level == depth {
				if t.level--; len(r.text()) > MaxValue {
					t.level++
				}
			}
		}
	}
}

// writeTables stores all tables and returns the value of the root.
func (s *store) writeTables(t *redirect.Table, o Options) string {
	spec := t.Index.Spec()
	d := describer{store: s, spec: spec}
	cells, numbers := s.cellTemplates(t)
	d.cells = numbers
	places := d.describe(t.Index)
	r := root{texts: d.texts}
	r.trees = append(r.trees, s.tree(idNodes, idRows(t, places), nil), s.tree(pathNodes, s.pathRows(t, o.Objects), nil))
	for _, arch := range spec.ArchIDs() {
		tables := s.steps(t.Index, arch, places)
		r.trees = append(r.trees, tables[:]...)
	}
	r.fields = fields(t, o, s.pages(t), cells, s.patterns(t))
	r.fit()
	for _, tree := range r.trees {
		tree.keep(s)
	}
	return r.text()
}

// HasEditions reports whether the function looks for the editions of other hosts, according to the root of production.
func HasEditions(root string) bool {
	host, _, _ := strings.Cut(root, "\t")
	return host != ""
}

// fields returns the fields of the root. function.js reads them in open.
func fields(t *redirect.Table, o Options, pages, cells, patterns string) []string {
	spec, urls := t.Index.Spec(), redirect.NewFileURLs(t.Index.Packages())
	var permalinks []string
	links := ""
	tables := lookup.NewTables(spec)
	for _, l := range tables.Permalinks {
		permalinks = append(permalinks, strings.Join(l[:], " "))
	}
	for _, l := range spec.Links {
		links += "\n" + l.Key + " " + l.URL.String()
	}
	flag := func(set bool) string {
		if set {
			return "1"
		}
		return ""
	}
	languages := t.Files.LanguagePattern() // of a folder of a language at the start of a path
	if languages != "" {
		languages = "^/(?:" + languages + ")/|"
	}
	return []string{
		o.Host, strings.Join(tables.Parameters, " "), strings.Join(permalinks, ";"), links,
		// The texts around the id in most URLs of files, and around the middle in the others; see redirect.FileURLs.
		urls.ByID.Before, urls.ByID.After, urls.Rest.Before, urls.Rest.After,
		flag(spec.IDs == catalog.HexIDs), // upper and lower case of an id mean the same
		flag(o.Objects == nil),           // the bucket may have further files
		flag(slices.ContainsFunc(t.Rules.Patterns(), func(r *redirect.Rule) bool { return r.Force })),
		patterns, pageNodes + pages, cellNodes + cells, // the starts of keys
		languages,
	}
}

// idRows returns the table of packages by id: the place of the description and, if it does not follow from the id, the
// middle of the file's URL. Hexadecimal ids are in base 64.
func idRows(t *redirect.Table, places map[*catalog.Package]ref) (rows []row) {
	urls := redirect.NewFileURLs(t.Index.Packages())
	for _, p := range t.Index.Packages() {
		r := row{key: p.ID, at: places[p], text: urls.Mid[p.ID]}
		if hex24RE.MatchString(r.text) {
			r.text = "!" + pack(r.text) // no URL starts with this in the middle: see redirect.NewFileURLs
		}
		if t.Index.Spec().IDs == catalog.HexIDs {
			r.key = pack(p.ID)
		}
		rows = append(rows, r)
	}
	return sorted(rows)
}

var hex24RE = regexp.MustCompile(`^[0-9a-f]{24}$`)

// pathRows returns the table of paths. A row has the rules with that source, with bars between them, and then the file
// at the path: "f" and the key of its object, or "d" and the key of the index.html of a folder. Without objects, the
// files are those that a build writes, and there are no keys: each file is at its own path. For example, the rows for a
// redirect, a folder of two files, and a page with a rule whose condition rarely holds are
//
//	/old         301? /new/
//	/docs        do/3f9ac1.html
//	/docs/a.pdf  fo/77c2d0.pdf
//	/store       id=7 302 /seven|do/90aa12.html
//
// The key of a row has no slash at its end, so "/docs" and "/docs/" are one row. "/docs/index.html" is another one.
// Records of packages have no rows: the function describes packages from their own table.
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
	records := records(t)
	file := func(path, object string) {
		if !internal(path) && !records[path] {
			for key, kind := range pathKeys(path) {
				entries[key] = append(entries[key], kind+object)
			}
		}
	}
	for path, object := range objects {
		file(path, object)
	}
	if objects == nil {
		for path := range t.Files.Pages {
			if !strings.HasSuffix(path, "/") { // a folder is there with index.html as well
				file(path, "")
			}
		}
	}
	var rows []row
	for key, list := range entries {
		r := row{key: key, text: strings.Join(list, "|")}
		rows = append(rows, r)
		switch n := len(key) + 1 + len(r.text); {
		case n > MaxValue && rules[key] == nil:
			s.Fail(nil, "the path %.80s and its object have %d bytes, CloudFront's limit is %d; shorten the path", key,
				n,
				MaxValue)
		case n > MaxValue:
			s.Fail(rules[key].Written(), "%d rules for %s have %d bytes, CloudFront's limit is %d; use fewer or "+
				"shorter "+
				"rules for one path, or remove cloudfront from servers", len(list), key, n, MaxValue)
		}
	}
	return sorted(rows)
}

// records returns the paths of the records of packages.
func records(t *redirect.Table) map[string]bool {
	paths := make(map[string]bool, len(t.Index.Packages()))
	for _, p := range t.Index.Packages() {
		paths[redirect.RecordPath(p)] = true
	}
	return paths
}

// internal reports whether a path is that of a part of pages, which is not meant to be requested.
func internal(path string) bool { return strings.HasPrefix(path, "/-/") }

// pathKeys returns the keys of a file's rows, with the kind of each: "f" for the file itself and, if it is the
// index.html of a folder, "d" for the folder.
func pathKeys(path string) map[string]string {
	path = redirect.EncodePath(path)
	if folder, ok := strings.CutSuffix(path, "/index.html"); ok {
		return map[string]string{path: "f", folder: "d"}
	}
	return map[string]string{path: "f"}
}

// patterns stores the patterns as a linked list of nodes and returns the hash of the first node, "" for no patterns.
// The function tries them in order. A node starts with the hash of the next node, if there is one. Then it has a line
// for each pattern, with tabs between the regular expression, the names of its groups and the rule:
//
//	9b8a7c6d
//	^/docs(?:/(.*))?$   splat   301? /d/:splat
func (s *store) patterns(t *redirect.Table) string {
	var nodes []string
	for _, r := range t.Rules.Patterns() {
		line := "\n" + strings.Join([]string{expression(r), strings.Join(r.Names(), " "), ruleText(t, r)}, "\t")
		if n := hashSize + len(line); n > MaxValue {
			s.Fail(r, "this pattern takes %d bytes in CloudFront's store, the limit is %d; shorten it, or remove "+
				"cloudfront from servers", n, MaxValue)
		}
		if n := len(nodes); n > 0 && hashSize+len(nodes[n-1])+len(line) <= MaxValue {
			nodes[n-1] += line
			continue
		}
		nodes = append(nodes, line)
	}
	next := ""
	for _, node := range slices.Backward(nodes) {
		next = s.put(patternNodes, next+node)
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

// sorted sorts rows by key and returns them.
func sorted(rows []row) []row {
	slices.SortFunc(rows, func(a, b row) int { return strings.Compare(a.key, b.key) })
	return rows
}
