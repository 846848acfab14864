package site_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/pb33f/libopenapi"
	"github.com/pb33f/libopenapi/datamodel"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/testutil"
)

// TestOpenAPI checks the description of the API against the schema of OpenAPI 3.1, and resolves its references.
// (TestDescription of the package build asks a real server everything that it describes.)
func TestOpenAPI(t *testing.T) {
	packages := testutil.Packages(t, "live")
	text := downloadSite(t, packages)["api/openapi.json"]
	doc, err := libopenapi.NewDocument([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	model, err := doc.BuildV3Model()
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for path := range model.Model.Paths.PathItems.KeysFromOldest() {
		paths = append(paths, path)
	}
	for _, route := range lookup.Routes() {
		if !slices.Contains(paths, string(route)) {
			t.Errorf("the route %s is not described", route)
		}
	}
	for _, l := range testutil.Spec(t).Permalinks() {
		if !slices.Contains(paths, l.Path) || !slices.Contains(paths, l.Path+lookup.RecordSuffix) {
			t.Errorf("the permalink %s is not described", l.Path)
		}
	}

	schema, err := jsonschema.UnmarshalJSON(strings.NewReader(datamodel.OpenAPI31SchemaData))
	if err != nil {
		t.Fatal(err)
	}
	instance, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("openapi-3.1.json", schema); err != nil {
		t.Fatal(err)
	}
	compiled, err := c.Compile("openapi-3.1.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := compiled.Validate(instance); err != nil {
		t.Error(err)
	}
}

// TestKeys checks that the tables of keys name every key that the JSON files contain.
func TestKeys(t *testing.T) {
	packages := testutil.Packages(t, "live")
	packages[0].SHA256 = strings.Repeat("ab", 32)
	files := downloadSite(t, packages)
	schemas := decoded(t, files["api/openapi.json"])["components"].(map[string]any)["schemas"].(map[string]any)
	described := func(name string) map[string]any {
		return schemas[name].(map[string]any)["properties"].(map[string]any)
	}
	check := func(name string, v any) {
		t.Helper()
		for _, key := range slices.Sorted(maps.Keys(v.(map[string]any))) {
			if described(name)[key] == nil {
				t.Errorf("the key %s of %s is not described", key, name)
			}
		}
	}
	check("Record", decoded(t, files["api/v1/packages/"+packages[0].ID+".json"]))
	check("Latest", decoded(t, files["api/v1/latest.json"]))
	releases := decoded(t, files["api/v1/releases.json"])
	check("Releases", releases)
	for _, r := range releases["releases"].([]any) {
		check("Release", r)
		for _, p := range r.(map[string]any)["packages"].([]any) {
			check("Package", p)
		}
	}
}
