// Package cloudfront writes the redirect table for CloudFront: a function that answers viewer requests, and the
// key-value store that it reads.
//
// The function does not change with the catalogue, the rules or the profile; all data are in the store. There, tables
// are trees whose nodes are named by their content (see store), so an update is safe in this order: put the new keys in
// any number of calls, put "root" in the last of them, and delete what the new store lacks when every edge has the new
// root (after seconds; the next update is early enough). A request during the update is answered from the old catalogue
// or from the new one, never from a mixture.
//
// A request reads the root, and two or three nodes for each table it needs.
package cloudfront

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/tdewolff/minify/v2"
	"github.com/tdewolff/minify/v2/js"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/output"
	"github.com/Slicer/sitegen/generator/redirect"
	"github.com/Slicer/sitegen/generator/redirect/emulate"
)

// MaxPatterns is the most patterns that the function tries, one after the other. A node holds about eight, and a
// request that nothing matches reads all nodes.
const MaxPatterns = 100

// Server is a CloudFront distribution.
type Server struct{}

// Name implements redirect.Server.
func (Server) Name() string { return "cloudfront" }

// Describe implements redirect.Server.
func (Server) Describe() redirect.Description {
	return redirect.Description{
		Title: "Amazon CloudFront",
		Files: "`function.js`, a function for viewer requests, and `keyvaluestore.json`, the import file of its " +
			"key-value store",
		Queries: "answered; beyond some 15,000 packages, `/findall` and `/?QUERY` answer 501 where they would " +
			"describe one of the oldest",
		Limits: "5 MB, some 58,000 packages; 100 patterns",
	}
}

// The files that are written.
const (
	functionFile = "function.js"
	storeFile    = "keyvaluestore.json"
)

// Compile implements redirect.Server.
func (s Server) Compile(t *redirect.Table) *redirect.Compilation { return s.compile(t, MaxStore) }

// compile is Compile for a store of at most limit bytes.
func (s Server) compile(t *redirect.Table, limit int) *redirect.Compilation {
	c := &redirect.Compilation{}
	function, err := compileFunction()
	if err != nil {
		c.Fail(nil, "%s", err)
		return c
	}
	data, left := compileStore(c, t, limit)
	if c.Err() != nil {
		return c
	}
	c.Omitted = []redirect.Omission{{
		What: "a path that is neither a file nor a folder and whose last part has no ending: status 301 to the " +
			"folder of that name, then 404",
		Covers: func(path string, a redirect.Answer, got emulate.Reply) bool {
			return a.Status == 0 && got.Status == http.StatusMovedPermanently && got.Location() == encodeURI(path)+"/"
		},
	}}
	if len(left) > 0 {
		c.Warn(nil, "cloudfront: /findall and /?QUERY are answered with a page of explanation where they would have "+
			"to describe one of the %d oldest of %d packages; "+
			"a key-value store holds %d bytes; /find and /download are not concerned", len(left),
			len(t.Index.Packages()), limit)
		c.Omitted = append(c.Omitted, redirect.Omission{
			What: fmt.Sprintf("/findall and /?QUERY, where one of the %d oldest packages would have to be described: "+
				"status 501, and a page that says why", len(left)),
			Covers: func(_ string, a redirect.Answer, got emulate.Reply) bool {
				return got.Status == http.StatusNotImplemented &&
					slices.ContainsFunc(a.API.Cells,
						func(cell lookup.Cell) bool { return cell.Package != nil && left[cell.Package.ID] })
			},
		})
	}
	c.Files = []output.File{redirect.File(s, storeFile, data), redirect.File(s, functionFile, function)}
	return c
}

//go:embed function.js
var source string

