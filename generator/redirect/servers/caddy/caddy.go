// Package caddy compiles redirect tables for Caddy 2.6 and later, into a snippet that a site block of a Caddyfile
// imports.
//
// The snippet consists of map directives and a route. A map directive matches a text against regular expressions, or
// looks it up in a list, and sets placeholders, which Caddy computes when they are used. With maps, the snippet parses
// a query as lookup.Spec.Parse does and finds the newest package, a version or a revision. For
// /download?os=win&version=5.2:
//
//	{sitegen_state_0}       1              the parameter os is given and valid
//	{sitegen_problem}       (empty)        no parameter is invalid
//	{sitegen_finds}         version        how to select the package
//	{sitegen_id}            5f4ab7d0e1b…   its id, from the list of the versions of this platform
//	Location                /bitstream/5f4ab7d0e1b…
//
// Maps cannot find the last package "at or before" a day or revision, cannot count, as an offset requires, and cannot
// write an answer with several packages. The snippet answers such requests with status 501 and a page that links to the
// permalinks.
//
// Caddy searches a list from its start. Each platform has its own lists, and a request searches one of them.
package caddy

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/output"
	"github.com/Slicer/sitegen/generator/redirect"
	"github.com/Slicer/sitegen/generator/redirect/emulate"
)

// Server is Caddy.
type Server struct{}

// Name implements redirect.Server.
func (Server) Name() string { return "caddy" }

// Describe implements redirect.Server.
func (Server) Describe() redirect.Description {
	return redirect.Description{
		Title: "Caddy",
		Files: "`sitegen.caddyfile`; import it in a site block after `root`",
		Queries: "answered for the newest package, a version or a revision; status 501 for an offset, a date, a " +
			"closest revision, `/findall` and `/?QUERY`",
		Limits:  "none, but Caddy searches lists from the start: use no more than a few thousand rules",
		Headers: true,
		Reload:  "caddy reload --config /etc/caddy/Caddyfile",
	}
}

// fileName is the name of the snippet.
const fileName = "sitegen.caddyfile"

// Compile implements redirect.Server.
func (s Server) Compile(t *redirect.Table) *redirect.Compilation {
	w, c := &writer{}, &redirect.Compilation{Omitted: omitted()}
	w.WriteString(head)
	writeHeaders(w, t.Headers, c)
	q := &query{w, t.Index.Spec()}
	q.parameters()
	q.request()
	writePackages(w, t.Index)
	writeFiles(w, t.Index)
	writeRules(w, t.Rules)
	writeLanguages(w, t.Files)
	writeRoute(w, t.Index)
	c.Files = []output.File{redirect.File(s, fileName, w.Bytes())}
	return c
}

// omitted lists the requests that Caddy answers differently from the table.
func omitted() []redirect.Omission {
	return []redirect.Omission{
		{
			What: "an offset, date or closest-revision, /findall and /?QUERY: status 501 with a page that links to " +
				"the permalinks; Caddy's maps cannot count or search \"at or before\"",
			Covers: func(_ string, a redirect.Answer, got emulate.Reply) bool {
				return got.Status == http.StatusNotImplemented &&
					(a.API.Kind == lookup.Objects || a.API.Kind == lookup.Page || unsupported(&a.API.Query))
			},
		},
		{
			What: "/bitstream/<id>: status 404 if hexadecimal digits are in upper case",
			Covers: func(path string, a redirect.Answer, got emulate.Reply) bool {
				return a.API.Kind == lookup.Redirect && a.Permalink == "" && path != lookup.Location(a.API.Package) &&
					got.Status == http.StatusNotFound
			},
		},
		{
			What: "a folder without the slash at its end: the redirect has status 308 and drops the query",
			Covers: func(path string, a redirect.Answer, got emulate.Reply) bool {
				return a.Status == 0 && got.Status == http.StatusPermanentRedirect && got.Location() == path+"/"
			},
		},
		{
			What: "text of the path in the query of a rule's target: a rule does not match if the text contains " +
				"one of " +
				"$&+;= that is not percent-encoded",
			Covers: func(path string, a redirect.Answer, _ emulate.Reply) bool {
				return a.Rule != nil && a.Rule.UsesPath() && strings.ContainsAny(a.Rule.Target, "?#") &&
					strings.ContainsAny(path, "$&+;=")
			},
		},
		{
			What: "a value of a condition in a rule's target: a rule does not match if the value contains a plus " +
				"sign or " +
				"another character that must be percent-encoded and is not",
			Covers: func(_ string, a redirect.Answer, _ emulate.Reply) bool {
				return a.Rule != nil && slices.ContainsFunc(a.Rule.Conditions,
					func(c redirect.Condition) bool { return c.Placeholder != "" })
			},
		},
	}
}

// unsupported reports whether the lists of the snippet cannot answer a query.
func unsupported(q *lookup.Query) bool {
	return q.Offset != 0 || q.Finds == lookup.ByClosestRevision || q.Finds == lookup.ByDate
}

// writer writes the directives of the snippet.
type writer struct{ bytes.Buffer }

// line writes a line that is indented by depth tabs.
func (w *writer) line(depth int, format string, args ...any) {
	w.WriteString(strings.Repeat("\t", depth))
	fmt.Fprintf(w, format, args...)
	w.WriteByte('\n')
}

// section starts a part of the snippet with a comment.
func (w *writer) section(comment string) {
	w.WriteByte('\n')
	for l := range strings.Lines(comment) {
		w.WriteString("# " + strings.TrimSpace(l) + "\n")
	}
}

// mapping writes a map directive. Each row is an input followed by a value for each destination. Rows are written
// without quoting.
func (w *writer) mapping(source string, destinations []string, rows ...[]string) {
	w.line(0, "map %s %s {", quoted(source), strings.Join(destinations, " "))
	for _, row := range rows {
		w.line(1, "%s", strings.Join(row, " "))
	}
	w.line(0, "}")
}

