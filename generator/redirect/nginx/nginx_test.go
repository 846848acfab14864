package nginx_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/redirect"
	"github.com/Slicer/sitegen/generator/redirect/nginx"
	"github.com/Slicer/sitegen/generator/testutil"
)

// serve compiles the packages and serves them, with the fewest files that the configuration refers to.
func serve(t testing.TB, packages []*catalog.Package) (*lookup.Index, *testutil.Nginx) {
	t.Helper()
	x := lookup.New(testutil.Spec(t), packages)
	redirects, public := t.TempDir(), t.TempDir()
	compiled, err := nginx.Target{}.Compile(&redirect.Table{Index: x})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range compiled {
		write(t, redirects, f.Path, f.Data)
	}
	writePublic(t, public, x)
	return x, testutil.StartNginx(t, public, redirects)
}

func writePublic(t testing.TB, dir string, x *lookup.Index) {
	for _, p := range x.Packages() {
		write(t, dir, "api/v1/packages/"+p.ID+".json", append(testutil.Spec(t).ObjectJSON(p), '\n'))
		write(t, dir, "-/cell/"+p.ID+".html", fmt.Appendf(nil, `<a href="/bitstream/%s">`, p.ID))
	}
	write(t, dir, "-/cell/none.html", []byte("Not available"))
	write(t, dir, "-/null.json", []byte("null\n"))
	write(t, dir, "index.html", []byte("home"))
	write(t, dir, "404.html", []byte("error 404"))
	write(t, dir, "-/error/404-package.html", []byte("error package"))
	write(t, dir, "-/error/404-bitstream.html", []byte("error bitstream"))
	for _, p := range testutil.Spec(t).Problems() {
		write(t, dir, "-/error/400-"+p.Param+".html", []byte("error "+p.Param))
	}
	for _, os := range []string{"all", "win", "macosx", "linux"} {
		for _, s := range []string{"default", "release", "nightly", "any"} {
			page, object := skeletons(os, s)
			write(t, dir, "-/home/"+os+"-"+s+".html", []byte(page))
			write(t, dir, "-/findall/"+os+"-"+s+".json", []byte(object))
		}
	}
}

// skeletons are the home page and the /findall answer of one variant, without layout.
func skeletons(os, stability string) (page, object string) {
	oses, stabilities := []string{os}, []string{stability}
	if os == "all" {
		oses = []string{"win", "macosx", "linux"}
	}
	if stability == "default" {
		stabilities = []string{"release", "nightly"}
	}
	for _, s := range stabilities {
		for _, o := range oses {
			page += fmt.Sprintf(`<!--#include virtual="/-/page-cell/%s/%s?$args" -->`, o, s)
		}
	}
	for _, o := range oses {
		var cells []string
		for _, s := range stabilities {
			cells = append(cells, fmt.Sprintf(`%q:<!--#include virtual="/-/object/%s/%s?$args" -->`, s, o, s))
		}
		object += fmt.Sprintf(`,%q:{%s}`, o, strings.Join(cells, ","))
	}
	return page, "{" + object[1:] + "}"
}

