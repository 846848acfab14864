package config

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"github.com/Slicer/sitegen/generator/fault"
)

// reader goes through the configuration file and hands what it finds to the loader, in the order of the
// file, so that errors have that order too.
type reader struct {
	*loader
	name string // of the file
}

// read reads the text of the file.
func (r *reader) read(data []byte) {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if at, ok := r.notUTF8(data); ok {
		r.errorf(at, "text is not UTF-8; save the file in that encoding")
		return
	}
	file, err := parser.ParseBytes(data, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		r.syntaxError(err)
		return
	}
	documents := 0
	for _, d := range file.Docs {
		if d.Body == nil || d.Body.Type() == ast.DirectiveType {
			continue
		}
		if documents++; documents > 1 {
			r.fail(d.Body, "a second document begins; the configuration is one document")
			break
		}
		r.group(d.Body, "", map[string]Origin{})
	}
}

// notUTF8 finds the first byte that is no UTF-8.
func (r *reader) notUTF8(data []byte) (Origin, bool) {
	line, column := 1, 1
	for len(data) > 0 {
		c, n := utf8.DecodeRune(data)
		if c == utf8.RuneError && n == 1 {
			return Origin{File, r.name, line, column}, true
		}
		column++
		if c == '\n' {
			line, column = line+1, 1
		}
		data = data[n:]
	}
	return Origin{}, false
}

func (r *reader) syntaxError(err error) {
	message, _, _ := strings.Cut(err.Error(), "\n")
	var at *token.Token
	if syntax, ok := errors.AsType[*yaml.SyntaxError](err); ok {
		message, at = syntax.Message, syntax.Token
	}
	r.errorf(r.place(at), "read YAML: %s", message)
}

// group reads the keys of a mapping. prefix names the groups above it: "girder.".
func (r *reader) group(n ast.Node, prefix string, seen map[string]Origin) {
	mapping, ok := n.(*ast.MappingNode)
	switch {
	case ok:
		for _, v := range mapping.Values {
			r.entry(v, prefix, seen)
		}
	case prefix != "" && n.Type() == ast.NullType: // all below it is commented out
	case prefix != "":
		r.fail(n, "%s is a group of keys (found %s)", strings.TrimSuffix(prefix, "."), describe(n))
	default:
		r.fail(n, "the configuration is a list of keys and values (found %s); write for instance \"title: Downloads\"", describe(n))
	}
}

func (r *reader) entry(v *ast.MappingValueNode, prefix string, seen map[string]Origin) {
	name, ok := v.Key.(*ast.StringNode)
	if !ok {
		r.fail(v.Key, "keys are plain words (found %s)%s", describe(v.Key), plainly(v.Key))
		return
	}
	key := prefix + name.Value
	at := r.origin(v.Key)
	if first, ok := seen[key]; ok {
		r.errorf(at, "%s is there twice, first in line %d; remove one", key, first.Line)
		return
	}
	seen[key] = at
	o := find(key)
	switch {
	case o == nil && isGroup(key):
		r.group(v.Value, key+".", seen)
	case o == nil:
		r.errorf(at, "unknown key %.80q%s", key, fault.DidYouMean(key, knownKeys()))
	case o.NotInFile:
		r.errorf(at, "%s is for a single run; give it as --%s or %s=true", key, o.Flag, o.Env())
	default:
		if items, ok := r.items(o, v.Value); ok {
			r.set(o, items, at, r.dir)
		}
	}
}

// items reads the value of an option: one item for a single value, any number for a list.
func (r *reader) items(o *Option, value ast.Node) ([]item, bool) {
	if !o.field.isList() {
		s, ok := scalar(value)
		if !ok {
			r.fail(value, "%s takes a single value (found %s)%s", o.Key, describe(value), plainly(value))
		}
		return []item{{s, r.origin(value)}}, ok
	}
	sequence, ok := value.(*ast.SequenceNode)
	if !ok {
		r.fail(value, "%s takes a list (found %s); write [] for an empty one", o.Key, describe(value))
		return nil, false
	}
	var items []item
	for _, n := range sequence.Values {
		s, single := scalar(n)
		if !single {
			r.fail(n, "%s takes a list of single values (found %s)%s", o.Key, describe(n), plainly(n))
		}
		ok = ok && single
		items = append(items, item{s, r.origin(n)})
	}
	return items, ok
}

// scalar is the text of a single value. Numbers are as they are written: 5.10 stays 5.10.
func scalar(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return n.Value.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return n.GetToken().Value, true
	}
	return "", false
}

// describe names a node for a person who may not know YAML's words.
func describe(n ast.Node) string {
	switch n := n.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		return "a group of keys"
	case *ast.SequenceNode:
		return "a list"
	case *ast.NullNode:
		return "nothing"
	case *ast.AnchorNode, *ast.AliasNode, *ast.TagNode, *ast.MergeKeyNode:
		return fmt.Sprintf("an anchor, alias or tag, %.40q", n.GetToken().Value)
	}
	if s, ok := scalar(n); ok {
		return fmt.Sprintf("%.80q", s)
	}
	return n.Type().String()
}

// plainly is the hint for YAML that is correct but too clever.
func plainly(n ast.Node) string {
	switch n.(type) {
	case *ast.AnchorNode, *ast.AliasNode, *ast.TagNode, *ast.MergeKeyNode:
		return "; write the value out"
	case *ast.NullNode:
		return `; give it a value, "" for an empty one, or remove the line`
	}
	return ""
}

func (r *reader) fail(n ast.Node, format string, args ...any) {
	r.errorf(r.origin(n), format, args...)
}

// origin is where a node begins.
func (r *reader) origin(n ast.Node) Origin {
	if m, ok := n.(*ast.MappingNode); ok && !m.IsFlowStyle && len(m.Values) > 0 {
		n = m.Values[0].Key // the token of a block is its first colon
	}
	return r.place(n.GetToken())
}

// place is where a token stands; the parser makes up some that stand nowhere.
func (r *reader) place(t *token.Token) Origin {
	at := Origin{File, r.name, 1, 1}
	if t != nil && t.Position != nil {
		at.Line, at.Column = max(t.Position.Line, 1), max(t.Position.Column, 1)
	}
	return at
}
