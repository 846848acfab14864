package site_test

import (
	"bytes"
	"image/color"
	"image/png"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"github.com/Slicer/sitegen/generator/site"
)

// metas returns the content of the meta elements of a page by their name or property, and their media.
func metas(t *testing.T, page string) map[string]string {
	t.Helper()
	list := map[string]string{}
	for _, n := range find(parsed(t, page), func(n *html.Node) bool { return n.Data == "meta" }) {
		name := attr(n, "property") + attr(n, "name")
		if media := attr(n, "media"); media != "" {
			name += " " + media
		}
		list[name] = attr(n, "content")
	}
	delete(list, "")
	return list
}

func TestSharing(t *testing.T) {
	files := downloadSite(t, someReleases())
	want := map[string]string{
		"viewport":    "width=device-width,initial-scale=1",
		"description": "Packages, checksums and notes of Aurora 5.8.1.",
		"theme-color (prefers-color-scheme: light)": "#fff", "theme-color (prefers-color-scheme: dark)": "#0f1318",
		"og:type": "website", "og:site_name": "Aurora", "og:title": "Aurora 5.8.1",
		"og:description": "Packages, checksums and notes of Aurora 5.8.1.",
		"og:url":         "https://download.example.org/releases/5.8.1/",
		"og:image":       "https://download.example.org/releases/5.8.1/card.png",
		"og:image:width": "1200", "og:image:height": "630", "og:image:alt": "Aurora 5.8.1",
		"twitter:card": "summary_large_image",
	}
	if diff := cmp.Diff(want, metas(t, files["releases/5.8.1/index.html"])); diff != "" {
		t.Errorf("release (-want +got):\n%s", diff)
	}
	for _, path := range []string{"index.html", "api/index.html", "releases/index.html"} {
		if got := metas(t, files[path])["og:image"]; got != "https://download.example.org/card.png" {
			t.Errorf("%s: picture %s", path, got)
		}
	}
}

// TestCards checks that all pictures that pages refer to are published, in the colours of the site.
func TestCards(t *testing.T) {
	in := downloadInput(t, someReleases())
	in.Layouts = site.Overlay(folder{"assets/custom.css": ":root{--accent:#c0ffee}" +
		"@media (prefers-color-scheme: dark){:root{--accent:#abc;--bg:#123}}"}.fs(), in.Layouts)
	e, err := site.NewEdition(t.Context(), in, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"card.png", "releases/5.8.1/card.png", "releases/5.8.0/card.png",
		"releases/5.6.2/card.png"} {
		data, err := e.File(path)
		if err != nil {
			t.Fatal(err)
		}
		picture, err := png.Decode(bytes.NewReader(data))
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		if got := picture.At(600, 625); got != (color.RGBA{0xc0, 0xff, 0xee, 255}) {
			t.Errorf("%s: the line has the colour %v", path, got)
		}
	}
	page, err := e.File("index.html")
	if err != nil {
		t.Fatal(err)
	}
	if got := metas(t, string(page))["theme-color (prefers-color-scheme: dark)"]; got != "#123" {
		t.Errorf("dark colour %s", got)
	}
}
