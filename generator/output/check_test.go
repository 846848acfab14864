package output_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/Slicer/sitegen/generator/output"
)

// TestCheck checks what a reader of the site finds after a run, and after changes that no run has made.
func TestCheck(t *testing.T) {
	s := newSite(t)
	check := func(what, want string) *output.Writer {
		t.Helper()
		w, err := output.OpenReadOnly(s.options)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { w.Close() })
		err = w.Check(t.Context())
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", what, err, want)
		}
		return w
	}
	s.options.Precompress = output.Precompress{Gzip: true}
	check("before the first run", "nothing has been built yet")
	long := strings.Repeat("home ", 1000)
	s.build(page("index.html", long), record("a", "1"), nginxMap("m", "a"))
	check("after a run", "")
	s.build(page("index.html", long), record("b", "1"), nginxMap("m", "b"))
	w := check("with a file that the next run removes", "")
	for path, want := range map[string]bool{
		"index.html": false, "index.html.gz": true, "a": true, "b": false, "c": false,
	} {
		if got := w.IsExtra(path); got != want {
			t.Errorf("%s is extra: %v, want %v", path, got, want)
		}
	}
	place := filepath.Join(s.options.Public, "b")
	if err := os.WriteFile(place, []byte("changed"), 0o644); err != nil {
		t.Fatal(err)
	}
	check("after a change", place+": has been changed or removed since the last build")
	if err := os.Remove(place); err != nil {
		t.Fatal(err)
	}
	check("after a removal", place+": has been changed or removed since the last build")
}
