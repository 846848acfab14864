package catalog_test

import (
	"strings"
	"testing"

	"github.com/Slicer/sitegen/generator/catalog"
)

func TestTemplate(t *testing.T) {
	p := &catalog.Package{
		ID: "a1", OS: "linux", Arch: "amd64", Revision: 345, Version: "3.1", Release: "3.1",
		ProductName: "Aurora Pro", FileName: "aurora-3.1.tar.gz", SHA512: "ab",
	}
	for _, tt := range []struct{ text, want, wantURL string }{
		{"https://example.org/{revision}/{os}", "https://example.org/345/linux", "https://example.org/345/linux"},
		{"{product}-{release}-{arch}.exe", "Aurora Pro-3.1-amd64.exe", "Aurora%20Pro-3.1-amd64.exe"},
		{"{id}{id}", "a1a1", "a1a1"},
		{"no field", "no field", "no field"},
		{"{sha256}.txt", "", ""}, // the SHA-256 is unknown
		{"", "", ""},
	} {
		tmpl, err := catalog.ParseTemplate(tt.text, catalog.AllFields())
		if err != nil {
			t.Errorf("%q: %v", tt.text, err)
			continue
		}
		if got := tmpl.Expand(p); got != tt.want {
			t.Errorf("%q: %q, want %q", tt.text, got, tt.want)
		}
		if got := tmpl.ExpandURL(p); got != tt.wantURL {
			t.Errorf("%q as a URL: %q, want %q", tt.text, got, tt.wantURL)
		}
		if tmpl.String() != tt.text {
			t.Errorf("%q is written as %q", tt.text, tmpl)
		}
	}
}

func TestTemplateErrors(t *testing.T) {
	for text, want := range map[string]string{
		"{revison}":  `no field "revison"; the fields are id, os, arch, revision, version, release`,
		"{name}":     `no field "name"`, // free text is not allowed in links
		"a{os":       "no closing one",
		"a}b{os}":    "no opening one",
		"{os}}":      "no opening one",
		"{{os}}":     `no field "{os"`,
		"{}":         `no field ""`,
		"x{os\n}":    `no field "os\n"`,
		"{os}{}{os}": `no field ""`,
	} {
		if _, err := catalog.ParseTemplate(text, catalog.SafeFields()); err == nil ||
			!strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}
