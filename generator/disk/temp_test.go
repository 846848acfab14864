package disk_test

import (
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/disk"
)

// TestMakeTemp makes folders at the same time. Each belongs to one process alone, those of killed processes are removed,
// and others are not.
func TestMakeTemp(t *testing.T) {
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	for _, path := range []string{"a-killed.lock", "a-killed/copy", "a-begun.lock", "b-other.lock", "b-other/copy"} {
		path = filepath.Join(tmp, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(filepath.Join(tmp, "b-other"), filepath.Join(tmp, "a-link")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(tmp, "a-link.lock"), nil, 0o600); err != nil { // an attempt to have b-other removed
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 20 {
				dir, remove, err := disk.MakeTemp("a-")
				if err != nil {
					t.Error(err)
					return
				}
				path := filepath.Join(dir, "file")
				if err := os.WriteFile(path, nil, 0o600); err != nil {
					t.Error(err)
				}
				if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
					t.Errorf("mode %v: %v", info, err)
				}
				if _, err := os.Stat(path); err != nil {
					t.Errorf("another process has removed it: %v", err)
				}
				remove()
			}
		})
	}
	all.Wait()
	left, err := filepath.Glob(filepath.Join(tmp, "*"))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{filepath.Join(tmp, "b-other"), filepath.Join(tmp, "b-other.lock")}
	if diff := cmp.Diff(want, left); diff != "" {
		t.Error(diff)
	}
	if _, err := os.Stat(filepath.Join(tmp, "b-other", "copy")); err != nil {
		t.Errorf("a folder with another prefix has changed: %v", err)
	}
	t.Setenv("TMPDIR", filepath.Join(tmp, "none"))
	if dir, _, err := disk.MakeTemp("a-"); err == nil {
		t.Errorf("made %s in a folder that does not exist", dir)
	}
}
