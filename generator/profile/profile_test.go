package profile_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/profile"
)

// load writes a profile to a file and reads it. more holds the names and texts of further files.
func load(t *testing.T, text string, more ...string) (*profile.Profile, error) {
	t.Helper()
	dir := t.TempDir()
	for i := 0; i+1 < len(more); i += 2 {
		if err := os.WriteFile(filepath.Join(dir, more[i]), []byte(more[i+1]), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(dir, "p.yaml")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	p, err := profile.Load(path)
	if err != nil {
		err = fault.Wrap(fault.KindOf(err), errString(strings.ReplaceAll(err.Error(), path, "p.yaml")), "")
	}
	return p, err
}

type errString string

func (e errString) Error() string { return string(e) }

// least is a profile with only the required keys.
const least = `project: Aurora
systems:
  - {id: linux, title: Linux}
architectures:
  - {id: x86_64, title: 64-bit Intel and AMD}
`

func TestLeast(t *testing.T) {
	p, err := load(t, least)
	if err != nil {
		t.Fatal(err)
	}
	p.Name = ""
	want := &profile.Profile{
		Project: "Aurora", Title: "Aurora download",
		Scheme: catalog.Scheme{
			IDs: catalog.NameIDs, Revisions: true,
			Systems: []catalog.System{{ID: "linux", Title: "Linux", Family: catalog.UnixFamily}},
			Arches: []catalog.Architecture{{ID: "x86_64", Title: "64-bit Intel and AMD",
				Titles: map[catalog.OS]string{}}},
		},
	}
	sameTemplate := cmp.Comparer(func(a, b catalog.Template) bool { return a.String() == b.String() })
	if diff := cmp.Diff(want, p, sameTemplate); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestWhole(t *testing.T) {
	p, err := load(t, least+`
title: Get Aurora
category: DesignApplication
ids: hex24
revisions: false
links:
  - {name: changes, title: Changes, url: "https://git.example.org/log/{version}"}
download: https://files.example.org/{version}/{file}
legacy_rules: old.txt
legacy_statistics: data.json
legacy_statistics_copies: [old/data.json]
`, "old.txt", "/old /new 301\n")
	if err != nil {
		t.Fatal(err)
	}
	if p.Title != "Get Aurora" || p.Category != "DesignApplication" ||
		p.IDs != catalog.HexIDs || p.Revisions || p.LegacyStatistics != "data.json" ||
		!slices.Equal(p.LegacyCopies, []string{"old/data.json"}) || p.LegacyRules.Text != "/old /new 301\n" ||
		filepath.Base(p.LegacyRules.Name) != "old.txt" {
		t.Errorf("%+v", p)
	}
	if l := p.Links[0]; l.Key != "changes_url" || l.Text != "Changes" {
		t.Errorf("link %+v", l)
	}
}

func TestMistakes(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"empty", "", "p.yaml:1:1: architectures is missing: a list of the packages' processor architectures\n" +
			"p.yaml:1:1: project is missing: the name of the software\n" +
			"p.yaml:1:1: systems is missing: a list of the packages' operating systems"},
		{"unknown key", least + "titel: x\n", `p.yaml:6:1: unknown key "titel"; did you mean "title"?`},
		{"id with a dash", strings.Replace(least, "id: linux", "id: my-linux", 1),
			"p.yaml:3:10: id must be 1 to 20 lower-case letters and digits, with _ only between them " +
				`(found "my-linux")`},
		{"reserved id", strings.Replace(least, "id: linux", "id: all", 1), `id is a reserved word (found "all")`},
		{"duplicate id",
			strings.Replace(least, "architectures", "  - {id: linux, title: Linux again}\narchitectures", 1),
			`p.yaml:4:5: duplicate id in systems (found "linux")`},
		{"family", strings.Replace(least, "title: Linux", "title: Linux, family: linux", 1),
			`family must be one of windows, macos, unix (found "linux")`},
		{"category", least + "category: DesingApplication\n",
			`(found "DesingApplication"); did you mean "DesignApplication"?`},
		{"field", least + "download: https://x.example/{flie}\n",
			`p.yaml:6:11: download: no field "flie"; the fields are`},
		{"link without url", least + "links:\n  - {name: x, title: X}\n",
			`p.yaml:7:5: url is missing: the URL of the page`},
		{"revision without revisions",
			least + "revisions: false\nlinks:\n  - {name: x, title: X, url: \"https://x.example/{revision}\"}\n",
			"a template must not use {revision} if revisions is false"},
		{"script link", least + "links:\n  - {name: x, title: X, url: \"javascript:x\"}\n",
			"must be an http or https URL"},
		{"title for an unknown system", strings.Replace(least, "AMD}", "AMD, titles: {mac: Intel}}", 1),
			`unknown system in the titles of x86_64 (found "mac")`},
		{"missing file of rules", least + "legacy_rules: old.txt\n",
			`p.yaml:6:15: cannot read the file of legacy_rules (found "old.txt")`},
		{"rules outside the folder", least + "legacy_rules: ../../etc/passwd\n",
			`cannot read the file of legacy_rules`},
		{"statistics outside the folder", least + "legacy_statistics: ../x.json\n", `must be a plain file name`},
		{"copy outside the folder", least + "legacy_statistics_copies: [a/../../x.json]\n", `must be a path of plain names`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := load(t, tt.text)
			if err == nil || !strings.Contains(err.Error(), tt.want) || fault.KindOf(err) != fault.Usage {
				t.Errorf("error %v\nwant %s", err, tt.want)
			}
		})
	}
}

func TestBuiltIn(t *testing.T) {
	for _, name := range profile.BuiltIn() {
		p, err := profile.Load(name)
		if err != nil {
			t.Fatal(err)
		}
		if !p.BuiltIn || p.Name != name || p.BaseURL == "" || p.Source == "" {
			t.Errorf("%s: %+v", name, p)
		}
	}
	if _, err := profile.Load("slicr"); err == nil || len(fault.Hints(err)) == 0 {
		t.Errorf("a profile that does not exist: %v", err)
	}
}

// rowRE matches a row of a table of keys.
var rowRE = regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| .* \\| .* \\|$")

// TestDocument checks that docs/profile.md has each key once, under its heading and in the order of the code.
func TestDocument(t *testing.T) {
	data, err := os.ReadFile("../../docs/profile.md")
	if err != nil {
		t.Fatal(err)
	}
	documented := map[string][]string{}
	for _, section := range strings.Split(string(data), "\n## ")[1:] {
		heading, text, _ := strings.Cut(section, "\n")
		for _, m := range rowRE.FindAllStringSubmatch(text, -1) {
			documented[heading] = append(documented[heading], m[1])
		}
	}
	if diff := cmp.Diff(profile.DocumentedKeys(), documented); diff != "" {
		t.Errorf("keys (-code +docs/profile.md):\n%s", diff)
	}
}

// TestDocumentExample checks that the example in docs/profile.md is a valid profile.
func TestDocumentExample(t *testing.T) {
	data, err := os.ReadFile("../../docs/profile.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(data), "```yaml\n# aurora.yaml\nproject:")
	text, _, _ = strings.Cut(text, "```")
	p, err := load(t, "project:"+text)
	if err != nil {
		t.Fatal(err)
	}
	if p.Project != "Aurora" || len(p.Systems) != 4 || len(p.Arches) != 3 {
		t.Errorf("profile %+v", p)
	}
}
