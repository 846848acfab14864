package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/module"
	"golang.org/x/mod/zip"
)

// TestGoInstall installs the committed tree as the command in the README does, from a folder with the files of a module
// proxy. The module must contain everything that it embeds, and must not replace other modules.
func TestGoInstall(t *testing.T) {
	useZig(t)
	checkout := clone(t, repository, filepath.Join(t.TempDir(), "checkout"), "v1.2.3")
	version := module.Version{Path: "github.com/Slicer/sitegen", Version: "v1.2.3"}
	proxy := t.TempDir()
	serve(t, proxy, checkout, version)

	// The other modules come from the module cache, which is in the form of a proxy, too. The go command has verified
	// them with go.sum. The flags are those of make dist, so the packages of these modules are compiled already.
	p := platforms()[0]
	cache := strings.TrimSpace(must(t, ".", "go", "env", "GOMODCACHE"))
	bin := t.TempDir()
	for name, value := range map[string]string{
		"GOPROXY":    "file://" + proxy + ",file://" + filepath.Join(cache, "cache", "download"),
		"GOSUMDB":    "off",
		"GOMODCACHE": t.TempDir(),
		"GOBIN":      bin,
		"GOFLAGS":    "-modcacherw -trimpath -tags=" + p.tags,
		"CC":         "zig cc -target " + p.zig,
	} {
		t.Setenv(name, value)
	}
	must(t, t.TempDir(), "go", "install", version.Path+"/cmd/sitegen@latest")

	program := filepath.Join(bin, "sitegen")
	if got := must(t, ".", program, "version"); !strings.HasPrefix(got, "sitegen v1.2.3 go") {
		t.Errorf("version: %q", got)
	}
	site := t.TempDir()
	must(t, site, program, "build", "--source", "sample")
	if _, err := os.Stat(filepath.Join(site, "public", "index.html")); err != nil {
		t.Error(err)
	}
}

// serve writes the files that a module proxy serves for a version.
func serve(t *testing.T, proxy, checkout string, version module.Version) {
	t.Helper()
	escaped, err := module.EscapePath(version.Path)
	if err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(proxy, filepath.FromSlash(escaped), "@v")
	mod, err := os.ReadFile(filepath.Join(checkout, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	err = writeFiles(folder, []file{
		{name: "list", data: []byte(version.Version + "\n")},
		{name: version.Version + ".info", data: []byte(`{"Version": "` + version.Version + `"}`)},
		{name: version.Version + ".mod", data: mod},
	})
	if err != nil {
		t.Fatal(err)
	}
	out, err := os.Create(filepath.Join(folder, version.Version+".zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	if err := zip.CreateFromVCS(out, version, checkout, "HEAD", ""); err != nil {
		t.Fatal(err)
	}
}
