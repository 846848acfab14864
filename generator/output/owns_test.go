package output_test

import (
	"testing"

	"github.com/Slicer/sitegen/generator/output"
)

// TestOwns checks which files on disk a reader of the manifest takes for those of earlier runs.
func TestOwns(t *testing.T) {
	s := newSite(t)
	s.build(page("index.html", "home"), page("old/index.html", "old"))
	s.build(page("index.html", "home"))
	w, err := output.OpenReadOnly(s.options)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	for path, want := range map[string]bool{"index.html": true, "old/index.html": false, "manual.pdf": false} {
		if got := w.Owns(path); got != want {
			t.Errorf("%s: %v, want %v", path, got, want)
		}
	}
}
