package yamltext

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/Slicer/sitegen/generator/fault"
)

// Key is a key that a mapping may have, with the function that reads its value. The name "girder.timeout" is the key
// timeout in the mapping girder.
type Key = struct {
	Name string
	Read func(value *Node)
}

// Keys are the keys that a mapping may have, in the order in which messages list them.
type Keys []Key

// Optional returns the keys changed so that a key with an empty value counts as absent.
func (ks Keys) Optional() Keys {
	optional := make(Keys, len(ks))
	for i, k := range ks {
		optional[i] = Key{k.Name, func(n *Node) {
			if !n.Empty() {
				k.Read(n)
			}
		}}
	}
	return optional
}

// Empty reports whether a node has no value, or a text that is blank.
func (n *Node) Empty() bool {
	return n.Kind == Nothing || n.Kind == Scalar && strings.TrimSpace(n.text) == ""
}

// Read reads a mapping: for each of its entries, in the order of the text, it calls the function for that key. Unknown
// keys are findings. A node without a value counts as a mapping without entries.
func (n *Node) Read(keys Keys) { n.read(keys, n.path()) }

// read is like Read, for keys whose names are relative to base.
func (n *Node) read(keys Keys, base string) {
	switch n.Kind {
	case Mapping:
		for _, e := range n.Entries {
			e.readEntry(keys, base)
		}
	case Scalar, Sequence:
		n.Errorf("%s", n.notMapping())
	}
}

// notMapping returns the message for a node that should be a mapping.
func (n *Node) notMapping() string {
	hint := ""
	if m := unspacedRE.FindStringSubmatch(n.text); m != nil {
		hint = fmt.Sprintf("; write a space after the colon: %s: %s", m[1], strings.TrimSpace(m[2]))
	} else if m := equalsRE.FindStringSubmatch(n.text); m != nil {
		hint = fmt.Sprintf("; write a colon after the key: %s: …", m[1])
	}
	switch {
	case n.item:
		return fmt.Sprintf("%s must be a list of groups of keys (found %s)%s", n.Name, n.describe(), hint)
	case n.Name != "":
		return fmt.Sprintf("%s must be a group of keys (found %s)%s", n.Name, n.describe(), hint)
	case hint == "":
		hint = "; for instance title: Downloads"
	}
	return fmt.Sprintf("must be keys and values (found %s)%s", n.describe(), hint)
}

// readEntry reads the value of a key.
func (n *Node) readEntry(keys Keys, base string) {
	name := strings.TrimPrefix(n.Name, base)
	group := false
	for _, k := range keys {
		if k.Name == name {
			k.Read(n)
			return
		}
		group = group || strings.HasPrefix(k.Name, name+".")
	}
	if group {
		n.read(keys, base)
		return
	}
	hint := keys.suggest(n.Name, base)
	if unspacedRE.MatchString(n.Key) { // title:Viewer 5: what is new
		hint = "; write a space after the colon"
	}
	n.doc.findings = append(n.doc.findings, n.KeyAt.Errorf("unknown key %.80q%s", n.Name, hint))
}

// listed is the maximum number of keys listed in a message about an unknown key. With 16, the message fits in two lines
// of a terminal.
const listed = 16

// suggest returns the end of the message about an unknown key: a similar key, or a list of the valid keys.
func (ks Keys) suggest(name, base string) string {
	group := name[:strings.LastIndexByte(name, '.')+1]
	var known, near []string // all keys; those in the same group
	seen := map[string]bool{}
	for _, k := range ks {
		full := base + k.Name
		for i := len(base); i <= len(full); i++ {
			if i < len(full) && full[i] != '.' || seen[full[:i]] {
				continue
			}
			key := full[:i]
			seen[key] = true
			known = append(known, key)
			if rest, ok := strings.CutPrefix(key, group); ok && !strings.Contains(rest, ".") {
				near = append(near, key)
			}
		}
	}
	if hint := fault.DidYouMean(name, known); hint != "" || len(near) > listed || len(near) == 0 {
		return hint
	}
	return "; the keys are " + strings.Join(near, ", ")
}

// Text returns a single value as written, without quotes. Anything else is a finding.
func (n *Node) Text() (text string, ok bool) {
	switch {
	case n.Kind == Scalar:
		return n.text, true
	case n.Kind == Broken:
	case n.item:
		n.Errorf("%s must be a list of single values (found %s)%s", n.Name, n.describe(), n.instead())
	default:
		n.Errorf("%s must be a single value (found %s)%s", n.Name, n.describe(), n.instead())
	}
	return "", false
}

