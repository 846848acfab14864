package build_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/Slicer/sitegen/generator/testutil"
)

// TestEditorsMayBeOpen builds while an editor has temporary files in content/ and layouts/. Emacs locks a file with a
// broken symbolic link.
func TestEditorsMayBeOpen(t *testing.T) {
	dir := folder(t, testutil.Listing(t, "live"))
	writeFile(t, filepath.Join(dir, "content", "news.md"), "---\ntitle: News\n---\n")
	flags := map[string][]string{"content": {filepath.Join(dir, "content")}, "layouts": {filepath.Join(dir, "layouts")}}
	if err := os.Mkdir(filepath.Join(dir, "layouts"), 0o755); err != nil {
		t.Fatal(err)
	}
	for n := range 3 {
		report, err := run(t, dir, flags)
		if err != nil {
			t.Fatalf("run %d: %v", n, err)
		}
		if report.Unchanged != (n > 0) {
			t.Errorf("run %d: unchanged is %v", n, report.Unchanged)
		}
		if n == 0 {
			writeFile(t, filepath.Join(dir, "layouts", ".base.html.swp"), "x")
			if err := os.Symlink("me@host.123:456", filepath.Join(dir, "content", ".#news.md")); err != nil {
				t.Fatal(err)
			}
		}
	}
}
