package deb_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/Slicer/sitegen/generator/testutil"
	"github.com/Slicer/sitegen/tools/dist/deb"
)

// root is the folder of the repository.
const root = "../../.."

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

// packageOf describes the package of version 1.2.0.
func packageOf(binary, program string) deb.Package {
	return deb.Package{
		Root: root, Binary: binary, Program: program, Arch: runtime.GOARCH, Version: "v1.2.0",
		Date: time.Date(2026, 11, 27, 10, 0, 0, 0, time.UTC), Maintainer: "The Maintainer <maintainer@sitegen.test>",
		Licenses: map[string][]byte{"example.org/module/LICENSE": []byte("Copyright\n"), "go/LICENSE": []byte("Go\n")},
	}
}

// write makes a package in a new folder, and returns its path.
func write(t *testing.T, binary, program string) string {
	t.Helper()
	path, err := packageOf(binary, program).Write(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// read reads a file.
func read(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
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

// TestPackage makes the package, and tries it.
func TestPackage(t *testing.T) {
	sitegen := program(t)
	file := write(t, sitegen, sitegen)
	if name := filepath.Base(file); name != "sitegen_1.2.0-1_"+runtime.GOARCH+".deb" {
		t.Errorf("it is named %s", name)
	}
	t.Run("lintian", func(t *testing.T) {
		t.Parallel()
		// files/lintian-overrides lists what does not apply, with the reasons.
		must(t, testutil.Need(t, "lintian"), "--fail-on", "error,warning", "--allow-root", file)
	})
	t.Run("reproducible", func(t *testing.T) {
		t.Parallel()
		// With a small program in the place of sitegen, because compressing takes long.
		if !bytes.Equal(read(t, write(t, "/bin/true", sitegen)), read(t, write(t, "/bin/true", sitegen))) {
			t.Error("the packages differ")
		}
	})
	t.Run("install", func(t *testing.T) {
		t.Parallel()
		install(t, file)
	})
}

// TestErrors makes packages that cannot be made.
func TestErrors(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(*deb.Package)
		want   string
	}{
		"version":    {func(p *deb.Package) { p.Version = "(devel)" }, "is not a version such as v1.2.0"},
		"maintainer": {func(p *deb.Package) { p.Maintainer = "" }, "needs a maintainer"},
		"no program": {func(p *deb.Package) { p.Binary = "deb.go" }, "read deb.go"},
		"no output":  {func(p *deb.Package) { p.Program = "/bin/false" }, "/bin/false man"},
		"no source":  {func(p *deb.Package) { p.Root = t.TempDir() }, "no file matches"},
	} {
		t.Run(name, func(t *testing.T) {
			p := packageOf("/bin/true", "/bin/true")
			tt.change(&p)
			if path, err := p.Write(t.TempDir()); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%s, %v, want an error with %q", path, err, tt.want)
			}
		})
	}
}
