package site_test

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/alecthomas/chroma/v2/lexers"

	"github.com/Slicer/sitegen"
	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/site"
	"github.com/Slicer/sitegen/generator/testutil"
)

//go:generate env UPDATE_DOCS=1 go test -count=1 -run ^TestContentReference$ .

// TestContentReference makes the tables of docs/content.md from those of the program, and docs/markdown.md from pages
// that are built with these examples.
func TestContentReference(t *testing.T) {
	in := withGuide(t, "")
	var values strings.Builder
	values.WriteString("| In a page | Result | For example |\n| --- | --- | --- |\n")
	for _, use := range site.InsertionUses() {
		fmt.Fprintf(&values, "| `%s` | %s | `%s` |\n", use[0], use[1], exampleHTML(t, in, use[0]))
	}
	testutil.CheckDocument(t, "content.md", map[string]string{
		"front matter": site.FrontMatterReference(), "mistakes": site.FrontMatterMistakes(t), "values": values.String(),
	})

	var examples strings.Builder
	for _, e := range markdownExamples {
		if e.heading != "" {
			fmt.Fprintf(&examples, "\n## %s\n", e.heading)
		}
		fmt.Fprintf(&examples, "\n%s\n~~~~markdown\n%s\n~~~~\n\n~~~~html\n%s\n~~~~\n", wrapped(e.about), e.markdown,
			exampleHTML(t, in, e.markdown))
	}
	var reports strings.Builder
	for _, markdown := range reportedExamples {
		fmt.Fprintf(&reports, "\n~~~~markdown\n%s\n~~~~\n\n~~~~text\n%s\n~~~~\n", markdown, report(t, in, markdown))
	}
	var languages []string
	for _, l := range lexers.GlobalLexerRegistry.Lexers {
		name := strings.ToLower(l.Config().Name)
		if strings.Contains(name, " ") {
			name = l.Config().Aliases[0]
		}
		if lexers.Get(name) != l {
			t.Errorf("%s is not the name of a language", name)
		}
		languages = append(languages, name)
	}
	slices.Sort(languages)
	testutil.CheckDocument(t, "markdown.md", map[string]string{
		"examples": examples.String() + "\n", "reports": reports.String() + "\n",
		"languages": wrapped("`" + strings.Join(languages, "`, `") + "`."),
	})
}

// withPage returns the input with one more page, whose front matter has four lines.
func withPage(in site.Input, body string) site.Input {
	page := &fstest.MapFile{Data: []byte("---\ntitle: Example\n---\n\n" + body + "\n")}
	in.Content = site.Overlay(fstest.MapFS{"example.md": page}, sitegen.Content())
	return in
}

// blockRE matches the tags after which exampleHTML starts a new line.
var blockRE = regexp.MustCompile(
	`</(?:p|li|h\d|t[hdr]|thead|tbody|table|pre|blockquote|div|section|details|summary)>|<hr>|</?[uo]l\b[^>]*>|` +
		`<(?:tr|thead|tbody|table|blockquote|div|section|details)\b[^>]*>`)

// exampleHTML builds a site with a page, and returns the HTML of its text.
func exampleHTML(t *testing.T, in site.Input, markdown string) string {
	t.Helper()
	files, warnings := rendered(t, withPage(in, markdown))
	if len(warnings) > 0 {
		t.Errorf("%s: warnings %v", markdown, warnings)
	}
	_, text, _ := strings.Cut(files["example/index.html"], "</h1>")
	text, _, _ = strings.Cut(text, "</main>")
	if !strings.Contains(strings.TrimSpace(markdown), "\n") && strings.HasPrefix(markdown, "{{") {
		return strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(text), "<p>"), "</p>")
	}
	lines := blockRE.ReplaceAllString(text, "$0\n")
	return strings.TrimSpace(regexp.MustCompile(`\n\s*\n`).ReplaceAllString(lines, "\n"))
}

// report builds a site with a page that has mistakes, and returns what the build reports about it.
func report(t *testing.T, in site.Input, markdown string) string {
	t.Helper()
	_, findings, err := site.Render(t.Context(), withPage(in, markdown))
	if bad, ok := errors.AsType[fault.Findings](err); ok {
		findings = bad
	}
	if len(findings) == 0 {
		t.Errorf("%s: nothing is reported", markdown)
	}
	return findings.Error()
}

// wrapped breaks a text into lines of at most 120 columns.
func wrapped(text string) string {
	var b strings.Builder
	column := 0
	for _, word := range strings.Fields(text) {
		if column > 0 && column+1+len(word) > 120 {
			b.WriteString("\n")
			column = 0
		} else if column > 0 {
			b.WriteString(" ")
			column++
		}
		b.WriteString(word)
		column += len(word)
	}
	return b.String() + "\n"
}

