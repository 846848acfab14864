package nginx_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/profile"
	"github.com/Slicer/sitegen/generator/redirect"
	"github.com/Slicer/sitegen/generator/testutil"
)

// TestCatalogues sends the recorded requests of each catalogue and 10,000 random ones.
func TestCatalogues(t *testing.T) {
	for _, tt := range []struct{ profile, file string }{{"live", "golden.jsonl"}, {"archive", "golden-archive.jsonl"}} {
		t.Run(tt.profile, func(t *testing.T) {
			t.Parallel()
			s := serve(t, testutil.Packages(t, tt.profile))
			for i, g := range testutil.Goldens(t, tt.file) {
				s.compare(t, "GET", g.Q)
				if i%10 == 0 {
					s.compare(t, "HEAD", g.Q)
				}
			}
			for request := range testutil.RandomRequests(s.table.Index, 1, 10_000) {
				s.compare(t, "GET", request)
			}
			if log := s.ErrorLog(t); strings.Contains(log, "[error]") {
				t.Errorf("error log:\n%.2000s", log)
			}
		})
	}
}

// inventedScheme returns the scheme of an invented project that shares no system or architecture with the built-in
// profile, except linux.
func inventedScheme() *catalog.Scheme {
	return &catalog.Scheme{
		Systems: []catalog.System{
			{ID: "windows", Title: "Windows"}, {ID: "darwin", Title: "macOS"},
			{ID: "linux", Title: "Linux"}, {ID: "freebsd", Title: "FreeBSD"},
		},
		Arches: []catalog.Architecture{
			{ID: "x86_64", Title: "Intel"}, {ID: "aarch64", Title: "ARM"}, {ID: "riscv64", Title: "RISC-V"},
		},
		IDs: catalog.NameIDs,
	}
}

// invented returns n packages of the invented project: a build for each platform at intervals of every. One build in
// thirty is a release. If versions is set, each build has its own version.
func invented(t testing.TB, scheme *catalog.Scheme, n int, every time.Duration, versions bool) []*catalog.Package {
	t.Helper()
	built := time.Date(2015, 2, 27, 0, 0, 0, 0, time.UTC)
	var records []catalog.Record
	for i := 0; len(records) < n; i++ {
		version := fmt.Sprintf("%d.%d", 1+i/300, i/30%10)
		if versions {
			version += fmt.Sprintf(".%d-dev-%s", i%30, built.Format("2006-01-02-1504"))
		}
		for _, pf := range scheme.Platforms() {
			r := catalog.Record{
				ID: fmt.Sprintf("Aurora-%s-%s-%s-%s.build_%d", version, pf.OS, pf.Arch, built.Format("20060102T1504"),
					i),
				Name: "Aurora", ProductName: "Aurora", OS: string(pf.OS), Arch: string(pf.Arch), Version: version,
				BuildDate: built.Format(time.RFC3339), Size: 1 << 20, Revision: fmt.Sprint(1000 + i),
				URL: fmt.Sprintf("https://files.example.org/%s/%d/aurora-%s-%s.pkg", version, i, pf.OS, pf.Arch),
			}
			if scheme.IDs == catalog.HexIDs {
				r.ID = fmt.Sprintf("%016x%08x", 0x5f4474d0e1d8c75d+uint64(i)*0x9e3779b97f4a7c15, len(records))
			}
			if i%30 == 0 {
				r.Release = version
			}
			records = append(records, r)
		}
		built = built.Add(every)
	}
	packages, held := catalog.Publish(scheme, nil, records[:n])
	if len(held) > 0 {
		t.Fatalf("%d held back: %v", len(held), held[0])
	}
	return packages
}

