package site_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/fault"
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
		{"#", ""},
		{"#top", ""},
		{"#TOP", ""},
		{"/docs/#", ""},
		{"/docs/#t%6Fp", ""},
		{"/docs/#old", ""},
		{"/docs/#100%", ""},
		{"/docs/#100%25", ""},
		{"/docs/#a%20b", ""},
		{"/docs/#Caf%C3%A9", ""},
		{"/docs/#Café", ""},
		{"/docs/#own:~:text=Windows", ""},
		{"/#:~:text=Windows", ""},
		{"/docs/shot.png", ""},
		{"/docs/shot.png#what", ""},
		{"/releases.atom", ""},
		{"/releases/5.12.1/SHA512SUMS", ""},
		{"/docs/?q=1", ""},
		{"/download-stats/", ""},
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
		{"/docs", "?a redirect; write /docs/"},
		{"/docs?q=1#own", "?a redirect; write /docs/?q=1#own"},
		{"/docs#nope-at-all-here", `no element has the id "nope-at-all-here"`},
		{"/docs/index.html", "?a second address of the page; write /docs/"},
		{"/docs/shot.png/", "not a part of this site"},
		{"/docs.md", "not a part of this site; write /docs/"},
		{"../docs/index.md", "not a part of this site; write /docs/"},
		{"docs/index.md", "not a part of this site; write /docs/"},
		{"./docs/index.md#first-steps", "not a part of this site; write /docs/#first-steps"},
		{"docs/none.md", "not a part of this site"},
		{"docs/", "not a part of this site"},
		{"https://download.example.org/quite/elsewhere/", "not a part of this site"},
		{"/-/error/404-package.html", "not a part of this site"},
		{"/docs/#frist-steps", `no element has the id "frist-steps"; did you mean "first-steps"?`},
		{"/x/#nope-at-all-here", `no element has the id "nope-at-all-here"`},
		{"/docs/#Own", `no element has the id "Own"; did you mean "own"?`},
		{"/docs/#field", `no element has the id "field"`},
		{"/docs/#nope-at-all-here:~:text=x", `no element has the id "nope-at-all-here"`},
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
				"x.md": "---\ntitle: X\n---\n## Here\nA [link](" + tt.link + ").\n",
				"docs/index.md": "---\ntitle: Docs\n---\n## First steps\n<p id=own><a name=old></a>" +
					"<a id='100%'></a><a id='a b'></a><a id=Café></a><input name=field>\n",
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
		{"the notice", nil, nil, "See [there](/missing/).",
			"sitegen.yaml:7:9: notice: link to /missing/: not a part of this site"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := siteInput(t, tt.content, tt.own)
			in.Notice, in.NoticeAt = tt.notice, fault.Place{File: "sitegen.yaml", Line: 7, Col: 9}
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

// TestLinksToRules checks links to what the server answers besides the files of the site. The link is in line 4 of
// content/x.md, and its URL starts at column 5.
func TestLinksToRules(t *testing.T) {
	at := fault.Place{File: "rules.txt", Line: 7}
	moved := func(target string) site.RuleAnswer {
		return site.RuleAnswer{Status: 302, Target: target, Lasts: true, Known: true, At: at}
	}
	computed := func(target string) site.RuleAnswer {
		a := moved(target)
		a.Known = false
		return a
	}
	rules := map[string]site.RuleAnswer{
		"/old":        moved("/docs/"),
		"/old-part":   moved("/docs/#own"),
		"/older":      moved("/old"),
		"/forum":      moved("https://forum.example/a"),
		"/host":       moved("https://download.example.org/docs/"),
		"/latest":     moved("/download?os=win"),
		"/typo":       moved("/nowhere/"),
		"/go/typo":    computed("/nowhere/"),
		"/go/part":    computed("/docs/#nope"),
		"/loop":       moved("/loop"),
		"/app":        {Status: 200, Target: "/docs/", Lasts: true, Known: true, At: at},
		"/go/app":     {Status: 200, Target: "/nowhere/", Lasts: true, At: at},
		"/gone":       {Status: 410, Lasts: true, At: at},
		"/docs/":      moved("/"),
		"/forced/":    {Status: 301, Target: "/docs/", Force: true, Lasts: true, Known: true, At: at},
		"/query?id=7": moved("/docs/"),
		"/bitstream/7": {Status: 302, Target: "/bitstream/000000000000000000000001",
			At: fault.Place{File: "legacy.txt", Line: 3}},
		"/bitstream/8": {Status: 404, At: fault.Place{File: "legacy.txt", Line: 4}},
	}
	tests := []struct{ link, want string }{ // as for TestLinks
		{"/docs/", ""},
		{"/manual.pdf", ""},
		{"/book/", ""},
		{"/app", ""},
		{"/app#own", ""},

		{"/book", "?link to /book: a redirect; write /book/"},
		{"/old", "?link to /old: a redirect (rules.txt:7); write /docs/"},
		{"../old", "?link to ../old: a redirect (rules.txt:7); write /docs/"},
		{"https://download.example.org/old",
			"?link to https://download.example.org/old: a redirect (rules.txt:7); write /docs/"},
		{"/old#own", "?link to /old#own: a redirect (rules.txt:7); write /docs/#own"},
		{"/old-part#x", "?link to /old-part#x: a redirect (rules.txt:7); write /docs/#own"},
		{"/older", "?link to /older: a redirect (rules.txt:7); write /docs/"},
		{"/forum", "?link to /forum: a redirect (rules.txt:7); write https://forum.example/a"},
		{"/host", "?link to /host: a redirect (rules.txt:7); write https://download.example.org/docs/"},
		{"/latest", "?link to /latest: a redirect (rules.txt:7); write /download?os=win"},
		{"/query?id=7", "?link to /query?id=7: a redirect (rules.txt:7); write /docs/"},
		{"/forced/", "?link to /forced/: a redirect (rules.txt:7); write /docs/"},
		{"/bitstream/7",
			"?link to /bitstream/7: a redirect (legacy.txt:3); write /bitstream/000000000000000000000001"},
		{"/bitstream/8", "?link to /bitstream/8: no such package is published at present"},
		{"/bitstream/9", "?link to /bitstream/9: no such package is published at present"},

		{"/old#nope", `link to /old#nope: the rule at rules.txt:7 leads to /docs/#nope: no element has the id "nope"`},
		{"/app#nope", `link to /app#nope: no element has the id "nope"`},
		{"/gone", "link to /gone: the rule at rules.txt:7 answers 410"},
		{"/go/typo", "link to /go/typo: the rule at rules.txt:7 leads to /nowhere/: not a part of this site"},
		{"/go/app", "link to /go/app: the rule at rules.txt:7 leads to /nowhere/: not a part of this site"},
		{"/go/part", `link to /go/part: the rule at rules.txt:7 leads to /docs/#nope: no element has the id "nope"`},
		{"/query?id=8", "link to /query?id=8: not a part of this site"},
		{"/manual.doc", "link to /manual.doc: not a part of this site"},

		// The mistake is in the rule, and is reported there.
		{"/typo", ""},
		{"/loop", ""},
	}
	for _, tt := range tests {
		t.Run(tt.link, func(t *testing.T) {
			in := siteInput(t, folder{
				"x.md":            "---\ntitle: X\n---\n[a](" + tt.link + ")\n",
				"docs/index.md":   "---\ntitle: Docs\n---\n<p id=own>\n",
				"forced/index.md": "---\ntitle: Forced\n---\n",
			}, plain)
			e, err := site.NewEdition(t.Context(), in, nil)
			if err != nil {
				t.Fatal(err)
			}
			_, warnings, err := e.Files(t.Context(), site.Server{
				Rule: func(path, query string) (site.RuleAnswer, bool) {
					if query != "" {
						path += "?" + query
					}
					a, ok := rules[path]
					return a, ok
				},
				HasFile: func(path string) bool { return path == "manual.pdf" || path == "book/index.html" },
			})
			var got []string
			if err != nil {
				got = append(got, err.Error())
			}
			for _, w := range warnings {
				got = append(got, "?"+w.String())
			}
			want := tt.want
			if rest, isWarning := strings.CutPrefix(want, "?"); isWarning {
				want = "?content/x.md:4:5: " + rest
			} else if want != "" {
				want = "content/x.md:4:5: " + want
			}
			if found := strings.Join(got, "\n"); found != want && !strings.HasPrefix(found, want+"; did you mean") {
				t.Errorf("got  %s\nwant %s", found, want)
			}
		})
	}
}

// TestEmptyLinks checks that an empty link has the place where it is written.
func TestEmptyLinks(t *testing.T) {
	const text = ": empty link; write its address, or remove it"
	tests := []struct {
		name         string
		content, own folder
		notice, want string
	}{
		{"a link", folder{"x.md": "---\ntitle: X\n---\nhello\n\n[x]()\n"}, plain, "See [there](/x/).",
			"content/x.md:6:1" + text},
		{"a picture", folder{"x.md": "---\ntitle: X\n---\nSee ![x]()\n"}, plain, "", "content/x.md:4:5" + text},
		{"a reference", folder{"x.md": "---\ntitle: X\n---\n[x][1]\n\n[1]: <>\n"}, plain, "",
			"content/x.md:4:1" + text},
		{"raw HTML in a line", folder{"x.md": "---\ntitle: X\n---\n`<a href=\"\">` and <a href=\"\">x</a>\n"}, plain, "",
			"content/x.md:4:22" + text},
		{"blocks of raw HTML",
			folder{"x.md": "---\ntitle: X\n---\n<div>\n<a class=x\n   HREF=''>x</a>\n</div>\n\n<p><img src>\n"}, plain, "",
			"content/x.md:6:4" + text + "\ncontent/x.md:9:9" + text},
		{"not another attribute", folder{"x.md": "---\ntitle: X\n---\n<a hreflang=\"\" data-href=\"\" href = \"\">x</a>\n"},
			plain, "", "content/x.md:4:29" + text},
		{"a layout", folder{"x.md": "---\ntitle: X\n---\n"}, folder{"base.html": plain["base.html"],
			"page.html": "{{define \"main\"}}\n<a href=\"/{{.Page.Description}}\"\n src=\"\"><img src=\"\">{{end}}"}, "",
			"layouts/page.html:3:2" + text + "\nlayouts/page.html:3:14" + text},
		{"a layout, made from data", folder{"x.md": "---\ntitle: X\n---\n"}, folder{"base.html": plain["base.html"],
			"page.html": "{{define \"main\"}}<a href=\"{{.Page.Description}}\">x</a>{{end}}"}, "",
			"layouts/page.html" + text + " (on /x/)"},
		{"the notice", nil, nil, "See [there]().", "notice" + text},
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

// TestLinksAfterMistakes checks that a mistake in front matter does not make links to its page or aliases wrong.
func TestLinksAfterMistakes(t *testing.T) {
	in := siteInput(t, folder{
		"x.md":    "---\ntitle: X\n---\n[a](/alias) [b](/docs/#part) [c](/other)\n",
		"docs.md": "---\ntitle: Docs\naliases: [/alias\n---\n## Part\n",
	}, plain)
	const want = "content/docs.md:3:10: the list is not closed (found \"[/alias\"); write a ] at its end\n" +
		"content/x.md:4:34: link to /other: not a part of this site"
	if diff := cmp.Diff(want, refused(t, in)); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
	in = siteInput(t, folder{"x.md": "---\ntitle: X\n---\n[a](/docs/#part)\n", "docs.md": "---\ntitle: Docs\n## Part\n"},
		plain)
	const unclosed = "content/docs.md:1:1: front matter does not end (no second --- line)"
	if diff := cmp.Diff(unclosed, refused(t, in)); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}
