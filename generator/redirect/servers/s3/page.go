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

// pageData is what page.html shows.
type pageData struct {
	Mark     template.HTML // which html/template would drop as a comment
	Systems  []systemLinks
	Examples []example
	Tables   pageTables
	Script   template.JS
}

// systemLinks are the permalinks of what is newest for a system.
type systemLinks struct{ Title, Release, Nightly string }

// example is a permalink to one package, as an example of those like it.
type example struct{ About, Path string }

// pageTables are the tables of lookup.Script, and the page's text for each problem.
type pageTables struct {
	lookup.Tables
	Problems map[string]string `json:"problems"`
}

// page is served at /download and /find: it explains, and looks the package up in the browser.
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

// examples lists the newest package's link for each permalink of another kind than the newest.
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

// lookupRows lists the packages, newest first, as lookup.js reads them.
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
	// A line for each package, so that a diff is readable.
	return []byte(strings.ReplaceAll(string(b), "],[", "],\n[") + "\n"), nil
}

// Served is a line of objects.jsonl for an object whose bytes are a file beside it.
type Served struct {
	Key          string `json:"key"`
	File         string `json:"file"` // in the folder of objects.jsonl
	ContentType  string `json:"content_type"`
	CacheControl string `json:"cache_control"`
}

// served lists the objects that replace what S3 cannot answer.
func served() []Served {
	const html = "text/html; charset=utf-8"
	return []Served{
		{"api/v1/lookup.json", "lookup.json", "application/json", moving},
		{"download", "download.html", html, moving},
		{"find", "download.html", html, moving},
	}
}
