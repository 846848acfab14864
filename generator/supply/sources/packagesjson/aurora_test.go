package packagesjson_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/supply/sources/packagesjson"
	"github.com/Slicer/sitegen/generator/testutil"
)

// TestAurora checks that testdata/aurora/packages.json is what auroraFile returns. The file lists the packages of an
// invented product whose systems, architectures, versions and hosts differ from those of the built-in profile. To
// change it, change this file and run
//
//	go test ./generator/supply/sources/packagesjson -run TestAurora -update
func TestAurora(t *testing.T) {
	path := testutil.Path("aurora/packages.json")
	want := auroraFile()
	if testutil.Update() {
		if err := os.WriteFile(path, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("testdata/aurora/packages.json differs from the result of auroraFile; run the test with -update")
	}
}

// auroraPackage is a package of the file, with its keys in the order in which a person would write them.
type auroraPackage struct {
	Version   string `json:"version"`
	Stability string `json:"stability,omitempty"`
	Built     string `json:"built"`
	System    string `json:"system"`
	Arch      string `json:"arch"`
	Size      int64  `json:"size"`
	SHA256    string `json:"sha256"`
	URL       string `json:"url"`
	Signature string `json:"signature,omitempty"`
	SBOM      string `json:"sbom,omitempty"`
}

// auroraReleases lists the releases. The files of versions 2.x are on another host.
var auroraReleases = []struct {
	version, day, host string
	nova               bool // has packages for ARM on Windows, and for RISC-V, and signatures and SBOMs
}{
	{"3.4", "2026-09-15", "https://get.aurora.example", true},
	{"3.3", "2026-05-12", "https://get.aurora.example", true},
	{"3.2", "2026-01-20", "https://get.aurora.example", true},
	{"3.1", "2025-09-09", "https://get.aurora.example", false},
	{"3.0", "2025-04-01", "https://get.aurora.example", false},
	{"2.10", "2024-11-05", "https://archive.aurora.example", false},
	{"2.9", "2024-06-18", "https://archive.aurora.example", false},
	{"2.8", "2024-01-23", "https://archive.aurora.example", false},
}

// auroraPlatforms lists the files of a version, in the order in which they are built.
var auroraPlatforms = []struct {
	system, arch, extension string
	nova                    bool // only for versions with nova
}{
	{"linux", "x86_64", "AppImage", false},
	{"linux", "aarch64", "AppImage", false},
	{"linux", "riscv64", "AppImage", true},
	{"freebsd", "x86_64", "txz", false},
	{"darwin", "x86_64", "pkg", false},
	{"darwin", "aarch64", "pkg", false},
	{"windows", "x86_64", "msi", false},
	{"windows", "aarch64", "msi", true},
}

// auroraFile returns the file: a pre-release, nightly builds of eight days with eight packages each, and the releases.
func auroraFile() []byte {
	var list []auroraPackage
	add := func(version, stability, day, folder string, nova bool) {
		at, err := time.Parse(time.DateOnly, day)
		if err != nil {
			panic(err) // impossible: the dates are constants
		}
		for i, p := range auroraPlatforms {
			if p.nova && !nova {
				continue
			}
			sum := sha256.Sum256([]byte(version + stability + day + p.system + p.arch))
			name := fmt.Sprintf("%s/aurora-%s-%s-%s", folder, version, p.system, p.arch)
			pkg := auroraPackage{
				Version: version, Stability: stability, System: p.system, Arch: p.arch,
				Built:  at.Add(2*time.Hour + time.Duration(i)*17*time.Minute).Format(time.RFC3339),
				Size:   80<<20 + int64(binary.BigEndian.Uint32(sum[:])>>8),
				SHA256: fmt.Sprintf("%x", sum),
				URL:    name + "." + p.extension,
			}
			if nova && stability == "" {
				pkg.Signature, pkg.SBOM = pkg.URL+".asc", name+".spdx.json"
			}
			list = append(list, pkg)
		}
	}
	for night := range 8 {
		day := time.Date(2026, 11, 24-night, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
		add("3.5", "nightly", day, "https://get.aurora.example/nightly/"+day, true)
	}
	add("3.5", "pre-release", "2026-11-18", "https://get.aurora.example/3.5", true)
	for _, r := range auroraReleases {
		add(r.version, "", r.day, r.host+"/"+r.version, r.nova)
	}

	var b bytes.Buffer
	b.WriteString("{\n  \"version\": 1,\n  \"packages\": [\n")
	for i, p := range list {
		line, err := json.Marshal(p)
		if err != nil {
			panic(err) // impossible: strings and numbers
		}
		b.WriteString("    ")
		b.Write(line)
		if i < len(list)-1 {
			b.WriteByte(',')
		}
		b.WriteByte('\n')
	}
	b.WriteString("  ]\n}\n")
	return b.Bytes()
}

// TestAuroraIsPublished counts the packages of each kind in the file.
func TestAuroraIsPublished(t *testing.T) {
	doc, err := packagesjson.Decode("packages.json", auroraFile())
	if err != nil {
		t.Fatal(err)
	}
	published, held := catalog.Publish(scheme, packagesjson.Spelling, doc.Records("Aurora", catalog.Template{}))
	if len(held)+len(doc.Warnings) != 0 {
		t.Errorf("held %v, warnings %q", held, doc.Warnings)
	}
	got := map[string]int{}
	for _, p := range published {
		kind := "releases"
		switch {
		case p.Release == "":
			kind = "nightly builds"
		case p.PreRelease:
			kind = "pre-releases"
		}
		got[kind]++
		got[string(p.OS)]++
		got[string(p.Arch)]++
		if p.FileName == "" || p.SHA256 == "" || p.SHA512 != "" {
			t.Errorf("%s: file %q, checksums %q and %q", p.ID, p.FileName, p.SHA256, p.SHA512)
		}
	}
	want := map[string]int{
		"releases": 54, "nightly builds": 64, "pre-releases": 8,
		"linux": 46, "freebsd": 17, "mac": 34, "win": 29, "x64": 68, "arm64": 46, "riscv64": 12,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("packages (-want +got):\n%s", diff)
	}
	if id := published[0].ID; id != "aurora-3.5-20261124t0359-windows-aarch64" {
		t.Errorf("the newest is %s", id)
	}
	if id := published[len(published)-1].ID; id != "aurora-2.8-linux-x86_64" {
		t.Errorf("the oldest is %s", id)
	}
}
