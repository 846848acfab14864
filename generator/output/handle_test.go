package output

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The fast and the portable handle do the same.
func TestHandles(t *testing.T) {
	type opener func(folder, string) (handle, error)
	for name, open := range map[string]opener{"fast": openHandle, "portable": openRootHandle} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for _, name := range []string{"outside", "root/a/b", "root/a/sub"} {
				if err := os.MkdirAll(filepath.Join(dir, name), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			for link, to := range map[string]string{
				"root/in": "a/b", "root/up": "../outside", "root/abs": filepath.Join(dir, "outside"),
				"root/a/b/link": "../../../outside/victim",
			} {
				if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
					t.Fatal(err)
				}
			}
			defer syscall.Umask(syscall.Umask(0o077))
			f, err := openRoot(filepath.Join(dir, "root"), true)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()

			for _, name := range []string{"up", "abs", "a/../../outside", "../outside"} {
				if h, err := open(f, name); err == nil {
					h.Close()
					t.Errorf("%s was opened", name)
				}
			}
			for _, name := range []string{"none", "a/none"} {
				if _, err := open(f, name); !errors.Is(err, fs.ErrNotExist) {
					t.Errorf("%s: error is %v", name, err)
				}
			}
			for i, name := range []string{".", "a/b", "in"} {
				h, err := open(f, name)
				if err != nil {
					t.Fatal(err)
				}
				defer h.Close()
				checkHandle(t, h, filepath.Join(dir, "root", name), fmt.Sprint(i))
			}

			h, err := open(f, "a/b")
			if err != nil {
				t.Fatal(err)
			}
			defer h.Close()
			if _, err := h.create("link"); !errors.Is(err, fs.ErrExist) {
				t.Errorf("create through a link: error is %v", err)
			}
			if err := h.remove("none"); err != nil {
				t.Errorf("remove a missing file: %v", err)
			}
			h2, err := open(f, "a")
			if err != nil {
				t.Fatal(err)
			}
			defer h2.Close()
			if err := h2.remove("sub"); err != nil {
				t.Errorf("remove a folder: %v", err)
			}
			if _, err := os.Stat(filepath.Join(dir, "root/a/sub")); err != nil {
				t.Errorf("a folder was removed: %v", err)
			}
		})
	}
}

// checkHandle writes a file into a folder, over the link of that name if there is one.
func checkHandle(t *testing.T, h handle, dir, text string) {
	t.Helper()
	file, err := h.create("temp")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.create("temp"); !errors.Is(err, fs.ErrExist) {
		t.Errorf("create twice: error is %v", err)
	}
	mtime := time.Date(2026, 11, 22, 17, 9, 0, 0, time.UTC)
	if n, err := file.Write([]byte(text)); n != len(text) || err != nil {
		t.Errorf("wrote %d bytes, %v", n, err)
	}
	for i, err := range []error{h.setTime("temp", mtime), file.Sync(), file.Close(), h.rename("temp", "link"),
		h.sync()} {
		if err != nil {
			t.Errorf("step %d: %v", i, err)
		}
	}
	info, err := os.Lstat(filepath.Join(dir, "link"))
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode() != 0o644 || !info.ModTime().Equal(mtime) || info.Size() != int64(len(text)) {
		t.Errorf("mode %v, time %v, %d bytes", info.Mode(), info.ModTime(), info.Size())
	}
}

// Folders are made on the way to a file, whether they are known to be missing or not, and never outside of the root.
func TestEnter(t *testing.T) {
	dir := t.TempDir()
	f, err := openRoot(filepath.Join(dir, "new/root"), false)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := os.Symlink("../..", filepath.Join(dir, "new/root/out")); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name    string
		missing bool
		want    string // in the error
	}{
		{"a/b/c", true, ""}, {"a/b/d", true, ""}, {"a/b/c", true, ""}, {"e/f", false, ""}, {"e", false, ""},
		{".", false, ""}, {".", true, ""},
		{"out/x", true, "root/out/x: path escapes"}, {"out/x", false, "root/out/x: path escapes"},
		{"file/x", true, "root/file/x: not a directory"}, {"file", false, "root/file: not a directory"},
	} {
		if strings.HasPrefix(test.name, "file") {
			if err := f.put("file", nil); err != nil {
				t.Fatal(err)
			}
		}
		h, err := f.enter(test.name, test.missing)
		if err == nil {
			h.Close()
		}
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%+v: error is %v", test, err)
		}
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("%v, %v: something was made outside", entries, err)
	}
}
