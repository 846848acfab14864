package site

import (
	"errors"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/template/parse"

	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/folder"
)

// Names inside a layouts folder.
const (
	layoutFolder = "layouts/"  // prefix of layouts in findings
	partials     = "partials/" // templates that all layouts can use
	baseLayout   = "base.html" // renders the layouts that only define blocks
	layoutExt    = ".html"
)

// layoutSet holds the parsed layouts. It is safe for concurrent use.
type layoutSet struct {
	byName  map[string]*template.Template // the template to execute for each layout
	sources map[string]string             // the text of each file, for the places of errors

	findings fault.Findings  // the first mistake of each file
	broken   map[string]bool // files with a mistake
}

// parseLayouts parses all layouts.
func parseLayouts(sources map[string]string, funcs template.FuncMap) *layoutSet {
	l := &layoutSet{byName: map[string]*template.Template{}, sources: sources, broken: map[string]bool{}}
	root := template.New("").Funcs(funcs).Option("missingkey=error")
	parseInto := func(set *template.Template, name string) *template.Template {
		t, err := set.New(name).Parse(l.sources[name])
		if bad := notUTF8(layoutFolder+name, []byte(l.sources[name])); bad != nil {
			l.findings = append(l.findings, bad...)
		} else if err != nil {
			l.findings = append(l.findings, l.finding(err))
		}
		l.broken[name] = err != nil
		return t
	}
	var own []string // the layouts, without base.html and partials
	for _, name := range sortedKeys(l.sources) {
		if name == baseLayout || strings.HasPrefix(name, partials) {
			parseInto(root, name)
		} else {
			own = append(own, name)
		}
	}
	for _, name := range own {
		set := template.Must(root.Clone()) // Clone only fails after the template was executed
		t := parseInto(set, name)
		if t == nil {
			continue
		}
		if f, ok := l.mixed(t); ok {
			l.findings = append(l.findings, f)
		}
		if base := set.Lookup(baseLayout); base != nil && empty(t) {
			t = base
		}
		l.byName[name] = t
	}
	return l
}

// layoutSources reads all layouts, base.html and partials. Its findings are about entries that are neither files nor
// folders.
func layoutSources(fsys fs.FS) (sources map[string]string, findings fault.Findings, err error) {
	sources = map[string]string{}
	err = fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil && name == ".":
			return err
		case err != nil:
			findings = append(findings, unreadable(layoutFolder+name, err))
		case name == ".":
		case d.IsDir():
			if name == assetFolder || folder.Ignored(name) {
				return fs.SkipDir
			}
		case path.Ext(name) == layoutExt && !folder.Ignored(name):
			if !d.Type().IsRegular() {
				findings = append(findings, irregular(layoutFolder+name, d))
				return nil
			}
			src, err := fs.ReadFile(fsys, name)
			if err != nil {
				findings = append(findings, unreadable(layoutFolder+name, err))
				return nil
			}
			sources[name] = string(withoutMark(src))
		}
		return nil
	})
	return sources, findings, err
}

// empty reports whether a layout consists of {{define}}s only. Such a layout is rendered through base.html.
func empty(t *template.Template) bool { return t.Tree == nil || parse.IsEmptyTree(t.Tree.Root) }

// mixed finds text outside of the {{define}}s of a layout, which base.html would not show.
func (l *layoutSet) mixed(t *template.Template) (fault.Finding, bool) {
	name := t.Name()
	if empty(t) || !defineRE.MatchString(l.sources[name]) {
		return fault.Finding{}, false
	}
	for _, n := range t.Tree.Root.Nodes {
		if text, ok := n.(*parse.TextNode); ok && len(strings.TrimSpace(string(text.Text))) == 0 {
			continue
		}
		at := int(n.Position())
		at += len(l.sources[name][at:]) - len(strings.TrimLeft(l.sources[name][at:], " \t\r\n"))
		return fault.PlaceOf(layoutFolder+name, l.sources[name], at).
			Errorf("text outside of {{define}}; a layout either defines blocks for base.html or is a whole file of " +
				"its own"), true
	}
	return fault.Finding{}, false
}

var defineRE = regexp.MustCompile(`\{\{-?\s*define\s`)

// execute renders a page with its layout.
func (l *layoutSet) execute(w io.Writer, v *view) error {
	if t := l.byName[v.Page.Layout]; t != nil {
		err := t.Execute(w, v)
		if m := absentRE.FindStringSubmatch(fmt.Sprint(err)); m != nil && l.broken[m[1]+m[2]] {
			return errNotParsed
		}
		return err
	}
	if l.broken[v.Page.Layout] {
		return errNotParsed
	}
	return errNoLayout
}

// absentRE matches the errors about a template that does not exist, or not completely.
var absentRE = regexp.MustCompile(`no such template "([^"]+)"|"([^"]+)" is an incomplete or empty template`)

// Errors for pages whose layout cannot be executed.
var (
	errNotParsed = errors.New("the layout has mistakes, which were reported before")
	errNoLayout  = errors.New("no such layout")
)