// TestInventedProject uses a scheme with other systems and architectures and with names as ids.
func TestInventedProject(t *testing.T) {
	t.Parallel()
	spec := lookup.NewSpec(inventedScheme(), nil)
	packages := invented(t, spec.Scheme, 3000, 20*time.Hour, false)
	s := serveTable(t, &redirect.Table{Index: lookup.New(spec, packages)})
	for request := range testutil.RandomRequests(s.table.Index, 3, 5000) {
		s.compare(t, "GET", request)
	}
	id := packages[0].ID
	for _, request := range []string{
		"/find?os=win", "/find?os=darwin&arch=amd64", "/find?os=Darwin", "/find?os=freebsd&arch=riscv64&offset=-1%20",
		"/find?os=linux&revision=1", "/find?os=linux&closest-revision=x", "/bitstream/" + id,
		"/bitstream/" + strings.ToUpper(id), "/bitstream/" + id + "%0a", "/bitstream/" + id + "x",
		"/bitstream/" + strings.Repeat("a", 80), "/bitstream/" + strings.Repeat("a", 81), "/bitstream/.x",
		"/bitstream/-x", "/bitstream/index", "/bitstream/" + id + ".json",
	} {
		s.compare(t, "GET", request)
	}
	for path, data := range compile(t, s.table) {
		for _, word := range []string{"macosx", "(win|", "amd64", "i386", "revision=", profile.Default,
			"closest-revision"} {
			if strings.Contains(strings.ToLower(string(data)), word) {
				t.Errorf("%s contains %q", path, word)
			}
		}
	}
}

// TestAurora uses the invented project of testdata/aurora, which consists of a profile and a packages.json.
func TestAurora(t *testing.T) {
	t.Parallel()
	s := serveTable(t, &redirect.Table{Index: testutil.Aurora(t)})
	for _, g := range testutil.Goldens(t, "aurora/golden.jsonl") {
		testutil.AskGolden(t, s.client, s.URL, g)
	}
	for request := range testutil.RandomRequests(s.table.Index, 5, 5000) {
		s.compare(t, "GET", request)
	}
}

// TestAddedParameters adds a system, two modes, another parameter and a permalink to the grammar of the built-in
// profile.
func TestAddedParameters(t *testing.T) {
	t.Parallel()
	scheme := *testutil.Scheme(t)
	scheme.Systems = append(slices.Clone(scheme.Systems), catalog.System{ID: "haiku_os", Title: "Haiku"})
	format := lookup.Parameter{Name: "format", Kind: lookup.Choice, Values: []string{"zip", "tar.gz"},
		Reason: "is unknown", Allowed: "zip"}
	parameters := slices.Concat([]lookup.Parameter{format}, lookup.Parameters(&scheme), []lookup.Parameter{
		{Name: "built-until", Kind: lookup.Day, Role: lookup.ModeRole, Finds: lookup.ByDate},
		{Name: "at_least", Kind: lookup.Natural, Role: lookup.ModeRole, Finds: lookup.ByClosestRevision},
	})

	permalinks := append(lookup.Permalinks(&scheme), lookup.Permalink{Path: "/until/{built-until}/{os}"})
	spec := lookup.CustomSpec(&scheme, nil, parameters, permalinks)

	packages := testutil.Packages(t, "live")
	for i, p := range packages[:300] {
		added := *p
		added.ID, added.OS = fmt.Sprintf("%024x", i+1), "haiku_os"
		packages = append(packages, &added)
	}
	s := serveTable(t, &redirect.Table{Index: lookup.New(spec, packages)})
	for request := range testutil.RandomRequests(s.table.Index, 4, 5000) {
		s.compare(t, "GET", request)
	}
	for _, request := range []string{
		"/find?os=haiku_os", "/find?os=haiku_os&built-until=2025-01-01", "/find?os=haiku_os&built-until=2025-02-30",
		"/find?os=win&built-until=2025-01-01&date=2025-01-01", "/find?os=win&at_least=%20+34000",
		"/find?os=win&at_least=34000&stability=any&offset=-1", "/find?os=win&at_least=-1", "/find?os=win&format=zip",
		"/find?os=win&format=tar.gz", "/find?os=win&format=tarxgz", "/find?format=x", "/find?format=zip",
		"/findall?format=x&os=x", "/?format=zip", "/find?os=win&format=", "/find?os=win&at-least=1",
	} {
		s.compare(t, "GET", request)
	}
	for _, path := range []string{
		"/latest/haiku_os", "/latest/haiku_os/nightly.json", "/until/2025-01-01/haiku_os",
		"/until/2025-01-01/win.json", "/until/2025-13-01/win", "/latest/haikuxos",
	} {
		want := s.table.Answer(path, "")
		want.Status = cmp.Or(want.Status, 404)
		res, _ := testutil.Ask(t, s.client, "GET", s.URL+path)
		if location := res.Header.Get("Location"); res.StatusCode != want.Status || location != want.Location {
			t.Errorf("%s: %d %q, want %d %q", path, res.StatusCode, location, want.Status, want.Location)
		}
	}
}

