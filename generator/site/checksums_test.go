package site_test

import (
	"crypto/sha512"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/catalog"
)

func checksum(sum string) func(*catalog.Package) {
	return func(p *catalog.Package) { p.SHA512 = sum }
}

func TestSums(t *testing.T) {
	a, b, c := strings.Repeat("a", 128), strings.Repeat("b", 128), strings.Repeat("c", 128)
	files := downloadSite(t, []*catalog.Package{
		newPackage(1, onWindows, checksum(a)), newPackage(1, onMac, withID(2), checksum("")),
		newPackage(1, onLinux, withID(3), checksum(b)), // an older build of the same version
		newPackage(1, onLinux, withID(4), checksum(c)),
		newPackage(5, onWindows, checksum("")),
		newPackage(6, onWindows, func(p *catalog.Package) { p.ProductName = "../etc/passwd\\" }),
		newPackage(7, onWindows, nightly("5.13.0")),
	})
	want := a + "  Aurora-5.12.1-win-amd64.exe\n" + c + "  Aurora-5.12.1-linux-amd64.tar.gz\n"
	if diff := cmp.Diff(want, files["releases/5.12.1/SHA512SUMS"]); diff != "" {
		t.Errorf("SHA512SUMS (-want +got):\n%s", diff)
	}
	for path := range files {
		if strings.HasSuffix(path, "SHA512SUMS") && path != "releases/5.12.1/SHA512SUMS" {
			t.Errorf("%s exists, but no file of that release has a checksum", path)
		}
	}
}

// TestSumsOfTheCatalogue checks that each line of each list has the format that sha512sum expects.
func TestSumsOfTheCatalogue(t *testing.T) {
	lineRE := regexp.MustCompile(`^[0-9a-f]{128}  [0-9A-Za-z]+-[0-9A-Za-z.+-]+-(win|macosx|linux)-(amd64|arm64|i386)\.(exe|dmg|tar\.gz)\n$`)
	lists := 0
	for path, list := range archiveSite(t) {
		if !strings.HasSuffix(path, "/SHA512SUMS") {
			continue
		}
		lists++
		for line := range strings.Lines(list) {
			if !lineRE.MatchString(line) {
				t.Errorf("%s: line %q", path, line)
			}
		}
	}
	if lists == 0 {
		t.Error("no release has a list")
	}
}

// TestSha512sum runs sha512sum to verify a file against the list.
func TestSha512sum(t *testing.T) {
	dir := t.TempDir()
	installer := []byte("an installer")
	sum := sha512.Sum512(installer)
	list := downloadSite(t, []*catalog.Package{
		newPackage(1, onWindows, checksum(hex.EncodeToString(sum[:]))), newPackage(1, onLinux, withID(2)),
	})["releases/5.12.1/SHA512SUMS"]
	for name, data := range map[string][]byte{"Aurora-5.12.1-win-amd64.exe": installer, "SHA512SUMS": []byte(list)} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("sha512sum", "--strict", "--ignore-missing", "-c", "SHA512SUMS")
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil || string(out) != "Aurora-5.12.1-win-amd64.exe: OK\n" {
		t.Errorf("sha512sum: %v\n%s", err, out)
	}
}
