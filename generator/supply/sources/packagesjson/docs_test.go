package packagesjson_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/supply/sources/packagesjson"
	"github.com/Slicer/sitegen/generator/testutil"
)

// block returns the first code block of a language in docs/packages-json.md.
func block(t *testing.T, language string) string {
	t.Helper()
	_, rest, ok := strings.Cut(docs(t), "```"+language+"\n")
	code, _, closed := strings.Cut(rest, "```")
	if !ok || !closed {
		t.Fatalf("no %s in the documentation", language)
	}
	return code
}

func docs(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile(testutil.Path("../docs/packages-json.md"))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestDocsExample checks that the example in the documentation is published without warnings.
func TestDocsExample(t *testing.T) {
	doc, err := packagesjson.Decode("packages.json", []byte(block(t, "json")))
	if err != nil {
		t.Fatal(err)
	}
	published, held := catalog.Publish(scheme, packagesjson.Spelling, doc.Records("Aurora", catalog.Template{}))
	if len(published) != 2 || len(held)+len(doc.Warnings) != 0 {
		t.Errorf("published %d, held %v, warnings %q", len(published), held, doc.Warnings)
	}
	for _, p := range published {
		if !strings.Contains(docs(t), "`"+p.ID+"`") && p.Release == "" {
			t.Errorf("the documentation does not contain the id %s", p.ID)
		}
	}
}

// TestDocsKeys checks that the documentation, the schema and Decode have the same keys.
func TestDocsKeys(t *testing.T) {
	var schema struct {
		Defs struct {
			Package struct {
				Properties map[string]json.RawMessage
				Required   []string
			}
		} `json:"$defs"`
	}
	data, err := os.ReadFile(testutil.Path("../docs/packages.schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &schema); err != nil {
		t.Fatal(err)
	}
	var inSchema, inDocs, required []string
	p := map[string]any{}
	for key := range schema.Defs.Package.Properties {
		inSchema = append(inSchema, key)
		p[key] = nil
	}
	for _, m := range regexp.MustCompile("(?m)^\\| `(\\w+)` \\| (yes )?").FindAllStringSubmatch(docs(t), -1) {
		inDocs = append(inDocs, m[1])
		if m[2] != "" {
			required = append(required, m[1])
		}
	}
	slices.Sort(inSchema)
	slices.Sort(inDocs)
	if diff := cmp.Diff(inSchema, inDocs); diff != "" {
		t.Errorf("keys (-schema +docs):\n%s", diff)
	}
	if diff := cmp.Diff(schema.Defs.Package.Required, required); diff != "" {
		t.Errorf("required keys (-schema +docs):\n%s", diff)
	}

	body, err := json.Marshal(map[string]any{"version": 1, "packages": []any{p}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = packagesjson.Decode("x.json", body)
	if err == nil || strings.Contains(err.Error(), "unknown key") {
		t.Errorf("Decode reports a documented key as unknown: %v", err)
	}
	for _, key := range required {
		if !strings.Contains(err.Error(), "packages[0]."+key+" is not ") {
			t.Errorf("Decode accepts a package without %s: %v", key, err)
		}
	}
	if got := strings.Count(err.Error(), "\n") + 1; got != len(required) {
		t.Errorf("%d errors, want one for each of the %d required keys:\n%v", got, len(required), err)
	}
}

// TestDocsScript runs the script of the documentation on a folder of files.
func TestDocsScript(t *testing.T) {
	dir := t.TempDir()
	dist := filepath.Join(dir, "dist", "3.1")
	if err := os.MkdirAll(dist, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"aurora-3.1-linux-x86_64.AppImage", "aurora-3.1-windows-aarch64.msi", "README.txt"} {
		if err := os.WriteFile(filepath.Join(dist, name), []byte(name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	script := filepath.Join(dir, "list.py")
	if err := os.WriteFile(script, []byte(block(t, "python")), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("python3", script, filepath.Join(dir, "dist"), "https://get.example.org")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr.Bytes())
	}
	doc, err := packagesjson.Decode("packages.json", out)
	if err != nil {
		t.Fatal(err)
	}
	published, held := catalog.Publish(scheme, packagesjson.Spelling, doc.Records("Aurora", catalog.Template{}))
	var urls []string
	for _, p := range published {
		urls = append(urls, p.URL)
	}
	slices.Sort(urls)
	want := []string{"https://get.example.org/3.1/aurora-3.1-linux-x86_64.AppImage",
		"https://get.example.org/3.1/aurora-3.1-windows-aarch64.msi"}
	if diff := cmp.Diff(want, urls); diff != "" || len(held) != 0 {
		t.Errorf("URLs (-want +got):\n%s\nheld %v", diff, held)
	}
}
