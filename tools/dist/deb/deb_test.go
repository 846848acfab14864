package deb_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/Slicer/sitegen/tools/dist/deb"
)

const root = "../../.."

// released is the date of the releases in the tests.
var released = time.Date(2026, 11, 27, 10, 0, 0, 0, time.UTC)

// program builds the program.
func program(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "sitegen")
	cmd := exec.Command("go", "build", "-ldflags=-s -w", "-o", binary, "./cmd/sitegen")
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return binary
}

// write makes a package of a version in a new folder.
func write(t *testing.T, binary, version string) string {
	t.Helper()
	path, err := deb.Package{
		Root: root, Binary: binary, Program: binary, Arch: "amd64", Version: version, Date: released,
		Maintainer: "The Maintainer <maintainer@sitegen.test>",
	}.Write(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// must runs a program and returns what it prints.
func must(t *testing.T, program string, args ...string) string {
	t.Helper()
	out, err := exec.Command(program, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", program, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// TestVersion maps versions, and has dpkg compare them: they are in ascending order.
func TestVersion(t *testing.T) {
	previous := "0"
	for _, tt := range []struct{ release, want string }{
		{"v0.0.0-20261127101432-07de81561234", "0.0.0~20261127101432.07de81561234"},
		{"v1.2.0-beta.2", "1.2.0~beta.2"},
		{"1.2.0-rc1", "1.2.0~rc1"},
		{"v1.2.0-rc1+dirty", "1.2.0~rc1+dirty"},
		{"v1.2.0", "1.2.0"},
		{"v1.2.1", "1.2.1"},
		{"v1.10.0", "1.10.0"},
	} {
		got, err := deb.Version(tt.release)
		if err != nil || got != tt.want {
			t.Errorf("%s: %s, %v, want %s", tt.release, got, err, tt.want)
		}
		must(t, "dpkg", "--compare-versions", previous, "lt", got+"-1")
		previous = got + "-1"
	}
	for _, bad := range []string{"", "v", "(devel)", "1.2 3", "v1.2.0-", "1:2", "main"} {
		if got, err := deb.Version(bad); err == nil {
			t.Errorf("%q: %s, want an error", bad, got)
		}
	}
}

// TestReproducible makes the same package twice.
func TestReproducible(t *testing.T) {
	binary := program(t)
	a, b := write(t, binary, "v1.2.0"), write(t, binary, "v1.2.0")
	first, err := os.ReadFile(a)
	if err != nil {
		t.Fatal(err)
	}
	second, err := os.ReadFile(b)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first, second) {
		t.Error("the packages differ")
	}
	if name := filepath.Base(a); name != "sitegen_1.2.0-1_amd64.deb" {
		t.Errorf("it is named %s", name)
	}
}
