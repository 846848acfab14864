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
	"github.com/Slicer/sitegen/generator/testutil"
)

// TestSize checks that the configuration of the largest real catalogue is small enough for Nginx to read without delay.
func TestSize(t *testing.T) {
	total := 0
	for path, data := range compile(t, &redirect.Table{Index: testutil.Index(t, "archive")}) {
		total += len(data)
		if bytes.Contains(data, []byte(filepath.Dir(testutil.Path("")))) || bytes.Contains(data, []byte("include ")) {
			t.Errorf("%s contains a path of this machine or an include", path)
		}
	}
	if total > 8<<20 {
		t.Errorf("%d bytes, limit 8 MiB", total)
	}
	t.Logf("%d bytes", total)
}

// TestSameBytes checks that a table compiles to the same bytes every time.
func TestSameBytes(t *testing.T) {
	x := testutil.Index(t, "live")
	rules := testutil.RandomRules(1, 200)
	a := compile(t, &redirect.Table{Index: x, Rules: readRules(t, rules)})
	b := compile(t, &redirect.Table{Index: testutil.Index(t, "live"), Rules: readRules(t, rules)})
	for path := range a {
		if !bytes.Equal(a[path], b[path]) {
			t.Errorf("%s differs", path)
		}
	}
}

// TestOneMoreNightly checks that the nightly builds of one day change only a few lines.
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
				p.URL = testutil.API(t) + "/item/" + p.ID + "/download"
				p.OS, p.Arch, p.Revision, p.Release = os, catalog.Arch("amd64"), packages[0].Revision+3, ""
				p.Built = day.Add(time.Duration(i) * time.Hour)
				after = append(after, &p)
			}
			if n := diffLines(t, compile(t, tableOf(t, packages)), compile(t, tableOf(t, after))); n == 0 ||
				n > tt.limit {
				t.Errorf("%d changed lines, want 1 to %d", n, tt.limit)
			} else {
				t.Logf("%d changed lines", n)
			}
		})
	}
}

// diffLines returns the number of lines that git diff reports as added or deleted.
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
	out, _ := cmd.Output() // git exits with status 1 if there is a difference
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

// TestManyBuilds uses several builds of each revision.
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
	s := serve(t, packages)
	for rev := 30_000; rev < 30_100; rev += 7 {
		s.compare(t, "GET", fmt.Sprintf("/find?os=win&revision=%d", rev))
		s.compare(t, "GET", fmt.Sprintf("/find?os=win&stability=any&closest-revision=%d&offset=-3", rev))
	}
}

// TestOddVersions uses versions that differ only in case, that are keywords of Nginx, and that are long.
func TestOddVersions(t *testing.T) {
	base := testutil.Packages(t, "live")[0]
	var packages []*catalog.Package
	versions := []string{
		"5.0.0-RC1", "5.0.0-rc1", "default", "include", "volatile", "hostnames", "5.0.0-" + strings.Repeat("x", 34),
		"5.0.0-" + strings.Repeat("X", 34), "~x"[1:], "5.1",
	}
	for i, v := range versions {
		p := *base
		p.ID = fmt.Sprintf("%024x", i+1)
		p.OS, p.Arch, p.Revision = "linux", "amd64", 30_000+i
		p.Version, p.Release, p.PreRelease = v, v, false
		packages = append(packages, &p)
	}
	s := serve(t, packages)
	for _, v := range append(versions, "5.0.0-Rc1", "DEFAULT", "5", "5.0") {
		s.compare(t, "GET", "/download?os=linux&version="+v)
	}
}

// TestEmptyPlatform uses a catalogue with packages for only one system.
func TestEmptyPlatform(t *testing.T) {
	var packages []*catalog.Package
	for _, p := range testutil.Packages(t, "live") {
		if p.OS == catalog.OS("linux") && p.Release != "" {
			packages = append(packages, p)
		}
	}
	s := serve(t, packages)
	for request := range testutil.RandomRequests(s.table.Index, 2, 300) {
		s.compare(t, "GET", request)
	}
}

