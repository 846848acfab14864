package cloudfront

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen"
	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/redirect"
	"github.com/Slicer/sitegen/generator/site"
	"github.com/Slicer/sitegen/generator/testutil"
)

// edge is an Edge whose store a test can change.
type edge struct {
	*Edge
	store map[string]string
}

// start loads the compiled function with a store.
func start(t testing.TB, store map[string]string) *edge {
	t.Helper()
	function, err := Function()
	if err != nil {
		t.Fatal(err)
	}
	e := &edge{store: store}
	e.Edge, err = NewEdge(function, func(key string) (string, bool) { v, ok := e.store[key]; return v, ok }, nil)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// ask sends a request; q is a path and query, encoded.
func (e *edge) ask(t testing.TB, method, q string) edgeResult {
	t.Helper()
	path, query, _ := strings.Cut(q, "?")
	r, err := e.run(method, "", path, query)
	if err != nil {
		t.Fatalf("%s: %v", q, err)
	}
	return r
}

// load parses an import file and checks the limits, as CloudFront's CreateKeyValueStore does.
func load(t testing.TB, data []byte) map[string]string {
	t.Helper()
	var file struct{ Data []pair }
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	store := make(map[string]string, len(file.Data))
	for _, p := range file.Data {
		if _, ok := store[p.Key]; ok {
			t.Errorf("the key %q occurs twice", p.Key)
		}
		if len(p.Key) > MaxKey || len(p.Value) > MaxValue {
			t.Errorf("too long: the key %q has %d bytes, its value %d", p.Key, len(p.Key), len(p.Value))
		}
		store[p.Key] = p.Value
	}
	return store
}

func newTable(t testing.TB, profile, rulesText string) *redirect.Table {
	t.Helper()
	rules, err := redirect.Parse("rules.txt", rulesText)
	if err != nil {
		t.Fatal(err)
	}
	x := testutil.Index(t, profile)
	return &redirect.Table{Index: x, Rules: redirect.NewRules(append(rules, testutil.Inherited(t, x)...)),
		Files: redirect.Files{Read: rendered(t, x).File}}
}

// rendered returns the default site for a catalogue.
func rendered(t testing.TB, x *lookup.Index) siteFiles {
	t.Helper()
	files, _, err := site.Render(t.Context(), site.Input{
		Options: site.Options{Title: "Tool", Project: "Tool", BaseURL: "https://download.example", Jobs: 2, Minify: true},
		Index:   x, Content: sitegen.Content(), Layouts: sitegen.Layouts(),
	})
	if err != nil {
		t.Fatal(err)
	}
	f := siteFiles{}
	for _, file := range files {
		f[file.Path] = string(file.Data)
	}
	return f
}

// compare sends a request to the function, compares the reply with the table's answer, and returns the reply. q is a
// path and query, encoded; path is the decoded path.
func compare(t *testing.T, e *edge, tab *redirect.Table, q, path string) edgeResult {
	t.Helper()
	_, query, _ := strings.Cut(q, "?")
	want := tab.Answer(path, query)
	got := e.ask(t, "GET", q)
	if diff := differ(tab, want, got, query); diff != "" {
		t.Errorf("%s: %s\n got %+v", q, diff, got)
	}
	return got
}

var bitstreamRE = regexp.MustCompile(`href="/bitstream/([^"/#]+)(?:#unnumbered)?"`)

// differ describes how a reply differs from the table's answer; "" if it does not.
func differ(tab *redirect.Table, want redirect.Answer, got edgeResult, query string) string {
	switch {
	case want.API.Kind == lookup.Page:
		if got.URI == "/index.html" && cmp.Equal(want.API.Query, tab.Answer("/", "").API.Query) {
			return ""
		}
		var links []string
		for _, c := range want.API.Cells {
			if c.Package != nil {
				links = append(links, c.Package.ID)
			}
		}
		if got.Body == nil {
			return "no page"
		}
		var found []string
		for _, m := range bitstreamRE.FindAllStringSubmatch(got.Body.Data, -1) {
			found = append(found, m[1])
		}
		if got.StatusCode != 200 || fmt.Sprint(found) != fmt.Sprint(links) {
			return fmt.Sprintf("links to %v, want %v", found, links)
		}
	case want.API.Kind == lookup.Objects:
		if got.StatusCode != 200 || got.Body == nil ||
			!sameJSON([]byte(got.Body.Data), lookup.ObjectsJSON(tab.Index.Spec(), want.API.Cells)) {
			return "want the objects " + string(lookup.ObjectsJSON(tab.Index.Spec(), want.API.Cells))
		}
	case want.API.Kind == lookup.Object:
		record := lookup.ObjectJSON(tab.Index.Spec(), want.API.Package)
		if got.StatusCode != 200 || got.Body == nil || !sameJSON([]byte(got.Body.Data), record) {
			return "want the object " + string(record)
		}
	case want.File != "":
		file := want.File
		if strings.HasSuffix(file, "/") {
			file += "index.html"
		}
		if got.StatusCode != 0 || got.URI != file {
			return "want the file " + file
		}
	case want.Location != "":
		if got.StatusCode != want.Status || got.Headers["location"].Value != want.Location {
			return fmt.Sprintf("want %d to %s", want.Status, want.Location)
		}
	case want.Status >= 400:
		if got.StatusCode != want.Status || got.Body == nil || got.Headers["cache-control"].Value != "no-store" {
			return fmt.Sprintf("want a page of status %d", want.Status)
		}
		if p := want.API.Problem; p != nil && !strings.Contains(got.Body.Data, " "+p.Param+" ") &&
			!strings.Contains(got.Body.Data, "Bad request: "+p.Param) {
			return "the page does not name " + p.Param
		}
	case got.StatusCode != 0 && got.StatusCode != 301:
		return "want a file"
	}
	return ""
}

// sameJSON reports whether two JSON texts have the same value.
func sameJSON(a, b []byte) bool {
	var x, y any
	if json.Unmarshal(a, &x) != nil || json.Unmarshal(b, &y) != nil {
		return false
	}
	p, _ := json.Marshal(x)
	q, _ := json.Marshal(y)
	return string(p) == string(q)
}
