package disk_test

import (
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/Slicer/sitegen/generator/disk"
)

// TestMakeTemp makes folders at the same time. Each belongs to one process alone, those of killed processes are removed,
// and others are not.
func TestMakeTemp(t *testing.T) {
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	for _, path := range []string{"a-killed/lock", "a-killed/copy", "b-other/lock"} {
		path = filepath.Join(tmp, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	kept := filepath.Join(tmp, "kept")
	if err := os.Mkdir(kept, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(kept, "lock"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(kept, filepath.Join(tmp, "a-link")); err != nil { // somebody else wants us to remove kept
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
	left, err := filepath.Glob(filepath.Join(tmp, "*", "*"))
	if err != nil || len(left) != 2 || left[0] != filepath.Join(tmp, "b-other", "lock") ||
		left[1] != filepath.Join(kept, "lock") {
		t.Errorf("left: %q, %v", left, err)
	}
	t.Setenv("TMPDIR", filepath.Join(tmp, "none"))
	if dir, _, err := disk.MakeTemp("a-"); err == nil {
		t.Errorf("made %s in a folder that does not exist", dir)
	}
}
