package testutil

import (
	"os"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// UpdateDocs reports whether tests shall renew the generated parts of documents: UPDATE_DOCS=1 go test ….
func UpdateDocs() bool { return os.Getenv("UPDATE_DOCS") != "" }

// CheckDocument checks the generated parts of a document in docs/. A part is between the lines <!-- begin NAME --> and
// <!-- end NAME -->. With UPDATE_DOCS=1, CheckDocument writes the parts.
func CheckDocument(t testing.TB, name string, parts map[string]string) {
	t.Helper()
	path := Path("../docs/" + name)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	doc := string(data)
	for part, want := range parts {
		between := regexp.MustCompile(`(?s)(<!-- begin ` + regexp.QuoteMeta(part) + `\b.*? -->\n)(.*?)<!-- end `)
		m := between.FindStringSubmatchIndex(doc)
		if m == nil {
			t.Fatalf("%s has no part %s", name, part)
		}
		got := doc[m[4]:m[5]]
		if diff := cmp.Diff(want, got); diff != "" && !UpdateDocs() {
			t.Errorf("%s, %s (-want +got); to renew it, set UPDATE_DOCS=1:\n%s", name, part, diff)
		}
		doc = doc[:m[4]] + want + doc[m[5]:]
	}
	if UpdateDocs() && doc != string(data) {
		if err := os.WriteFile(path, []byte(doc), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
