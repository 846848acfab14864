package site_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/site"
)

// TestLinks checks one link at a time, which is in line 5 of content/x.md and whose URL starts at column 10.
func TestLinks(t *testing.T) {
	const api = "the download API refuses it: "
	tests := []struct{ link, want string }{ // want is "" for a valid link and starts with "?" for a warning
		{"/docs/", ""},
		{"/docs/#first-steps", ""},
		{"/docs/#own", ""},
		{"../docs/", ""},
		{"#here", ""},
		{"#top", ""},
		{"/#:~:text=Windows", ""},
		{"/docs/shot.png", ""},
		{"/docs/shot.png#what", ""},
		{"/releases.atom", ""},
		{"/releases/5.12.1/SHA512SUMS", ""},
		{"/docs/?q=1", ""},
		{"/d%6Fcs/", ""},
		{"https://download.example.org/docs/", ""},
		{"http://DOWNLOAD.example.org", ""},
		{"https://elsewhere.example/nowhere", ""},
		{"//elsewhere.example/nowhere", ""},
		{"mailto:someone@example.org", ""},
		{"/?os=win&stability=any", ""},
		{"?os=win", ""},
		{"/download?os=linux", ""},
		{"/find?os=macosx", ""},
		{"/findall", ""},
		{"/bitstream/000000000000000000000001", ""},
		{"/latest/linux", ""},
		{"/releases/5.12/win.json", ""},

		{"/doc/", `not a part of this site; did you mean "/docs/"?`},
		{"/docs", "not a part of this site; write /docs/"},
		{"/docs/index.html", "not a part of this site; write /docs/"},
		{"/docs.md", "not a part of this site; write /docs/"},
		{"../docs/index.md", "not a part of this site; write /docs/"},
		{"docs/", "not a part of this site"},
		{"https://download.example.org/quite/elsewhere/", "not a part of this site"},
		{"/-/error/404-package.html", "not a part of this site"},
		{"/docs/#frist-steps", `no element has the id "frist-steps"; did you mean "first-steps"?`},
		{"/x/#nope-at-all-here", `no element has the id "nope-at-all-here"`},
		{"#hree", `no element has the id "hree"; did you mean "here"?`},
		{"/download?os=windows", api + `os="windows" `},
		{"/find", api + "os is missing"},
		{"/?offset=x", api + "offset"},
		{"/download?os=win&version=9.9", "?no package matches it at present"},
		{"/bitstream/ffffffffffffffffffffffff", "?no such package is published at present"},
		{"/latest/win/nightly", "?no package matches it at present"},
		{"/revision/7/linux", "?no package matches it at present"},
		{"/latest/beos", "not a part of this site"},
		{"javascript:alert(1)", "link runs a script"},
		{"http://[::1", "link is not a URL"},
	}
	for _, tt := range tests {
		t.Run(tt.link, func(t *testing.T) {
			in := siteInput(t, folder{
				"x.md":          "---\ntitle: X\n---\n## Here\nA [link](" + tt.link + ").\n",
				"docs/index.md": "---\ntitle: Docs\n---\n## First steps\n<p id=own>\n",
				"docs/shot.png": "PNG",
			}, plain)
			_, warnings, err := site.Render(t.Context(), in)
			got := warnings.Error()
			want, isWarning := strings.CutPrefix(tt.want, "?")
			if !isWarning && len(warnings) > 0 {
				t.Errorf("warnings: %s", warnings)
			}
			if err != nil {
				got = err.Error()
			}
			if tt.want == "" && err != nil {
				t.Fatalf("refused: %v", err)
			}
			if isWarning == (err != nil) && tt.want != "" {
				t.Errorf("error %v, warnings %v", err, warnings)
			}
			if tt.want != "" && (!strings.HasPrefix(got, "content/x.md:5:10: link") || !strings.Contains(got, want) ||
				strings.Contains(got, "\n")) {
				t.Errorf("got  %s\nwant content/x.md:5:10: … %s …", got, want)
			}
		})
	}
}

