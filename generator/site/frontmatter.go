package site

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
	"time"

	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/yamltext"
)

// frontMatter is the YAML between the --- lines at the top of a content file.
type frontMatter struct {
	title, description string
	layout             string // "" for the default, page.html
	layoutAt           fault.Place
	draft              bool
	date               time.Time // in UTC; zero if not set
	weight             *int      // place in the navigation; nil for none
	aliases            []aliasPath
	untitled           fault.Finding // what to report about a page without a title
}

// aliasPath is a path that redirects to the page, and the place of its entry in the file.
type aliasPath struct {
	path string
	at   fault.Place
}

// paths returns the aliases without their places.
func (fm *frontMatter) paths() []string {
	var paths []string
	for _, a := range fm.aliases {
		paths = append(paths, a.path)
	}
	return paths
}

// fence is the line before and after the front matter.
const fence = "---"

// readFrontMatter parses the front matter of a content file. The returned body is a subslice of src: everything after
// the front matter. path is the file's name in findings.
func readFrontMatter(path string, src []byte) (fm frontMatter, body []byte, findings fault.Findings) {
	first, rest := cutLine(src)
	start := fault.PlaceOf(path, src, 0)
	switch first {
	case fence:
	case "+++":
		return fm, nil, fault.Findings{start.
			Errorf("front matter is TOML (found \"+++\"); write it in YAML: ---, title: …, ---")}
	default:
		fm.untitled = start.Errorf("no title; %s", withoutFrontMatter(src))
		return fm, src, nil
	}
	yamlText, body, ok := cutFence(rest)
	if !ok {
		return fm, nil, fault.Findings{start.Errorf("front matter does not end (no second --- line)")}
	}
	doc := yamltext.Parse(path, yamlText, 1)
	doc.Read(fm.keys())
	fm.untitled = start.Errorf("no title; add one to the front matter: title: …")
	for _, e := range doc.Root.Entries {
		if e.Key == "title" {
			fm.untitled = e.KeyAt.Errorf("title is empty; write the title of the page after the colon")
			if commentRE.Match(yamlText) {
				fm.untitled.Text = "title is empty, because # begins a comment; put the title in quotes"
			}
		}
	}
	return fm, body, doc.Findings()
}

// commentRE matches a title that is a comment in YAML: "title: #1 in its field".
var commentRE = regexp.MustCompile(`(?m)^\s*title:\s+#\S`)

// withoutFrontMatter returns the hint for a text that does not begin with front matter.
func withoutFrontMatter(src []byte) string {
	text := bytes.TrimSpace(src)
	switch first, _ := cutLine(text); {
	case first == fence:
		return "front matter must begin in the first line, without blanks; remove what is above or before its ---"
	case strings.HasPrefix(first, "{") && json.NewDecoder(bytes.NewReader(text)).Decode(new(map[string]any)) == nil:
		return "front matter is JSON; write it in YAML: ---, title: …, ---"
	}
	return "begin the file with front matter: ---, title: …, ---"
}

// frontMatterKey is a key of front matter. docs/content.md describes the keys with the texts of this table.
type frontMatterKey struct {
	name     string
	kind     string // the values in words
	fallback string // the default in words
	meaning  string
	example  string   // a value
	wrong    []string // values that are errors
	read     func(fm *frontMatter, n *yamltext.Node)
}

