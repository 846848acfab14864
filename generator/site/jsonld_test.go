package site_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/site"
)

// linkedData returns the JSON-LD of a page.
func linkedData(t *testing.T, page string) map[string]any {
	t.Helper()
	scripts := find(parsed(t, page), func(n *html.Node) bool { return n.Data == "script" && attr(n, "src") == "" })
	if len(scripts) != 1 || attr(scripts[0], "type") != "application/ld+json" {
		t.Fatalf("%d scripts, want one of JSON-LD", len(scripts))
	}
	return decoded(t, scripts[0].FirstChild.Data)
}

func TestLinkedData(t *testing.T) {
	files := downloadSite(t, someReleases(), func(in *site.Input) { in.Category = "DesignApplication" })
	mac := map[string]any{
		"@type": "SoftwareApplication", "name": "Aurora", "softwareVersion": "5.8.1", "operatingSystem": "macOS",
		"processorRequirements": "amd64", "downloadUrl": "https://download.example.org/bitstream/" + id(5),
		"fileSize": "250 MB", "datePublished": "2020-07-30",
		"releaseNotes": "https://download.example.org/releases/5.8.1/",
		"url":          "https://download.example.org/releases/5.8.1/", "description": "Installers of Aurora.",
		"applicationCategory": "DesignApplication",
		"image":               "https://download.example.org/releases/5.8.1/card.png",
		"offers":              map[string]any{"@type": "Offer", "price": "0", "priceCurrency": "USD"},
	}
	for _, path := range []string{"index.html", "releases/5.8.1/index.html"} {
		data := linkedData(t, files[path])
		graph := data["@graph"].([]any)
		if data["@context"] != "https://schema.org" || len(graph) != 3 {
			t.Errorf("%s: context %v, %d packages; want 3", path, data["@context"], len(graph))
		}
		if diff := cmp.Diff(mac, graph[1]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", path, diff)
		}
	}
}

// TestHostileNames checks that names from a source cannot become markup or an include, nor end a script.
func TestHostileNames(t *testing.T) {
	const hostile = `"'><script>alert(1)</script><!--#include virtual="/x" --></script>{{.}} javascript:$args`
	evil := func(p *catalog.Package) { p.Name, p.ProductName = hostile, hostile }
	files := downloadSite(t, []*catalog.Package{
		newPackage(1, onWindows, evil), newPackage(2, onMac, evil, nightly("5.13.0")),
		newPackage(3, onLinux, evil, preRelease),
	}, func(in *site.Input) { in.Project, in.Title, in.Description = hostile, hostile, hostile })

	shown := 0
	for _, path := range slices.Sorted(maps.Keys(files)) {
		switch {
		case strings.HasSuffix(path, ".html"):
			page := parsed(t, files[path])
			for _, script := range find(page, func(n *html.Node) bool { return n.Data == "script" }) {
				if attr(script, "type") != "application/ld+json" && !strings.HasPrefix(attr(script, "src"), "/assets/") {
					t.Errorf("%s: a name became the script %q", path, textOf(script))
				}
			}
			// The web server runs includes only in these files, but wherever they occur, even inside of an attribute.
			if strings.HasPrefix(path, "-/") && strings.Contains(files[path], `<!--#include virtual="/x"`) {
				t.Errorf("%s: a name became an include", path)
			}
			shown += strings.Count(textOf(page), "<script>alert(1)</script>")
		case strings.HasSuffix(path, ".json") && !strings.HasPrefix(path, "-/findall/"):
			if !json.Valid([]byte(files[path])) || strings.Contains(files[path], "<") {
				t.Errorf("%s: not JSON, or has a < that is not escaped: %s", path, files[path])
			}
		}
	}
	if shown == 0 {
		t.Error("no page shows the name as text")
	}
	graph := linkedData(t, files["index.html"])["@graph"].([]any)
	if got := graph[0].(map[string]any)["name"]; got != hostile {
		t.Errorf("name in the JSON-LD is %q, want it unchanged", got)
	}
	release := decoded(t, files["api/v1/releases.json"])["releases"].([]any)[0].(map[string]any)
	if got := release["packages"].([]any)[0].(map[string]any); got["product"] != hostile || got["filename"] != nil {
		t.Errorf("product %q, filename %v; want the product unchanged and no file name",
			got["product"], got["filename"])
	}
}
