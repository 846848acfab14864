package packagesjson_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/supply/sources/packagesjson"
	"github.com/Slicer/sitegen/generator/testutil"
)

// files returns the test files that match a pattern, by base name.
func files(t testing.TB, pattern string) map[string][]byte {
	t.Helper()
	names, err := filepath.Glob(testutil.Path(pattern))
	if err != nil || len(names) == 0 {
		t.Fatalf("%d files, %v", len(names), err)
	}
	m := map[string][]byte{}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		m[filepath.Base(name)] = data
	}
	return m
}

// TestDecodeRefuses compares the errors of each bad file with the text file next to it. To rewrite the text files, run
//
//	go test ./generator/supply/sources/packagesjson -run TestDecodeRefuses -update
func TestDecodeRefuses(t *testing.T) {
	for name, data := range files(t, "packages/bad/*.json") {
		t.Run(name, func(t *testing.T) {
			doc, err := packagesjson.Decode(name, data)
			if err == nil || doc != nil {
				t.Fatalf("%+v, error %v", doc, err)
			}
			golden := testutil.Path("packages/bad/" + strings.TrimSuffix(name, ".json") + ".txt")
			if testutil.Update() {
				if err := os.WriteFile(golden, []byte(err.Error()+"\n"), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, readErr := os.ReadFile(golden)
			if readErr != nil {
				t.Fatal(readErr)
			}
			if diff := cmp.Diff(string(want), err.Error()+"\n"); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
			if cutOff := errors.Is(err, io.ErrUnexpectedEOF); cutOff != (name == "cut-off.json" ||
				name == "empty.json") {
				t.Errorf("cut off: %v", cutOff)
			}
		})
	}
}

func TestDecodeWarnsOfUnknownKeys(t *testing.T) {
	for name, data := range files(t, "packages/good/*.json") {
		doc, err := packagesjson.Decode(name, data)
		if err != nil {
			t.Error(err)
			continue
		}
		var want []string
		if name == "newer-minor.json" {
			want = []string{
				`newer-minor.json:1:16: unknown key "generator"`,
				`newer-minor.json:3:4: unknown key "signed_by" (2 times)`,
				`newer-minor.json:3:53: unknown key "tags"`,
				`newer-minor.json:5:53: unknown key "hash"`,
			}
		}
		if diff := cmp.Diff(want, doc.Warnings); diff != "" {
			t.Errorf("%s: warnings (-want +got):\n%s", name, diff)
		}
	}
}

// schema returns the schema in docs/packages.schema.json.
func schema(t testing.TB) *jsonschema.Schema {
	t.Helper()
	s, err := jsonschema.NewCompiler().Compile(testutil.Path("../docs/packages.schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// unsaid lists the bad files whose mistake a schema cannot detect, with the reason.
var unsaid = map[string]string{
	"twice.json": "validators see the last of two keys", "not-utf-8.json": "validators see a replacement character",
	"empty.json": "not JSON", "cut-off.json": "not JSON", "comma.json": "not JSON", "two-documents.json": "not JSON",
	"utf-16.json": "not JSON",
}

// TestSchema checks that the schema and Decode accept the same files.
func TestSchema(t *testing.T) {
	s := schema(t)
	validate := func(data []byte) error {
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))))
		if err != nil {
			return err
		}
		return s.Validate(v)
	}
	for _, pattern := range []string{"packages/good/*.json", "aurora/packages.json"} {
		for name, data := range files(t, pattern) {
			if err := validate(data); err != nil {
				t.Errorf("%s: Decode accepts it, the schema does not: %v", name, err)
			}
		}
	}
	for name, data := range files(t, "packages/bad/*.json") {
		err := validate(data)
		_, invalid := errors.AsType[*jsonschema.ValidationError](err)
		switch reason := unsaid[name]; {
		case reason == "" && !invalid:
			t.Errorf("%s: the schema accepts it, Decode does not: %v", name, err)
		case reason == "not JSON" && (err == nil || invalid):
			t.Errorf("%s is JSON: %v", name, err)
		}
	}
}

// FuzzDecode checks that any file results in a document or in errors with valid places, and that the schema agrees.
func FuzzDecode(f *testing.F) {
	for _, pattern := range []string{"packages/good/*.json", "packages/bad/*.json"} {
		for _, data := range files(f, pattern) {
			f.Add(data)
		}
	}
	s := schema(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		doc, err := packagesjson.Decode("x.json", data)
		lines := bytes.Split(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")), []byte("\n"))
		if err != nil {
			first, ok := errors.AsType[*packagesjson.Error](err)
			if !ok || first.Line < 1 || first.Line > len(lines) || first.Column < 1 ||
				first.Column > len(lines[first.Line-1])+1 {
				t.Errorf("%v is not a place in %d lines", err, len(lines))
			}
		} else {
			records := doc.Records("Aurora", catalog.Template{})
			published, held := catalog.Publish(scheme, packagesjson.Spelling, records)
			if len(published)+len(held) != len(doc.Packages) {
				t.Errorf("%d published and %d held of %d", len(published), len(held), len(doc.Packages))
			}
			for _, p := range doc.Packages {
				if p.Line < 1 || p.Line > len(lines) || !bytes.Contains(lines[p.Line-1], []byte("{")) {
					t.Errorf("no package begins in line %d", p.Line)
				}
			}
		}
		// Validators and Decode must agree, except on repeated keys and extremely long numbers.
		if !utf8.Valid(data) || !jsontext.Value(data).IsValid() || hugeNumber(data) {
			return
		}
		v, jsonErr := jsonschema.UnmarshalJSON(bytes.NewReader(data))
		if jsonErr != nil {
			return
		}
		if valid := s.Validate(v) == nil; valid != (err == nil) {
			t.Errorf("the schema says %v, Decode %v", s.Validate(v), err)
		}
	})
}

// hugeNumber reports whether data contains a number that is too long for Decode.
func hugeNumber(data []byte) bool {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	for {
		token, err := dec.Token()
		if err != nil {
			return false
		}
		if n, ok := token.(json.Number); ok {
			_, exponent, _ := strings.Cut(strings.ToLower(n.String()), "e")
			if len(n) > 40 || len(exponent) > 3 {
				return true
			}
		}
	}
}
