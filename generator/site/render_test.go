package site_test

import (
	"bytes"
	"context"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"github.com/Slicer/sitegen"
	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/output"
	"github.com/Slicer/sitegen/generator/site"
	"github.com/Slicer/sitegen/generator/testutil"
)

// folder is a folder of a site: the text of each file by path.
type folder map[string]string

func (f folder) fs() fstest.MapFS {
	m := fstest.MapFS{}
	for name, text := range f {
		m[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return m
}

// plain are layouts that add little to the text of a page.
var plain = folder{
	"base.html": `<!DOCTYPE html><html lang="en"><head><title>{{.Page.Title}}</title></head>` +
		`<body>{{block "main" .}}{{end}}</body></html>`,
	"page.html": `{{define "main"}}{{.Page.Body}}{{end}}`,
}

// siteInput returns the input for a site with the given content, and with own layouts laid over the embedded ones. Its
// catalogue is one release, 5.12.1.
func siteInput(t testing.TB, content, own folder) site.Input {
	packages := []*catalog.Package{newPackage(1, onWindows), newPackage(1, onMac, withID(2)),
		newPackage(1, onLinux, withID(3))}
	return site.Input{
		Options: site.Options{Title: "Test", Project: "Test", Description: "A test.",
			BaseURL: "https://download.example.org", Jobs: 2},
		Index: lookup.New(testutil.Spec(t), packages), Content: content.fs(),
		Layouts: site.Overlay(own.fs(), sitegen.Layouts()),
	}
}

// rendered renders a site and returns its files by path.
func rendered(t testing.TB, in site.Input) (files map[string]string, warnings fault.Findings) {
	t.Helper()
	list, warnings, err := site.Render(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	files = map[string]string{}
	for _, f := range list {
		files[f.Path] = string(f.Data)
	}
	return files, warnings
}

// refused renders a site that has mistakes and returns the findings, one per line.
func refused(t testing.TB, in site.Input) string {
	t.Helper()
	files, warnings, err := site.Render(t.Context(), in)
	if files != nil || warnings != nil {
		t.Errorf("%d files and %d warnings were returned with an error", len(files), len(warnings))
	}
	if fault.KindOf(err) != fault.Content {
		t.Errorf("the error is of kind %v, not Content: %v", fault.KindOf(err), err)
	}
	if _, ok := errors.AsType[fault.Findings](err); !ok {
		t.Fatalf("no findings in %v", err)
	}
	return err.Error()
}

func TestMarkdown(t *testing.T) {
	tests := []struct{ name, markdown, want string }{
		{"table", "| a |\n| - |\n| b |\n",
			"<table>\n<thead>\n<tr>\n<th>a</th>\n</tr>\n</thead>\n" +
				"<tbody>\n<tr>\n<td>b</td>\n</tr>\n</tbody>\n</table>\n"},
		{"headings have ids", "## First steps\n\n## First steps\n",
			"<h2 id=\"first-steps\">First steps</h2>\n<h2 id=\"first-steps-1\">First steps</h2>\n"},
		{"an explicit id", "## First steps {#start}\n", "<h2 id=\"start\">First steps</h2>\n"},
		{"strikethrough", "~~no~~\n", "<p><del>no</del></p>\n"},
		{"raw HTML", "<details><summary>More</summary></details>\n", "<details><summary>More</summary></details>\n"},
		{"task list", "- [ ] no\n- [x] yes\n- [link] none\n",
			"<ul>\n<li><input type=\"checkbox\" disabled aria-label=\"not done\"> no</li>\n" +
				"<li><input type=\"checkbox\" disabled checked aria-label=\"done\"> yes</li>\n" +
				"<li>[link] none</li>\n</ul>\n"},
		{"bare URLs", "See https://zh.wikipedia.org/wiki/安装. (http://localhost:8080/x) *www.example.org* a@example.org\n",
			"<p>See <a href=\"https://zh.wikipedia.org/wiki/%E5%AE%89%E8%A3%85\">https://zh.wikipedia.org/wiki/安装</a>. " +
				"(<a href=\"http://localhost:8080/x\">http://localhost:8080/x</a>) " +
				"<em><a href=\"http://www.example.org\">www.example.org</a></em> " +
				"<a href=\"mailto:a@example.org\">a@example.org</a></p>\n"},
		{"bare addresses", "mailto:a.b+c@example.org. (xmpp:a@example.org/room) mailto:nobody javascript:x@a.b\n",
			"<p><a href=\"mailto:a.b+c@example.org\">mailto:a.b+c@example.org</a>. " +
				"(<a href=\"xmpp:a@example.org/room\">xmpp:a@example.org/room</a>) mailto:nobody javascript:x@a.b</p>\n"},
		{"a bare URL in a link and in code", "[https://a.example/](https://b.example/) `https://c.example/`\n",
			"<p><a href=\"https://b.example/\">https://a.example/</a> <code>https://c.example/</code></p>\n"},
		{"alert", "> [!warning]\n> Not **yet**.\n>\n> - one\n",
			"<div class=\"markdown-alert markdown-alert-warning\" role=\"note\">\n" +
				"<p class=\"markdown-alert-title\">Warning</p>\n<p>Not <strong>yet</strong>.</p>\n" +
				"<ul>\n<li>one</li>\n</ul>\n</div>\n"},
		{"alert with a list only", "> [!TIP]\n>\n> - one\n",
			"<div class=\"markdown-alert markdown-alert-tip\" role=\"note\">\n" +
				"<p class=\"markdown-alert-title\">Tip</p>\n<ul>\n<li>one</li>\n</ul>\n</div>\n"},
		{"a quote that is not an alert", "> [!note] text\n",
			"<blockquote>\n<p>[!note] text</p>\n</blockquote>\n"},
		{"an alert without a text", "> [!NOTE]\n", "<blockquote>\n<p>[!NOTE]</p>\n</blockquote>\n"},
		{"code without a language", "```\n<a>\n```\n", "<pre><code>&lt;a&gt;\n</code></pre>\n"},
		{"code in an unknown language", "```klingon\nQapla'\n```\n",
			"<pre><code class=\"language-klingon\">Qapla'\n</code></pre>\n"},
		{"highlighted code", "```sh\necho $HOME\n```\n",
			"<pre class=\"chroma\"><code><span class=\"line\"><span class=\"cl\"><span class=\"nb\">echo</span> " +
				"<span class=\"nv\">$HOME</span>\n</span></span></code></pre>"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			files, _ := rendered(t, siteInput(t, folder{"x.md": "---\ntitle: X\n---\n" + tt.markdown}, plain))
			_, body, _ := strings.Cut(files["x/index.html"], "<body>")
			body, _, _ = strings.Cut(body, "</body>")
			if diff := cmp.Diff(tt.want, body); diff != "" {
				t.Errorf("HTML (-want +got):\n%s", diff)
			}
		})
	}
	t.Run("footnotes", func(t *testing.T) {
		files, _ := rendered(t, siteInput(t, folder{"x.md": "---\ntitle: X\n---\nText[^1].\n\n[^1]: Note.\n"}, plain))
		for _, want := range []string{`href="#fn:1"`, `<li id="fn:1">`, `href="#fnref:1"`} {
			if !strings.Contains(files["x/index.html"], want) {
				t.Errorf("no %s in %s", want, files["x/index.html"])
			}
		}
	})
}

func TestContentBecomesPages(t *testing.T) {
	files, warnings := rendered(t, siteInput(t, folder{
		"about.md":           "---\ntitle: About & more\ndescription: Who we are\ndate: 2026-11-20\n---\nText\n",
		"docs/index.md":      "---\ntitle: Manual\nlayout: bare.html\nweight: 2\n---\nRead me\n",
		"docs/cli.md":        "---\ntitle: Commands\nweight: 1\n---\n",
		"docs/shot.png":      "PNG",
		"robots-extra.txt":   "text",
		"later.md":           "---\ntitle: Later\ndraft: true\nweight: 1\n---\n",
		"releases/5.12.1.md": "Our **best** release.\n",
		"releases/9.9.9.md":  "Not yet.\n",
		".hidden.md":         "no", "_partial/x.md": "no", "about.md~": "no", "#about.md#": "no",
	}, folder{
		"base.html": `<title>{{.Page.Title}}</title>{{range .Site.Nav}}<a href="{{.URL}}">{{.Title}}</a>{{end}}` +
			`{{block "main" .}}{{end}}`,
		"page.html": `{{define "main"}}{{.Page.Description}}|{{date "2 Jan 2006" .Page.Date}}|{{.Page.Source}}{{end}}`,
		"bare.html": `<h1>{{.Page.Title}}</h1>{{.Page.Body}}`,
	}))
	for path, want := range map[string]string{
		"about/index.html": `<title>About &amp; more</title><a href="/docs/cli/">Commands</a>` +
			`<a href="/docs/">Manual</a>Who we are|20 Nov 2026|content/about.md`,
		"docs/index.html":  "<h1>Manual</h1><p>Read me</p>\n",
		"docs/shot.png":    "PNG",
		"robots-extra.txt": "text",
	} {
		if diff := cmp.Diff(want, files[path]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", path, diff)
		}
	}
	for path := range files {
		if strings.Contains(path, "later") || strings.Contains(path, "9.9.9") || strings.ContainsAny(path, "#~") ||
			strings.Contains(path, "_partial") || strings.Contains(path, "hidden") {
			t.Errorf("%s is published", path)
		}
	}
	if !strings.Contains(files["releases/5.12.1/index.html"], "Our <strong>best</strong> release.") {
		t.Error("the page of the release has no notes")
	}
	want := "content: not published: #about.md#, .hidden.md, _partial/, about.md~; " +
		"rename them if visitors need them, or remove them\n" +
		"content/later.md: a draft, not published\n" +
		"content/releases/9.9.9.md: notes on a release that is not in the catalogue, not published"
	if diff := cmp.Diff(want, warnings.Error()); diff != "" {
		t.Errorf("warnings (-want +got):\n%s", diff)
	}
}

// TestWrongLayout checks the messages about layouts that a page cannot have.
func TestWrongLayout(t *testing.T) {
	got := refused(t, siteInput(t, folder{
		"a.md": "---\ntitle: A\nlayout: page\n---\n", "b.md": "---\ntitle: B\nlayout: base.html\n---\n",
		"c.md": "---\ntitle: C\nlayout: partials/x.html\n---\n", "d.md": "---\ntitle: D\nlayout: /etc/passwd\n---\n",
	}, folder{"base.html": plain["base.html"], "page.html": plain["page.html"], "partials/x.html": "x"}))
	want := `content/a.md:3:9: no layout "page"; did you mean "page.html"? (on /a/)
content/b.md:3:9: layout "base.html" is a part of other layouts; write a whole one, such as page.html (on /b/)
content/c.md:3:9: layout "partials/x.html" is a part of other layouts; write a whole one, such as page.html (on /c/)
content/d.md:3:9: no layout "/etc/passwd" (on /d/)`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}

// TestLayoutWithMark checks that the byte order mark that some editors write is not published.
func TestLayoutWithMark(t *testing.T) {
	layouts := folder{"base.html": "\ufeff" + plain["base.html"], "page.html": "\ufeff" + plain["page.html"]}
	files, _ := rendered(t, siteInput(t, folder{"x.md": "\ufeff---\ntitle: X\n---\n"}, layouts))
	if strings.Contains(files["x/index.html"], "\ufeff") {
		t.Errorf("the page has a byte order mark: %q", files["x/index.html"])
	}
}

// TestEverythingAtOnce checks that a single build reports mistakes of all kinds.
func TestEverythingAtOnce(t *testing.T) {
	got := refused(t, siteInput(t, folder{
		"a.md":         "---\ntitel: A\n---\n",
		"b.md":         "---\ntitle: B\nlayout: pages.html\n---\n",
		"c.md":         "---\ntitle: C\n---\nSee [there](/nowhere/).\n",
		"d.md":         "---\ntitle: D\nlayout: broken.html\n---\n",
		"e.md":         "---\ntitle: E\nlayout: wrong.html\n---\n",
		"f.md":         "---\ntitle: F\nlayout: wrong.html\n---\n",
		"g.md":         "# No front matter\n",
		"bad name.md":  "---\ntitle: x\n---\n",
		"c/index.html": "<p>the page of c.md</p>",
		"robots.txt":   "User-agent: *",
	}, folder{
		"base.html":    plain["base.html"],
		"page.html":    plain["page.html"],
		"broken.html":  "{{define \"main\"}}\n  {{if .Page}\n{{end}}",
		"mixed.html":   "{{define \"main\"}}{{end}}\n  <p>lost</p>\n",
		"wrong.html":   "{{define \"main\"}}\n<p>{{.Page.Titel}}</p>\n{{end}}",
		"assets/x.css": "a { background: url(x.png) }\n",
	}))
	want := `content/a.md:2:1: unknown key "titel"; did you mean "title"?
content/b.md:3:9: no layout "pages.html"; did you mean "page.html"? (on /b/)
content/bad name.md: name cannot be part of a URL; use letters, digits, . _ + - and start with a letter or digit
content/c.md: published as /c/, like content/c/index.html; rename it
content/c.md:4:13: link to /nowhere/: not a part of this site
content/g.md:1:1: no title; begin the file with front matter: ---, title: …, ---
content/robots.txt: published as /robots.txt, like something else; rename it
layouts/assets/x.css:1:21: no asset "x.png" to refer to
layouts/broken.html:2:13: bad character U+007D '}'
layouts/mixed.html:2:3: text outside of {{define}}; a layout either defines blocks for base.html or is a whole file of its own
layouts/wrong.html:2:11: executing "main" at <.Page.Titel>: can't evaluate field Titel in type *site.Page (on /e/ and 1 more)`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}

func TestLayoutMistakes(t *testing.T) {
	tests := []struct{ name, file, text, want string }{
		{"unknown function", "page.html", "{{define \"main\"}}\n  {{shout .Page.Title}}\n{{end}}",
			`layouts/page.html:2:5: function "shout" not defined`},
		{"Latin-1", "page.html", "{{define \"main\"}}\n<p>caf\xe9</p>\n{{end}}",
			`layouts/page.html:2:7: text is not UTF-8 (found "\xe9"); save the file as UTF-8`},
		{"Latin-1 in a partial with a mistake", "partials/header.html", "<p>\n\xff{{if}}</p>",
			`layouts/partials/header.html:2:1: text is not UTF-8 (found "\xff"); save the file as UTF-8`},
		{"UTF-16", "page.html", "\xff\xfe{\x00", "layouts/page.html:1:1: text is UTF-16; save the file as UTF-8"},
		{"action not closed", "page.html", "{{define \"main\"}}\n{{.Page.Title\n{{end}}",
			`layouts/page.html:3:1: unexpected "{" in operand`},
		{"block not closed", "page.html", "{{define \"main\"}}\n", `layouts/page.html:2:1: unexpected EOF`},
		{"a partial with a syntax error", "partials/header.html", "<p>\n{{if}}</p>",
			`layouts/partials/header.html:2:1: missing value for if`},
		{"base.html with a syntax error", "base.html", "<p>\n{{if}}</p>", `layouts/base.html:2:1: missing value for if`},
		{"the site's own partial", "partials/header.html", "<p>\n{{.Site.Titel}}</p>",
			`layouts/partials/header.html:2:8: executing "partials/header.html" at <.Site.Titel>: ` +
				`can't evaluate field Titel in type *site.Site`},
		{"missing partial", "page.html", "{{define \"main\"}}\n {{template \"partials/no.html\" .}}{{end}}",
			`layouts/page.html:2:13: no such template "partials/no.html"`},
		{"unknown asset", "page.html", "{{define \"main\"}}{{(asset \"sit.css\").URL}}{{end}}",
			`layouts/page.html:1:21: executing "main" at <asset "sit.css">: error calling asset: ` +
				`no asset "sit.css"; did you mean "site.css"?`},
		{"missing map key", "page.html", "{{define \"main\"}}{{(dict \"a\" 1).b}}{{end}}",
			`layouts/page.html:1:30: executing "main" at <1>: map has no entry for key "b"`},
		{"odd dict", "page.html", "{{define \"main\"}}{{dict \"a\"}}{{end}}",
			`layouts/page.html:1:20: executing "main" at <dict "a">: error calling dict: ` +
				`arguments must alternate between keys, which are strings, and values (found [a])`},
		{"dict with a key that is not a string", "page.html", "{{define \"main\"}}{{dict 1 2}}{{end}}",
			`layouts/page.html:1:20: executing "main" at <dict 1 2>: error calling dict: ` +
				`arguments must alternate between keys, which are strings, and values (found [1 2])`},
		{"include that would end its comment", "page.html", "{{define \"main\"}}{{ssi \"/x-->\"}}{{end}}",
			`layouts/page.html:1:20: executing "main" at <ssi "/x-->">: error calling ssi: ssi cannot include ` +
				`"/x-->": a quote, backslash, angle bracket or -- would end the comment`},
		{"attribute left open", "page.html", "{{define \"main\"}}\n<a href=\"{{.Page.Title}}>x</a>{{end}}",
			`layouts/base.html: "\"" in attribute name: "site-footer\"><div class=\"wrap\">\n"`},
		{"script with a syntax error", "page.html", "{{define \"main\"}}<script>let let = {</script>{{end}}",
			`layouts/page.html: minify: expected } instead of EOF in object literal`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := siteInput(t, folder{"x.md": "---\ntitle: X\n---\n"}, folder{tt.file: tt.text})
			in.Minify = true
			got := refused(t, in)
			got, _, _ = strings.Cut(got, " (on ")
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("finding (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAssets(t *testing.T) {
	own := folder{
		"base.html": `{{with asset "css/app.css"}}<link rel="stylesheet" href="{{.URL}}" integrity="{{.Integrity}}">` +
			`{{end}}{{block "main" .}}{{end}}`,
		"page.html": plain["page.html"],
		"assets/css/app.css": "@import url(more.css);\n@font-face { src: url('../x.woff2?#iefix'), " +
			"url(data:font/woff2;base64,AA==) }\n.a { background: url( \"../pic.svg\" ) }\n.b { background: " +
			"url(#gradient) }\n",
		"assets/css/more.css": "p { color: red; }\n",
		"assets/x.woff2":      "font",
		"assets/pic.svg": "<svg xmlns=\"http://www.w3.org/2000/svg\">\n  <!-- note -->\n  <path d=\"M 0 0 L 10 " +
			"10\"/>\n</svg>",
		"assets/app.js": "// a comment\nfunction add(first, second) { return first + second }\n",
	}
	in := siteInput(t, folder{"x.md": "---\ntitle: X\n---\n"}, own)
	in.Minify = true
	files, _ := rendered(t, in)
	sheetRE := regexp.MustCompile(`href="/(assets/css/app\.[0-9a-f]{12}\.css)" integrity="sha384-([^"]+)"`)
	sheet := sheetRE.FindStringSubmatch(html.UnescapeString(files["x/index.html"]))
	if sheet == nil {
		t.Fatalf("no style sheet in %s", files["x/index.html"])
	}
	css, ok := files[sheet[1]]
	if !ok {
		t.Fatalf("no file %s", sheet[1])
	}
	if sum := sha512.Sum384([]byte(css)); base64.StdEncoding.EncodeToString(sum[:]) != sheet[2] {
		t.Errorf("integrity %s does not match the file", sheet[2])
	}
	for _, ref := range regexp.MustCompile(`/assets/[^)"'?]+`).FindAllString(css, -1) {
		if _, ok := files[ref[1:]]; !ok {
			t.Errorf("the style sheet refers to %s, which is not published", ref)
		}
	}
	shape := regexp.MustCompile(`\.[0-9a-f]{12}\.`).ReplaceAllString(css, ".HASH.")
	want := `@import "/assets/css/more.HASH.css";` +
		`@font-face{src:url(/assets/x.HASH.woff2?#iefix),url(data:font/woff2,%00)}` +
		`.a{background:url(/assets/pic.HASH.svg)}.b{background:url(#gradient)}`
	if diff := cmp.Diff(want, shape); diff != "" {
		t.Errorf("style sheet (-want +got):\n%s", diff)
	}
	sizes := map[string]int{}
	for path, data := range files {
		if strings.HasPrefix(path, "assets/") {
			sizes[regexp.MustCompile(`\.[0-9a-f]{12}\.`).ReplaceAllString(path, ".")] = len(data)
		}
	}
	if sizes["assets/app.js"] == 0 || sizes["assets/app.js"] >= len(own["assets/app.js"]) ||
		sizes["assets/pic.svg"] >= len(own["assets/pic.svg"]) {
		t.Errorf("not minified: %v", sizes)
	}
	if sizes["assets/syntax.css"] == 0 {
		t.Errorf("no style sheet for highlighted code: %v", sizes)
	}
}

// TestAssetsNotUTF8 checks that text assets that are not UTF-8 cause a warning.
func TestAssetsNotUTF8(t *testing.T) {
	_, warnings := rendered(t, siteInput(t, nil,
		folder{"assets/a.css": "p::after{\ncontent:\"\xe9\"}", "assets/b.bin": "\xe9"}))
	want := `layouts/assets/a.css:2:10: text is not UTF-8 (found "\xe9"); save the file as UTF-8`
	if diff := cmp.Diff(want, warnings.Error()); diff != "" {
		t.Errorf("warnings (-want +got):\n%s", diff)
	}
}

func TestAssetMistakes(t *testing.T) {
	tests := []struct{ name, file, text, want string }{
		{"a style sheet that imports itself", "assets/a.css", "@import url(a.css);",
			`layouts/assets/a.css:1:13: no asset "a.css" to refer to; did you mean "a.css"?`},
		{"a missing file", "assets/a.css", "p{}\np{background:url(sit.css)}",
			`layouts/assets/a.css:2:18: no asset "sit.css" to refer to; did you mean "site.css"?`},
		{"a script with a syntax error", "assets/a.js", "let a = 1;\nlet b = (;\n",
			`layouts/assets/a.js:2:10: unexpected ; in expression`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := siteInput(t, nil, folder{tt.file: tt.text})
			in.Minify = true
			if diff := cmp.Diff(tt.want, refused(t, in)); diff != "" {
				t.Errorf("finding (-want +got):\n%s", diff)
			}
		})
	}
}

// TestMinify checks that minified pages keep what other programs look for, and server-side includes.
func TestMinify(t *testing.T) {
	in := siteInput(t, folder{"x.md": "---\ntitle: X\n---\n\n- one\n- two\n"}, folder{
		"base.html": "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<title>x</title>\n</head>\n<body>\n{{block " +
			"\"main\" .}}{{end}}\n</body>\n</html>\n",
		"page.html": "{{define \"main\"}}\n<!-- a comment -->\n<p  class=\"header\">  5.12.1  </p>\n<a " +
			"href=\"/bitstream/{{printf \"%024x\" 1}}\">x</a>\n{{ssi \"/-/cell?$args\"}}\n<table><tr><td>Linux " +
			"(preview)</td><td><tt>abc</tt></td></tr></table>{{.Page.Body}}{{end}}",
	})
	in.Minify = true
	files, _ := rendered(t, in)
	want := `<!doctype html><html lang="en"><head><title>x</title></head><body><p class="header">5.12.1</p><a href="/bitstream/000000000000000000000001">x</a><!--#include virtual="/-/cell?$args" --><table><tr><td>Linux (preview)</td><td><tt>abc</tt></td></tr></table><ul><li>one</li><li>two</li></ul></body></html>`
	if diff := cmp.Diff(want, files["x/index.html"]); diff != "" {
		t.Errorf("page (-want +got):\n%s", diff)
	}
}

// TestHostileTextStaysText checks that values from outside add neither elements nor includes, wherever a layout uses
// them.
func TestHostileTextStaysText(t *testing.T) {
	own := folder{"base.html": plain["base.html"], "page.html": `{{define "main"}}
<h1 title="{{.Site.Title}}" class='{{.Site.Title}}'>{{.Site.Title}}</h1>
<a href="/x/?{{.Site.Title}}" onclick="show({{.Site.Title}})">x</a> <img src="/x.png" alt="{{.Site.Title}}" srcset="/x.png?{{.Site.Title}} 2x">
<textarea>{{.Site.Title}}</textarea><style>p { content: "{{.Site.Title}}" }</style>
<script>const title = {{.Site.Title}}, site = {{.Site}};</script>
<script type="application/ld+json">{"@type": "SoftwareApplication", "name": {{.Site.Title}}, "more": {{dict "x" .Site.Title}}}</script>
{{ssi "/-/cell"}}{{end}}`}
	for _, minify := range []bool{false, true} {
		in := siteInput(t, folder{"x.md": "---\ntitle: X\n---\n", "x.png": "PNG"}, own)
		in.Minify, in.Title = minify, "plain"
		files, _ := rendered(t, in)
		want := skeleton(files["x/index.html"])
		if len(want) < 12 || !slices.Contains(want, `comment #include virtual="/-/cell" `) {
			t.Fatalf("the page has too few elements for this test: %q", want)
		}
		for _, text := range []string{
			`/</script><img src=x onerror=alert(1)>`, `/"><script>alert(1)</script>`, `/' onmouseover='alert(1)`,
			`/</title></style></textarea><svg onload=alert(1)>`,
			`/<!--#include virtual="/etc/passwd" -->`, `/&lt;!--#include virtual="/x" -->`, `/{{.Site}}`,
			"/`${alert(1)}`", `javascript:alert(1)`, "/\u2028</script>", `/]]><x>`,
		} {
			t.Run(fmt.Sprintf("minify %v, %s", minify, text), func(t *testing.T) {
				in.Title = text
				files, _ := rendered(t, in)
				page := files["x/index.html"]
				if diff := cmp.Diff(want, skeleton(page)); diff != "" {
					t.Errorf("elements (-plain +hostile):\n%s\n%s", diff, page)
				}
				if n := strings.Count(page, "<!--#"); n != 1 {
					t.Errorf("%d server-side includes, want 1:\n%s", n, page)
				}
			})
		}
	}
}

// skeleton returns the elements, attribute names and comments of a page, without its text and attribute values. Links
// that run a script are marked.
func skeleton(page string) []string {
	var list []string
	z := html.NewTokenizer(strings.NewReader(page))
	for z.Next() != html.ErrorToken {
		switch t := z.Token(); t.Type {
		case html.StartTagToken, html.SelfClosingTagToken:
			line := t.Data
			for _, a := range t.Attr {
				line += " " + a.Key
				if slices.Contains([]string{"href", "src"}, a.Key) &&
					strings.HasPrefix(strings.ToLower(strings.TrimSpace(a.Val)), "javascript:") {
					line += "=script"
				}
			}
			list = append(list, line)
		case html.CommentToken:
			list = append(list, "comment "+t.Data)
		}
	}
	return list
}

// TestSameInputSameBytes checks that the files depend neither on the number of jobs nor on chance.
func TestSameInputSameBytes(t *testing.T) {
	content := folder{}
	for i := range testutil.Amount(300, 60) {
		content[fmt.Sprintf("page-%05d.md", i)] = string(benchPage(i, i/2*2, "python"))
	}
	in := siteInput(t, content, plain)
	in.Index = testutil.Index(t, "live")
	in.Minify = true
	var first []output.File
	for _, jobs := range []int{1, 2, 8, 0, 3} {
		in.Jobs = jobs
		files, _, err := site.Render(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = files
		}
		same := slices.EqualFunc(first, files, func(a, b output.File) bool {
			return a.Path == b.Path && a.Root == b.Root && a.Group == b.Group && bytes.Equal(a.Data, b.Data)
		})
		if !same {
			t.Errorf("the files differ with %d jobs", jobs)
		}
	}
	if !slices.IsSortedFunc(first, func(a, b output.File) int { return strings.Compare(a.Path, b.Path) }) {
		t.Error("the files are not sorted")
	}
}

func TestMissingFolders(t *testing.T) {
	in := siteInput(t, nil, nil)
	in.Content = os.DirFS(filepath.Join(t.TempDir(), "content"))
	if files, _ := rendered(t, in); files["index.html"] == "" {
		t.Error("no home page without a content folder")
	}
	in.Layouts = os.DirFS(filepath.Join(t.TempDir(), "layouts"))
	if _, _, err := site.Render(t.Context(), in); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error without layouts: %v, want fs.ErrNotExist", err)
	}
}

func TestRenderCanceled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	files, _, err := site.Render(ctx, siteInput(t, folder{"x.md": "---\ntitle: X\n---\n"}, nil))
	if !errors.Is(err, context.Canceled) || files != nil {
		t.Errorf("%d files and the error %v", len(files), err)
	}
}

func TestBaseURL(t *testing.T) {
	for _, base := range []string{"", "download.example.org", "/", "https://", "https://example.org/download",
		"ftp://example.org", "https://example.org?x", "http://[::1"} {
		in := siteInput(t, nil, nil)
		in.BaseURL = base
		if _, _, err := site.Render(t.Context(), in); err == nil {
			t.Errorf("%q is accepted as a base URL", base)
		}
	}
	in := siteInput(t, folder{"x.md": "---\ntitle: X\n---\n"},
		folder{"base.html": plain["base.html"], "page.html": `{{define "main"}}{{absURL .Page.URL}}{{end}}`})
	in.BaseURL = "https://download.example.org/"
	files, _ := rendered(t, in)
	if !strings.Contains(files["x/index.html"], "https://download.example.org/x/") {
		t.Errorf("page: %s", files["x/index.html"])
	}
}

func TestOverlay(t *testing.T) {
	upper := folder{"a.txt": "upper", "b/own.txt": "own", "b/both.txt": "upper"}.fs()
	lower := folder{"a.txt": "lower", "b/both.txt": "lower", "b/c/deep.txt": "deep", "d.txt": "lower"}.fs()
	got := folder{}
	both := site.Overlay(upper, lower)
	err := fs.WalkDir(both, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(both, name)
		got[name] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	want := folder{"a.txt": "upper", "b/both.txt": "upper", "b/own.txt": "own", "b/c/deep.txt": "deep",
		"d.txt": "lower"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	if _, err := both.Open("none.txt"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error of a file in neither layer: %v", err)
	}
	if missing := site.Overlay(os.DirFS(filepath.Join(t.TempDir(), "none")), lower); !exists(missing, "d.txt") {
		t.Error("a missing folder hides the lower layer")
	}
	if alone := site.Overlay(nil, lower); !exists(alone, "d.txt") || !exists(site.Overlay(upper, nil), "a.txt") {
		t.Error("a nil layer hides the other")
	}
}

func exists(fsys fs.FS, name string) bool {
	_, err := fs.Stat(fsys, name)
	return err == nil
}