// TestUnusual sends malformed and hostile requests.
func TestUnusual(t *testing.T) {
	t.Parallel()
	packages := testutil.Packages(t, "live")
	s := serve(t, packages)
	id := packages[0].ID
	for _, request := range []string{
		"//find?os=win", "///download?os=win", "/find?os=%77%69%6e&stability=%72%65%6c%65%61%73%65", "/find?o%73=win",
		"/find?os=win&offset=+0", "/find?os=win&offset=%2B0", "/find?os=win&offset=%2b0", "/find?os=win&offset=-0",
		"/find?os=win&offset=-000012", "/find?os=win&offset=99999", "/find?os=win&offset=-99999",
		"/find?os=win&offset=100000", "/find?os=win&offset=99999999999999999999", "/find?os=win&offset=%20%20+-1++",
		"/find?os=win&offset=+%2B1%20", "/find?os=win&offset=%2B+1", "/find?os=win&offset=+",
		"/find?os=win&offset=1+1", "/find?os=win&offset=%091", "/find?os=win&revision=%20",
		"/find?os=win&revision=+033241%20+", "/find?os=win&revision=%2B%2B33241",
		"/find?os=win&closest-revision=%2B33241+", "/find?os=win&closest-revision=-1",
		"/find?os=win&date=2026-09-01+", "/find?os=win+", "/find?os=win&stability=%20any",
		"/find?os=win&version=5.2+", "/find?os=win&version=%20", "/find?os=win&offset=%2%305",
		"/find?os=win&offset=%%32%305", "/find?os=win&offset=%250", "/find?os=%5w&stability=any",
		"/find?os=win&%=%&offset=%%", "/find?os=win&offset=--1", "/find?os=win&offset=%2D1",
		"/find?os=win&offset=1%0d%0aX-Injected:1", "/find?os=win%0d%0aX-Injected:%201",
		"/find?os=win&stability=nightly&closest-revision=0", "/find?os=win&closest-revision=00000000034645",
		"/find?os=win&revision=034645", "/find?os=win&closest-revision=2539999",
		"/find?os=win&closest-revision=2540000", "/find?os=win&closest-revision=99999999999999999999999",
		"/find?os=win&date=0000-02-29", "/find?os=win&date=2000-02-29", "/find?os=win&date=1900-02-29",
		"/find?os=win&date=9999-12-31", "/find?os=win&date=2100-01-01", "/find?os=win&date=1999-12-31",
		"/find?os=win&date=2026-09-31", "/find?os=win&date=2026-13-01", "/find?os=win&date=%32026-09-01",
		"/find?OS=win", "/find?os=Win", "/find?os=win&os=linux", "/find?os=&os=linux", "/find?os",
		"/find?os&stability=any", "/find?&&os=win&&", "/find?os=win;stability=any", "/find?xos=win",
		"/find?os=win&version=5.2&xversion=1&version=7", "/find?os=win&version=V5.2",
		"/find?os=win&version=" + strings.Repeat("5", 6000), "/find?os=" + strings.Repeat("w", 6000),
		"/find?os=win&x=" + strings.Repeat("%41", 2000), "/find?os=win&version=$args", "/find?os=win&version=%24host",
		"/find?os=win&version=../../etc", "/find?os=win&version='\"<script>", "/find?os=win&version=%00",
		"/find?os=win&version=%zz", "/find?os=win&version=%", "/find?os=win&a=%2541",
		"/find?os=win&%%36fs=linux&version=5", "/find?os=w%2569n", "/find?os=win&arch=arm64",
		"/find?os=macosx&arch=arm64&stability=any", "/find?os=macosx&arch=i386", "/find?arch=&os=win",
		"/findall?arch=arm64&offset=-1", "/?arch=arm64", "/?utm_source=forum", "/?os=macosx&stability=release",
		"/?offset=-1", "/?stability=any&offset=-3", "/findall?revision=34645", "/?revision=34645&os=linux",
		"/findall?offset=99999", "/findall?date=2021-02-30", "/?checkout-date=2020-01-01",
		"/?version=&date=2020-01-01", "/bitstream/" + id, "/bitstream/" + strings.ToUpper(id),
		"/bitstream/" + id + "/", "/bitstream/" + id + "%0a", "/bitstream/" + id + "?x=y", "/bitstream/1341035",
		"/bitstream/", "/bitstream/Tool-5.8.1-linux.tar.gz", "/bitstream/a/..%2fb",
		"/bitstream/65863a0a0a14a6f2b06afb63",
	} {
		s.compare(t, "GET", request)
		s.compare(t, "HEAD", request)
	}
	for _, request := range []string{
		"/find?os=win%0d%0aX-Injected:%201", "/download?os=win&x=%0d%0aX-Injected:%201",
		"/bitstream/x%0d%0aX-Injected:%201", "//evil.example/%2e%2e", "//evil.example/releases",
	} {
		res, err := s.client.Get(s.URL + request)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.Header.Get("X-Injected") != "" || strings.Contains(res.Header.Get("Location"), "evil.example") {
			t.Errorf("%s: headers %v", request, res.Header)
		}
	}
}

