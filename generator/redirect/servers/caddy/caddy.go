// Package caddy writes the redirect table for Caddy 2.6 and later, as a snippet that is imported in a site block of a
// Caddyfile.
//
// Caddy's map handler takes a text apart by regular expressions, or looks it up in a list; its placeholders are
// computed when they are used. With these, the snippet reads a query as lookup.Spec.Parse does and finds what stands in
// lists: the newest package, versions, revisions. It cannot look up "at or before" a day or revision, which would need
// a list of all days, and it cannot count, which an offset needs; nor can it compose an answer of several packages.
// Such requests are answered with status 501 and a page that offers the permalinks.
//
// A list is searched from its start. Each platform has lists of its own, and a request searches one of them.
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
		Files: "`sitegen.caddyfile`, to be imported in a site block after `root`",
		Queries: "answered for the newest, a version or a revision; 501 with an offset, a date or a closest " +
			"revision, for `/findall` and for `/?QUERY`",
		Limits: "none, but lists are searched from their start: some thousand rules",
	}
}

// fileName is the snippet.
const fileName = "sitegen.caddyfile"

// Compile implements redirect.Server.
func (s Server) Compile(t *redirect.Table) *redirect.Compilation {
	w := &writer{}
	w.WriteString(head)
	q := &query{w, t.Index.Spec()}
	q.parameters()
	q.request()
	writePackages(w, t.Index)
	writeFiles(w, t.Index)
	writeRules(w, t.Rules)
	writeRoute(w, t.Index)
	return &redirect.Compilation{Files: []output.File{redirect.File(s, fileName, w.Bytes())}, Omitted: omitted()}
}

// omitted lists the requests that Caddy answers differently from the table.
func omitted() []redirect.Omission {
	return []redirect.Omission{
		{
			What: "an offset, date or closest-revision, /findall and /?QUERY: Caddy's map cannot count and has no " +
				"\"at or before\"; status 501, and a page that offers the permalinks",
			Covers: func(_ string, a redirect.Answer, got emulate.Reply) bool {
				return got.Status == http.StatusNotImplemented &&
					(a.API.Kind == lookup.Objects || a.API.Kind == lookup.Page || unsupported(&a.API.Query))
			},
		},
		{
			What: "/bitstream/<id>: hexadecimal digits count in lower case only",
			Covers: func(path string, a redirect.Answer, got emulate.Reply) bool {
				return a.API.Kind == lookup.Redirect && a.Permalink == "" && path != lookup.Location(a.API.Package) &&
					got.Status == http.StatusNotFound
			},
		},
		{
			What: "a folder without the slash at its end: Caddy redirects with status 308, without the query",
			Covers: func(path string, a redirect.Answer, got emulate.Reply) bool {
				return a.Status == 0 && got.Status == http.StatusPermanentRedirect && got.Location() == path+"/"
			},
		},
	}
}

// unsupported reports whether a query needs more than lists.
func unsupported(q *lookup.Query) bool {
	return q.Offset != 0 || q.Finds == lookup.ByClosestRevision || q.Finds == lookup.ByDate
}

// writer writes the directives of the snippet.
type writer struct{ bytes.Buffer }

// line writes a line, indented.
func (w *writer) line(depth int, format string, args ...any) {
	w.WriteString(strings.Repeat("\t", depth))
	fmt.Fprintf(w, format, args...)
	w.WriteByte('\n')
}

// section begins a part of the snippet with a comment.
func (w *writer) section(comment string) {
	w.WriteByte('\n')
	for l := range strings.Lines(comment) {
		w.WriteString("# " + strings.TrimSpace(l) + "\n")
	}
}

// mapping writes a map: each row is an input and its outputs, written as they are.
func (w *writer) mapping(source string, destinations []string, rows ...[]string) {
	w.line(0, "map %s %s {", quoted(source), strings.Join(destinations, " "))
	for _, row := range rows {
		w.line(1, "%s", strings.Join(row, " "))
	}
	w.line(0, "}")
}

// quoted writes a token. Text with a backslash at its end, a brace or a line end must not come here.
func quoted(text string) string { return `"` + strings.ReplaceAll(text, `"`, `\"`) + `"` }

// expression writes the input of a map that is a regular expression. It must not have a backquote.
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

// writePackages writes the lists of packages, a set for each platform. Keys of versions begin with a letter, because a
// version could be a word of Caddy's, such as default.
func writePackages(w *writer, x *lookup.Index) {
	w.section("The newest package, by platform and stability; versions and revisions of a platform: for releases, " +
		"nightly builds and either.")
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

// columnRows merges the tables of a platform: a row for each key, with the package of each stability.
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
	for _, key := range slices.Backward(slices.Sorted(maps.Keys(keys))) { // the newest are requested most often
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

// defaults is the row of a map for everything else: nothing.
func defaults(columns int) []string {
	return append([]string{"default"}, slices.Repeat([]string{`""`}, columns)...)
}

func platformName(pf catalog.Platform) string { return string(pf.Arch) + "_" + string(pf.OS) }

// placeholder is the name of what a map of this snippet puts out.
func placeholder(words ...string) string { return "{sitegen_" + strings.Join(words, "_") + "}" }

func placeholders(finds, platform string) (list []string) {
	for _, s := range catalog.Stabilities() {
		list = append(list, placeholder(finds, platform, string(s)))
	}
	return list
}

// writeFiles writes where the files of packages are fetched whose URL does not follow from their id.
func writeFiles(w *writer, x *lookup.Index) {
	urls := redirect.NewFileURLs(x.Packages())
	if len(urls.Mid) == 0 {
		return
	}
	w.section("The part of a file's URL that does not follow from the id of its package.")
	var rows [][]string
	for _, id := range slices.Sorted(maps.Keys(urls.Mid)) {
		rows = append(rows, []string{quoted("i" + id), quoted(urls.Mid[id])})
	}
	w.mapping("i{http.regexp.sitegen_bitstream.1}", []string{"{sitegen_file}"}, append(rows, defaults(1))...)
}
