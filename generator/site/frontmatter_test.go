package site

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/Slicer/sitegen/generator/fault"
)

func TestReadFrontMatter(t *testing.T) {
	tests := []struct {
		name, src string
		want      frontMatter
		body      string
	}{
		{"none", "# Title\n", frontMatter{}, "# Title\n"},
		{"empty", "---\n---\nText\n", frontMatter{}, "Text\n"},
		{"only a comment", "---\n# nothing yet\n---\n", frontMatter{}, ""},
		{"all keys", "---\ntitle: \"About: us\"\ndescription: |\n  Who we\n  are\nlayout: wide.html\ndraft: " +
			"true\ndate: 2026-11-20\nweight: -3\naliases: [/who/, /us]\n---\nText\n",
			frontMatter{title: "About: us", description: "Who we\nare", layout: "wide.html",
				layoutAt: fault.Place{File: "content/x.md", Line: 6, Col: 9}, draft: true,
				date: time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC), weight: new(-3), aliases: []aliasPath{
					{"/who/", fault.Place{File: "content/x.md", Line: 10, Col: 11}},
					{"/us", fault.Place{File: "content/x.md", Line: 10, Col: 18}}}}, "Text\n"},
		{"a number for a title", "---\ntitle: 5.12\n---\n", frontMatter{title: "5.12"}, ""},
		{"a number with a leading zero", "---\nweight: 08\n---\n", frontMatter{weight: new(8)}, ""},
		{"a hexadecimal number", "---\nweight: 0x10\n---\n", frontMatter{weight: new(16)}, ""},
		{"a boolean for a title", "---\ntitle: true\n---\n", frontMatter{title: "true"}, ""},
		{"a time for a date", "---\ndate: 2026-11-20T23:30:00-05:00\n---\n",
			frontMatter{date: time.Date(2026, 11, 21, 4, 30, 0, 0, time.UTC)}, ""},
		{"a time without a zone", "---\ndate: 2026-11-20 23:30\n---\n",
			frontMatter{date: time.Date(2026, 11, 20, 23, 30, 0, 0, time.UTC)}, ""},
		{"a time as YAML 1.1 writes it", "---\ndate: 2026-11-20 23:30:15.5 -0500\n---\n",
			frontMatter{date: time.Date(2026, 11, 21, 4, 30, 15, 5e8, time.UTC)}, ""},
		{"keys without values", "---\ntitle: Hi\ndescription:\nlayout:\ndraft: # not yet\ndate: " +
			"~\nweight:\naliases:\n---\n", frontMatter{title: "Hi"}, ""},
		{"keys with empty texts", "---\ntitle: Hi\ndescription: ''\nlayout: \"\"\ndraft: ''\ndate: \"\"\nweight: ' '\n" +
			"aliases: ''\n---\n", frontMatter{title: "Hi"}, ""},
		{"empty aliases", "---\ntitle: Hi\naliases:\n  -\n  - ''\n  - ~\n---\n", frontMatter{title: "Hi"}, ""},
		{"Windows line ends", "---\r\ntitle: Hi\r\n---\r\nText\r\n", frontMatter{title: "Hi"}, "Text\r\n"},
		{"a later horizontal rule is not a fence", "Text\n\n---\n\nMore\n", frontMatter{}, "Text\n\n---\n\nMore\n"},
		{"no line end after the fence", "---\ntitle: Hi\n---", frontMatter{title: "Hi"}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, body, findings := readFrontMatter("content/x.md", []byte(tt.src))
			if len(findings) > 0 {
				t.Fatalf("findings:\n%v", findings)
			}
			if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(frontMatter{}, aliasPath{}),
				cmpopts.IgnoreFields(frontMatter{}, "untitled")); diff != "" {
				t.Errorf("front matter (-want +got):\n%s", diff)
			}
			if string(body) != tt.body {
				t.Errorf("body %q, want %q", body, tt.body)
			}
		})
	}
}

