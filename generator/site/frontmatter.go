package site

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"github.com/Slicer/sitegen/generator/fault"
)

// frontMatter is what stands between the --- lines at the top of a content file.
type frontMatter struct {
	title, description string
	layout             string // "" for the default
	layoutAt           place
	draft              bool
	date               time.Time // UTC; zero when not given
	weight             *int      // place in the navigation; nil for none
	aliases            []string  // paths that lead here
}

// place is a line and column of a file, from 1; zero when not known.
type place struct{ line, col int }

// frontMatterKeys are all keys there are, in the order in which a message lists them.
var frontMatterKeys = []string{"title", "description", "layout", "draft", "date", "weight", "aliases"}

// fence is the line before and after the front matter.
const fence = "---"

// readFrontMatter takes a content file apart. The body is a part of src. Every mistake is reported; path
// is what the findings name.
func readFrontMatter(path string, src []byte) (fm frontMatter, body []byte, findings Findings) {
	first, rest, _ := cutLine(src)
	if first != fence {
		return fm, src, nil
	}
	yamlText, body, ok := cutFence(rest)
	if !ok {
		return fm, nil, Findings{{path, 1, 1, "front matter does not end (no second --- line)"}}
	}
	d := decoder{path: path, src: src, fm: &fm}
	d.decode(yamlText)
	return fm, body, d.findings
}

// cutLine gives the first line without its end, and what follows it.
func cutLine(src []byte) (line string, rest []byte, ok bool) {
	l, rest, ok := bytes.Cut(src, []byte("\n"))
	return strings.TrimRight(string(l), " \t\r"), rest, ok
}

// cutFence gives what stands before and after the first line that is a fence.
func cutFence(src []byte) (before, after []byte, found bool) {
	for rest := src; len(rest) > 0; {
		start := len(src) - len(rest)
		line, next, _ := cutLine(rest)
		if line == fence {
			return src[:start], next, true
		}
		rest = next
	}
	return nil, nil, false
}

// decoder reads the YAML of one front matter.
type decoder struct {
	path     string
	src      []byte // the whole file
	fm       *frontMatter
	findings Findings
}

// report adds a finding at a token of the YAML, whose first line is the second of the file.
func (d *decoder) report(t *token.Token, format string, args ...any) {
	at := d.at(t)
	d.findings = append(d.findings, Finding{d.path, at.line, at.col, fmt.Sprintf(format, args...)})
}

// at is the place of a token in the file. The parser counts columns in characters, a Finding in bytes.
func (d *decoder) at(t *token.Token) place {
	if t == nil || t.Position == nil {
		return place{1, 1}
	}
	lines := bytes.Split(d.src, []byte("\n"))
	line := min(t.Position.Line+1, len(lines))
	rest := lines[line-1]
	for range t.Position.Column - 1 {
		_, size := utf8.DecodeRune(rest)
		rest = rest[size:]
	}
	return place{line, len(lines[line-1]) - len(rest) + 1}
}

// elsewhereRE is a second place in a message, which the parser counts from the start of the YAML.
var elsewhereRE = regexp.MustCompile(` at \[\d+:\d+\]`)

func (d *decoder) decode(yamlText []byte) {
	file, err := parser.ParseBytes(yamlText, 0)
	if err != nil {
		var se *yaml.SyntaxError
		if errors.As(err, &se) {
			d.report(se.GetToken(), "front matter: %s", elsewhereRE.ReplaceAllString(se.GetMessage(), ""))
		} else {
			d.report(nil, "front matter: %v", err)
		}
		return
	}
	for i, doc := range file.Docs {
		switch n := doc.Body.(type) {
		case nil, *ast.CommentGroupNode:
		case *ast.MappingNode:
			if i > 0 {
				d.report(n.GetToken(), "front matter: more than one YAML document")
				return
			}
			for _, kv := range n.Values {
				d.key(kv)
			}
		default:
			d.report(n.GetToken(), "front matter is not a list of keys and values (found %s)", kindOf(n))
		}
	}
}

// key reads one key and its value.
func (d *decoder) key(kv *ast.MappingValueNode) {
	name := kv.Key.GetToken().Value
	switch name {
	case "title":
		d.text(name, kv.Value, &d.fm.title)
	case "description":
		d.text(name, kv.Value, &d.fm.description)
	case "layout":
		d.fm.layoutAt = d.at(kv.Value.GetToken())
		d.text(name, kv.Value, &d.fm.layout)
	case "draft":
		d.bool(name, kv.Value, &d.fm.draft)
	case "date":
		d.date(name, kv.Value, &d.fm.date)
	case "weight":
		d.number(name, kv.Value, &d.fm.weight)
	case "aliases":
		d.paths(name, kv.Value, &d.fm.aliases)
	default:
		hint := fault.DidYouMean(name, frontMatterKeys)
		if hint == "" {
			hint = "; the keys are " + strings.Join(frontMatterKeys, ", ")
		}
		d.report(kv.Key.GetToken(), "unknown key %q%s", name, hint)
	}
}

// text reads a scalar as it is written: title: 5.12 is the text 5.12.
func (d *decoder) text(name string, n ast.Node, to *string) {
	switch n := n.(type) {
	case *ast.StringNode:
		*to = n.Value
	case *ast.LiteralNode:
		*to = strings.TrimSpace(n.Value.Value)
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		*to = n.GetToken().Value
	default:
		d.report(n.GetToken(), "%s is not text (found %s)", name, kindOf(n))
	}
}

func (d *decoder) bool(name string, n ast.Node, to *bool) {
	b, ok := n.(*ast.BoolNode)
	if !ok {
		d.report(n.GetToken(), "%s is neither true nor false (found %s)", name, kindOf(n))
		return
	}
	*to = b.Value
}

func (d *decoder) number(name string, n ast.Node, to **int) {
	if i, ok := n.(*ast.IntegerNode); ok {
		switch v := i.Value.(type) {
		case uint64:
			if v < 1<<31 {
				*to = new(int(v))
				return
			}
		case int64:
			if v > -1<<31 {
				*to = new(int(v))
				return
			}
		}
	}
	d.report(n.GetToken(), "%s is not a whole number (found %s)", name, kindOf(n))
}

func (d *decoder) date(name string, n ast.Node, to *time.Time) {
	text := n.GetToken().Value
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if t, err := time.Parse(layout, text); err == nil {
			*to = t.UTC()
			return
		}
	}
	d.report(n.GetToken(), "%s is not a day (found %q); write it as 2026-11-20", name, text)
}

func (d *decoder) paths(name string, n ast.Node, to *[]string) {
	list, ok := n.(*ast.SequenceNode)
	if !ok {
		d.report(n.GetToken(), "%s is not a list (found %s)", name, kindOf(n))
		return
	}
	for _, v := range list.Values {
		var path string
		d.text("alias", v, &path)
		if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") {
			d.report(v.GetToken(), "alias is not a path of this site (found %q); start it with one /", path)
			continue
		}
		*to = append(*to, path)
	}
}

// kindOf names a kind of YAML value for a person.
func kindOf(n ast.Node) string {
	switch n.Type() {
	case ast.MappingType, ast.MappingValueType:
		return "keys and values"
	case ast.SequenceType:
		return "a list"
	case ast.NullType:
		return "nothing"
	}
	return fmt.Sprintf("%.40q", n.GetToken().Value)
}
