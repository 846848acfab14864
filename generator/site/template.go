package site

import (
	"errors"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/template/parse"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/Slicer/sitegen/generator/fault"
)

// Names inside a layouts folder.
const (
	layoutFolder = "layouts/"  // as findings show it
	partials     = "partials/" // what all layouts can use
	baseLayout   = "base.html" // what a layout that only defines blocks is rendered through
	layoutExt    = ".html"
)

// layoutSet is the parsed layouts by name. It can be executed by many goroutines at once.
type layoutSet struct {
	byName  map[string]*template.Template // what to execute for a layout
	sources map[string]string             // of all files, for finding places in them

	findings fault.Findings // the first mistake of every file
}

// parseLayouts parses all layouts.
func parseLayouts(sources map[string]string, funcs template.FuncMap) *layoutSet {
	l := &layoutSet{byName: map[string]*template.Template{}, sources: sources}
	root := template.New("").Funcs(funcs).Option("missingkey=error")
	parseInto := func(set *template.Template, name string) *template.Template {
		t, err := set.New(name).Parse(l.sources[name])
		if err != nil {
			l.findings = append(l.findings, l.finding(err))
		}
		return t
	}
	var own []string // layouts, as opposed to what they share
	for _, name := range sortedKeys(l.sources) {
		if name == baseLayout || strings.HasPrefix(name, partials) {
			parseInto(root, name)
		} else {
			own = append(own, name)
		}
	}
	for _, name := range own {
		set := template.Must(root.Clone()) // can only fail when executed before
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

// layoutSources reads the files that templates are made of.
func layoutSources(fsys fs.FS) (map[string]string, error) {
	sources := map[string]string{}
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case name == ".":
		case d.IsDir():
			if name == assetFolder || Ignored(path.Base(name)) {
				return fs.SkipDir
			}
		case path.Ext(name) == layoutExt && !Ignored(path.Base(name)):
			src, err := fs.ReadFile(fsys, name)
			sources[name] = string(src)
			return err
		}
		return nil
	})
	return sources, err
}

// empty reports whether a layout consists of {{define}} only, so that base.html has to show them.
func empty(t *template.Template) bool { return t.Tree == nil || parse.IsEmptyTree(t.Tree.Root) }

// mixed finds text beside the {{define}} of a layout: base.html would not show it.
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
		return t.Execute(w, v)
	}
	if _, ok := l.sources[v.Page.Layout]; ok {
		return errNotParsed
	}
	return errNoLayout
}

// Errors of pages whose layout cannot be executed.
var (
	errNotParsed = errors.New("the layout has mistakes, which were reported before")
	errNoLayout  = errors.New("no such layout")
)

// missing returns a finding for a page whose layout does not exist.
func (l *layoutSet) missing(p *Page) fault.Finding {
	at := p.layoutAt
	if at.Line == 0 { // chosen by the program
		at.File = layoutFolder + p.Layout
	}
	return at.Errorf("no layout %q%s", p.Layout, fault.DidYouMean(p.Layout, sortedKeys(l.byName)))
}

// functions are what layouts can call beside those of html/template.
func functions(baseURL string, as assetSet) template.FuncMap {
	return template.FuncMap{
		"absURL": func(path string) string { return baseURL + path },
		"asset":  as.find,
		"bytes":  func(n int64) string { return humanize.Bytes(uint64(max(n, 0))) },
		"date":   func(layout string, t time.Time) string { return t.UTC().Format(layout) },
		"dict":   dict,
		"ssi":    ssi,
	}
}

// find implements the template function asset.
func (as assetSet) find(name string) (*Asset, error) {
	if a := as[name]; a != nil {
		return a, nil
	}
	return nil, fmt.Errorf("no asset %q%s", name, fault.DidYouMean(name, sortedKeys(as)))
}

// dict is the function dict: a map of the keys and values that it is given in turn.
func dict(pairs ...any) (map[string]any, error) {
	m := make(map[string]any, len(pairs)/2)
	for pair := range slices.Chunk(pairs, 2) {
		key, ok := pair[0].(string)
		if !ok || len(pair) < 2 {
			return nil, fmt.Errorf("dict takes keys, which are strings, and values in turn (found %v)", pair)
		}
		m[key] = pair[1]
	}
	return m, nil
}

// ssi is the function ssi: a server-side include. Layouts give it paths of their own making, never a value from
// outside.
func ssi(path string) (template.HTML, error) {
	if strings.ContainsAny(path, "\"\\<>") || strings.Contains(path, "--") {
		return "", fmt.Errorf("ssi cannot include %q: a quote, backslash, angle bracket or -- would end the comment",
			path)
	}
	return template.HTML(`<!--#include virtual="` + path + `" -->`), nil
}

// Errors of text/template and html/template, in parsing and execution, with and without a column.
var (
	templateErrorRE = regexp.MustCompile(`(?s)^(?:html/)?template: ?([^:]+)(?::(\d+))?(?::(\d+))?: (.*)$`)
	quotedRE        = regexp.MustCompile(`<([^>]+)>|"((?:[^"\\]|\\.)+)"|U\+[0-9A-F]+ '(.)'`)
)

// finding returns a template's error with its place in the layouts.
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

// column finds in a line what a parse error, which only has the line, talks about.
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