// frontMatterKeys returns all keys of front matter, in the order in which messages list them.
func frontMatterKeys() []frontMatterKey {
	return []frontMatterKey{
		{"title", "text", "none; pages need one", "title of the page, `<title>` and, with the built-in layout, `<h1>`",
			"Installing on Linux", []string{"Aurora: a manual", "[a, b]"},
			func(fm *frontMatter, n *yamltext.Node) { fm.title = line(n) }},
		{"description", "text", "none", "`<meta name=\"description\">`",
			"What you need, and how to start.", []string{"{a: b}"},
			func(fm *frontMatter, n *yamltext.Node) { fm.description = line(n) }},
		{"layout", "file in `layouts/`", "`page.html`", "the layout that renders the page",
			"wide.html", []string{"@wide"},
			func(fm *frontMatter, n *yamltext.Node) { fm.layout, fm.layoutAt = line(n), n.At }},
		{"draft", "`true` or `false`", "`false`", "a draft is not published; `sitegen serve --drafts` shows it",
			"true", []string{"yes please"},
			func(fm *frontMatter, n *yamltext.Node) { yamltext.Bool(&fm.draft)(n) }},
		{"date", "[date](#dates), with or without a time", "none",
			"the page is published from that day on; `sitegen serve --future` shows it before",
			"2026-11-20", []string{"tomorrow", "2026-02-30"},
			func(fm *frontMatter, n *yamltext.Node) { fm.date = day(n) }},
		{"weight", "whole number", "none",
			"puts the page into the navigation, lightest first; pages of the same weight are ordered by title",
			"20", []string{"heavy", "1.5"},
			func(fm *frontMatter, n *yamltext.Node) {
				if weight, ok := n.Int(); ok {
					fm.weight = &weight
				}
			}},
		{"aliases", "list of paths", "none",
			"paths that redirect to the page (301); see [redirects.md](redirects.md#rulestxt)",
			"[/linux, /docs/install]", []string{"/linux", "[//example.org/linux]"},
			func(fm *frontMatter, n *yamltext.Node) { yamltext.List(fm.readAlias)(n) }},
	}
}

// keys returns the keys as yamltext reads them.
func (fm *frontMatter) keys() yamltext.Keys {
	var keys yamltext.Keys
	for _, k := range frontMatterKeys() {
		keys = append(keys, yamltext.Key{Name: k.name, Read: func(n *yamltext.Node) { k.read(fm, n) }})
	}
	return keys.Optional()
}

// readAlias reads an item of aliases.
func (fm *frontMatter) readAlias(n *yamltext.Node) {
	if n.Empty() {
		return
	}
	path, ok := n.Text()
	if ok && (!strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//")) {
		n.Errorf("alias is not a path of this site (found %q); start it with one /", path)
	} else if ok {
		fm.aliases = append(fm.aliases, aliasPath{path, n.At})
	}
}

// line reads text, and trims the white space around it, such as the line feed at the end of a YAML block.
func line(n *yamltext.Node) string {
	text, _ := n.Text()
	return strings.TrimSpace(text)
}

// dateLayouts returns the forms of a date, with and without a time and a zone: those of RFC 3339 and of YAML 1.1, which
// other generators write, too.
func dateLayouts() []string {
	layouts := []string{time.DateOnly}
	for _, t := range []string{"2006-01-02T15:04", "2006-01-02 15:04"} {
		for _, seconds := range []string{"", ":05"} { // Parse accepts fractions of a second, too
			for _, zone := range []string{"", "Z07:00", " Z07:00", " -0700", "-0700"} {
				layouts = append(layouts, t+seconds+zone)
			}
		}
	}
	return layouts
}

// day reads a date (2026-11-20), which may have a time and a zone, and returns it in UTC. Without a zone, it is in UTC.
func day(n *yamltext.Node) time.Time {
	text, ok := n.Text()
	if !ok {
		return time.Time{}
	}
	for _, layout := range dateLayouts() {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC()
		}
	}
	n.Errorf("%s is not a day (found %q); write it as 2026-11-20", n.Name, text)
	return time.Time{}
}

// cutLine returns the first line, without trailing white space, and the rest.
func cutLine(src []byte) (line string, rest []byte) {
	l, rest, _ := bytes.Cut(src, []byte("\n"))
	return strings.TrimRight(string(l), " \t\r"), rest
}

// cutFence returns the text before and after the first fence.
func cutFence(src []byte) (before, after []byte, found bool) {
	for rest := src; len(rest) > 0; {
		start := len(src) - len(rest)
		line, next := cutLine(rest)
		if line == fence {
			return src[:start], next, true
		}
		rest = next
	}
	return nil, nil, false
}
