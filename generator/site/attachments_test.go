package site_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/Slicer/sitegen/generator/catalog"
)

// TestAttachments checks where the signature and the SBOM of a package are published: next to the file on the home page
// and the page of the release, in the feed, and in the JSON files. Packages without them have no links to them.
func TestAttachments(t *testing.T) {
	const signature, sbom = "https://get.example.org/a.exe.asc?a=1&b=2", "https://get.example.org/a.spdx.json"
	attached := func(p *catalog.Package) { p.Signature, p.SBOM = signature, sbom }
	files := downloadSite(t, []*catalog.Package{newPackage(1, onWindows, attached), newPackage(2, onWindows, attached),
		newPackage(3, onLinux), newPackage(4, onMac, nightly("5.13.0"))})
	for page, want := range map[string][]string{
		"index.html": {
			"Signature for Windows, 64-bit Intel and AMD, 5.12.2", "SBOM for Windows, 64-bit Intel and AMD, 5.12.2"},
		"releases/5.12.2/index.html": {"Signature for Windows, 64-bit Intel and AMD", "SBOM for Windows, 64-bit Intel and AMD"},
		"releases/5.12.3/index.html": nil,
		"-/cell/" + id(2) + ".html":  nil, // small: CloudFront keeps it in its store
		"-/home/win-release.html":    nil,
		"preview/index.html":         nil,
		"releases/5.12.1/index.html": {"Signature for Windows, 64-bit Intel and AMD", "SBOM for Windows, 64-bit Intel and AMD"},
	} {
		var got []string
		for n := range parsed(t, files[page]).Descendants() {
			if href := attr(n, "href"); href == signature || href == sbom {
				got = append(got, attr(n, "aria-label"))
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: links %q, want %q", page, got, want)
		}
	}
	content := readAtom(t, files["releases.atom"]).Entries[1].Content.HTML
	const links = `, <a href="https://get.example.org/a.exe.asc?a=1&amp;b=2">Signature</a>, ` +
		`<a href="https://get.example.org/a.spdx.json">SBOM</a></li>`
	if !strings.Contains(content, links) {
		t.Errorf("entry %s lacks %s", content, links)
	}
	releases := decoded(t, files["api/v1/releases.json"])["releases"].([]any)
	for n, want := range [][]any{{nil, nil}, {signature, sbom}} {
		p := releases[n].(map[string]any)["packages"].([]any)[0].(map[string]any)
		if got := []any{p["signature_url"], p["sbom_url"]}; !slices.Equal(got, want) {
			t.Errorf("package %v: %v, want %v", p["id"], got, want)
		}
	}
}
