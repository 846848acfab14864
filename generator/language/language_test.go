package language_test

import (
	"bytes"
	"html/template"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen"
	"github.com/Slicer/sitegen/generator/language"
	"github.com/Slicer/sitegen/generator/yamltext"
)

// shipped reads the built-in table of a language.
func shipped(t testing.TB, code string, base *language.Table) *language.Table {
	t.Helper()
	text, err := fs.ReadFile(sitegen.Layouts(), "languages/"+code+".yaml")
	if err != nil {
		t.Fatal(err)
	}
	table, warnings, findings := language.Read(code, []language.File{{Name: code + ".yaml", Text: text}}, base)
	for _, f := range append(warnings, findings...) {
		t.Error(f)
	}
	return table
}

// TestShipped checks that all built-in tables have the same texts, with the same placeholders and plural forms.
func TestShipped(t *testing.T) {
	placeholders := regexp.MustCompile(`\{[a-z_]+\}`)
	read := func(name string) map[string][]string {
		text, err := fs.ReadFile(sitegen.Layouts(), name)
		if err != nil {
			t.Fatal(err)
		}
		all := map[string][]string{}
		var add func(key string, n *yamltext.Node)
		add = func(key string, n *yamltext.Node) {
			if s, ok := n.Text(); n.Kind == yamltext.Scalar && ok {
				found := placeholders.FindAllString(s, -1)
				slices.Sort(found)
				all[key] = slices.Compact(found)
			}
			for _, e := range n.Entries {
				add(key+"."+e.Key, e)
			}
		}
		yamltext.Parse(name, text, 0).Read(yamltext.Keys{
			{Name: "texts", Read: func(n *yamltext.Node) { n.Pairs(); add("", n) }},
		})
		return all
	}
	base := shipped(t, language.Base, nil)
	want := read("languages/en.yaml")
	if len(want) < 200 {
		t.Fatalf("%d texts", len(want))
	}
	names, err := fs.Glob(sitegen.Layouts(), "languages/*.yaml")
	if err != nil || len(names) < 2 {
		t.Fatal(names, err)
	}
	for _, name := range names {
		if code := strings.TrimSuffix(path.Base(name), ".yaml"); code != language.Base {
			shipped(t, code, base)
		}
		got := read(name)
		for key := range maps.Keys(got) {
			if strings.HasSuffix(key, ".one") { // may spell the number out
				got[key] = want[key]
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-en.yaml +%s):\n%s", name, name, diff)
		}
	}
}

const german = `
name: Deutsch
day: 2. January 2006
decimal: ","
grouping: .
months: [Januar, Februar, März, April, Mai, Juni, Juli, August, September, Oktober, November, Dezember]
short_months: [Jan., Feb., März, Apr., Mai, Juni, Juli, Aug., Sep., Okt., Nov., Dez.]
texts:
  found: {one: ein Treffer, other: "{count} Treffer seit {year}"}
  note: <b>{name}</b> & {link}
terms:
  Apple chip: Apple-Chip
`

func table(t *testing.T, code, text string) *language.Table {
	t.Helper()
	table, warnings, findings := language.Read(code, []language.File{{Name: code + ".yaml", Text: []byte(text)}}, nil)
	if len(warnings)+len(findings) > 0 {
		t.Fatal(warnings, findings)
	}
	return table
}

func TestTexts(t *testing.T) {
	de := table(t, "de", german)
	for _, tc := range []struct {
		key    string
		values language.Values
		want   string
	}{
		{"found", language.Values{"count": 1, "year": 2026}, "ein Treffer"},
		{"found", language.Values{"count": 0, "year": 2026}, "0 Treffer seit 2026"},
		{"found", language.Values{"count": int64(1234567), "year": 2026}, "1.234.567 Treffer seit 2026"},
		{"note", language.Values{"name": "<i>", "link": "x"}, "<b><i></b> & x"},
		{"found", language.Values{"count": 2}, `error: text "found" needs a value for {year}`},
		{"fond", nil, `error: no text "fond"; did you mean "found"?`},
	} {
		got, err := de.Text(tc.key, tc.values)
		if err != nil {
			got = "error: " + err.Error()
		}
		if got != tc.want {
			t.Errorf("Text(%q, %v) is %q, want %q", tc.key, tc.values, got, tc.want)
		}
	}
	markup, err := de.HTML("note", language.Values{"name": "<i>", "link": template.HTML("<br>")})
	if want := template.HTML("<b>&lt;i&gt;</b> & <br>"); err != nil || markup != want {
		t.Errorf("HTML is %q, %v, want %q", markup, err, want)
	}
}

// TestPlurals uses a language with more forms than English.
func TestPlurals(t *testing.T) {
	pl := table(t, "pl", `texts: {files: {one: "{count} plik", few: "{count} pliki", many: "{count} plików", other: "{count} pliku"}}`)
	for n, want := range map[int]string{1: "1 plik", 3: "3 pliki", 5: "5 plików", 22: "22 pliki", 112: "112 plików"} {
		if got, err := pl.Text("files", language.Values{"count": n}); got != want || err != nil {
			t.Errorf("%d: %q, %v, want %q", n, got, err, want)
		}
	}
}

