package cloudfront

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/dop251/goja"

	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/redirect"
	"github.com/Slicer/sitegen/generator/testutil"
)

// edge runs the function as CloudFront does.
type edge struct {
	vm      *goja.Runtime
	handler goja.Callable
	store   map[string]string
	reads   int
	largest int // bytes of the largest body it made
}

// importRE is the one line that only CloudFront understands.
var importRE = regexp.MustCompile(`import cf from ?['"]cloudfront['"];`)

func newEdge(t testing.TB, store map[string]string) *edge {
	t.Helper()
	function, err := compileFunction()
	if err != nil {
		t.Fatal(err)
	}
	e := &edge{vm: goja.New(), store: store}
	get := func(key string) *goja.Promise {
		e.reads++
		p, resolve, reject := e.vm.NewPromise()
		if v, ok := e.store[key]; ok {
			resolve(v)
		} else {
			reject("no key " + key)
		}
		return p
	}
	e.vm.Set("cf", map[string]any{"kvs": func() map[string]any { return map[string]any{"get": get} }})
	if _, err := e.vm.RunString(importRE.ReplaceAllString(string(function), "")); err != nil {
		t.Fatal(err)
	}
	var ok bool
	if e.handler, ok = goja.AssertFunction(e.vm.Get("handler")); !ok {
		t.Fatal("no handler")
	}
	return e
}

// reply is what the function gave: a response, or the request to pass on.
type reply struct {
	StatusCode int               `json:"statusCode"`
	Headers    map[string]header `json:"headers"`
	Body       *struct{ Data string }
	URI        string `json:"uri"`
}

type header struct{ Value string }

// ask sends a request; q is a path and query, encoded.
func (e *edge) ask(t testing.TB, method, q string) reply {
	t.Helper()
	path, query, given := strings.Cut(q, "?")
	request := e.vm.NewObject()
	request.Set("method", method)
	request.Set("uri", path)
	request.Set("querystring", e.vm.NewObject())
	request.Set("rawQueryString", func() any {
		if !given {
			return nil
		}
		return query
	})
	event := e.vm.NewObject()
	event.Set("request", request)
	v, err := e.handler(goja.Undefined(), event)
	if err != nil {
		t.Fatalf("%s: %v", q, err)
	}
	p := v.Export().(*goja.Promise)
	if p.State() != goja.PromiseStateFulfilled {
		t.Fatalf("%s: %v", q, p.Result())
	}
	var r reply
	b, err := json.Marshal(p.Result())
	if err == nil {
		err = json.Unmarshal(b, &r)
	}
	if err != nil {
		t.Fatalf("%s: %v", q, err)
	}
	if r.Body != nil {
		e.largest = max(e.largest, len(r.Body.Data))
	}
	return r
}

// load reads an import file as CreateKeyValueStore does.
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
			t.Errorf("the key %q has %d bytes, its value %d", p.Key, len(p.Key), len(p.Value))
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
	return &redirect.Table{
		Index: x,

		Rules: redirect.NewRules(append(rules, testutil.Inherited(t, x)...)),
	}
}

// compare asks the function and the table one question. q is a path and query as sent; path is decoded.
func compare(t *testing.T, e *edge, tab *redirect.Table, q, path string) {
	t.Helper()
	_, query, _ := strings.Cut(q, "?")
	want := tab.Answer(path, query)
	got := e.ask(t, "GET", q)
	if diff := differ(want, got, query); diff != "" {
		t.Errorf("%s: %s\n got %+v", q, diff, got)
	}
}

// differ says how a reply is not the answer; "" when it is.
func differ(want redirect.Answer, got reply, query string) string {
	switch {
	case want.API.Kind == lookup.Page:
		if got.URI == "/index.html" && (query == "" || strings.Contains(query, "=") && !regexp.MustCompile(`os|stab|arch|offs|ver|rev|date`).MatchString(query)) {
			return ""
		}
		if got.URI == "/index.html" && want.API.Query.Plain() && len(want.API.Query.OSes) == 3 && len(want.API.Query.Stabilities) == 2 {
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
		for _, m := range regexp.MustCompile(`href="/bitstream/([0-9a-f]{24})"`).FindAllStringSubmatch(got.Body.Data, -1) {
			found = append(found, m[1])
		}
		if got.StatusCode != 200 || fmt.Sprint(found) != fmt.Sprint(links) {
			return fmt.Sprintf("links to %v, want %v", found, links)
		}
	case want.API.Kind == lookup.Objects:
		if got.StatusCode != 200 || got.Body == nil || !sameJSON([]byte(got.Body.Data), testutil.Spec(t).ObjectsJSON(want.API.Cells)) {
			return "another object, want " + string(testutil.Spec(t).ObjectsJSON(want.API.Cells))
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
		if p := want.API.Problem; p != nil && !strings.Contains(got.Body.Data, "<code>"+p.Param+"</code>") {
			return "the page does not name " + p.Param
		}
		if !strings.Contains(got.Body.Data, want.Note) {
			return "the page does not say " + want.Note
		}
	case got.StatusCode != 0 && got.StatusCode != 301:
		return "want a file"
	}
	return ""
}

func sameJSON(a, b []byte) bool {
	var x, y any
	if json.Unmarshal(a, &x) != nil || json.Unmarshal(b, &y) != nil {
		return false
	}
	p, _ := json.Marshal(x)
	q, _ := json.Marshal(y)
	return string(p) == string(q)
}
