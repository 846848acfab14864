package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// mode returns the mode of a file, with the setgid and sticky bits.
func mode(t *testing.T, path string) fs.FileMode {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Mode() & (fs.ModePerm | fs.ModeSetgid | fs.ModeSticky)
}

// TestMakePrivate makes a private folder below others, which have their usual modes.
func TestMakePrivate(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0o022))
	above := filepath.Join(t.TempDir(), "a")
	dir := filepath.Join(above, "var")
	for range 2 {
		if err := MakePrivate(dir); err != nil {
			t.Fatal(err)
		}
		if got := mode(t, dir); got != PrivateFolder {
			t.Errorf("mode %v", got)
		}
	}
	if got := mode(t, above); got != 0o755 {
		t.Errorf("the folder above has the mode %v", got)
	}
	if err := os.Chmod(dir, 0o750); err != nil {
		t.Fatal(err)
	}
	if err := MakePrivate(dir); err != nil || mode(t, dir) != 0o750 {
		t.Errorf("the mode of a folder that exists: %v, %v", mode(t, dir), err)
	}
}

// TestPrivatize takes rights away in folders with several modes.
func TestPrivatize(t *testing.T) {
	for _, test := range []struct {
		name               string
		folder, file, want fs.FileMode
	}{
		{"an ordinary folder", 0o755, 0o664, 0o600},
		{"private already", 0o700, 0o600, 0o600},
		{"the mode of the owner stays", 0o755, 0o444, 0o400},
		{"a folder of a group", fs.ModeSetgid | 0o770, 0o664, 0o660},
		{"a folder of everybody", fs.ModeSticky | 0o777, 0o644, 0o600},
	} {
		dir := filepath.Join(t.TempDir(), "folder")
		file := filepath.Join(dir, "file")
		if err := errors.Join(os.Mkdir(dir, 0o755), os.WriteFile(file, nil, 0o644), os.Chmod(file, test.file),
			os.Chmod(dir, test.folder)); err != nil {
			t.Fatal(err)
		}
		if err := Privatize(file); err != nil || mode(t, file) != test.want {
			t.Errorf("%s: the file has the mode %v, want %v; %v", test.name, mode(t, file), test.want, err)
		}
		want := test.folder &^ 0o077
		switch {
		case test.folder&fs.ModeSticky != 0:
			want = test.folder
		case test.folder&fs.ModeSetgid != 0:
			want = test.folder &^ 0o007
		}
		if err := Privatize(dir); err != nil || mode(t, dir) != want {
			t.Errorf("%s: the folder has the mode %v, want %v; %v", test.name, mode(t, dir), want, err)
		}
	}
	if err := Privatize(filepath.Join(t.TempDir(), "missing")); err != nil {
		t.Errorf("a file that does not exist: %v", err)
	}
}

// TestExplain explains errors of writes to folders that do not exist yet. TestFullDisk and
// the script disk of cmd/sitegen use file systems that are really full.
func TestExplain(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "public", "a", "index.html")
	full := &fs.PathError{Op: "write", Path: path, Err: syscall.ENOSPC}
	for _, test := range []struct {
		err  error
		want string
	}{
		{&fs.PathError{Op: "mkdir", Path: path, Err: syscall.EROFS},
			"mkdir " + path + ": read-only file system; the folder " + dir + " is on it"},
		{full, full.Error()},
		{fs.ErrPermission, fs.ErrPermission.Error()},
	} {
		got := Explain(path, test.err)
		if got.Error() != test.want || !errors.Is(got, test.err) {
			t.Errorf("%v, want %s", got, test.want)
		}
	}
	if !IsFull(full) || !IsFull(fmt.Errorf("save: %w", syscall.EDQUOT)) || IsFull(syscall.EROFS) || IsFull(nil) {
		t.Error("IsFull does not recognize the errors of full disks")
	}
	if err := Explain(path, nil); err != nil {
		t.Errorf("no error: %v", err)
	}
	empty := &noInodesError{dir, 60, full}
	want := fmt.Sprintf("no inodes left: the file system of %s has all of its 60 files (see df -i); remove some", dir)
	if empty.Error() != want || !errors.Is(empty, syscall.ENOSPC) {
		t.Errorf("%v, want %s", empty, want)
	}
}