func TestFormats(t *testing.T) {
	de := table(t, "de", german)
	at := time.Date(2026, time.March, 9, 23, 30, 0, 0, time.FixedZone("", -3600))
	for name, tc := range map[string][2]string{
		"day":          {de.Day(at), "10. März 2026"},
		"month":        {de.Date("January 2006", at), "März 2026"},
		"short month":  {de.Date("2 Jan", at.AddDate(0, 1, 0)), "10 Apr."},
		"ISO":          {de.Date("2006-01-02", at), "2026-03-10"},
		"size":         {de.Bytes(3_400_000), "3,4 MB"},
		"large size":   {de.Bytes(412_000_000), "412 MB"},
		"no size":      {de.Bytes(-1), "0 B"},
		"number":       {de.Number(1234567), "1.234.567"},
		"small number": {de.Number(999), "999"},
		"negative":     {de.Number(-123456), "-123.456"},
		"term":         {de.Term("Apple chip"), "Apple-Chip"},
		"term in part": {de.Term("macOS (Apple chip)"), "macOS (Apple-Chip)"},
		"other term":   {de.Term("Linux"), "Linux"},
	} {
		if tc[0] != tc[1] {
			t.Errorf("%s: %q, want %q", name, tc[0], tc[1])
		}
	}
}

func TestScriptTexts(t *testing.T) {
	en := table(t, "en", `texts: {a: {b: {c: one, d: {one: x, other: y}}, e: two}}`)
	if got, err := en.ScriptTexts("a.b"); got != `{"c":"one","d":{"one":"x","other":"y"}}` || err != nil {
		t.Errorf("%s, %v", got, err)
	}
	if _, err := en.ScriptTexts("a.b", "a.b"); err == nil || !strings.Contains(err.Error(), "is in two of the groups") {
		t.Errorf("error %v", err)
	}
	if _, err := en.ScriptTexts("a.x"); err == nil || !strings.Contains(err.Error(), `no texts in the group "a.x"`) {
		t.Errorf("error %v", err)
	}
}

// TestLayers checks that a later file replaces single texts, and that the texts of the base are shown where a language
// has none.
func TestLayers(t *testing.T) {
	base := []language.File{{Name: "en.yaml", Text: []byte("name: English\ntexts: {a: A, b: B}")},
		{Name: "own/en.yaml", Text: []byte("texts: {b: own, banner: mine}")}}
	en, _, findings := language.Read("en", base, nil)
	if len(findings) > 0 {
		t.Fatal(findings)
	}
	fr, warnings, findings := language.Read("fr", []language.File{{Name: "fr.yaml", Text: []byte("texts: {a: À}")}}, en)
	if len(findings) > 0 {
		t.Fatal(findings)
	}
	got := map[string]string{}
	for _, table := range []*language.Table{en, fr} {
		for _, key := range []string{"a", "b", "banner"} {
			got[table.Code+" "+key], _ = table.Text(key, nil)
		}
	}
	if diff := cmp.Diff(map[string]string{"en a": "A", "en b": "own", "en banner": "mine", "fr a": "À", "fr b": "own",
		"fr banner": "mine"}, got); diff != "" {
		t.Errorf("texts (-want +got):\n%s", diff)
	}
	const want = "fr.yaml: texts without a translation, shown in English: b, banner"
	if warnings.Error() != want {
		t.Errorf("warnings %q, want %q", warnings.Error(), want)
	}
}

func TestMistakes(t *testing.T) {
	base := table(t, "en", `texts: {greeting: "Hello {name}", found: {one: one, other: "{count}"}}`)
	for text, want := range map[string]string{
		"texts: {greting: x}":                   `fr.yaml:1:18: no page shows the text "greting"; did you mean "greeting"?`,
		"texts: {greeting: \"{nam}\"}":          `fr.yaml:1:19: text "greeting" has no value for {nam}; did you mean "name"?`,
		"texts: {found: {one: x}}":              `fr.yaml:1:16: text "found" needs the form other`,
		"texts: {found: {one: x, few: y}}":      `fr.yaml:1:16: text "found" needs the form other`,
		"months: [a, b]":                        "fr.yaml:1:9: must be a list of 12 months (found 2)",
		"texts: {greeting: [a]}":                `fr.yaml:1:19: texts.greeting must be a single value (found a list)`,
		"titel: x":                              `fr.yaml:1:1: unknown key "titel"`,
		"terms: {Windows: Fenster, Windows: x}": `Windows`,
	} {
		_, _, findings := language.Read("fr", []language.File{{Name: "fr.yaml", Text: []byte(text)}}, base)
		if got := findings.Error(); !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

func TestValidCode(t *testing.T) {
	for code, want := range map[string]bool{"en": true, "de": true, "pt-BR": true, "zh-Hant": true, "": false, "EN": false,
		"english": false, "../x": false, "en_US": false, "pt-br": false, "und": false} {
		if got := language.ValidCode(code); got != want {
			t.Errorf("ValidCode(%q) is %v", code, got)
		}
	}
}

// FuzzRead reads any text as a table, and checks that each finding has a place in the text.
func FuzzRead(f *testing.F) {
	f.Add([]byte(german))
	f.Add([]byte("texts: {a: {one: x}, b: {other: \"{count} {x}\"}}"))
	f.Fuzz(func(t *testing.T, text []byte) {
		table, _, findings := language.Read("de", []language.File{{Name: "de.yaml", Text: text}}, nil)
		for _, finding := range findings {
			if finding.File != "de.yaml" || finding.Line < 1 || finding.Line > bytes.Count(text, []byte("\n"))+1 {
				t.Errorf("place of %v", finding)
			}
		}
		table.Day(time.Unix(0, 0))
		if _, err := table.ScriptTexts("a"); err != nil && !strings.Contains(err.Error(), "no texts in the group") {
			t.Error(err)
		}
	})
}
