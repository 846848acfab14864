package main

import (
	"bytes"
	"crypto/x509"
	"debug/buildinfo"
	"debug/elf"
	"encoding/json"
	"flag"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/Slicer/sitegen/generator/testutil"
)

// all is the flag with which the tests build the programs of all platforms, and each of them twice from nothing, with
// empty caches. Otherwise they build the program of this machine. See make test-dist.
var all = flag.Bool("all", false, "build for all platforms, without caches")

// must runs a program in a folder, and returns what it prints.
func must(t *testing.T, dir, program string, args ...string) string {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", program, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// useZig puts the Zig of .ci/zig into PATH.
func useZig(t *testing.T) {
	t.Setenv("PATH", filepath.Dir(testutil.Need(t, "zig"))+string(os.PathListSeparator)+os.Getenv("PATH"))
}

// repository is the path of the repository.
const repository = "../.."

// clone clones the last commit of a repository, without its tags, into a folder, and tags it as a version.
func clone(t *testing.T, repository, dir, version string) string {
	t.Helper()
	must(t, ".", "git", "clone", "--quiet", "--no-tags", repository, dir)
	must(t, dir, "git", "tag", version)
	return dir
}

// chosen returns the platforms of the test.
func chosen(t *testing.T) (string, []platform) {
	t.Helper()
	names := runtime.GOOS + "/" + runtime.GOARCH
	if *all {
		names = "all"
	}
	platforms, err := choose(names)
	if err != nil {
		t.Fatal(err)
	}
	return names, platforms
}

// TestRelease makes a release from a clone, and uses its files.
func TestRelease(t *testing.T) {
	useZig(t)
	names, platforms := chosen(t)
	checkout := clone(t, repository, filepath.Join(t.TempDir(), "checkout"), "v1.2.3")
	out := filepath.Join(t.TempDir(), "dist")
	if err := run(t.Context(), checkout, out, names); err != nil {
		t.Fatal(err)
	}
	commit := strings.TrimSpace(must(t, checkout, "git", "rev-parse", "--short=12", "HEAD"))

	t.Run("checksums", func(t *testing.T) {
		checked := strings.Count(must(t, out, "sha256sum", "--check", "--strict", "SHA256SUMS"), ": OK\n")
		if want := 3 * len(platforms); checked != want {
			t.Errorf("%d checksums, want %d", checked, want)
		}
	})
	for _, p := range platforms {
		t.Run(p.folder(), func(t *testing.T) {
			stem := "sitegen_1.2.3_" + p.folder()
			unpacked := t.TempDir()
			must(t, out, "tar", "-xzf", stem+".tar.gz", "-C", unpacked)
			folder := filepath.Join(unpacked, stem)
			program := filepath.Join(folder, "sitegen")

			t.Run("static", func(t *testing.T) { isStatic(t, program) })
			t.Run("runs", func(t *testing.T) { runs(t, p, program, "sitegen v1.2.3 commit "+commit+" go") })
			t.Run("licenses", func(t *testing.T) { hasLicenses(t, folder, program) })
			t.Run("SBOM", func(t *testing.T) { hasSBOM(t, filepath.Join(out, stem+".cdx.json")) })
			t.Run("container", func(t *testing.T) { container(t, p, out, checkout) })
		})
	}
	t.Run("reproducible", func(t *testing.T) {
		if *all {
			t.Setenv("GOCACHE", t.TempDir())
			t.Setenv("ZIG_GLOBAL_CACHE_DIR", t.TempDir())
		}
		other := clone(t, checkout, filepath.Join(t.TempDir(), "a", "longer path"), "v1.2.3")
		again := filepath.Join(other, "dist") // where make dist writes: it must not count as a change of the checkout
		if err := run(t.Context(), other, again, names); err != nil {
			t.Fatal(err)
		}
		must(t, ".", "diff", "--recursive", "--brief", out, again)
	})
}

// isStatic checks that a program needs no loader and no libraries.
func isStatic(t *testing.T, program string) {
	f, err := elf.Open(program)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, segment := range f.Progs {
		if segment.Type == elf.PT_INTERP || segment.Type == elf.PT_DYNAMIC {
			t.Errorf("has a segment %v", segment.Type)
		}
	}
	if f.Section(".symtab") != nil || f.Section(".debug_info") != nil {
		t.Error("is not stripped")
	}
}

// runs checks that a program prints its version and builds the site of the sample, with the databases of SQLite. A
// program for another architecture runs in an emulator.
func runs(t *testing.T, p platform, program, version string) {
	command := []string{program}
	if p.arch != runtime.GOARCH {
		command = []string{testutil.Need(t, "qemu"), program}
	}
	site := t.TempDir()
	got := must(t, site, command[0], append(command[1:], "version")...)
	if !strings.HasPrefix(got, version) || !strings.HasSuffix(got, " "+p.os+"/"+p.arch+"\n") {
		t.Errorf("version %q, want %q", got, version)
	}
	must(t, site, command[0], append(command[1:], "build", "--source", "sample")...)
	if _, err := os.Stat(filepath.Join(site, "public", "index.html")); err != nil {
		t.Error(err)
	}
}

// hasLicenses checks that an unpacked archive contains the documents, and the licenses of every module in the program.
func hasLicenses(t *testing.T, folder, program string) {
	info, err := buildinfo.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"README.md", "LICENSE", "CHANGELOG.md", "docs/operations.md", "licenses/go/LICENSE",
		"licenses/zig/LICENSE", "licenses/zig/lib/libc/musl/COPYRIGHT"} {
		if _, err := os.Stat(filepath.Join(folder, name)); err != nil {
			t.Error(err)
		}
	}
	overview, err := os.ReadFile(filepath.Join(folder, "licenses", "README.txt"))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range info.Deps {
		entries, err := os.ReadDir(filepath.Join(folder, "licenses", m.Path+"@"+m.Version))
		if len(entries) == 0 || !bytes.Contains(overview, []byte("\n"+m.Path+"@"+m.Version+"\n")) {
			t.Errorf("%s %s has no license: %v", m.Path, m.Version, err)
		}
	}
}