// TestPlacesOfLinks checks that a finding has the place where the link is written, wherever that is.
func TestPlacesOfLinks(t *testing.T) {
	tests := []struct {
		name         string
		content, own folder
		notice, want string
	}{
		{"twice in a text, not in its code",
			folder{"x.md": "---\ntitle: X\n---\n`[a](/missing/)` and [a](/missing/)\n\n    [a](/missing/)\n\n- " +
				"[b](/missing/ \"title\")\n"}, plain, "",
			"content/x.md:4:26: link to /missing/: not a part of this site\n" +
				"content/x.md:8:7: link to /missing/: not a part of this site"},
		{"by reference", folder{"x.md": "---\ntitle: X\n---\n[a][1]\n\n[1]: /missing/\n"}, plain, "",
			"content/x.md:6:6: link to /missing/: not a part of this site"},
		{"a picture", folder{"x.md": "---\ntitle: X\n---\n![a](/missing.png)\n"}, plain, "",
			"content/x.md:4:6: link to /missing.png: not a part of this site"},
		{"an address in angle brackets",
			folder{"x.md": "---\ntitle: X\n---\n<https://download.example.org/missing/>\n"}, plain, "",
			"content/x.md:4:2: link to https://download.example.org/missing/: not a part of this site"},
		{"characters that are escaped", folder{"x.md": "---\ntitle: X\n---\n[a](</n ö/?a&b>)\n"}, plain, "",
			"content/x.md:4:6: link to /n%20%C3%B6/?a&b: not a part of this site"},
		{"raw HTML",
			folder{"x.md": "---\ntitle: X\n---\n<img src=\"/missing.png\"\n srcset=\"/no2.png 2x, /x/ 3x\">\n"},
			plain, "",
			"content/x.md:4:11: link to /missing.png: not a part of this site\n" +
				"content/x.md:5:10: link to /no2.png: not a part of this site"},
		{"no front matter", folder{"index.md": "\ufeff[a](/missing/)\n"}, nil, "",
			"content/index.md:1:5: link to /missing/: not a part of this site"},
		{"notes on a release", folder{"releases/5.12.1.md": "---\ntitle: x\n---\n\n[a](/missing/)\n"}, nil, "",
			"content/releases/5.12.1.md:5:5: link to /missing/: not a part of this site"},
		{"a layout, reported once for all its pages",
			folder{"x.md": "---\ntitle: X\n---\n", "y.md": "---\ntitle: Y\n---\n"},
			folder{"base.html": plain["base.html"],
				"page.html": "{{define \"main\"}}\n  <a href=\"/missing/\">x</a>{{end}}"}, "",
			"layouts/page.html:2:12: link to /missing/: not a part of this site"},
		{"a layout, made from data", folder{"x.md": "---\ntitle: X\n---\n", "y.md": "---\ntitle: X\n---\n"},
			folder{"base.html": plain["base.html"],
				"page.html": "{{define \"main\"}}<a href=\"/{{.Page.Title}}/missing/\">x</a>{{end}}"}, "",
			"layouts/page.html: link to /X/missing/: not a part of this site (on /x/ and 1 more)"},
		{"the notice", nil, nil, "See [there](/missing/).", "notice: link to /missing/: not a part of this site"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := siteInput(t, tt.content, tt.own)
			in.Notice = tt.notice
			if diff := cmp.Diff(tt.want, refused(t, in)); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}

// TestLinksOfManyPages checks that all pages are checked when several jobs render them.
func TestLinksOfManyPages(t *testing.T) {
	content, want := folder{}, []string{}
	for i := range 60 {
		name := fmt.Sprintf("page-%02d.md", i)
		content[name] = fmt.Sprintf("---\ntitle: X\n---\n[a](/page-%02d/#x%d)\n", i/2, i)
		want = append(want, fmt.Sprintf("content/%s:4:5: link to /page-%02d/#x%d: no element has the id \"x%d\"", name,
			i/2, i, i))
	}
	in := siteInput(t, content, plain)
	in.Jobs = 8
	if diff := cmp.Diff(strings.Join(want, "\n"), refused(t, in)); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}
