package cloudfront

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestAddPaths checks that an edition to which paths are added has the table of paths of one that was compiled with
// them, for tables of a few nodes, of some, and of two levels, and that nothing else changes.
func TestAddPaths(t *testing.T) {
	for _, pages := range []int{0, 60, 4_000} {
		t.Run(fmt.Sprint(pages), func(t *testing.T) {
			var paths []string
			for i := range pages {
				paths = append(paths, fmt.Sprintf("docs/%04d/index.html", i))
			}
			tab, b := newTable(t, "live", "/old /new\n/a/* /b/:splat\n"), bucket{}
			site := newSite(tab.Index, paths...)
			without := publish(t, tab, site, b, Options{}).store
			more := b.upload(siteFiles{"assets/site.0987.css": "old", "assets/a b.js": "old", "assets/site.1234.css": "other"})
			root, nodes, err := AddPaths(without.Root, without.Nodes, more)
			if err != nil {
				t.Fatal(err)
			}
			delete(more, "/assets/site.1234.css") // which the site has itself
			all := b.upload(site)
			maps.Copy(all, more)
			want, c := Compile(tab, Options{Objects: all})
			if err := c.Err(); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tableOfPaths(t, want.Root, want.Nodes), tableOfPaths(t, root, nodes)); diff != "" {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
			others := func(nodes map[string]string) map[string]string {
				rest := maps.Clone(nodes)
				maps.DeleteFunc(rest, func(key, _ string) bool { return strings.HasPrefix(key, pathNodes) })
				return rest
			}
			if diff := cmp.Diff(others(without.Nodes), others(nodes)); diff != "" {
				t.Errorf("other nodes (-want +got):\n%s", diff)
			}
			e := edgeOf(t, Store{RootKey: RootKey(""), Root: root, Nodes: nodes}.Keys(), b)
			for q, text := range map[string]string{"/assets/site.0987.css": "old", "/assets/a%20b.js": "old",
				"/assets/site.1234.css": "text of assets/site.1234.css", "/robots.txt": "text of robots.txt"} {
				if r := e.visit(t, "example.org", q); r.Status != 200 || string(r.Body) != text {
					t.Errorf("%s: %d %s", q, r.Status, r.Body)
				}
			}
		})
	}
	if _, _, err := AddPaths("a\n\nb\n\n\n\n+ 12345678", nil, nil); err == nil {
		t.Error("no error for a missing node")
	}
}

// tableOfPaths returns the lines of the table of paths. It is an error if the nodes have others of its kind.
func tableOfPaths(t *testing.T, root string, nodes map[string]string) (lines []string) {
	t.Helper()
	s := store{pairs: maps.Clone(nodes)}
	text, err := s.whole(root)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := s.takeRows(pathNodes, strings.Split(text, "\n\n")[pathPart])
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		lines = append(lines, r.key+" "+r.text)
	}
	for key := range s.pairs {
		if strings.HasPrefix(key, pathNodes) {
			t.Errorf("the node %s is in no tree", key)
		}
	}
	return lines
}