// missing returns a finding for a page whose layout does not exist.
func (l *layoutSet) missing(p *Page) fault.Finding {
	at := p.layoutAt
	if at.Line == 0 { // the layout is not named in front matter
		at.File = layoutFolder + p.Layout
	}
	if _, ok := l.sources[p.Layout]; ok { // base.html or a partial
		return at.Errorf("layout %q is a part of other layouts; write a whole one, such as %s", p.Layout, defaultLayout)
	}
	if _, ok := l.byName[p.Layout+layoutExt]; ok {
		return at.Errorf("no layout %q; did you mean %q?", p.Layout, p.Layout+layoutExt)
	}
	return at.Errorf("no layout %q%s", p.Layout, fault.DidYouMean(p.Layout, sortedKeys(l.byName)))
}

// function is a function that layouts can call, besides those of html/template. docs/layouts.md lists all of them.
type function struct {
	use   string // a call of it
	about string // its result: a phrase in Markdown
	call  any
}

// functionTable returns the functions by name.
func functionTable(baseURL string, as assetSet, l *locale) map[string]function {
	table := map[string]function{
		"absURL": {`absURL "/releases/"`, "the address of a path, with scheme and host",
			func(path string) string { return baseURL + path }},
		"asset": {`asset "app.css"`, "the published asset, with `.URL` and `.Integrity`; an error if there is none", as.find},
		"dict":  {`dict "key" value …`, "a map, to pass several values to a partial", dict},
		"optionalAsset": {`optionalAsset "custom.css"`, "like `asset`, but nothing if there is none",
			func(name string) *Asset { return as[name] }},
		"ssi": {`ssi "/-/cell/x"`, "a server-side include, which html/template would remove as a comment", ssi},
	}
	maps.Copy(table, l.functions())
	return table
}

// functions returns the functions as html/template needs them.
func functions(baseURL string, as assetSet, l *locale) template.FuncMap {
	m := template.FuncMap{}
	for name, f := range functionTable(baseURL, as, l) {
		m[name] = f.call
	}
	return m
}

// find implements the template function asset.
func (as assetSet) find(name string) (*Asset, error) {
	if a := as[name]; a != nil {
		return a, nil
	}
	return nil, fmt.Errorf("no asset %q%s", name, fault.DidYouMean(name, sortedKeys(as)))
}

// dict implements the template function dict: it returns a map of its arguments, which are keys and values in turn.
func dict(pairs ...any) (map[string]any, error) {
	m := make(map[string]any, len(pairs)/2)
	for pair := range slices.Chunk(pairs, 2) {
		key, ok := pair[0].(string)
		if !ok || len(pair) < 2 {
			return nil, fmt.Errorf("arguments must alternate between keys, which are strings, and values (found %v)",
				pair)
		}
		m[key] = pair[1]
	}
	return m, nil
}

// ssi implements the template function ssi: it returns a server-side include of a path. The path is not escaped, so
// layouts must build it themselves and never pass a value from outside.
func ssi(path string) (template.HTML, error) {
	if strings.ContainsAny(path, "\"\\<>") || strings.Contains(path, "--") {
		return "", fmt.Errorf("ssi cannot include %q: a quote, backslash, angle bracket or -- would end the comment",
			path)
	}
	return template.HTML(`<!--#include virtual="` + path + `" -->`), nil
}

// templateErrorRE matches the errors of text/template and html/template, from parsing and execution, with and without a
// column: "template: page.html:1:21: executing …". quotedRE matches what such an error quotes.
var (
	templateErrorRE = regexp.MustCompile(`(?s)^(?:html/)?template: ?([^:]+)(?::(\d+))?(?::(\d+))?: (.*)$`)
	quotedRE        = regexp.MustCompile(`<([^>]+)>|"((?:[^"\\]|\\.)+)"|U\+[0-9A-F]+ '(.)'`)
)

// finding converts a template's error to a finding with its place in the layouts.
func (l *layoutSet) finding(err error) fault.Finding {
	m := templateErrorRE.FindStringSubmatch(err.Error())
	if m == nil {
		return fault.Place{File: layoutFolder}.Errorf("%s", strings.TrimPrefix(err.Error(), "template: "))
	}
	f := fault.Place{File: layoutFolder + m[1]}.Errorf("%s", m[4])
	f.Line, _ = strconv.Atoi(m[2]) // "" is 0: the whole file
	if col, err := strconv.Atoi(m[3]); err == nil {
		f.Col = col + 1 // templates count columns from 0
	} else {
		f.Col = l.column(m[1], f.Line, f.Text)
	}
	return f
}

// column returns the column of a parse error, whose text only names the line. It searches the line for what the text
// quotes: for `function "foo" not defined` it is the column of foo.
func (l *layoutSet) column(name string, line int, text string) int {
	lines := strings.Split(l.sources[name], "\n")
	if line < 1 || line > len(lines) { // an error in the file as a whole
		return 0
	}
	at := lines[line-1]
	for _, m := range quotedRE.FindAllStringSubmatch(text, -1) {
		word := m[1] + m[2] + m[3]
		if s, err := strconv.Unquote(`"` + word + `"`); err == nil {
			word = s
		}
		if i := strings.Index(at, word); i >= 0 {
			return i + 1
		}
	}
	return max(strings.Index(at, "{{"), 0) + 1
}