// TestHidden requests files that Nginx must not serve.
func TestHidden(t *testing.T) {
	site := writeSite(t, &redirect.Table{Index: testutil.Index(t, "live")})
	for _, path := range []string{".gitkeep", "api/.sitegen-tmp-1", "assets/.x/style.css", "docs/.hidden",
		"bitstream/.x"} {
		write(t, site.Public, path, []byte("hidden"))
	}
	write(t, site.Public, ".well-known/security.txt", []byte("shown"))
	n := testutil.StartNginx(t, site.Public, site.Redirects)
	s := &server{n, &redirect.Table{Index: testutil.Index(t, "live")}, testutil.Client()}
	if got := s.rule(t, "GET", "/.well-known/security.txt"); got != "200 /shown.html" {
		t.Errorf("a well-known file: %s", got)
	}
	for _, request := range []string{
		"/-/null.json", "/-/cell/_none.html", "/-/home/all-any.html", "/-/findall/all-any.json", "/-/object/win/any",
		"/-/page-cell/win/any", "/-/error/400-os.html", "/404.html", "/.gitkeep", "/api/.sitegen-tmp-1",
		"//api//.sitegen-tmp-1", "/assets/.x/style.css", "/docs/.hidden", "/bitstream/.x", "/%2Egitkeep",
		"/x%0a/.gitkeep", "/find/",
		"/download/", "/findall/", "/nothing",
	} {
		got, err := s.ask("GET", request)
		if err != nil {
			t.Fatal(err)
		}
		if got.Status != 404 {
			t.Errorf("%s: status %d, want 404", request, got.Status)
		}
	}
}

func TestHeaders(t *testing.T) {
	packages := testutil.Packages(t, "live")
	s := serve(t, packages)
	for _, tt := range []struct{ request, cache, contentType string }{
		{"/find?os=win", "public, max-age=300", "application/json"},
		{"/findall", "public, max-age=300", "application/json"},
		{"/download?os=win", "public, max-age=300", "text/html"},
		{"/bitstream/" + packages[0].ID, "public, max-age=300", "text/html"},
		{"/", "public, max-age=300", "text/html; charset=utf-8"},
		{"/?offset=-1", "public, max-age=300", "text/html; charset=utf-8"},
		{"/api/v1/packages/" + packages[0].ID + ".json", "public, max-age=300", "application/json"},
		{"/find?os=x", "no-store", "text/html; charset=utf-8"},
		{"/find?os=win&version=99", "no-store", "text/html; charset=utf-8"},
		{"/bitstream/x", "no-store", "text/html; charset=utf-8"},
		{"/nothing", "no-store", "text/html; charset=utf-8"},
	} {
		res, err := s.client.Get(s.URL + tt.request)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if got := res.Header.Values("Cache-Control"); !slices.Equal(got, []string{tt.cache}) {
			t.Errorf("%s: Cache-Control %q, want %q", tt.request, got, tt.cache)
		}
		if got := res.Header.Get("Content-Type"); got != tt.contentType {
			t.Errorf("%s: Content-Type %q, want %q", tt.request, got, tt.contentType)
		}
	}
}
