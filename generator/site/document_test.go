package site

import (
	"fmt"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/Slicer/sitegen"
	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/folder"
)

// documented returns the cells of the table of docs/content.md that begins with a heading, without Markdown's marks of
// code.
func documented(t *testing.T, heading string) (rows [][]string) {
	t.Helper()
	data, err := os.ReadFile("../../docs/content.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, ok := strings.Cut(string(data), "\n| "+heading+" |")
	if !ok {
		t.Fatalf("docs/content.md has no table %s", heading)
	}
	table, _, _ = strings.Cut(table, "\n\n")
	for _, line := range strings.Split(table, "\n")[2:] {
		rows = append(rows, strings.Split(strings.Trim(line, "| "), " | "))
	}
	return rows
}

var codeRE = regexp.MustCompile("`([^`]+)`")

// codeIn returns the pieces of code in a cell.
func codeIn(cell string) (list []string) {
	for _, m := range codeRE.FindAllStringSubmatch(cell, -1) {
		list = append(list, m[1])
	}
	return list
}

// TestContentDocument checks tables of docs/content.md: what a date means, the URLs of
// files, the ids of headings, and the names that are left out.
func TestContentDocument(t *testing.T) {
	for _, row := range documented(t, "Value") {
		for _, date := range codeIn(row[0]) {
			fm, _, findings := readFrontMatter("x.md", []byte("---\ndate: "+date+"\n---\n"))
			if got := fm.date.Format(time.DateOnly); got != row[1] || findings != nil {
				t.Errorf("date %s: %s, document %s; %v", date, got, row[1], findings)
			}
		}
	}
	for _, row := range documented(t, "File in `content/`") {
		for _, name := range codeIn(row[0]) {
			url := "/" + name
			if isPage(name) {
				url = urlOf(documentPath(name))
			}
			if want := codeIn(row[1])[0]; url != want {
				t.Errorf("%s: %s, document %s", name, url, want)
			}
		}
	}
	for _, row := range documented(t, "Heading") {
		var ids headingIDs
		newMarkdown().render([]byte(codeIn(row[0])[0]), &ids)
		var got string
		for id := range ids.made {
			got = "#" + id
		}
		for _, w := range ids.written {
			got = "#" + w.id
		}
		if want := strings.Join(codeIn(row[1]), ""); got != want {
			t.Errorf("%s: %s, document %s", row[0], got, want)
		}
	}
	for _, row := range documented(t, "Left out") {
		for _, name := range codeIn(row[0]) {
			if name == "_" || name == ".well-known/" || strings.HasPrefix(name, "content/") {
				continue
			}
			if strings.HasPrefix(name, ".") && !strings.HasPrefix(name, ".ht") {
				name = "x" + name
			}
			if !folder.Ignored(name) {
				t.Errorf("%s is published", name)
			}
		}
	}
}

// TestLayoutsDocument checks that docs/layouts.md names every built-in file.
func TestLayoutsDocument(t *testing.T) {
	data, err := os.ReadFile("../../docs/layouts.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range BuiltInLayouts(sitegen.Layouts()) {
		if strings.HasPrefix(name, "partials/nav-link") {
			continue // a part of the header
		}
		if !strings.Contains(string(data), "`"+name+"`") {
			t.Errorf("docs/layouts.md does not name the file %s", name)
		}
	}
}

// FrontMatterReference describes the keys of front matter.
func FrontMatterReference() string {
	var b strings.Builder
	b.WriteString("| Key | Value | Default | Meaning | Example |\n| --- | --- | --- | --- | --- |\n")
	for _, k := range frontMatterKeys() {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | `%[1]s: %[5]s` |\n", k.name, k.kind, k.fallback, k.meaning, k.example)
	}
	return b.String()
}

// FrontMatterMistakes lists values that are errors, and the errors. It checks that the examples are none, and that each
// of them has an effect.
func FrontMatterMistakes(t *testing.T) string {
	var b strings.Builder
	b.WriteString("| Wrong | Error |\n| --- | --- |\n")
	for _, k := range frontMatterKeys() {
		fm, _, findings := readFrontMatter("x.md", []byte("---\n"+k.name+": "+k.example+"\n---\n"))
		fm.untitled = fault.Finding{}
		if findings != nil || reflect.DeepEqual(fm, frontMatter{}) {
			t.Errorf("%s: %s means %+v; %v", k.name, k.example, fm, findings)
		}
		for _, wrong := range k.wrong {
			_, _, findings := readFrontMatter("x.md", []byte("---\n"+k.name+": "+wrong+"\n---\n"))
			if len(findings) != 1 {
				t.Fatalf("%s: %s has findings %v, want 1", k.name, wrong, findings)
			}
			fmt.Fprintf(&b, "| `%s: %s` | %s |\n", k.name, wrong, findings[0].Text)
		}
	}
	return b.String()
}

// InsertionUses returns an example of each value that content can insert, and its result in words.
func InsertionUses() (uses [][2]string) {
	for _, of := range insertions() {
		for _, u := range of.uses {
			uses = append(uses, [2]string{u.example, u.about})
		}
	}
	return uses
}
