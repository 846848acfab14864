package yamltext_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/yamltext"
)

// everything is a text with all supported syntax.
const everything = "\ufeff# A profile.\r\n---\r\ntitle: 5.10\nnothing:\nempty: \"\"\nquoted: 'It''s'\n" +
	"block: |\n  folded\n   b\nfolded: >-\n  a\n  b\nlines: a\n  b\n" +
	"é: [ü, \"\\u00e9\",\n  {x: y, z}]\n\"in quotes\":\tb\n" +
	"systems:\n- id: win\n  names: [w, x]\n- id: linux\n- ~\n" +
	"links:\n  deep:\n    er: http://example.org/#a:b # c\ndotted.key: yes\n"

func TestParse(t *testing.T) {
	const want = `mapping at 3:1
  title at 3:1: scalar at 3:8 "5.10"
  nothing at 4:1: nothing at 4:9
  empty at 5:1: scalar at 5:8 ""
  quoted at 6:1: scalar at 6:9 "It's"
  block at 7:1: scalar at 7:8 "folded\n b\n"
  folded at 10:1: scalar at 10:9 "a b"
  lines at 13:1: scalar at 13:8 "a b"
  é at 15:1: sequence at 15:5
    scalar at 15:6 "ü"
    scalar at 15:10 "é"
    mapping at 16:3
      x at 16:4: scalar at 16:7 "y"
      z at 16:10: nothing at 16:11
  in quotes at 17:1: scalar at 17:14 "b"
  systems at 18:1: sequence at 19:1
    mapping at 19:3
      id at 19:3: scalar at 19:7 "win"
      names at 20:3: sequence at 20:10
        scalar at 20:11 "w"
        scalar at 20:14 "x"
    mapping at 21:3
      id at 21:3: scalar at 21:7 "linux"
    nothing at 22:3
  links at 23:1: mapping at 24:3
    links.deep at 24:3: mapping at 25:5
      links.deep.er at 25:5: scalar at 25:9 "http://example.org/#a:b"
  dotted.key at 26:1: scalar at 26:13 "yes"
`
	doc := yamltext.Parse("x.yaml", []byte(everything), 0)
	if err := doc.Findings().Err(); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff(want, tree(doc.Root, "")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// tree prints a node and the nodes below it.
func tree(n *yamltext.Node, indent string) string {
	var b strings.Builder
	kinds := map[yamltext.Kind]string{yamltext.Nothing: "nothing", yamltext.Scalar: "scalar",
		yamltext.Sequence: "sequence",
		yamltext.Mapping:  "mapping", yamltext.Broken: "broken"}
	b.WriteString(indent)
	if n.Key != "" {
		fmt.Fprintf(&b, "%s at %d:%d: ", n.Name, n.KeyAt.Line, n.KeyAt.Col)
	}
	fmt.Fprintf(&b, "%s at %d:%d", kinds[n.Kind], n.At.Line, n.At.Col)
	if text, ok := n.Text(); ok {
		fmt.Fprintf(&b, " %q", text)
	}
	b.WriteString("\n")
	for _, n := range append(n.Items, n.Entries...) {
		b.WriteString(tree(n, indent+"  "))
	}
	return b.String()
}

// mistakes are texts and the findings of Parse, before anything is read.
var mistakes = []struct{ name, text, want string }{
	{"a colon", "title: Viewer 5: what is new\nout: x\n",
		`1:8: title has a colon and must be in quotes (found "Viewer 5: what is new"); ` +
			`write title: "Viewer 5: what is new"`},
	{"a colon and a comment", "title: a: b # c\n",
		`1:8: title has a colon and must be in quotes (found "a: b"); write title: "a: b"`},
	{"a colon at the end", "title: What is new:\n",
		`1:8: title has a colon and must be in quotes (found "What is new:"); write title: "What is new:"`},
	{"a colon and quotes", "title: say \"a\": it's\n",
		`1:8: title has a colon and must be in quotes (found "say \"a\": it's"); write title: 'say "a": it''s'`},
	{"a colon in a group", "girder:\n  title: a: b\n",
		`2:10: title has a colon and must be in quotes (found "a: b"); write title: "a: b"`},
	{"a colon in an item", "- id: a: b\n  to: c\n",
		`1:7: id has a colon and must be in quotes (found "a: b"); write id: "a: b"`},
	{"a colon, and a tab after the key", "a:\tb: c\nd:\te: f\n",
		"1:4: a has a colon and must be in quotes (found \"b: c\"); write a: \"b: c\"\n" +
			"2:4: d has a colon and must be in quotes (found \"e: f\"); write d: \"e: f\""},
	{"a colon in the first line of a text", "a: b: c\n  é: d\n\n  e\nf: @g\n",
		"1:4: a has a colon and must be in quotes (found \"b: c\"); write the whole text in quotes\n" +
			"5:4: f begins with \"@\" and must be in quotes (found \"@g\"); write f: \"@g\""},
	{"a colon at the end of the first line", "a: b:\n  c: d\n",
		`1:4: a has a colon and must be in quotes (found "b:"); write the whole text in quotes`},
	{"a colon in an item with more keys", "- a: b: c\n  d: @e\n",
		"1:6: a has a colon and must be in quotes (found \"b: c\"); write a: \"b: c\"\n" +
			"2:6: d begins with \"@\" and must be in quotes (found \"@e\"); write d: \"@e\""},
	{"a colon in the second line of a text", "a: all versions\n  of the viewer: downloads\n",
		`2:3: a text with a colon must be in quotes (found "of the viewer: downloads"); ` +
			`write a quote before its first line, and one after its last`},
	{"braces", "a: {{ b }}\nc: {{ d }}: e\n",
		"1:4: a begins with \"{{\" and must be in quotes (found \"{{ b }}\"); write a: \"{{ b }}\"\n" +
			"2:4: c begins with \"{{\" and must be in quotes (found \"{{ d }}: e\"); write c: \"{{ d }}: e\""},
	{"words in quotes", "a: \"b\" and \"c\"\n",
		`1:4: a has text after the closing quote (found "\"b\" and \"c\""); write a: '"b" and "c"'`},
	{"quotes in quotes", "a: \"say \"b\"\"\n",
		`1:4: a has text after the closing quote (found "\"say \"b\"\""); write a: 'say "b"'`},
	{"items in the line of the key", "a: - b\n  - c\nd: @e\n",
		"1:4: a begins with \"-\" and must be in quotes (found \"- b\"); " +
			"write the items of a list in the lines below; or a text in quotes: a: \"- b\"\n" +
			"3:4: d begins with \"@\" and must be in quotes (found \"@e\"); write d: \"@e\""},
	{"items without a space", "a:\n-b\n-c\nd: @e\n",
		"2:1: no space after the dash (found \"-b\"); write - b\n" +
			"4:4: d begins with \"@\" and must be in quotes (found \"@e\"); write d: \"@e\""},
	{"a text that begins with a dash", "a:\n  -b\nc: -d\ne: |\n  -f\n", ``},
	{"a merge conflict", "a: b\n<<<<<<< HEAD\nc: d\n=======\nc: e\n>>>>>>> x\n",
		`2:1: a merge conflict is not resolved (found "<<<<<<< HEAD"); keep one of the versions`},
	{"a colon in brackets", "a: [b: c: d]\n", `1:8: a value with a colon must be in quotes (found "c: d]")`},
	{"two colons", "a: b: c\nd: é\ne: f: g\n",
		"1:4: a has a colon and must be in quotes (found \"b: c\"); write a: \"b: c\"\n3:4: e has a colon and must " +
			"be in quotes (found \"f: g\"); write e: \"f: g\""},
	{"an at sign", "a: @b\n", `1:4: a begins with "@" and must be in quotes (found "@b"); write a: "@b"`},
	{"a backquote", "a: `b` c\n", "1:4: a begins with \"`\" and must be in quotes (found \"`b` c\"); write a: " +
		"\"`b` c\""},
	{"a per cent sign", "a: %b\n", `1:4: a begins with "%" and must be in quotes (found "%b"); write a: "%b"`},
	{"a question mark", "a: ? b\n", `1:4: a begins with "?" and must be in quotes (found "? b"); write a: "? b"`},
	{"a dash", "a: - b\n", `1:4: a begins with "-" and must be in quotes (found "- b"); ` +
		`write the items of a list in the lines below; or a text in quotes: a: "- b"`},
	{"a bar", "a: | b\n", `1:4: a begins with "|" and must be in quotes (found "| b"); write a: "| b"`},
	{"a closing bracket", "a: ]\n", `1:4: a begins with "]" and must be in quotes (found "]"); write a: "]"`},
	{"an item with an at sign", "- @b\n",
		`1:3: the item begins with "@" and must be in quotes (found "@b"); write - "@b"`},
	{"a link", "a: [5.12](/x/)\n",
		`1:4: a has text after the closing bracket (found "[5.12](/x/)"); write a: "[5.12](/x/)"`},
	{"text after quotes", "a: \"b\" c\n",
		`1:4: a has text after the closing quote (found "\"b\" c"); write a: '"b" c'`},
	{"an apostrophe", "a: 'it's'\n", `1:4: a has text after the closing quote (found "'it's'"); write a: "it's"`},
	{"open single quotes", "a: b\nc: 'd\ne: f\n",
		`2:4: the text in quotes is not closed (found "'d"); write a ' at its end`},
	{"open double quotes", "a: \"b\n", `1:4: the text in quotes is not closed (found "\"b"); write a " at its end`},
	{"open quotes, closed by the next ones", "a: \"b\nc: \"d\"\n",
		`1:4: the text in quotes is not closed (found "\"b"); write a " at its end`},
	{"open quotes before the end of the document", "a: \"b\n---\nc: d\n",
		`1:4: the text in quotes is not closed (found "\"b"); write a " at its end`},
	{"open quotes after the same text in quotes", "a: [\"b\", \"b\n",
		`1:10: the text in quotes is not closed (found "\"b"); write a " at its end`},
	{"an escape after the same text in quotes", "a: [\"b\", \"b\\d\"]\n",
		`1:12: unknown escape in double quotes (found "\\d"); write \\ for a backslash, or use single quotes`},
	{"an escape", "a: \"C:\\dir\"\n",
		`1:7: unknown escape in double quotes (found "\\d"); write \\ for a backslash, or use single quotes`},
	{"a short escape", "a: \"\\u12\"\n",
		`1:5: unknown escape in double quotes (found "\\u"); write \\ for a backslash, or use single quotes`},
	{"an open list", "a: [b, c\nd: e\n", `1:4: the list is not closed (found "[b, c"); write a ] at its end`},
	{"an open list at the end", "a: [b, c", `1:4: the list is not closed (found "[b, c"); write a ] at its end`},
	{"an open mapping", "a: {b: c\nd: e\n",
		`1:4: the group of keys is not closed (found "{b: c"); write a } at its end`},
	{"no comma", "a: [\"b\" \"c\"]\n", `1:9: a comma is missing between two values (found "\"c\"]")`},
	{"two commas", "a: [b,,c]\n", `1:7: a value is missing before the comma (found ",c]"); remove the comma`},
	{"no space after a colon", "out: x\ntitle:x\n", `2:1: no space after the colon (found "title:x"); write title: x`},
	{"no space after the first colon", "title:x\nout: y\n",
		`1:1: no space after the colon (found "title:x"); write title: x`},
	{"a key alone", "a: b\nc\nd: e\n",
		`2:1: a key without a colon (found "c"); write a colon and a value, or indent the line if it belongs to the value above`},
	{"a tab", "a:\n\tb: c\n", `2:1: a tab indents the line (found "\t"); indent with spaces`},
	{"tabs", "a:\n\tb: c\n\td:\n\t\te: f\n", `2:1: a tab indents the line (found "\t"); indent with spaces`},
	{"a tab after spaces", "a:\n  \tb: c\n", `2:3: a tab indents the line (found "\t"); indent with spaces`},
	{"a tab before the first key", "\ta: b\n", `1:1: a tab indents the line (found "\t"); indent with spaces`},
	{"a tab before an item", "a:\n- b\n\t- c\n", `3:1: a tab indents the line (found "\t"); indent with spaces`},
	{"too deep", "a: b\n  c: d\n",
		`2:3: the line is indented too far (found "c: d"); align it with the key or item that it belongs to`},
	{"not deep enough", "a:\n  b: c\n d: e\n",
		`3:2: the line is indented like no line above (found "d: e"); align it with the key or item that it belongs to`},
	{"an item without a value", "a:\n- b\n-\nc: d\n", `3:1: an item has no value; write one, or remove the line`},
	{"an escape with invalid digits", "a: \"\\x4g\"\nb: c\n",
		`1:5: unknown escape in double quotes (found "\\x"); write \\ for a backslash, or use single quotes`},
	{"a key twice", "a: b\nc: d\na: e\n", `3:1: a occurs twice, first in line 1; remove one`},
	{"a key twice in a group", "a:\n  b: c\n  b: d\n", `3:3: a.b occurs twice, first in line 2; remove one`},
	{"a key twice, once with a dot", "a.b: c\na:\n  b: d\n", `3:3: a.b occurs twice, first in line 1; remove one`},
	{"a key once in each item", "- a: b\n- a: c\n", ``},
	{"a number as a key", "5.10: a\n", `1:1: keys must be plain words (found "5.10"); write it in quotes: "5.10"`},
	{"a list as a key", "[a]: b\n", `1:4: keys must be plain words (found "[a]" before a colon)`},
	{"an explicit key", "? a\n: b\n", `1:1: keys must be plain words (found "?"); write the key, a colon and the value`},
	{"an anchor", "a: &b c\n", `1:4: anchors are not supported (found "&b c"); write the value in full, or in quotes: a: "&b c"`},
	{"an anchor of a mapping", "a: &b\n  c: d\n",
		`1:4: anchors are not supported (found "&b"); write the value in full, or in quotes: a: "&b"`},
	{"an alias", "a: *b\n", `1:4: aliases are not supported (found "*b"); write the value in full, or in quotes: a: "*b"`},
	{"emphasis", "a: *b* c\n", `1:4: aliases are not supported (found "*b* c"); write the value in full, or in quotes: a: "*b* c"`},
	{"strong emphasis", "a: **b** c\nd: [**e**, *f*]\n",
		"1:4: aliases are not supported (found \"**b** c\"); write the value in full, or in quotes: a: \"**b** " +
			"c\"\n2:5: aliases are not supported (found \"**\"); write the value in full\n2:12: aliases are not " +
			"supported (found \"*f*\"); write the value in full"},
	{"a tag", "a: !!str 5\n", `1:4: tags are not supported (found "!!str 5"); write the value in full, or in quotes: a: "!!str 5"`},
	{"a tag at the end", "a: !b", `1:4: tags are not supported (found "!b"); write the value in full, or in quotes: a: "!b"`},
	{"references in a list", "a: [&b c, *b, !d, e]\n",
		"1:5: anchors are not supported (found \"&b\"); write the value in full\n1:11: aliases are not supported " +
			"(found \"*b\"); write the value in full\n1:15: tags are not supported (found \"!d\"); write the value " +
			"in full"},
	{"a merge key", "<<: *a\n", `1:1: merge keys are not supported (found "<<"); write the keys and values out`},
	{"a merge key in brackets", "a: {<<: *b, c: d}\n",
		`1:5: merge keys are not supported (found "<<"); write the keys and values out`},
	{"a second document", "a: b\n---\nc: d\n", `3:1: a second document begins (found "---"); keep only one`},
	{"a second document after an empty one", "---\n---\nc: d\n",
		`3:1: a second document begins (found "---"); keep only one`},
	{"a second document after the end", "a: b\n...\nc: d\n",
		`3:1: a second document begins (found "..."); keep only one`},
	{"an empty second document", "a: b\n---\n# c\n", ``},
	{"Latin-1", "a: b\nc: d\xe9\n", `2:5: text is not UTF-8 (found "\xe9"); save the file as UTF-8`},
	{"Windows line ends", "a: 'b\r\n  c'\r\nd: e: f\r\n",
		`3:4: d has a colon and must be in quotes (found "e: f"); write d: "e: f"`},
	{"columns in bytes", "é: [ü, \"ä\" b]\n", `1:15: a comma is missing between two values (found "b]")`},
	{"in the order of the file", "a: b: c\na: d\n<<: e\nf: &g h\ni: 'j\n",
		"1:4: a has a colon and must be in quotes (found \"b: c\"); write a: \"b: c\"\n" +
			"2:1: a occurs twice, first in line 1; remove one\n" +
			"3:1: merge keys are not supported (found \"<<\"); write the keys and values out\n" +
			"4:4: anchors are not supported (found \"&g h\"); write the value in full, or in quotes: f: \"&g h\"\n" +
			"5:4: the text in quotes is not closed (found \"'j\"); write a ' at its end"},
}

func TestMistakes(t *testing.T) {
	for _, tt := range mistakes {
		t.Run(tt.name, func(t *testing.T) {
			findings := yamltext.Parse("x.yaml", []byte(tt.text), 0).Findings()
			for i := range findings {
				findings[i].File = ""
			}
			var got []string
			for _, f := range findings {
				got = append(got, fmt.Sprintf("%d:%d: %s", f.Line, f.Col, f.Text))
			}
			if diff := cmp.Diff(tt.want, strings.Join(got, "\n")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// profile has what larger files need: groups, lists of mappings, optional keys.
type profile struct {
	title   string
	public  bool
	weight  int
	links   map[string]string
	systems []system
}

type system struct {
	id    string
	names []string
}

func readProfile(text string, above int) (profile, error) {
	var p profile
	doc := yamltext.Parse("profile.yaml", []byte(text), above)
	link := func(name string) yamltext.Key {
		return yamltext.Key{Name: "links." + name, Read: func(n *yamltext.Node) {
			if text, ok := n.Text(); ok {
				p.links = map[string]string{name: text}
			}
		}}
	}
	doc.Read(append(yamltext.Keys{
		{Name: "title", Read: yamltext.Text(&p.title)},
		{Name: "systems", Read: yamltext.List(func(n *yamltext.Node) {
			var s system
			n.Read(yamltext.Keys{
				{Name: "id", Read: yamltext.Text(&s.id)},
				{Name: "names", Read: yamltext.List(func(n *yamltext.Node) {
					name, _ := n.Text()
					s.names = append(s.names, name)
				})},
			})
			if s.id == "" && n.Kind == yamltext.Mapping {
				n.Errorf("%s has an item without id", n.Name)
			}
			p.systems = append(p.systems, s)
		})},
		link("source"), link("issues"),
	}, yamltext.Keys{
		{Name: "public", Read: yamltext.Bool(&p.public)},
		{Name: "weight", Read: func(n *yamltext.Node) { p.weight, _ = n.Int() }},
	}.Optional()...))
	return p, doc.Findings().Err()
}

func TestRead(t *testing.T) {
	got, err := readProfile("title: 5.10\nsystems:\n- id: win\n  names: [windows, w]\n- {id: linux}\nlinks:\n  "+
		"source: https://example.org\npublic: True\nweight: 0x10\n", 0)
	if err != nil {
		t.Fatal(err)
	}
	want := profile{"5.10", true, 16, map[string]string{"source": "https://example.org"},
		[]system{{"win", []string{"windows", "w"}}, {"linux", nil}}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(profile{}, system{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, text := range []string{"", "# nothing\n", "links:\n", "links.issues: x\npublic:\nweight: ~\n"} {
		if _, err := readProfile(text, 0); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestReadMistakes(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"misspelled key", "titel: x\n", `1:1: unknown key "titel"; did you mean "title"?`},
		{"unknown key", "colour: x\n", `1:1: unknown key "colour"; the keys are title, systems, links, public, weight`},
		{"unknown key of a group, without it", "source: x\n",
			`1:1: unknown key "source"; did you mean "links.source"?`},
		{"unknown key in a group", "links:\n  home: x\n",
			`2:3: unknown key "links.home"; the keys are links.source, links.issues`},
		{"unknown key in an item", "systems:\n- id: x\n  nmaes: y\n",
			`3:3: unknown key "nmaes"; did you mean "names"?`},
		{"list for a value", "title: [a]\n", `1:8: title must be a single value (found a list)`},
		{"group for a value", "title:\n  a: b\n", `2:3: title must be a single value (found a group of keys); a text with a colon must be in quotes: "a: b"`},
		{"groups for a value", "title:\n  a: b\n  c: d\n", `2:3: title must be a single value (found a group of keys)`},
		{"group in braces for a value", "title: {a: b}\n",
			`1:8: title must be a single value (found a group of keys)`},
		{"group for an item", "systems:\n- id: x\n  names:\n  - a: b\n",
			`4:5: names must be a list of single values (found a group of keys); ` +
				`a text with a colon must be in quotes: "a: b"`},
		{"values with commas for a list", "systems: win, linux\n",
			`1:10: systems must be a list (found "win, linux"); write [win, linux]`},
		{"items without a space", "systems:\n  -win\n  -linux\n",
			`2:3: systems must be a list (found "-win -linux"); write a space after the dash: - win`},
		{"no space after the first colon", "title:a: b\n",
			`1:1: unknown key "title:a"; write a space after the colon`},
		{"equals signs", "title = \"x\"\npublic = true\n",
			`1:1: must be keys and values (found "title = \"x\" public = true"); write a colon after the key: title: …`},
		{"nothing for a value", "title: # none\n",
			`1:7: title must be a single value (found nothing); give it a value, "" for an empty one, or remove the line`},
		{"value for a list", "systems: win\n", `1:10: systems must be a list (found "win"); write [win]`},
		{"nothing for a list", "systems:\n", `1:9: systems must be a list (found nothing); write [] for an empty one`},
		{"value for an item that is a group", "systems: [win]\n",
			`1:11: systems must be a list of groups of keys (found "win")`},
		{"list in a list", "systems:\n- id: x\n  names: [[a]]\n",
			`3:11: names must be a list of single values (found a list)`},
		{"value for a group", "links: x\n", `1:8: links must be a group of keys (found "x")`},
		{"no space in a group", "links:\n  source:x\n",
			`2:3: links must be a group of keys (found "source:x"); write a space after the colon: source: x`},
		{"an address for a group", "links: https://example.org\n",
			`1:8: links must be a group of keys (found "https://example.org")`},
		{"no space in the only key", "title:x\n",
			`1:1: must be keys and values (found "title:x"); write a space after the colon: title: x`},
		{"list for the file", "- title\n",
			`1:1: must be keys and values (found a list); for instance title: Downloads`},
		{"not a boolean", "public: yes\n", `1:9: public must be true or false (found "yes")`},
		{"not a number", "weight: 1.5\n", `1:9: weight must be a whole number (found "1.5")`},
		{"large number", "weight: 99999999999\n", `1:9: weight must be a whole number (found "99999999999")`},
		{"broken values are reported once", "title: a: b\npublic: @x\nsystems: *a\nlinks: &b\n  source: 'x\n",
			`1:8: title has a colon and must be in quotes (found "a: b"); write title: "a: b"
2:9: public begins with "@" and must be in quotes (found "@x"); write public: "@x"
3:10: aliases are not supported (found "*a"); write the value in full, or in quotes: systems: "*a"
4:8: anchors are not supported (found "&b"); write the value in full, or in quotes: links: "&b"
5:11: the text in quotes is not closed (found "'x"); write a ' at its end`},
		{"values that were cut off are not reported as missing", "title:\n  'x\n",
			`2:3: the text in quotes is not closed (found "'x"); write a ' at its end`},
		{"all at once, in the order of the file", "titel: x\npublic: y\ntitle: b: c\nlinks: {sauce: d}\nweight: e\n" +
			"systems:\n- id: f\n- id: [g]\n  id: h\n\t- id: i\n", `1:1: unknown key "titel"; did you mean "title"?
2:9: public must be true or false (found "y")
3:8: title has a colon and must be in quotes (found "b: c"); write title: "b: c"
4:9: unknown key "links.sauce"; did you mean "links.source"?
5:9: weight must be a whole number (found "e")
8:3: systems has an item without id
8:7: id must be a single value (found a list)
9:3: id occurs twice, first in line 8; remove one
10:1: a tab indents the line (found "\t"); indent with spaces`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := readProfile(tt.text, 0)
			if err == nil {
				t.Fatal("no mistake was found")
			}
			if diff := cmp.Diff(tt.want, strings.ReplaceAll(err.Error(), "profile.yaml:", "")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	_, err := readProfile("titel: x\n", 6)
	if want := `profile.yaml:7:1: unknown key "titel"; did you mean "title"?`; err == nil || err.Error() != want {
		t.Errorf("with lines above: %v, want %s", err, want)
	}
}