func write(t testing.TB, dir, path string, data []byte) {
	t.Helper()
	name := filepath.Join(dir, filepath.FromSlash(path))
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

// answer is what a client sees, reduced to what the index speaks of.
type answer struct {
	Status   int
	Location string
	IDs      []string // of the package, or of all cells in order, "" where there is none
	Problem  string
}

var cellRE = regexp.MustCompile(`/bitstream/([0-9a-f]{24})|Not available`)

// ask sends a request and reads the answer back.
func ask(client *http.Client, spec *lookup.Spec, base, method, request string) (a answer, err error) {
	req, err := http.NewRequest(method, base+request, nil)
	if err != nil {
		return a, err
	}
	res, err := client.Do(req)
	if err != nil {
		return a, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return a, err
	}
	a.Status, a.Location = res.StatusCode, res.Header.Get("Location")
	if method == "HEAD" {
		return a, nil
	}
	switch {
	case res.StatusCode >= 400:
		a.Problem = strings.TrimPrefix(string(body), "error ")
	case strings.HasPrefix(request, "/findall"):
		var all map[string]map[string]*struct{ Download_URL string }
		if err := json.Unmarshal(body, &all); err != nil {
			return a, fmt.Errorf("%s: %v in %q", request, err, body)
		}
		for _, s := range catalog.Stabilities() {
			for _, o := range spec.OSes() {
				if c, ok := all[string(o)][string(s)]; ok && c != nil {
					a.IDs = append(a.IDs, strings.TrimPrefix(c.Download_URL, "/bitstream/"))
				} else if ok {
					a.IDs = append(a.IDs, "")
				}
			}
		}
	case strings.TrimLeft(strings.SplitN(request, "?", 2)[0], "/") == "find":
		var object struct{ Download_URL string }
		if err := json.Unmarshal(body, &object); err != nil {
			return a, fmt.Errorf("%s: %v in %q", request, err, body)
		}
		a.IDs = []string{strings.TrimPrefix(object.Download_URL, "/bitstream/")}
	case string(body) != "home":
		for _, m := range cellRE.FindAllStringSubmatch(string(body), -1) {
			a.IDs = append(a.IDs, m[1])
		}
	}
	return a, nil
}

// expect is the index's answer in the same form.
func expect(x *lookup.Index, request string) answer {
	path, query, _ := strings.Cut(request, "?")
	got := x.Answer(path, query)
	a := answer{Status: got.Status}
	switch got.Kind {
	case lookup.Redirect:
		a.Location = lookup.Location(got.Package)
		if strings.HasPrefix(path, lookup.BitstreamPrefix) {
			a.Location = got.Package.URL
		}
	case lookup.Object:
		a.IDs = []string{got.Package.ID}
	case lookup.Objects, lookup.Page:
		for _, c := range got.Cells {
			id := ""
			if c.Package != nil {
				id = c.Package.ID
			}
			a.IDs = append(a.IDs, id)
		}
		if got.Kind == lookup.Page && isHome(x, got) {
			a.IDs = nil
		}
	case lookup.BadQuery:
		a.Problem = got.Problem.Param
	case lookup.NoMatch:
		a.Problem = "package"
	case lookup.NoSuchID:
		a.Problem = "bitstream"
	}
	return a
}

// isHome reports whether the answer is that of / without a query: the plain page may be served.
func isHome(x *lookup.Index, a lookup.Answer) bool {
	return cmp.Equal(a.Query, x.Answer("/", "").Query)
}

// compare asks Nginx and the index.
func compare(t *testing.T, client *http.Client, n *testutil.Nginx, x *lookup.Index, method, request string) {
	t.Helper()
	want := expect(x, request)
	got, err := ask(client, x.Spec(), n.URL, method, request)
	if err != nil {
		t.Fatal(err)
	}
	if method == "HEAD" {
		want.IDs, want.Problem = nil, ""
	}
	if want.IDs == nil && method == "GET" && want.Status == 200 {
		got.IDs = nil // the plain home page, or the same cells composed
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s %s (-index +nginx):\n%s", method, request, diff)
	}
}

func TestGolden(t *testing.T) {
	for _, tt := range []struct{ profile, file string }{{"live", "golden.jsonl"}, {"archive", "golden-archive.jsonl"}} {
		t.Run(tt.profile, func(t *testing.T) {
			x, n := serve(t, testutil.Packages(t, tt.profile))
			if out, err := n.Test(t); err != nil || strings.Contains(out, "[warn]") {
				t.Errorf("nginx -t: %v\n%s", err, out)
			}
			client := testutil.Client()
			for i, g := range testutil.Goldens(t, tt.file) {
				compare(t, client, n, x, "GET", g.Q)
				if i%10 == 0 {
					compare(t, client, n, x, "HEAD", g.Q)
				}
			}
			if log := n.ErrorLog(t); strings.Contains(log, "[error]") || strings.Contains(log, "[alert]") {
				t.Errorf("error log:\n%.2000s", log)
			}
		})
	}
}

// TestRandom asks 10,000 random queries of each catalogue.
func TestRandom(t *testing.T) {
	for _, profile := range []string{"live", "archive"} {
		t.Run(profile, func(t *testing.T) {
			t.Parallel()
			x, n := serve(t, testutil.Packages(t, profile))
			client := testutil.Client()
			for request := range testutil.RandomRequests(x, 1, 10_000) {
				compare(t, client, n, x, "GET", request)
			}
		})
	}
}

// TestUnusual asks what no well-meaning client asks.
func TestUnusual(t *testing.T) {
	packages := testutil.Packages(t, "live")
	x, n := serve(t, packages)
	client := testutil.Client()
	id := packages[0].ID
	for _, request := range []string{
		"//find?os=win", "///download?os=win", "/find?os=%77%69%6e&stability=%72%65%6c%65%61%73%65", "/find?o%73=win",
		"/find?os=win&offset=+0", "/find?os=win&offset=%2B0", "/find?os=win&offset=%2b0", "/find?os=win&offset=-0", "/find?os=win&offset=-000012",
		"/find?os=win&offset=99999", "/find?os=win&offset=-99999", "/find?os=win&offset=100000", "/find?os=win&offset=99999999999999999999",
		"/find?os=win&offset=--1", "/find?os=win&offset=%2D1", "/find?os=win&offset=1%0d%0aX-Injected:1", "/find?os=win%0d%0aX-Injected:%201",
		"/find?os=win&stability=nightly&closest-revision=0", "/find?os=win&closest-revision=00000000034645", "/find?os=win&revision=034645",
		"/find?os=win&closest-revision=2539999", "/find?os=win&closest-revision=2540000", "/find?os=win&closest-revision=99999999999999999999999",
		"/find?os=win&date=0000-02-29", "/find?os=win&date=2000-02-29", "/find?os=win&date=1900-02-29", "/find?os=win&date=9999-12-31",
		"/find?os=win&date=2100-01-01", "/find?os=win&date=1999-12-31", "/find?os=win&date=2026-09-31", "/find?os=win&date=2026-13-01", "/find?os=win&date=%32026-09-01",
		"/find?OS=win", "/find?os=Win", "/find?os=win&os=linux", "/find?os=&os=linux", "/find?os", "/find?os&stability=any", "/find?&&os=win&&",
		"/find?os=win;stability=any", "/find?xos=win", "/find?os=win&version=5.2&xversion=1&version=7", "/find?os=win&version=V5.2",
		"/find?os=win&version=" + strings.Repeat("5", 6000), "/find?os=" + strings.Repeat("w", 6000), "/find?os=win&x=" + strings.Repeat("%41", 2000),
		"/find?os=win&version=$args", "/find?os=win&version=%24host", "/find?os=win&version=../../etc", "/find?os=win&version='\"<script>", "/find?os=win&version=%00",
		"/find?os=win&version=%zz", "/find?os=win&version=%", "/find?os=win&a=%2541", "/find?os=win&%%36fs=linux&version=5", "/find?os=w%2569n",
		"/find?os=win&arch=arm64", "/find?os=macosx&arch=arm64&stability=any", "/find?os=macosx&arch=i386", "/find?arch=&os=win",
		"/findall?arch=arm64&offset=-1", "/?arch=arm64", "/?utm_source=forum", "/?os=macosx&stability=release", "/?offset=-1", "/?stability=any&offset=-3",
		"/findall?revision=34645", "/?revision=34645&os=linux", "/findall?offset=99999", "/findall?date=2021-02-30", "/?checkout-date=2020-01-01", "/?version=&date=2020-01-01",
		"/bitstream/" + id, "/bitstream/" + strings.ToUpper(id), "/bitstream/" + id + "/", "/bitstream/" + id + "%0a", "/bitstream/" + id + "?x=y",
		"/bitstream/1341035", "/bitstream/", "/bitstream/3DSlicer-5.8.1-linux.tar.gz", "/bitstream/a/..%2fb", "/bitstream/65863a0a0a14a6f2b06afb63",
	} {
		compare(t, client, n, x, "GET", request)
		compare(t, client, n, x, "HEAD", request)
	}
	for _, request := range []string{"/find?os=win%0d%0aX-Injected:%201", "/download?os=win&x=%0d%0aX-Injected:%201", "/bitstream/x%0d%0aX-Injected:%201", "//evil.example/%2e%2e", "//evil.example/releases"} {
		res, err := client.Get(n.URL + request)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.Header.Get("X-Injected") != "" || strings.Contains(res.Header.Get("Location"), "evil.example") {
			t.Errorf("%s: headers %v", request, res.Header)
		}
	}
}

// TestHidden asks for what has no address of its own.
func TestHidden(t *testing.T) {
	x, n := serve(t, testutil.Packages(t, "live"))
	client := testutil.Client()
	for _, request := range []string{"/-/null.json", "/-/cell/none.html", "/-/home/all-any.html", "/-/findall/all-any.json", "/-/object/win/any", "/-/page-cell/win/any",
		"/-/error/400-os.html", "/404.html", "/.gitkeep", "/api/.sitegen-tmp-1", "/find/", "/download/", "/findall/", "/nothing"} {
		got, err := ask(client, x.Spec(), n.URL, "GET", request)
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
	_, n := serve(t, packages)
	client := testutil.Client()
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
		res, err := client.Get(n.URL + tt.request)
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

// TestFileURLs has packages whose files are not fetched by the package's id.
func TestFileURLs(t *testing.T) {
	packages := testutil.Packages(t, "live")
	for _, p := range packages {
		if p.SHA512 != "" {
			p.URL = testutil.API + "/file/hashsum/sha512/" + p.SHA512 + "/download"
		}
	}
	x, n := serve(t, packages)
	if out, err := n.Test(t); err != nil || strings.Contains(out, "[warn]") {
		t.Errorf("nginx -t: %v\n%s", err, out)
	}
	if mid := len(redirect.NewFileURLs(packages).Mid); mid == 0 || mid == len(packages) {
		t.Errorf("%d of %d packages have a middle of their own, want some", mid, len(packages))
	}
	client := testutil.Client()
	for _, p := range packages {
		compare(t, client, n, x, "GET", "/bitstream/"+p.ID)
	}
}