// Bool returns a value that is true or false. Anything else is a finding.
func (n *Node) Bool() (value, ok bool) {
	text, ok := n.Text()
	switch {
	case !ok:
		return false, false
	case strings.EqualFold(text, "true"):
		return true, true
	case strings.EqualFold(text, "false"):
		return false, true
	}
	n.Errorf("%s must be true or false (found %.80q)", n.Name, text)
	return false, false
}

// octalRE matches a number with leading zeros, which is decimal in YAML 1.2. In Go's syntax it would be octal.
var octalRE = regexp.MustCompile(`^[-+]?0[0-9_]+$`)

// Int returns a whole number of at most 32 bits. Anything else is a finding.
func (n *Node) Int() (value int, ok bool) {
	text, ok := n.Text()
	if !ok {
		return 0, false
	}
	base := 0
	if octalRE.MatchString(text) {
		base = 10
	}
	v, err := strconv.ParseInt(text, base, 32)
	if err != nil {
		n.Errorf("%s must be a whole number (found %.80q)", n.Name, text)
	}
	return int(v), err == nil
}

// List returns the items of a list. Anything else is a finding.
func (n *Node) List() (items []*Node, ok bool) {
	switch n.Kind {
	case Sequence:
		return n.Items, true
	case Broken:
	case Scalar:
		if unspacedItemRE.MatchString(n.text) {
			first, _, _ := strings.Cut(n.text[1:], " ")
			n.Errorf("%s must be a list (found %s); write a space after the dash: - %s", n.Name, n.describe(), first)
			return nil, false
		}
		var items []string
		for item := range strings.SplitSeq(n.text, ",") {
			items = append(items, Quote(strings.TrimSpace(item)))
		}
		n.Errorf("%s must be a list (found %s); write [%s]", n.Name, n.describe(), strings.Join(items, ", "))
	default:
		n.Errorf("%s must be a list (found %s); write [] for an empty one", n.Name, n.describe())
	}
	return nil, false
}

// Pairs returns the entries of a mapping whose keys are free text, such as names of headers. Anything else is a
// finding.
func (n *Node) Pairs() (entries []*Node, ok bool) {
	switch n.Kind {
	case Mapping:
		return n.Entries, true
	case Broken:
	default:
		n.Errorf("%s must be keys and values (found %s); write each on a line of its own, indented, or {} for none",
			n.Name, n.describe())
	}
	return nil, false
}

// Text returns a function that reads a single value, see Node.Text.
func Text(to *string) func(*Node) {
	return func(n *Node) {
		if text, ok := n.Text(); ok {
			*to = text
		}
	}
}

// Bool returns a function that reads true or false, see Node.Bool.
func Bool(to *bool) func(*Node) {
	return func(n *Node) {
		if value, ok := n.Bool(); ok {
			*to = value
		}
	}
}

// List returns a function that reads a list item by item, see Node.List.
func List(item func(*Node)) func(*Node) {
	return func(n *Node) {
		items, _ := n.List()
		for _, n := range items {
			item(n)
		}
	}
}

// Errorf adds a finding at the node to those of the document. It does nothing for a Broken node, which has one already.
func (n *Node) Errorf(format string, args ...any) {
	if n.Kind != Broken {
		n.doc.findings = append(n.doc.findings, n.At.Errorf(format, args...))
	}
}

// describe describes a node for messages, without YAML's technical terms.
func (n *Node) describe() string {
	switch n.Kind {
	case Mapping:
		return "a group of keys"
	case Sequence:
		return "a list"
	case Nothing:
		return "nothing"
	}
	return fmt.Sprintf("%.80q", n.text)
}

// instead returns the hint on what to write in place of something that is not a single value.
func (n *Node) instead() string {
	switch {
	case n.Kind == Nothing:
		return `; give it a value, "" for an empty one, or remove the line`
	case n.Kind == Mapping && len(n.Entries) == 1 && n.Entries[0].Kind == Scalar:
		// A text with a colon, on a line of its own or as an item of a list, is a group of keys in YAML.
		start := n.doc.lines[n.At.Line-n.doc.above-1]
		line := strings.TrimSpace(n.doc.text[start+n.At.Col-1 : lineEnd(n.doc.text, start)])
		if line[0] != '{' && !strings.HasSuffix(line, "]") {
			return "; a text with a colon must be in quotes: " + quoted(line)
		}
	}
	return ""
}

// equalsRE matches a key and an equals sign, as in TOML.
var equalsRE = regexp.MustCompile(`^([\pL_][\pL\d_.-]*)\s*=`)

// unspacedRE matches a key and its value without the space between.
var unspacedRE = regexp.MustCompile(`^([\pL_][\pL\d_.-]*):([^\s/].*)$`)

// path returns the prefix of the names of the mapping's entries.
func (n *Node) path() string {
	if n.item || n.Name == "" {
		return ""
	}
	return n.Name + "."
}