// markdownExample is an example of docs/markdown.md; the first one of a section has its heading.
type markdownExample struct{ heading, about, markdown string }

var markdownExamples = []markdownExample{
	{"Text", "Emphasis, code, and struck-out text, also with one tilde.",
		"*Emphasis*, **strong emphasis**, `code`, ~~struck out~~."},
	{"", "Two spaces or a backslash at the end of a line break it. A single line end does not.",
		"One\nparagraph,\\\ntwo lines."},
	{"", "Quotes, dashes, emoji names, mentions, issue numbers and formulas stay as they are.",
		`"Quotes" -- :tada: @name #12 $x^2$`},
	{"", "A backslash before a punctuation mark takes its meaning away.", `\*no emphasis\* and \[no link](#x)`},
	{"Links and images", "With a text; the title is optional.",
		`[All releases](/releases/ "Older versions") and [the same][1]` + "\n\n[1]: /releases/"},
	{"", "Bare addresses become links: `http:`, `https:`, `ftp:`, `mailto:`, `xmpp:`, `www.` and e-mail addresses.",
		"See https://example.org/安装, www.example.org, or write to mail@example.org."},
	{"", "An image, with its alternative text.", "![Aurora](https://example.org/aurora.png)"},
	{"Lists", "A list with numbers, which begins with the first of them, and one with bullets in it.",
		"3. Install it:\n   - on Linux\n   - on Windows\n4. Start it."},
	{"", "A task list.", "- [x] done\n- [ ] not done"},
	{"Tables", "Colons align a column. `\\|` is a bar in a cell.",
		"| File | Size | Note |\n| :-- | --: | --- |\n| Linux | 412 MB | a \\| b |"},
	{"Quotes and alerts", "A quote.", "> Useful to know."},
	{"", "An alert: `NOTE`, `TIP`, `IMPORTANT`, `WARNING` or `CAUTION`. It is not inside of another block.",
		"> [!WARNING]\n> Version 5.6 cannot open these files."},
	{"Footnotes", "The text of a footnote is at the end of the page.", "A footnote.[^a]\n\n[^a]: Its text."},
	{"Headings", "Each heading has an id: its text in lower case, without punctuation, with hyphens for spaces.",
		"## What's new in 5.12?"},
	{"", "A second heading with the same text has `-1` at the end of its id. If the layout has an element with the " +
		"id, so has the first one, and links to `#main` lead to the heading.",
		"## Setup\n\n## Setup\n\n## Main\n\nSee [above](#main)."},
	{"", "An id of your own, and other attributes.", "## Setup {#start .wide}"},
	{"", "A heading can also be underlined.", "Setup\n-----"},
	{"Code blocks", "A block with a language is highlighted with classes, which `layouts/assets/syntax.css` colours.",
		"```python\nprint(\"Hello\")\n```"},
	{"", "`linenos` numbers the lines, from `linenostart` on, and `hl_lines` emphasizes lines, counted from 1.",
		"```json {linenos=true linenostart=10 hl_lines=[\"2-3\"]}\n[\n  1,\n  2\n]\n```"},
	{"", "`nohl` turns highlighting off. An unknown language is shown without.",
		"```python {nohl=true}\nprint(1)\n```"},
	{"", "Four spaces at the start of each line make a block without a language.", "    x < y"},
	{"HTML", "HTML is published as it is. Markdown in an HTML block needs an empty line above and below.",
		"<details>\n<summary>More</summary>\n\nThe *details*.\n\n</details>\n\nPress <kbd>Ctrl</kbd>."},
	{"", "Comments are removed, and a horizontal rule is three hyphens.", "Above\n\n---\n\n<!-- to do -->\n\nBelow"},
	{"Values of the site", "See [content.md](content.md#values-of-the-site). They also work in code; a backslash keeps " +
		"them.", "`curl -LO {{latest \"linux\"}}` for {{release \"5.8\"}}, not \\{{version}} or ${{ secrets.TOKEN }}"},
}

// reportedExamples are pages about which a build reports something.
var reportedExamples = []string{
	"[Manual](/no/such/page/)",
	"[Releases](/releases)",
	"[Setup](#setpu)\n\n## Setup",
	`<img src="/missing.png" alt="">`,
	"[Windows](/download?os=windos&stability=release)",
	"## Setup {#start}\n\n## Begin {#start}",
	`{{version "9.9"}}`,
	`{{relaese "5.8"}}`,
}
