package s3

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/lookup"
)

//go:embed lookup.js
var lookupScript string

//go:embed page.html
var pageTemplate string

// page is served at /download and /find: it explains, and looks the package up in the browser.
func page() []byte {
	return []byte(strings.Replace(pageTemplate, "/*lookup.js*/\n", lookupScript, 1))
}

// lookupRows is what the page looks packages up in: the packages, newest first, as lookup.js reads them.
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
	// A line for each package, for whoever reads what changed.
	return []byte(strings.ReplaceAll(string(b), "],[", "],\n[") + "\n"), nil
}

// Served is a line of objects.jsonl for an object whose bytes are a file beside it.
type Served struct {
	Key          string `json:"key"`
	File         string `json:"file"` // in the folder of objects.jsonl
	ContentType  string `json:"content_type"`
	CacheControl string `json:"cache_control"`
}

// served are the objects that stand in for what S3 cannot answer.
func served() []Served {
	const html = "text/html; charset=utf-8"
	return []Served{
		{"api/v1/lookup.json", "lookup.json", "application/json", moving},
		{"download", "download.html", html, moving},
		{"find", "download.html", html, moving},
	}
}