// compileFunction puts grammar and function together, and shortens them: without comments and blanks, with short names,
// and with one line for each function.
func compileFunction() ([]byte, error) {
	var b bytes.Buffer
	b.WriteString("// " + output.Mark + " from lookup/grammar.js and servers/cloudfront/function.js\n")
	// The runtime knows ES5 and a few things more: what is newer must not come in where the source does not have it.
	m := js.Minifier{Version: 5}
	if err := m.Minify(minify.New(), &b, strings.NewReader(lookup.Script+source), nil); err != nil {
		return nil, fmt.Errorf("shorten the CloudFront function: %w", err)
	}
	text := strings.NewReplacer(";async function", ";\nasync function", "}async function", "}\nasync function",
		"}function", "}\nfunction").Replace(b.String()) + "\n"
	if len(text) > MaxFunction {
		return nil, fmt.Errorf("the CloudFront function has %d bytes, CloudFront's limit is %d", len(text), MaxFunction)
	}
	return []byte(text), nil
}

// compileStore writes the import file of the key-value store. It leaves out the descriptions of as many of the oldest
// packages, releases last, as do not fit into limit bytes; left has their ids. Limits that are passed are errors in c.
func compileStore(c *redirect.Compilation, t *redirect.Table, limit int) (data []byte, left map[string]bool) {
	if patterns := t.Rules.Patterns(); len(patterns) > MaxPatterns {
		c.Fail(patterns[MaxPatterns], "%d rules are patterns, the limit for CloudFront is %d; write the others as "+
			"exact paths, or leave cloudfront out of servers",
			len(patterns), MaxPatterns)
		return nil, nil
	}
	fixed := store{Compilation: c}
	r := fixed.writeTables(t)
	order := byImportance(t.Index.Packages())
	for keep := len(order); ; {
		s := store{Compilation: c, pairs: slices.Clone(fixed.pairs)}
		rows, left := idRows(t, order, keep)
		r.IDs = s.table("i", rows)
		s.writeRoot(r)
		if c.Err() != nil {
			return nil, nil
		}
		if data = importFile(s.pairs); len(data) <= limit {
			return data, left
		}
		if keep == 0 {
			c.Fail(nil, "the CloudFront store of %d packages and %d rules has %d bytes, CloudFront's limit is %d; "+
				"publish fewer nightly builds, or leave cloudfront out of servers",
				len(order), len(t.Rules.All()), len(data), limit)
			return nil, nil
		}
		// A description takes 300 bytes or so; ask for a little too few, and again.
		keep = max(0, keep-max(1, (len(data)-limit)/400))
	}
}

// byImportance orders packages by how likely they are to be requested: releases first, then the newest.
func byImportance(packages []*catalog.Package) []*catalog.Package {
	order := slices.Clone(packages)
	slices.SortStableFunc(order, func(a, b *catalog.Package) int {
		return strings.Compare(string(b.Stability()), string(a.Stability())) // "release" is after "nightly"
	})
	return order
}

// idRows makes the table of packages, with the descriptions of the first keep of them. One that does not fit into a
// value is left out as well.
func idRows(t *redirect.Table, order []*catalog.Package, keep int) (rows []row, left map[string]bool) {
	urls := redirect.NewFileURLs(t.Index.Packages())
	left = map[string]bool{}
	for i, p := range order {
		r := idRow(p, urls.Mid[p.ID], true)
		if i >= keep || r.size() > MaxValue {
			r = idRow(p, urls.Mid[p.ID], false)
			left[p.ID] = true
		}
		rows = append(rows, r)
	}
	return sorted(rows), left
}

// importFile writes the import format, a line for each key, sorted.
func importFile(pairs []pair) []byte {
	slices.SortFunc(pairs, func(a, b pair) int { return strings.Compare(a.Key, b.Key) })
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	b.WriteString("{\"data\":[\n")
	for i, p := range pairs {
		if i > 0 {
			b.Truncate(b.Len() - 1)
			b.WriteString(",\n")
		}
		_ = enc.Encode(p) // strings into memory: cannot fail
	}
	b.WriteString("]}\n")
	return b.Bytes()
}
