package build_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"mime"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/Slicer/sitegen/generator/testutil"
)

// TestDescription asks a real Nginx every example of openapi.json, every allowed value and several mistakes, and
// compares the answers with the description. The sites are the built-in project and that of testdata/aurora.
func TestDescription(t *testing.T) {
	t.Run("live", func(t *testing.T) { describe(t, serve(t, "live")) })
	t.Run("aurora", func(t *testing.T) { describe(t, serveAurora(t)) })
}

// serveAurora builds the site of testdata/aurora and serves it with Nginx.
func serveAurora(t *testing.T) *testutil.Nginx {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(testutil.Path("aurora"))); err != nil {
		t.Fatal(err)
	}
	if _, err := run(t, dir, map[string][]string{"source": {filepath.Join(dir, "packages.json")}}); err != nil {
		t.Fatal(err)
	}
	return testutil.StartNginx(t, filepath.Join(dir, "public"), filepath.Join(dir, "redirects"))
}

// description is what the tests read of openapi.json.
type description struct {
	Paths      map[string]map[string]operation
	Components struct {
		Parameters map[string]parameter
		Responses  map[string]answer
	}
}

type operation struct {
	Parameters []parameter
	Responses  map[string]answer
}

type parameter struct {
	Ref      string `json:"$ref"`
	Name, In string
	Required bool
	Example  any
	Schema   struct {
		Type   string
		Format string
		Enum   []string
	}
}

type answer struct {
	Ref     string `json:"$ref"`
	Content map[string]any
	Headers map[string]any
}

// call is a request to the API: a path with the names of parameters, and their values.
type call struct {
	path   string
	values map[string]string // of parameters in the path
	query  []string          // name=value
}

func (c call) url() string {
	path := c.path
	for name, value := range c.values {
		path = strings.ReplaceAll(path, "{"+name+"}", value)
	}
	if len(c.query) > 0 {
		path += "?" + strings.Join(c.query, "&")
	}
	return path
}

// with returns the call with a further parameter, or with another value of one.
func (c call) with(p parameter, value string) call {
	c.values, c.query = maps.Clone(c.values), slices.Clone(c.query)
	if p.In == "path" {
		c.values[p.Name] = value
		return c
	}
	c = c.without(p)
	c.query = append(c.query, p.Name+"="+url.QueryEscape(value))
	return c
}

func (c call) without(p parameter) call {
	c.query = slices.DeleteFunc(slices.Clone(c.query), func(s string) bool { return strings.HasPrefix(s, p.Name+"=") })
	return c
}

func describe(t *testing.T, n *testutil.Nginx) {
	text := get(t, testutil.Client(), "GET", n.URL+"/api/openapi.json").body
	var d description
	if err := json.Unmarshal([]byte(text), &d); err != nil {
		t.Fatal(err)
	}
	schemas := jsonschema.NewCompiler()
	schemas.AssertFormat()
	document, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if err := schemas.AddResource("openapi.json", document); err != nil {
		t.Fatal(err)
	}
	asked := 0
	for _, path := range slices.Sorted(maps.Keys(d.Paths)) {
		op := d.Paths[path]["get"]
		usual := "200"
		if _, ok := op.Responses["302"]; ok {
			usual = "302"
		}
		ask := func(c call, statuses ...string) {
			t.Helper()
			asked++
			res := get(t, testutil.Client(), "GET", n.URL+c.url())
			status := strconv.Itoa(res.StatusCode)
			if !slices.Contains(statuses, status) {
				t.Errorf("%s: status %s, want %q", c.url(), status, statuses)
				return
			}
			a, pointer := op.Responses[status], "#/paths/"+escape(path)+"/get/responses/"+status
			if a.Ref != "" {
				a, pointer = d.Components.Responses[filepath.Base(a.Ref)], a.Ref
			}
			if _, ok := a.Headers["Location"]; ok && res.Header.Get("Location") == "" {
				t.Errorf("%s: no Location", c.url())
			}
			media, _, err := mime.ParseMediaType(res.Header.Get("Content-Type"))
			if err != nil {
				t.Errorf("%s: %v", c.url(), err)
			}
			if a.Content != nil && a.Content[media] == nil && a.Content["*/*"] == nil {
				t.Errorf("%s: a body of type %s", c.url(), media)
			}
			if media != "application/json" {
				return
			}
			schema, err := schemas.Compile("openapi.json" + pointer + "/content/" + escape(media) + "/schema")
			if err != nil {
				t.Fatal(err)
			}
			body, err := jsonschema.UnmarshalJSON(strings.NewReader(res.body))
			if err != nil {
				t.Fatalf("%s: %v", c.url(), err)
			}
			if err := schema.Validate(body); err != nil {
				t.Errorf("%s: %v", c.url(), err)
			}
		}
		c := call{path: path, values: map[string]string{}}
		var all []parameter
		for _, p := range op.Parameters {
			if p.Ref != "" {
				p = d.Components.Parameters[filepath.Base(p.Ref)]
			}
			all = append(all, p)
			if p.Required {
				c = c.with(p, fmt.Sprint(p.Example))
			}
		}
		ask(c, usual)
		for _, p := range all {
			if !p.Required {
				ask(c.with(p, fmt.Sprint(p.Example)), usual)
			}
			for _, value := range p.Schema.Enum {
				ask(c.with(p, value), usual, "404")
			}
			if p.In == "path" {
				ask(c.with(p, "000000000000000000000000"), "404")
				continue
			}
			if p.Schema.Enum != nil || p.Schema.Format != "" || p.Schema.Type == "integer" {
				ask(c.with(p, "wrong"), "400")
			}
			ask(c.with(p, ""), "400")
			if p.Required {
				ask(c.without(p), "400")
			}
		}
	}
	if asked < 100 {
		t.Errorf("%d requests only", asked)
	}
}

// escape writes a key in the form of a JSON pointer in a URL.
func escape(key string) string {
	return url.PathEscape(strings.NewReplacer("~", "~0", "/", "~1").Replace(key))
}
