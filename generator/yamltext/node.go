package yamltext

import (
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"github.com/Slicer/sitegen/generator/fault"
)

// Kind is the kind of a node.
type Kind int

// The kinds.
const (
	Nothing  Kind = iota // no value: a key alone, ~ or null
	Scalar               // a single value
	Sequence             // a list
	Mapping              // keys and values
	Broken               // a value that already has a finding
)

// Node is one value of a document: the value of a key, an item of a list, or the root.
type Node struct {
	Kind    Kind
	Key     string      // as written; "" for an item and for the root
	Name    string      // the key with its parent keys: "girder.timeout"; for an item, its list's; "" for the root
	KeyAt   fault.Place // place of the key; for an item and for the root the same as At
	At      fault.Place // place of the value
	Items   []*Node     // items of a Sequence
	Entries []*Node     // entries of a Mapping with valid keys

	doc  *Document
	text string // text of a Scalar
	item bool   // whether the node is an item of a Sequence
}

// builder turns the parser's syntax tree into nodes.
type builder struct {
	*Document
	lexed *lexed
}

// scope contains the keys seen so far, to find repeated ones. Nested mappings share a scope; each item of a list has a
// separate one.
type scope map[string]fault.Place // place of each key, by its full name

// root builds the root of the document. There is at most one, because refuse removes further documents.
func (b *builder) root(file *ast.File) *Node {
	for _, doc := range file.Docs {
		switch doc.Body.(type) {
		case nil, *ast.CommentGroupNode, *ast.DirectiveNode, *ast.DocumentNode:
		default:
			return b.node(doc.Body, &Node{}, 0, scope{})
		}
	}
	if !b.cut {
		b.Root.Kind = Nothing
	}
	return b.Root
}

// node fills in n, whose name is already set. If there is no value, the place of n is the offset.
func (b *builder) node(from ast.Node, n *Node, offset int, seen scope) *Node {
	n.doc = b.Document
	begin := from.GetToken()
	if m, ok := from.(*ast.MappingNode); ok && !m.IsFlowStyle && len(m.Values) > 0 {
		begin = m.Values[0].Key.GetToken() // the token of a mapping in a block is its first colon
	}
	if at, ok := b.lexed.offsets[begin]; ok {
		offset = at
	}
	if n.At = b.place(offset); n.Key == "" {
		n.KeyAt = n.At
	}
	switch from := from.(type) {
	case *ast.MappingNode:
		n.Kind = Mapping
		for _, v := range from.Values {
			b.entry(v, n, seen)
		}
	case *ast.SequenceNode:
		n.Kind, n.Items = Sequence, b.items(from, n, offset)
	case *ast.NullNode:
		n.Kind = Nothing
		if b.cut && b.isLast(from.GetToken(), offset) {
			n.Kind = Broken
		}
	case *ast.StringNode:
		n.Kind, n.text = Scalar, from.Value
	case *ast.LiteralNode:
		n.Kind, n.text = Scalar, from.Value.Value
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		n.Kind, n.text = Scalar, from.GetToken().Value
	default: // impossible, because refuse removes all other kinds
		n.Kind = Broken
		b.report(offset, "read YAML: unexpected %s", strings.ToLower(from.Type().String()))
	}
	if (n.Kind == Scalar || n.Kind == Nothing) && b.broken[b.line(offset)] {
		n.Kind, n.text = Broken, ""
	}
	return n
}

// items builds the items of a list. After a lone dash, the parser takes the keys below for its value, even if they are
// in the column of the dash, and so includes the text after the list:
//
//	servers:
//	-
//	title: Viewer        # the parser reads this as the value of the dash
func (b *builder) items(from *ast.SequenceNode, list *Node, offset int) []*Node {
	items := make([]*Node, len(from.Values))
	for i, v := range from.Values {
		if i < len(from.Entries) && from.Entries[i].Start != nil {
			offset = b.lexed.offset(from.Entries[i].Start)
		}
		items[i] = b.node(v, &Node{Name: list.Name, item: true}, offset+1, scope{})
		if dash := b.place(offset); !from.IsFlowStyle && items[i].At.Line > dash.Line && items[i].At.Col <= dash.Col {
			b.report(offset, "an item has no value; write one, or remove the line")
			items[i] = &Node{Kind: Broken, Name: list.Name, KeyAt: dash, At: dash, doc: b.Document, item: true}
		}
	}
	return items
}

// isLast reports whether a missing value is the last one in the text. Its value may be in the part that was cut off.
func (b *builder) isLast(t *token.Token, offset int) bool {
	if _, written := b.lexed.offsets[t]; written {
		return false
	}
	for _, other := range b.lexed.tokens {
		if b.lexed.offsets[other] >= offset && other.Type != token.CommentType {
			return false
		}
	}
	return true
}

// entry adds a key and its value to a mapping.
func (b *builder) entry(from *ast.MappingValueNode, to *Node, seen scope) {
	at := b.lexed.offset(from.Key.GetToken())
	word, ok := from.Key.(*ast.StringNode)
	switch {
	case !ok || word.Value == "" || strings.Contains(word.Value, "\n"):
		b.key(from.Key, at)
		return
	case b.text[at] != b.lexed.text[at]: // an alias or a merge key, already reported
		return
	}
	n := &Node{Key: word.Value, Name: to.path() + word.Value, KeyAt: b.place(at)}
	if first, ok := seen[n.Name]; ok {
		b.report(at, "%s occurs twice, first in line %d; remove one", n.Name, first.Line)
		return
	}
	seen[n.Name] = n.KeyAt
	to.Entries = append(to.Entries, b.node(from.Value, n, b.lexed.offset(from.Start)+1, seen))
}

// key reports a key that is not a plain word.
func (b *builder) key(key ast.MapKeyNode, at int) {
	switch key.(type) {
	case *ast.MappingKeyNode:
		b.report(at, `keys must be plain words (found "?"); write the key, a colon and the value`)
	case *ast.StringNode: // empty, or of several lines
		b.report(at, "keys must be plain words (found %.80q)", key.GetToken().Value)
	default:
		word := key.GetToken().Value
		b.report(at, "keys must be plain words (found %.80q); write it in quotes: %s", word, Quote(word))
	}
}
