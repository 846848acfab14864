package config

import "github.com/Slicer/sitegen/generator/yamltext"

// file sets options from the text of the configuration file.
func (l *loader) file(name string, text []byte) {
	doc := yamltext.Parse(name, text, 0)
	var keys yamltext.Keys
	for _, o := range options {
		first := 0 // line of the first occurrence
		read := func(n *yamltext.Node) {
			if n.Name != o.Key {
				l.renamed(Origin{File, n.KeyAt}, n.Name, o.Key)
			}
			if first > 0 {
				l.errorf(Origin{File, n.KeyAt}, "%s occurs twice, first in line %d; remove one", o.Key, first)
				return
			}
			first = n.KeyAt.Line
			l.node(o, n)
		}
		keys = append(keys, yamltext.Key{Name: o.Key, Read: read})
		if o.OldKey != "" {
			keys = append(keys, yamltext.Key{Name: o.OldKey, Read: read})
		}
	}
	doc.Read(keys)
	l.findings = append(l.findings, doc.Findings()...).Sorted()
}

// node sets an option to the value of its key.
func (l *loader) node(o *Option, n *yamltext.Node) {
	if o.NotInFile {
		if o.Secret {
			l.errorf(Origin{File, n.KeyAt}, "%s is a secret and must not be in a file of the site; set the variable %s",
				o.Key, o.Env())
			return
		}
		l.errorf(Origin{File, n.KeyAt}, "%s applies to a single run and cannot be set in the file; use --%s or %s=true",
			o.Key, o.Flag, o.Env())
		return
	}
	nodes, ok := []*yamltext.Node{n}, true
	switch {
	case o.field.pairs:
		nodes, ok = n.Pairs()
	case o.field.isList():
		nodes, ok = n.List()
	}
	var items []item
	for _, n := range nodes {
		text, single := "", o.field.pairs && n.Kind == yamltext.Nothing
		if !single {
			text, single = n.Text()
		}
		if o.field.pairs {
			text = n.Key + ": " + text
		}
		if single {
			items = append(items, item{text, Origin{File, n.At}})
		}
	}
	if ok {
		l.set(o, items, Origin{File, n.KeyAt}, l.dir)
	}
}
