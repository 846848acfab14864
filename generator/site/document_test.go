package site

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen"
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

// TestContentDocument checks the tables of docs/content.md: the keys of front matter, what a date means, the URLs of
// files, the ids of headings, and the names that are left out.
func TestContentDocument(t *testing.T) {
	var keys, wantKeys []string
	for _, row := range documented(t, "Key") {
		keys = append(keys, codeIn(row[0])...)
	}
	for _, k := range new(frontMatter).keys() {
		wantKeys = append(wantKeys, k.Name)
	}
	if diff := cmp.Diff(wantKeys, keys); diff != "" {
		t.Errorf("keys (-program +document):\n%s", diff)
	}
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