func TestReadFrontMatterMistakes(t *testing.T) {
	tests := []struct{ name, src, want string }{
		{"misspelled key", "---\ntitel: x\n---\n",
			`content/x.md:2:1: unknown key "titel"; did you mean "title"?`},
		{"unknown key", "---\ntitle: x\nmenu: main\n---\n",
			`content/x.md:3:1: unknown key "menu"; ` +
				`the keys are title, description, layout, draft, date, weight, aliases`},
		{"no end", "---\ntitle: x\n", `content/x.md:1:1: front matter does not end (no second --- line)`},
		{"TOML", "+++\ntitle = \"x\"\n+++\n",
			`content/x.md:1:1: front matter is TOML (found "+++"); write it in YAML: ---, title: …, ---`},
		{"colon in a title", "---\ntitle: Aurora: a manual\n---\n",
			`content/x.md:2:8: title has a colon and must be in quotes (found "Aurora: a manual"); ` +
				`write title: "Aurora: a manual"`},
		{"quote not closed", "---\ntitle: \"x\n---\n",
			`content/x.md:2:8: the text in quotes is not closed (found "\"x"); write a " at its end`},
		{"key twice", "---\ntitle: x\ndraft: false\ntitle: y\n---\n",
			`content/x.md:4:1: title occurs twice, first in line 2; remove one`},
		{"a list", "---\n- x\n---\n",
			`content/x.md:2:1: must be keys and values (found a list); for instance title: Downloads`},
		{"just text", "---\nHello\n---\n",
			`content/x.md:2:1: must be keys and values (found "Hello"); for instance title: Downloads`},
		{"title a list", "---\ntitle: [a, b]\n---\n", `content/x.md:2:8: title must be a single value (found a list)`},
		{"title a map", "---\ntitle: {a: b}\n---\n",
			`content/x.md:2:8: title must be a single value (found a group of keys)`},
		{"draft a word", "---\ndraft: yes please\n---\n",
			`content/x.md:2:8: draft must be true or false (found "yes please")`},
		{"date in words", "---\ndate: tomorrow\n---\n",
			`content/x.md:2:7: date is not a day (found "tomorrow"); write it as 2026-11-20`},
		{"no such day", "---\ndate: 2026-02-30\n---\n",
			`content/x.md:2:7: date is not a day (found "2026-02-30"); write it as 2026-11-20`},
		{"weight a word", "---\nweight: heavy\n---\n",
			`content/x.md:2:9: weight must be a whole number (found "heavy")`},
		{"weight a fraction", "---\nweight: 1.5\n---\n",
			`content/x.md:2:9: weight must be a whole number (found "1.5")`},
		{"weight out of range", "---\nweight: 99999999999\n---\n",
			`content/x.md:2:9: weight must be a whole number (found "99999999999")`},
		{"aliases a word", "---\naliases: /x\n---\n",
			`content/x.md:2:10: aliases must be a list (found "/x"); write [/x]`},
		{"alias elsewhere", "---\naliases:\n  - /ok\n  - //evil.example/\n---\n",
			`content/x.md:4:5: alias is not a path of this site (found "//evil.example/"); start it with one /`},
		{"column in bytes", "---\n{é: 1, titel: x}\n---\n",
			"content/x.md:2:2: unknown key \"é\"; the keys are title, description, layout, draft, date, weight, " +
				"aliases\ncontent/x.md:2:9: unknown key \"titel\"; did you mean \"title\"?"},
		{"tab", "---\ntitle: x\naliases:\n\t- /x\n---\n",
			`content/x.md:4:1: a tab indents the line (found "\t"); indent with spaces`},
		{"Latin-1", "---\ntitle: x\ndescription: Fran\xe7ais\n---\n",
			`content/x.md:3:18: text is not UTF-8 (found "\xe7"); save the file as UTF-8`},
		{"no space after the colon", "---\ntitle:x\n---\n",
			`content/x.md:2:1: must be keys and values (found "title:x"); write a space after the colon: title: x`},
		{"alias", "---\ntitle: *x*\n---\n",
			`content/x.md:2:8: aliases are not supported (found "*x*"); ` +
				`write the value in full, or in quotes: title: "*x*"`},
		{"all at once, with syntax errors", "---\ntitel: x\ntitle: a: b\nlayout: @x\ndraft: 7\naliases: [/a\n---\n",
			`content/x.md:2:1: unknown key "titel"; did you mean "title"?
content/x.md:3:8: title has a colon and must be in quotes (found "a: b"); write title: "a: b"
content/x.md:4:9: layout begins with "@" and must be in quotes (found "@x"); write layout: "@x"
content/x.md:5:8: draft must be true or false (found "7")
content/x.md:6:10: the list is not closed (found "[/a"); write a ] at its end`},
		{"all at once", "---\ntitel: x\ndraft: 7\n---\n",
			"content/x.md:2:1: unknown key \"titel\"; did you mean \"title\"?\ncontent/x.md:3:8: draft must be true " +
				"or false (found \"7\")"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, _, findings := readFrontMatter("content/x.md", []byte(tt.src))
			if diff := cmp.Diff(tt.want, findings.Error()); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}

func FuzzFrontMatter(f *testing.F) {
	for _, s := range []string{
		"", "---", "---\n", "---\n---\n", "---\ntitle: x\n---\nText\n", "---\ntitle: [a\n---\n",
		"---\n\ttitle: x\n---\n",
		"---\na: &a [*a]\n---\n", "---\n? x\n: y\n---\n", "---\n<<: {title: x}\n---\n", "---\ntitle: !!binary x\n---\n",
		"---\ntitle: 'It''s'\ndate: 2026-01-01\nweight: 0x10\naliases: [/a, b]\n--- \n",
		"\ufeff---\r\ntitle: é\r\n---\r\n",
		"---\n--- x\n---\n", "---\na: b\n...\nc: d\n---\n", "---\n%YAML 1.2\n---\n", "---\ntitle: >\n  x\n---\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		_, body, findings := readFrontMatter("x.md", src)
		if !bytes.HasSuffix(src, body) {
			t.Errorf("the body %q is not the end of the file", body)
		}
		lines := strings.Split(string(src), "\n")
		for _, f := range findings {
			if f.Line < 1 || f.Line > len(lines) || f.Col < 1 || f.Col > len(lines[f.Line-1])+1 {
				t.Errorf("%v is outside of the file", f)
			}
			if f.Text == "" {
				t.Errorf("%v has no text", f)
			}
		}
	})
}

// TestUntitled checks the message about a page without a title.
func TestUntitled(t *testing.T) {
	const begin = "1:1: no title; begin the file with front matter: ---, title: …, ---"
	tests := []struct{ name, src, want string }{
		{"empty file", "", begin},
		{"no front matter", "# Heading\n", begin},
		{"a brace", "{not JSON}\n", begin},
		{"empty front matter", "---\n---\n", "1:1: no title; add one to the front matter: title: …"},
		{"other keys", "---\ndraft: false\n---\n", "1:1: no title; add one to the front matter: title: …"},
		{"no value", "---\ndraft: false\ntitle:\n---\n",
			"3:1: title is empty; write the title of the page after the colon"},
		{"empty text", "---\ntitle: ''\n---\n", "2:1: title is empty; write the title of the page after the colon"},
		{"a comment", "---\ntitle: #1 in its field\n---\n",
			"2:1: title is empty, because # begins a comment; put the title in quotes"},
		{"JSON", "{\n  \"title\": \"x\"\n}\n", "1:1: no title; front matter is JSON; write it in YAML: ---, title: …, ---"},
		{"a line above", "\n---\ntitle: x\n---\n", "1:1: no title; front matter must begin in the first line, without " +
			"blanks; remove what is above or before its ---"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d, findings := newDocument("x.md", "en", []byte(tt.src))
			if len(findings) > 0 {
				t.Fatalf("findings:\n%v", findings)
			}
			if diff := cmp.Diff("content/x.md:"+tt.want, d.untitled.String()); diff != "" {
				t.Error(diff)
			}
		})
	}
}
