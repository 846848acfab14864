package folder_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/folder"
)

// counted counts how often each file is read.
type counted struct {
	fstest.MapFS
	reads map[string]int
}

func (c counted) ReadFile(name string) ([]byte, error) {
	c.reads[name]++
	return c.MapFS.ReadFile(name)
}

func hidden(name string) bool { return strings.HasPrefix(path.Base(name), ".") }

func load(t *testing.T, fsys fs.FS) *folder.Loaded {
	t.Helper()
	l, err := folder.Load(t.Context(), fsys, 1, hidden)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestLoadReadsOnce(t *testing.T) {
	c := counted{fstest.MapFS{
		"a.md": {Data: []byte("a")}, "docs/b.md": {Data: []byte("b")}, "empty": {Mode: fs.ModeDir},
		".git/x": {Data: []byte("x")}, "docs/.b.md.swp": {Data: []byte("x")},
		"pipe": {Mode: fs.ModeNamedPipe},
	}, map[string]int{}}
	l := load(t, c)
	delete(c.MapFS, "docs/b.md") // the hashed bytes are rendered, even if the file is gone
	c.MapFS["docs/c.md"] = &fstest.MapFile{Data: []byte("c")}
	for name, want := range map[string]string{"a.md": "a", "docs/b.md": "b"} {
		if data, err := fs.ReadFile(l, name); string(data) != want || err != nil {
			t.Errorf("%s: %q, %v", name, data, err)
		}
	}
	for name, want := range map[string][]string{".": {".git", "a.md", "docs", "empty", "pipe"}, "docs": {".b.md.swp", "b.md"}} {
		entries, err := fs.ReadDir(l, name)
		var names []string
		for _, e := range entries {
			names = append(names, e.Name())
		}
		if diff := cmp.Diff(want, names); diff != "" || err != nil {
			t.Errorf("entries of %s: %v\n%s", name, err, diff)
		}
	}
	if diff := cmp.Diff(map[string]int{"a.md": 1, "docs/b.md": 1}, c.reads); diff != "" {
		t.Error(diff)
	}
	if data, err := fs.ReadFile(l, "a.md"); string(data) != "a" || err != nil {
		t.Errorf("read again: %q, %v", data, err)
	}
}

func TestSum(t *testing.T) {
	base := fstest.MapFS{"a": {Data: []byte("1")}, "b/c": {Data: []byte("2")}}
	sum := load(t, base).Sum()
	for _, test := range []struct {
		name string
		fsys fstest.MapFS
		same bool
	}{
		{"the same files", fstest.MapFS{"a": {Data: []byte("1")}, "b/c": {Data: []byte("2")}}, true},
		{"other times",
			fstest.MapFS{"a": {Data: []byte("1"), ModTime: time.Unix(1, 0)}, "b/c": {Data: []byte("2")}}, true},
		{"other content", fstest.MapFS{"a": {Data: []byte("1")}, "b/c": {Data: []byte("3")}}, false},
		{"another name", fstest.MapFS{"a": {Data: []byte("1")}, "b/d": {Data: []byte("2")}}, false},
		{"contents swapped", fstest.MapFS{"a": {Data: []byte("2")}, "b/c": {Data: []byte("1")}}, false},
		{"an added file", fstest.MapFS{"a": {Data: []byte("1")}, "b/c": {Data: []byte("2")}, "d": {}}, false},
		{"a file that is skipped",
			fstest.MapFS{"a": {Data: []byte("1")}, "b/c": {Data: []byte("2")}, ".d": {}}, false},
		{"a named pipe",
			fstest.MapFS{"a": {Data: []byte("1")}, "b/c": {Data: []byte("2")}, "d": {Mode: fs.ModeNamedPipe}}, false},
		{"a removed file", fstest.MapFS{"a": {Data: []byte("1")}}, false},
	} {
		if same := load(t, test.fsys).Sum() == sum; same != test.same {
			t.Errorf("%s: same sum: %v, want %v", test.name, same, test.same)
		}
	}
}

// TestSumOfSkippedFile checks that a build is not repeated whenever an editor writes to its backup.
func TestSumOfSkippedFile(t *testing.T) {
	fsys := fstest.MapFS{"a": {Data: []byte("1")}, ".a.swp": {Data: []byte("1")}}
	sum := load(t, fsys).Sum()
	fsys[".a.swp"] = &fstest.MapFile{Data: []byte("2")}
	if load(t, fsys).Sum() != sum {
		t.Error("the content of a skipped file changes the sum")
	}
}

// TestLoadMemoryLimit checks that files which exceed the memory limit are read again from disk.
func TestLoadMemoryLimit(t *testing.T) {
	c := counted{fstest.MapFS{"big": {Data: make([]byte, 65<<20)}, "small": {Data: []byte("1")}}, map[string]int{}}
	l := load(t, c)
	if got := files(t, l); len(got["big"]) != 65<<20 || got["small"] != "1" {
		t.Errorf("read %d and %d bytes", len(got["big"]), len(got["small"]))
	}
	if diff := cmp.Diff(map[string]int{"big": 2, "small": 1}, c.reads); diff != "" {
		t.Error(diff)
	}
}

func TestLoadErrors(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := folder.Load(ctx, fstest.MapFS{"a": {}}, 1, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: error is %v", err)
	}
	none := folder.Open(filepath.Join(t.TempDir(), "none"))
	if _, err := folder.Load(t.Context(), none, 1, nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a folder that does not exist: error is %v", err)
	}
}

func TestReadFile(t *testing.T) {
	dir := t.TempDir()
	for name, size := range map[string]int{"empty": 0, "one": 1, "page": 3000, "big": 3 << 20} {
		if err := os.WriteFile(filepath.Join(dir, name), make([]byte, size), 0o644); err != nil {
			t.Fatal(err)
		}
		data, err := fs.ReadFile(folder.Open(dir), name)
		if err != nil || len(data) != size {
			t.Errorf("%s: %d bytes, want %d; %v", name, len(data), size, err)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"none": "open none: no such file or directory", "pipe": "read pipe: not a regular file",
		".": "read .: not a regular file", "../x": "open ../x: invalid argument",
		"one/x": "open one/x: not a directory",
	} {
		if _, err := fs.ReadFile(folder.Open(dir), name); err == nil || err.Error() != want {
			t.Errorf("%s: error is %v, want %s", name, err, want)
		}
	}
}
