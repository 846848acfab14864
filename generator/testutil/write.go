package testutil

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/Slicer/sitegen/generator/output"
)

// Content returns the content of a file that is to be published.
func Content(t testing.TB, f output.File) []byte {
	t.Helper()
	if f.Write == nil {
		return f.Data
	}
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatalf("%s: %v", f.Path, err)
	}
	return b.Bytes()
}

// WriteFiles writes files below a folder, for tests that need no manifest and no compressed variants.
func WriteFiles(t testing.TB, dir string, files []output.File) {
	t.Helper()
	for _, f := range files {
		place := filepath.Join(dir, filepath.FromSlash(f.Path))
		if err := os.MkdirAll(filepath.Dir(place), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(place, Content(t, f), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
