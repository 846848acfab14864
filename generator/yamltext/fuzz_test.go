package yamltext_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/Slicer/sitegen/generator/yamltext"
)

// FuzzParse checks that for any text, all nodes and findings have correct places, and nothing is dropped without a
// finding.
func FuzzParse(f *testing.F) {
	for _, tt := range mistakes {
		f.Add(tt.text)
	}
	f.Add(everything)
	for _, s := range []string{
		"", "---\n", "\ufeff# nothing\n---\n...\n", "%YAML 1.2\n---\na: b\n", "a: >-\n\n  x\n  y\n\n z\n",
		"? - a\n: - b\n", "a: [b, {c: d, e}, \"f\\x41\\u00e9\"]\r\n",
		"- - a\n  - b: c\n    d:\n- 'e\n  f'\n", "a: &x [*x]\n", "a:\r  b\r", "a: \"\\\r\n b\"\n", "a: |2-\n   b\n",
		"é:\t'ü' # ö\n",
		"a: |\n \n:", "\"\": x\n", "a: b\n -c\nd: e \r\n", "*a: b\n", "a:\nb:\nc\n****d\n", " \r\r\n\"", "<<: * 0: ",
		"\"\t0\n\"\n\"0", "\t\"\t0\"\n@", "\"\t\t\\!", "[0\t, \"\\x0000\"]", "a: {<<: *b}\n",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		doc := yamltext.Parse("x.yaml", []byte(text), 0)
		lines := strings.Split(strings.TrimPrefix(text, "\ufeff"), "\n")
		rest := func(line, col int) string {
			if line < 1 || line > len(lines) || col < 1 || col > len(lines[line-1])+1 {
				t.Fatalf("%d:%d is outside of the text", line, col)
			}
			return lines[line-1][col-1:]
		}
		findings := doc.Findings()
		for _, f := range findings {
			rest(f.Line, f.Col)
			if f.Text == "" || strings.Contains(f.Text, "\n") {
				t.Errorf("%v has several lines", f)
			}
		}
		var walk func(n *yamltext.Node)
		walk = func(n *yamltext.Node) {
			at := rest(n.At.Line, n.At.Col)
			if key := rest(n.KeyAt.Line, n.KeyAt.Col); n.Key != "" && !begins(key, n.Key) {
				t.Errorf("the key %q is not at %v: %q", n.Key, n.KeyAt, key)
			}
			switch n.Kind {
			case yamltext.Scalar:
				if text, ok := n.Text(); !ok || !begins(at, text) {
					t.Errorf("%q is not at %v: %q", text, n.At, at)
				}
			case yamltext.Broken:
				if len(findings) == 0 {
					t.Errorf("a node is broken, but there is no finding")
				}
			}
			for _, n := range append(n.Items, n.Entries...) {
				walk(n)
			}
		}
		walk(doc.Root)
		if doc.Root.Kind != yamltext.Broken {
			doc.Read(yamltext.Keys{{Name: "a", Read: func(n *yamltext.Node) { n.Text() }},
				{Name: "b.c", Read: func(n *yamltext.Node) { n.List() }}})
		}
		lower := yamltext.Parse("x.yaml", []byte(text), 2).Findings()
		for i := range lower {
			if lower[i].Line -= 2; lower[i].Place != findings[i].Place {
				t.Errorf("lower down %v is %v", findings[i], lower[i])
			}
		}
	})
}

// begins reports whether written can be the start of a value in the text: in quotes, as a block, or unchanged.
func begins(written, value string) bool {
	if written == "" || strings.ContainsRune(`"'|>`, rune(written[0])) {
		return written != "" || value == ""
	}
	first, _ := utf8.DecodeRuneInString(value)
	return strings.HasPrefix(written, string(first))
}

// FuzzQuote checks that any text is the same after it is quoted and read again, alone and in a list.
func FuzzQuote(f *testing.F) {
	for _, s := range []string{"", "a", "a b", "5.10", "true", "~", "a: b", "a, b", "'", `"`, `\`, " ", "é", "日本",
		"\x1b\x7f\t\u0085\u2028", "a\nb\n", "<<", "=", "-", "0x1f", ".inf", "2026-01-01", "[", "@"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if !utf8.ValidString(s) {
			return // YAML is UTF-8
		}
		q := yamltext.Quote(s)
		var value string
		var items []string
		doc := yamltext.Parse("x.yaml", []byte("value: "+q+"\nlist: ["+q+", "+q+"]\n"), 0)
		doc.Read(yamltext.Keys{
			{Name: "value", Read: yamltext.Text(&value)},
			{Name: "list", Read: yamltext.List(func(n *yamltext.Node) {
				item, _ := n.Text()
				items = append(items, item)
			})},
		})
		if err := doc.Findings().Err(); err != nil || value != s || len(items) != 2 || items[0] != s || items[1] != s {
			t.Errorf("%q was written as %s and read as %q, %q: %v", s, q, value, items, err)
		}
	})
}
