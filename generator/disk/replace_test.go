package disk_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/Slicer/sitegen/generator/disk"
)

// TestReplace replaces a file, a link to a file, and a file whose writer was killed. Nothing else is left in the folder,
// and nothing is written to the folder of temporary files.
func TestReplace(t *testing.T) {
	dir, temporary := t.TempDir(), t.TempDir()
	t.Setenv("TMPDIR", filepath.Join(temporary, "none"))
	at := func(name string) string { return filepath.Join(dir, name) }
	if err := os.WriteFile(at(".key.new"), []byte("half of a much longer text"), 0o400); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("key", at("link")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"key", "key", "link"} {
		if err := disk.Replace(at(name), []byte(name), disk.PrivateFile); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(at("key"))
		if err != nil || info.Mode() != disk.PrivateFile {
			t.Errorf("mode %v, error %v", info.Mode(), err)
		}
		if text, err := os.ReadFile(at("key")); string(text) != name || err != nil {
			t.Errorf("content %q, error %v", text, err)
		}
	}
	if err := disk.Replace(at("none/key"), nil, disk.PrivateFile); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without a folder: error %v", err)
	}
	if err := os.Mkdir(at("folder"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := disk.Replace(at("folder"), nil, disk.PrivateFile); err == nil {
		t.Error("a folder was replaced")
	}
	var names []string
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if want := []string{"folder", "key", "link"}; !slices.Equal(names, want) || err != nil {
		t.Errorf("files %q, want %q, error %v", names, want, err)
	}
}
