package nginx_test

import (
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/redirect"
	"github.com/Slicer/sitegen/generator/redirect/servers/nginx"
	"github.com/Slicer/sitegen/generator/testutil"
)

// server is an Nginx with the configuration of a table. Its site has only the files that the configuration refers to.
type server struct {
	*testutil.Nginx
	table  *redirect.Table
	client *http.Client
}

// serve starts an Nginx for packages of the built-in profile.
func serve(t testing.TB, packages []*catalog.Package) *server {
	t.Helper()
	return serveTable(t, &redirect.Table{Index: lookup.New(testutil.Spec(t), packages)})
}

// serveTable starts an Nginx for a table. The test fails if Nginx prints a warning about the configuration.
func serveTable(t testing.TB, table *redirect.Table) *server {
	t.Helper()
	site := writeSite(t, table)
	s := &server{testutil.StartNginx(t, site.Public, site.Redirects), table, testutil.Client()}
	s.check(t)
	return s
}

// writeSite writes the configuration of a table and the files of its site. The host of the site is the table's name.
func writeSite(t testing.TB, table *redirect.Table) testutil.NginxSite {
	t.Helper()
	site := testutil.NginxSite{Host: table.Name, Public: t.TempDir(), Redirects: t.TempDir()}
	writePublic(t, site.Public, table.Index)
	var files []string
	err := filepath.WalkDir(site.Public, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			files = append(files, strings.TrimPrefix(path, site.Public+"/"))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	table.Files = redirect.FilesOf(files)
	for path, data := range compile(t, table) {
		write(t, site.Redirects, path, data)
	}
	return site
}

// check fails the test if Nginx prints a warning about the configuration, or when the test ends, if it logged an alert.
func (s *server) check(t testing.TB) {
	t.Helper()
	if out, err := s.Test(t); err != nil || strings.Contains(out, "[warn]") {
		t.Errorf("nginx -t: %v\n%s", err, out)
	}
	t.Cleanup(func() {
		if log := s.ErrorLog(t); strings.Contains(log, "[alert]") || strings.Contains(log, "cycle while") {
			t.Errorf("error log:\n%.2000s", log)
		}
	})
}

// compile returns the files of a table by path.
func compile(t testing.TB, table *redirect.Table) map[string][]byte {
	t.Helper()
	compiled := nginx.Server{}.Compile(table)
	if err := compiled.Err(); err != nil {
		t.Fatal(err)
	}
	byPath := map[string][]byte{}
	for _, f := range compiled.Files {
		if byPath[f.Path] != nil {
			t.Errorf("%s is written twice", f.Path)
		}
		byPath[f.Path] = f.Data
	}
	return byPath
}

// writePublic writes the files of the site.
func writePublic(t testing.TB, dir string, x *lookup.Index) {
	spec := x.Spec()
	for path, text := range map[string]string{
		"-/cell/_none.html": "Not available", "-/null.json": "null\n", "index.html": "home", "shown.html": "shown",
		"404.html": "error 404", "400.html": "error 400", "-/error/404-package.html": "error package",
		"-/error/404-bitstream.html": "error bitstream", "-/error/405.html": "error 405",
		"-/error/412.html": "error 412", "-/error/414.html": "error 414",
		"-/error/416.html": "error 416", "-/error/500.html": "error 500",
		"assets/style.css": "a {}", "assets/fonts/x.woff2": "font", "docs/a/page.html": "page",
	} {
		write(t, dir, path, []byte(text))
		if name, ok := strings.CutPrefix(text, "error 4"); ok && !strings.HasPrefix(path, "-/error/404") {
			write(t, dir, "-/error/de/4"+name+".html", []byte("German "+text))
		}
	}
	for _, p := range x.Packages() {
		record := "api/v1/packages/" + p.ID + ".json"
		write(t, dir, record, append(lookup.ObjectJSON(spec, p), '\n'))
		// A cell needs only the link to the package, which the JSON file contains.
		if err := os.Link(filepath.Join(dir, record), filepath.Join(dir, "-/cell/"+p.ID+".html")); err != nil {
			t.Fatal(err)
		}
	}
	for _, p := range spec.Problems() {
		write(t, dir, "-/error/400-"+p.Param+".html", []byte("error "+p.Param))
	}
	for _, system := range append([]catalog.OS{"all"}, spec.OSes()...) {
		for _, stability := range append([]catalog.Stability{"default"}, catalog.Stabilities()...) {
			page, object := skeletons(spec, system, stability)
			name := fmt.Sprintf("%s-%s", system, stability)
			write(t, dir, "-/home/"+name+".html", []byte(page))
			write(t, dir, "-/findall/"+name+".json", []byte(object))
		}
	}
}

// skeletons returns the home page and the answer of /findall for a system and stability, without a layout.
func skeletons(spec *lookup.Spec, system catalog.OS, stability catalog.Stability) (page, object string) {
	systems, stabilities := []catalog.OS{system}, []catalog.Stability{stability}
	if system == "all" {
		systems = spec.OSes()
	}
	if stability == "default" {
		stabilities = spec.CellStabilities()
	}
	for _, s := range stabilities {
		for _, o := range systems {
			page += fmt.Sprintf(`<!--#include virtual="/-/page-cell/%s/%s?$args" -->`, o, s)
		}
	}
	for _, o := range systems {
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
	err := os.WriteFile(name, data, 0o644)
	if os.IsNotExist(err) {
		if err = os.MkdirAll(filepath.Dir(name), 0o755); err == nil {
			err = os.WriteFile(name, data, 0o644)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
}

// answer is the part of a reply that the index determines.
type answer struct {
	Status   int
	Location string
	IDs      []string // of the package, or of all cells in order; "" for a cell without a package
	Problem  string
}

var cellRE = regexp.MustCompile(`/bitstream/([0-9A-Za-z._-]+)(?:#unnumbered)?["\s>]|Not available`)

// ask sends a request and parses the reply.
func (s *server) ask(method, request string) (a answer, err error) {
	req, err := http.NewRequest(method, s.URL+request, nil)
	if err != nil {
		return a, err
	}
	res, err := s.client.Do(req)
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
		for _, stability := range catalog.Stabilities() {
			for _, o := range s.table.Index.Spec().OSes() {
				if c, ok := all[string(o)][string(stability)]; ok && c != nil {
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

// want returns the answer of the index.
func (s *server) want(request string) answer {
	x := s.table.Index
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
		if got.Kind == lookup.Page && cmp.Equal(got.Query, x.Answer("/", "").Query) {
			a.IDs = nil // Nginx may serve the plain home page
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

// compare sends a request to Nginx and compares the answer with that of the index.
func (s *server) compare(t *testing.T, method, request string) {
	t.Helper()
	want := s.want(request)
	got, err := s.ask(method, request)
	if err != nil {
		t.Fatal(err)
	}
	if method == "HEAD" {
		want.IDs, want.Problem = nil, ""
	}
	if want.IDs == nil && method == "GET" && want.Status == 200 {
		got.IDs = nil // the plain home page, or a composed page with the same cells
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s %s (-index +nginx):\n%s", method, request, diff)
	}
}

// rule sends a request that a rule may answer. It returns the status and target in the form of testdata/redirect.
func (s *server) rule(t testing.TB, method, request string) string {
	t.Helper()
	res, body := testutil.Ask(t, s.client, method, s.URL+strings.ReplaceAll(request, "{", "%7B"))
	switch {
	case res.StatusCode == 200 && (method == "HEAD" || body == "shown"):
		return "200 /shown.html"
	case res.StatusCode == 404 && body == "shown":
		return "404 /shown.html"
	case res.StatusCode == 404 && res.Header.Get("Cache-Control") == "":
		return "404 without headers"
	case res.StatusCode == 404 && method == "GET" && body != "error 404" && body != "error bitstream":
		return "404 with another page: " + body
	}
	return strings.TrimSpace(fmt.Sprintf("%d %s", res.StatusCode, res.Header.Get("Location")))
}

func readRules(t testing.TB, text string) *redirect.Rules {
	t.Helper()
	list, err := redirect.Parse("rules.txt", text)
	if err != nil {
		t.Fatal(err)
	}
	return redirect.NewRules(list)
}
