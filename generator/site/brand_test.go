package site_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/site"
)

// TestBrandSheet checks the style sheet made from the colours and the font of a site.
func TestBrandSheet(t *testing.T) {
	for _, tc := range []struct {
		name     string
		brand    site.Brand
		want     string // the style sheet
		warnings string
	}{
		{"nothing", site.Brand{}, "", ""},
		{"a font", site.Brand{Font: "Inter, sans-serif"}, ":root{--font:Inter, sans-serif}", ""},
		{"both colours", site.Brand{Accent: "#0f766e", AccentDark: "#5eead4"},
			":root{--accent:#0f766e;--accent-hover:#0c5e58;--on-accent:#ffffff}" +
				"@media(prefers-color-scheme:dark){:root{--accent:#5eead4;--accent-hover:#7eeedd;--on-accent:#000000}}", ""},
		{"a dark colour made from the light one", site.Brand{Accent: "#7a1fa2"},
			":root{--accent:#7a1fa2;--accent-hover:#621982;--on-accent:#ffffff}" +
				"@media(prefers-color-scheme:dark){:root{--accent:#a96dc3;--accent-hover:#ba8acf;--on-accent:#000000}}", ""},
		{"too little contrast", site.Brand{Accent: "#5eead4", AccentDark: "#0f766e"},
			":root{--accent:#5eead4;--accent-hover:#7eeedd;--on-accent:#000000}" +
				"@media(prefers-color-scheme:dark){:root{--accent:#0f766e;--accent-hover:#0c5e58;--on-accent:#ffffff}}",
			"sitegen.yaml:4:11: colors.accent #5eead4 has a contrast of 1.3 to the background; text needs 4.5 (WCAG AA)\n" +
				"sitegen.yaml:5:16: colors.accent_dark #0f766e has a contrast of 3.1 to the background; " +
				"text needs 4.5 (WCAG AA)\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			in := downloadInput(t, someReleases())
			in.Brand = tc.brand
			in.AccentAt = fault.Place{File: "sitegen.yaml", Line: 4, Col: 11}
			in.AccentDarkAt = fault.Place{File: "sitegen.yaml", Line: 5, Col: 16}
			files, warnings, err := site.Render(t.Context(), in)
			if err != nil {
				t.Fatal(err)
			}
			var text strings.Builder
			for _, w := range warnings {
				text.WriteString(w.String() + "\n")
			}
			if diff := cmp.Diff(tc.warnings, text.String()); diff != "" {
				t.Errorf("warnings (-want +got):\n%s", diff)
			}
			got := ""
			for _, f := range files {
				if strings.HasPrefix(f.Path, "assets/brand.") {
					got = strings.ReplaceAll(string(f.Data), " (", "(")
				}
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("style sheet (-want +got):\n%s", diff)
			}
		})
	}
}

// TestPictures checks where the logo and the icon of a page come from: the configuration, the layouts of the site, and
// the built-in layouts, which have an icon and no logo.
func TestPictures(t *testing.T) {
	own := folder{"assets/logo.svg": "<svg/>", "assets/icon.png": "\x89PNG"}
	configured := site.Brand{Logo: site.Picture{Name: "logo.png", Data: []byte("\x89PNG")},
		Icon: site.Picture{Name: "icon.svg", Data: []byte("<svg>1</svg>")}}
	for _, tc := range []struct {
		name       string
		brand      site.Brand
		own        folder
		logo, icon string // beginnings of the URLs
		media      string // type of the icon
	}{
		{"built-in", site.Brand{}, folder{}, "", "/assets/icon.", "image/svg+xml"},
		{"layouts", site.Brand{}, folder{"assets/logo.png": "\x89PNG"}, "/assets/logo.", "/assets/icon.", "image/svg+xml"},
		{"configuration", configured, own, "/assets/logo.", "/assets/icon.", "image/svg+xml"},
		{"icon of type PNG", site.Brand{Icon: site.Picture{Name: "icon.png", Data: []byte("\x89PNG")}}, folder{}, "",
			"/assets/icon.", "image/png"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			page := parsed(t, downloadSite(t, someReleases(), func(in *site.Input) {
				if in.Brand = tc.brand; tc.brand.Logo.Name == "" {
					in.BuiltIn = in.Layouts // no file of the site is unused
				}
				in.Layouts = site.Overlay(tc.own.fs(), in.Layouts)
			})["index.html"])
			logo, icon, media := "", "", ""
			for n := range page.Descendants() {
				switch {
				case n.Data == "img" && strings.Contains(attr(n, "src"), "logo"):
					logo = attr(n, "src")
				case n.Data == "link" && attr(n, "rel") == "icon":
					icon, media = attr(n, "href"), attr(n, "type")
				}
			}
			if !strings.HasPrefix(logo, tc.logo) || tc.logo == "" && logo != "" || !strings.HasPrefix(icon, tc.icon) ||
				media != tc.media {
				t.Errorf("logo %q, icon %q of type %s, want %q, %q, %s", logo, icon, media, tc.logo, tc.icon, tc.media)
			}
		})
	}
}
