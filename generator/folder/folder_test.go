package folder_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/folder"
)

// files returns the files that a walk finds, with their content.
func files(t *testing.T, fsys fs.FS) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := fs.WalkDir(fsys, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := fs.ReadFile(fsys, path)
		if err != nil {
			b = []byte("unreadable")
		}
		found[path] = string(b)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestLinksAreFollowed(t *testing.T) {
	dir := t.TempDir()
	root := filepath.Join(dir, "content")
	for _, f := range []string{"content/docs/a.md", "elsewhere/b.md", "elsewhere/deep/c.md", "single.md"} {
		path := filepath.Join(dir, f)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(f), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for link, target := range map[string]string{
		"content/linked":     "../elsewhere",
		"content/one.md":     "../single.md",
		"content/self":       ".",
		"content/docs/up":    "..",
		"content/docs/top":   "../..",
		"elsewhere/home":     "../content",
		"content/loop":       "loop",
		"content/broken.md":  "missing.md",
		"elsewhere/deep/top": "..",
	} {
		if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	want := map[string]string{
		"broken.md": "unreadable", "loop": "unreadable", "docs/a.md": "content/docs/a.md", "linked/b.md": "elsewhere/b.md",
		"linked/deep/c.md": "elsewhere/deep/c.md", "one.md": "single.md",
		"self": "unreadable", "docs/up": "unreadable", "docs/top": "unreadable", "linked/deep/top": "unreadable",
		"linked/home": "unreadable",
	}
	if diff := cmp.Diff(want, files(t, folder.Open(root))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, err := fs.ReadDir(folder.Open(filepath.Join(dir, "none")), "."); err == nil {
		t.Error("listing a missing folder succeeded")
	}
}
