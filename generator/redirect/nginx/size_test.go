package nginx_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/redirect"
	"github.com/Slicer/sitegen/generator/redirect/nginx"
	"github.com/Slicer/sitegen/generator/testutil"
)

func compile(t testing.TB, packages []*catalog.Package) map[string][]byte {
	t.Helper()
	compiled, err := nginx.Target{}.Compile(&redirect.Table{Index: lookup.New(testutil.Spec(t), packages)})
	if err != nil {
		t.Fatal(err)
	}
	byPath := map[string][]byte{}
	for _, f := range compiled {
		if byPath[f.Path] != nil {
			t.Errorf("%s is written twice", f.Path)
		}
		byPath[f.Path] = f.Data
	}
	return byPath
}

// TestSize holds the configuration of the largest real catalogue below what Nginx reads without delay.
func TestSize(t *testing.T) {
	total := 0
	for path, data := range compile(t, testutil.Packages(t, "archive")) {
		total += len(data)
		if bytes.Contains(data, []byte("/work")) || bytes.Contains(data, []byte("include ")) {
			t.Errorf("%s names a path", path)
		}
	}
	if total > 8<<20 {
		t.Errorf("%d bytes, limit 8 MiB", total)
	}
	t.Logf("%d bytes", total)
}

// TestOneMoreNightly counts the lines that git shows for what happens every night.
func TestOneMoreNightly(t *testing.T) {
	for _, tt := range []struct {
		profile string
		limit   int
	}{{"live", 150}, {"archive", 150}} {
		t.Run(tt.profile, func(t *testing.T) {
			packages := testutil.Packages(t, tt.profile)
			after := slices.Clone(packages)
			day := packages[0].Built.AddDate(0, 0, 1)
			for i, os := range testutil.Scheme(t).OSes() {
				p := *packages[0]
				p.ID = fmt.Sprintf("%024x", i+1)
				p.OS, p.Arch, p.Revision, p.Release = os, catalog.Arch("amd64"), packages[0].Revision+3, ""
				p.Built = day.Add(time.Duration(i) * time.Hour)
				after = append(after, &p)
			}
			if n := diffLines(t, compile(t, packages), compile(t, after)); n == 0 || n > tt.limit {
				t.Errorf("%d changed lines, want 1 to %d", n, tt.limit)
			} else {
				t.Logf("%d changed lines", n)
			}
		})
	}
}

// diffLines counts the lines that git diff --no-index marks.
func diffLines(t *testing.T, before, after map[string][]byte) int {
	dir := t.TempDir()
	for path, data := range before {
		write(t, filepath.Join(dir, "a"), path, data)
	}
	for path, data := range after {
		write(t, filepath.Join(dir, "b"), path, data)
	}
	cmd := exec.Command("git", "diff", "--no-index", "--numstat", "a", "b")
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null")
	out, _ := cmd.Output() // exits with 1 when there is a difference
	n := 0
	for line := range strings.Lines(string(out)) {
		var added, deleted int
		if _, err := fmt.Sscan(line, &added, &deleted); err != nil {
			t.Fatalf("git diff: %q: %v", line, err)
		}
		n += added + deleted
	}
	return n
}

// TestManyBuilds has several builds of each revision.
func TestManyBuilds(t *testing.T) {
	base := testutil.Packages(t, "live")[0]
	var packages []*catalog.Package
	for i := range 400 {
		p := *base
		p.ID = fmt.Sprintf("%024x", i+1)
		p.OS, p.Arch, p.Revision = catalog.OS("win"), catalog.Arch("amd64"), 30_000+i/4
		p.Built = base.Built.Add(time.Duration(i) * time.Hour)
		packages = append(packages, &p)
	}
	x, n := serve(t, packages)
	client := testutil.Client()
	for rev := 30_000; rev < 30_100; rev += 7 {
		compare(t, client, n, x, "GET", fmt.Sprintf("/find?os=win&revision=%d", rev))
		compare(t, client, n, x, "GET", fmt.Sprintf("/find?os=win&stability=any&closest-revision=%d&offset=-3", rev))
	}
}

// TestOddVersions has versions that differ in case only, that are words of Nginx, and that are long.
func TestOddVersions(t *testing.T) {
	base := testutil.Packages(t, "live")[0]
	var packages []*catalog.Package
	versions := []string{"5.0.0-RC1", "5.0.0-rc1", "default", "include", "volatile", "hostnames", "5.0.0-" + strings.Repeat("x", 34), "5.0.0-" + strings.Repeat("X", 34), "~x"[1:], "5.1"}
	for i, v := range versions {
		p := *base
		p.ID = fmt.Sprintf("%024x", i+1)
		p.OS, p.Arch, p.Revision, p.Version, p.Release, p.PreRelease = catalog.OS("linux"), catalog.Arch("amd64"), 30_000+i, v, v, false
		packages = append(packages, &p)
	}
	x, n := serve(t, packages)
	if out, err := n.Test(t); err != nil || strings.Contains(out, "[warn]") {
		t.Errorf("nginx -t: %v\n%s", err, out)
	}
	client := testutil.Client()
	for _, v := range append(versions, "5.0.0-Rc1", "DEFAULT", "5", "5.0") {
		compare(t, client, n, x, "GET", "/download?os=linux&version="+v)
	}
}

// TestEmptyPlatform has nothing for two operating systems.
func TestEmptyPlatform(t *testing.T) {
	var packages []*catalog.Package
	for _, p := range testutil.Packages(t, "live") {
		if p.OS == catalog.OS("linux") && p.Release != "" {
			packages = append(packages, p)
		}
	}
	x, n := serve(t, packages)
	client := testutil.Client()
	for request := range testutil.RandomRequests(x, 2, 300) {
		compare(t, client, n, x, "GET", request)
	}
}

// BenchmarkCompile writes the configuration of the archive.
func BenchmarkCompile(b *testing.B) {
	x := testutil.Index(b, "archive")
	for b.Loop() {
		if _, err := (nginx.Target{}).Compile(&redirect.Table{Index: x}); err != nil {
			b.Fatal(err)
		}
	}
}