func tableOf(t testing.TB, packages []*catalog.Package) *redirect.Table {
	return &redirect.Table{Index: lookup.New(testutil.Spec(t), packages)}
}

// TestManyPackages uses 12,000 packages (4,000 in short tests) with each form of ids. Their URLs cannot be derived from
// their ids, and most have their own version. A map of Nginx holds a thousand.
func TestManyPackages(t *testing.T) {
	for _, form := range catalog.IDForms() {
		t.Run(string(form), func(t *testing.T) {
			t.Parallel()
			scheme := inventedScheme()
			scheme.IDs = form
			packages := invented(t, scheme, testutil.Amount(12_000, 4_000), 4*time.Hour, true)
			s := serveTable(t, &redirect.Table{Index: lookup.New(lookup.NewSpec(scheme, nil), packages)})
			if n := len(redirect.NewFileURLs(packages).Mid); n != len(packages) {
				t.Fatalf("%d of %d packages are in Mid, want all", n, len(packages))
			}
			for i := 0; i < len(packages); i += 17 {
				p := packages[i]
				s.compare(t, "GET", "/bitstream/"+p.ID)
				s.compare(t, "GET", "/bitstream/"+strings.ToUpper(p.ID))
				s.compare(t, "GET", fmt.Sprintf("/find?stability=any&os=%s&arch=%s&version=%s", p.OS, p.Arch,
					p.Version))
			}
			for request := range testutil.RandomRequests(s.table.Index, 5, 1000) {
				s.compare(t, "GET", request)
			}
		})
	}
}

// TestFileURLs uses some packages with URLs that contain their id and some with other URLs. The URL of one package is
// the start of all other such URLs, so its middle is empty.
func TestFileURLs(t *testing.T) {
	t.Parallel()
	packages := testutil.Packages(t, "live")
	for i, p := range packages {
		switch {
		case i == 3:
			p.URL = testutil.API(t) + "/file/"
		case p.SHA512 != "":
			p.URL = testutil.API(t) + "/file/hashsum/sha512/" + p.SHA512 + "/download;'a'?b=c&d#e"
		}
	}
	s := serve(t, packages)
	if n := len(redirect.NewFileURLs(packages).Mid); n < 10 || n > len(packages)-10 {
		t.Errorf("%d of %d packages are in Mid, want some", n, len(packages))
	}
	for _, p := range packages {
		s.compare(t, "GET", "/bitstream/"+p.ID)
	}
}

// TestOneMorePackage checks that a new package with a URL that cannot be derived from its id changes one or two lines.
func TestOneMorePackage(t *testing.T) {
	scheme := inventedScheme()
	packages := invented(t, scheme, testutil.Amount(12_000, 4_000), 4*time.Hour, true)
	spec := lookup.NewSpec(scheme, nil)
	files := func(packages []*catalog.Package) map[string][]byte {
		const name = "nginx/http/files.conf"
		return map[string][]byte{name: compile(t, &redirect.Table{Index: lookup.New(spec, packages)})[name]}
	}
	if n := diffLines(t, files(packages[1:]), files(packages)); n == 0 || n > 2 {
		t.Errorf("%d changed lines, want 1 or 2", n)
	}
}

// TestOneDay uses more builds of one day than a map of Nginx can hold. All have the same revision, because it is the
// day in this scheme.
func TestOneDay(t *testing.T) {
	t.Parallel()
	scheme := inventedScheme()
	scheme.Systems, scheme.Arches = scheme.Systems[:1], scheme.Arches[:1]
	packages := invented(t, scheme, 3000, 0, true)
	s := serveTable(t, &redirect.Table{Index: lookup.New(lookup.NewSpec(scheme, nil), packages)})
	for i := 0; i < len(packages); i += 11 {
		s.compare(t, "GET", "/find?stability=any&os=windows&version="+packages[i].Version)
	}
}