// quoted returns text as a token of a Caddyfile. The text must not end in a backslash or contain a brace or a line end.
func quoted(text string) string { return `"` + strings.ReplaceAll(text, `"`, `\"`) + `"` }

// expression returns a regular expression as an input of a map. It must not contain a backquote.
func expression(re string) string { return "`~" + re + "`" }

const head = "# " + output.Mark + `: do not edit, the next build overwrites it.
#
# Import this file in a site block of a Caddyfile, after root:
#
#	download.example.org {
#		root * /srv/site/public
#		import /srv/site/redirects/caddy/` + fileName + `
#	}
`

// writePackages writes the lists of packages: one of versions and one of revisions for each platform, with a column of
// ids for each stability, and one of the newest packages. The keys of versions start with a v, because a version could
// be a keyword of Caddy, such as default. The versions of one platform:
//
//	map v{sitegen_version} {sitegen_version_amd64_win_release} … {
//		v5.2.2 5f4ab7d0… "" 5f4ab7d0…
//		v5.2 5f4ab7d0… "" 5f4ab7d0…
//		default "" "" ""
//	}
func writePackages(w *writer, x *lookup.Index) {
	w.section("The ids of packages: lists of the versions and revisions of each platform, then the newest packages.\n" +
		"The columns are releases, nightly builds and both.")
	var newest, found [][]string
	for _, pf := range x.Platforms() {
		name := platformName(pf)
		stabilities := catalog.Stabilities()
		columns := make([]*lookup.Table, len(stabilities))
		for i, s := range stabilities {
			columns[i] = x.Table(pf, s)
			if p := columns[i].Newest; p != nil {
				newest = append(newest, []string{quoted(name + " " + string(s)), p.ID})
			}
			for _, finds := range []string{"version", "revision"} {
				found = append(found, []string{quoted(finds + " " + name + " " + string(s)),
					placeholder(finds, name, string(s))})
			}
		}
		w.mapping("v{sitegen_version}", placeholders("version", name),
			columnRows(columns, func(t *lookup.Table) map[string]*catalog.Package {
				keyed := map[string]*catalog.Package{}
				for v, p := range t.Versions {
					keyed["v"+v] = p
				}
				return keyed
			})...)
		w.mapping("{sitegen_revision}", placeholders("revision", name),
			columnRows(columns, func(t *lookup.Table) map[string]*catalog.Package {
				keyed := map[string]*catalog.Package{}
				for _, s := range t.Revisions {
					if s.Package.Revision == s.From {
						keyed[fmt.Sprint(s.From)] = s.Package
					}
				}
				return keyed
			})...)
	}
	w.mapping("{sitegen_arch}_{sitegen_os} {sitegen_stability}", []string{"{sitegen_newest}"},
		append(newest, defaults(1))...)
	w.mapping("{sitegen_finds} {sitegen_arch}_{sitegen_os} {sitegen_stability}", []string{"{sitegen_id}"},
		append(found, []string{"default", quoted("{sitegen_latest}")})...)
	w.mapping("{sitegen_finds}", []string{"{sitegen_latest}"}, []string{"newest", quoted("{sitegen_newest}")},
		defaults(1))
}

// columnRows merges the tables of a platform into rows: a key and, for each table, the id of its package. The last row
// is the default.
func columnRows(tables []*lookup.Table, read func(*lookup.Table) map[string]*catalog.Package) [][]string {
	columns := make([]map[string]*catalog.Package, len(tables))
	keys := map[string]bool{}
	for i, t := range tables {
		columns[i] = read(t)
		for key := range columns[i] {
			keys[key] = true
		}
	}
	var rows [][]string
	for _, key := range slices.Backward(slices.Sorted(maps.Keys(keys))) { // newest first: they are requested most
		row := []string{key}
		for i := range columns {
			id := `""`
			if p := columns[i][key]; p != nil {
				id = p.ID
			}
			row = append(row, id)
		}
		rows = append(rows, row)
	}
	return append(rows, defaults(len(columns)))
}

// defaults returns the row of a map for all other inputs, with empty values.
func defaults(columns int) []string {
	return append([]string{"default"}, slices.Repeat([]string{`""`}, columns)...)
}

// platformName returns the name of a platform in the snippet, for instance amd64_win.
func platformName(pf catalog.Platform) string { return string(pf.Arch) + "_" + string(pf.OS) }

// placeholder returns the placeholder of the snippet for words: {sitegen_version_amd64_win_release}.
func placeholder(words ...string) string { return "{sitegen_" + strings.Join(words, "_") + "}" }

// placeholders returns the placeholders of a platform for all stabilities. finds is "version" or "revision".
func placeholders(finds, platform string) (list []string) {
	for _, s := range catalog.Stabilities() {
		list = append(list, placeholder(finds, platform, string(s)))
	}
	return list
}

// writeFiles writes the list of the files' URLs, for packages with a URL that cannot be derived from their id. See
// redirect.FileURLs.
func writeFiles(w *writer, x *lookup.Index) {
	urls := redirect.NewFileURLs(x.Packages())
	if len(urls.Mid) == 0 {
		return
	}
	w.section("The middle part of a file's URL, where the URL cannot be derived from the id of the package.")
	var rows [][]string
	for _, id := range slices.Sorted(maps.Keys(urls.Mid)) {
		rows = append(rows, []string{quoted("i" + id), quoted(urls.Mid[id])})
	}
	w.mapping("i{http.regexp.sitegen_bitstream.1}", []string{"{sitegen_file}"}, append(rows, defaults(1))...)
}
