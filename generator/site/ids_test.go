package site_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"github.com/Slicer/sitegen/generator/testutil"
)

// element is an element of a page that has an id.
type element struct{ name, id string }

// elements returns the elements of a page that have an id, and the fragments of the links to the same page.
func elements(page string) (list []element, links []string) {
	z := html.NewTokenizer(strings.NewReader(page))
	for z.Next() != html.ErrorToken {
		t := z.Token()
		for _, a := range t.Attr {
			if a.Key == "id" {
				list = append(list, element{t.Data, a.Val})
			}
			if fragment, ok := strings.CutPrefix(a.Val, "#"); ok && a.Key == "href" {
				links = append(links, fragment)
			}
		}
	}
	return list, links
}

// TestHeadingIDsOfAllLayouts writes, for each page with a text, a heading for each id that the page has without the
// text. No two elements may then have the same id, and links in the text must lead to its headings.
func TestHeadingIDsOfAllLayouts(t *testing.T) {
	in := siteInput(t, nil, nil)
	in.Index = testutil.Index(t, "live")
	in.Notice = "## Notes\n\nMain[^1].\n\n[^1]: Packages.\n"
	release := in.Index.Packages()[0].Release
	for _, p := range in.Index.Packages() {
		if p.Release != "" {
			release = p.Release
			break
		}
	}
	sources := map[string]string{ // content file by page
		"index.html": "index.md", "api/index.html": "api.md", "x/index.html": "x.md",
		"releases/index.html": "releases/index.md", "preview/index.html": "preview/index.md",
		"releases/" + release + "/index.html": "releases/" + release + ".md",
	}
	content := folder{}
	for _, file := range sources {
		content[file] = "---\ntitle: X\n---\nText.\n"
	}
	in.Content = content.fs()
	without, _ := rendered(t, in)
	texts := folder{}
	for page, file := range sources {
		list, _ := elements(without[page])
		if len(list) == 0 {
			t.Fatalf("%s has no ids", page)
		}
		text := "---\ntitle: X\n---\nText[^1].\n\n[^1]: Note.\n"
		for _, e := range list {
			if !strings.Contains(e.id, ":") { // of a footnote
				text += fmt.Sprintf("\n## %s\n\n[to](#%s)\n", e.id, e.id)
			}
		}
		texts[file] = text
	}
	for _, minify := range []bool{false, true} {
		in.Content, in.Minify = texts.fs(), minify
		files, warnings := rendered(t, in)
		for page, file := range sources {
			list, links := elements(files[page])
			var repeated []string
			names := map[string]string{}
			for _, e := range list {
				if names[e.id] != "" {
					repeated = append(repeated, e.id)
				}
				names[e.id] = e.name
			}
			if repeated != nil {
				t.Errorf("%s has several elements with the ids %q", page, repeated)
			}
			headings := strings.Count(texts[file], "## ")
			links = slices.DeleteFunc(links, func(l string) bool { return names[l] != "h2" })
			if len(links) < headings {
				t.Errorf("%s: %d links lead to headings, want %d", page, len(links), headings)
			}
		}
		for _, w := range warnings {
			if strings.Contains(w.Text, "id") {
				t.Errorf("warning: %v", w)
			}
		}
	}
}

// TestChosenIDs checks the warnings about ids that an author chose although the page has them already.
func TestChosenIDs(t *testing.T) {
	files, warnings := rendered(t, siteInput(t, folder{
		"x.md": "---\ntitle: X\n---\n\n## Main {#main}\n\n## A {#a}\n\n## B {#a}\n\n## C {#c}\n\n[c](#c)\n",
	}, nil))
	want := `content/x.md:5:1: another element of the page has the id "main"; choose another one
content/x.md:9:1: another element of the page has the id "a"; choose another one`
	if diff := cmp.Diff(want, warnings.Error()); diff != "" {
		t.Errorf("warnings (-want +got):\n%s", diff)
	}
	if !strings.Contains(files["x/index.html"], `<h2 id="main">Main</h2>`) {
		t.Errorf("the heading has not the id that the author chose:\n%s", files["x/index.html"])
	}
}