// hasSBOM checks that a bill of materials names the program and SQLite's module.
func hasSBOM(t *testing.T, path string) {
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	type component struct{ Name, Version string }
	var bom struct {
		BOMFormat  string
		Metadata   struct{ Component component }
		Components []component
	}
	if err := json.Unmarshal(data, &bom); err != nil {
		t.Fatal(err)
	}
	if want := (component{"github.com/Slicer/sitegen", "v1.2.3"}); bom.BOMFormat != "CycloneDX" ||
		bom.Metadata.Component != want {
		t.Errorf("%s of %+v, want CycloneDX of %+v", bom.BOMFormat, bom.Metadata.Component, want)
	}
	for _, c := range bom.Components {
		if c.Name == "github.com/mattn/go-sqlite3" && c.Version != "" {
			return
		}
	}
	t.Errorf("SQLite is not among the %d components", len(bom.Components))
}

// container builds the image of the Containerfile, and runs it if it is for this machine.
func container(t *testing.T, p platform, out, checkout string) {
	program, store := testutil.Need(t, "buildah"), t.TempDir()
	buildah := func(args ...string) string {
		t.Helper()
		return strings.TrimSpace(must(t, ".", program, append([]string{"--storage-driver", "vfs",
			"--root", filepath.Join(store, "root"), "--runroot", filepath.Join(store, "run")}, args...)...))
	}
	const name = "sitegen"
	platform := p.os + "/" + p.arch
	buildah("build", "--quiet", "--isolation", "chroot", "--platform", platform, "--tag", name,
		"--file", filepath.Join(checkout, "Containerfile"), out)
	buildah("from", "--quiet", "--platform", platform, "--name", name, name)
	root := buildah("mount", name)
	defer buildah("rm", "--all")

	certificates, err := os.ReadFile(filepath.Join(root, "etc/ssl/certs/ca-certificates.crt"))
	if pool := x509.NewCertPool(); err != nil || !pool.AppendCertsFromPEM(certificates) {
		t.Errorf("no certificates: %v", err)
	}
	for path, mode := range map[string]fs.FileMode{
		"site": fs.ModeDir | 0o755, "tmp": fs.ModeDir | fs.ModeSticky | 0o777, "usr/bin/sitegen": 0o755,
		"usr/share/doc/sitegen/licenses/README.txt": 0o644,
	} {
		if info, err := os.Stat(filepath.Join(root, path)); err != nil || info.Mode() != mode {
			t.Errorf("%s: %v, %v, want mode %v", path, info, err, mode)
		}
	}
	if p.arch != runtime.GOARCH {
		return
	}
	got := buildah("run", "--isolation", "chroot", name, "--", "sitegen", "build", "--source", "sample")
	if !strings.Contains(got, "written") {
		t.Errorf("a build in the container: %s", got)
	}
}
