package s3

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"strings"
	"unicode"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/output"
	"github.com/Slicer/sitegen/generator/redirect"
)

//go:embed lookup.js
var lookupScript string

//go:embed page.html
var pageHTML string

var pageTemplate = template.Must(template.New("page").Parse(pageHTML))

// pageData is the data of page.html.
type pageData struct {
	Mark     template.HTML // a comment, which html/template would remove from the template
	Systems  []systemLinks
	Examples []example
	Tables   pageTables
	Script   template.JS
}

// systemLinks holds the permalinks of the newest packages for a system.
type systemLinks struct{ Title, Release, Nightly string }

// example is an example of a kind of permalinks.
type example struct{ About, Path string }

// pageTables holds the tables for lookup.Script, and the page's text for each problem.
type pageTables struct {
	lookup.Tables
	Problems map[string]string `json:"problems"`
}

// page returns the page at /download and /find. It lists the permalinks, and its script finds the package of a query.
func page(x *lookup.Index, links []redirect.Link) ([]byte, error) {
	spec := x.Spec()
	d := pageData{
		Mark:   "<!-- " + output.Mark + " -->",
		Tables: pageTables{lookup.NewTables(spec), map[string]string{}},
		Script: template.JS(lookup.Script + "\n" + lookupScript),
	}
	for _, o := range spec.OSes() {
		d.Systems = append(d.Systems, systemLinks{spec.Title(o), spec.LatestPath(o, catalog.Release),
			spec.LatestPath(o, catalog.Nightly)})
	}
	for _, p := range spec.Problems() {
		d.Tables.Problems[p.Param] = p.Reason + "; allowed: " + p.Allowed
	}
	d.Examples = examples(spec, links)
	var b bytes.Buffer
	if err := pageTemplate.Execute(&b, d); err != nil {
		return nil, fmt.Errorf("write the page for queries: %w", err)
	}
	return b.Bytes(), nil
}

// examples returns an example for each kind of permalinks, except those of the newest packages.
func examples(spec *lookup.Spec, links []redirect.Link) []example {
	var list []example
	for _, l := range spec.Permalinks() {
		var newest *redirect.Link
		for i := range links {
			if k := &links[i]; k.Query.Finds != lookup.Newest && l.Matches(k.Path) &&
				(newest == nil || catalog.Compare(k.Package, newest.Package) < 0) {
				newest = k
			}
		}
		if newest != nil {
			about := []rune(l.About)
			about[0] = unicode.ToUpper(about[0])
			list = append(list, example{string(about), newest.Path})
		}
	}
	return list
}

// lookupRows returns lookup.json, the packages for lookup.js, newest first.
func lookupRows(x *lookup.Index) ([]byte, error) {
	rows := make([][]any, 0, len(x.Packages()))
	for _, p := range x.Packages() {
		kind := "n"
		switch {
		case p.Matches(catalog.Release):
			kind = "r"
		case p.Stability() == catalog.Release:
			kind = "p"
		}
		rows = append(rows, []any{p.ID, p.Arch, p.OS, p.Revision, p.Day(), p.Version, kind})
	}
	b, err := json.Marshal(rows)
	if err != nil {
		return nil, fmt.Errorf("write the packages for the browser: %w", err)
	}
	// One line for each package makes diffs readable.
	return []byte(strings.ReplaceAll(string(b), "],[", "],\n[") + "\n"), nil
}

// Served is a line of objects.jsonl for an object that is uploaded from a file.
type Served struct {
	Key          string `json:"key"`
	File         string `json:"file"` // path in the folder of objects.jsonl
	ContentType  string `json:"content_type"`
	CacheControl string `json:"cache_control"`
}

// served returns the objects that are files: the page at /download and /find, and the packages for its script.
func served() []Served {
	const html = "text/html; charset=utf-8"
	return []Served{
		{"api/v1/lookup.json", "lookup.json", "application/json", moving},
		{"download", "download.html", html, moving},
		{"find", "download.html", html, moving},
	}
}
