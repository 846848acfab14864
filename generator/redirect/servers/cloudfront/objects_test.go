package cloudfront

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/redirect"
	"github.com/Slicer/sitegen/generator/redirect/emulate"
	"github.com/Slicer/sitegen/generator/testutil"
)

// siteFiles holds the files of a site by path.
type siteFiles map[string]string

func (f siteFiles) Paths() []string      { return slices.Sorted(maps.Keys(f)) }
func (f siteFiles) Has(path string) bool { _, ok := f[path]; return ok }
func (f siteFiles) File(p string) ([]byte, error) {
	if text, ok := f[p]; ok {
		return []byte(text), nil
	}
	return nil, fs.ErrNotExist
}

// newSite returns the files of a small site: pages, assets, and the records of the packages.
func newSite(x *lookup.Index, pages ...string) siteFiles {
	f := siteFiles{}
	for _, p := range slices.Concat(pages, []string{"index.html", "404.html", "robots.txt", "releases/index.html",
		"releases/5.10.0/index.html", "releases/5.10.0/SHA512SUMS", "assets/site.1234.css", "a b/é.html", "shown.html",
		"-/error/405.html", "download-stats/index.html"}) {
		f[p] = "text of " + p
	}
	for _, c := range (&redirect.Table{Index: x}).Answer("/", "").API.Cells {
		if c.Package != nil {
			f["index.html"] += `<a href="` + lookup.Location(c.Package) + `">`
		}
	}
	for _, p := range x.Packages() {
		f[strings.TrimPrefix(redirect.RecordPath(p), "/")] = string(lookup.ObjectJSON(x.Spec(), p)) + "\n"
	}
	return f
}

// bucket holds objects by key.
type bucket map[string]emulate.Reply

func (b bucket) object(key string) (emulate.Reply, bool) { r, ok := b[key]; return r, ok }

// upload adds the files of a site to a bucket. It returns the option Objects.
func (b bucket) upload(f siteFiles) map[string]string {
	objects := map[string]string{}
	for p, text := range f {
		key := fmt.Sprintf("o/%x%s", sha256.Sum256([]byte(p+text)), path.Ext(p))
		b[key] = emulate.Respond(200, emulate.MediaType(p), emulate.CacheOf(p), []byte(text))
		objects["/"+p] = key
	}
	return objects
}

// edgeOf returns an edge that serves a bucket.
func edgeOf(t testing.TB, store map[string]string, b bucket) *edge {
	t.Helper()
	e := start(t, store)
	e.object = b.object
	return e
}

// visit sends a GET request over HTTP; q is a path and query, encoded.
func (e *edge) visit(t testing.TB, host, q string) emulate.Reply {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, "http://"+host+"/", nil)
	p, query, _ := strings.Cut(q, "?")
	u, err := url.ParseRequestURI(p)
	if err != nil {
		t.Fatal(err)
	}
	r.URL, r.Host = u, host
	r.URL.RawQuery = query
	w := httptest.NewRecorder()
	e.ServeHTTP(w, r)
	return emulate.Reply{Status: w.Code, Header: w.Header(), Body: w.Body.Bytes()}
}

// published is a table with its files.
type published struct {
	*redirect.Emulation
	*redirect.Compilation
	files *emulate.Site
	store Store
}

// publish uploads the files of a site to b, and compiles its table.
func publish(t testing.TB, tab *redirect.Table, f siteFiles, b bucket, o Options) *published {
	t.Helper()
	tab.Files = redirect.FilesOf(f.Paths())
	tab.Files.Read = rendered(t, tab.Index).File
	o.Objects = b.upload(f)
	s, c := Compile(tab, o)
	if err := c.Err(); err != nil {
		t.Fatal(err)
	}
	return &published{&redirect.Emulation{Server: Server{}, Table: tab}, c, emulate.NewSite(f), s}
}

// check compares a reply with the answer of the site.
func (s *published) check(t testing.TB, q string, got emulate.Reply) {
	t.Helper()
	p, query, _ := strings.Cut(q, "?")
	decoded, err := url.PathUnescape(p)
	if err != nil {
		t.Fatal(err)
	}
	diff, err := s.Difference(s.files, emulate.Clean(decoded), query, got)
	if err == nil && diff != "" && s.Reason(decoded, s.Table.Answer(decoded, query), got) != "" {
		return
	}
	if err != nil || diff != "" {
		t.Errorf("%s: %s, %v\n%d %v %.200s", q, diff, err, got.Status, got.Header, got.Body)
	}
}

const objectRules = "/old /new\n/releases/* /r/:splat\n/docs/* /robots.txt 200\n/folder /releases 200\n/lost /nowhere 200\n" +
	"/shown.html /elsewhere\n/index.html /never\n/tr%C3%A9s/* /x/:splat\n/gone 410\n/robots.txt id=7 /seven\n"

// TestObjects checks that a site whose bucket holds objects answers all requests as a site of files does.
func TestObjects(t *testing.T) {
	for _, rules := range []string{objectRules, objectRules + "/releases/5.10.0/* /forced 302!\n/a%20b/* /b! 302!\n"} {
		tab := newTable(t, "live", rules)
		f, b := newSite(tab.Index), bucket{}
		s := publish(t, tab, f, b, Options{})
		e := edgeOf(t, s.store.Keys(), b)
		var requests []string
		for _, p := range f.Paths() {
			at := (&url.URL{Path: "/" + p}).EscapedPath()
			requests = append(requests, at, path.Dir(at), path.Dir(at)+"/", at+"/", at+"x", strings.ToUpper(at))
			if strings.HasPrefix(p, "api/v1/packages/") && len(requests) > 300 {
				break
			}
		}
		requests = append(requests, "/", "/old", "/docs", "/docs/a/b", "/folder", "/folder/", "/lost", "/gone", "/robots.txt?id=7",
			"/robots.txt?id=8", "/index.html", "/releases", "/releases/9.9/", "/%ff", "/.git/config", "/o/x", "/nothing/",
			"/a%20b", "/releases?x=y", "/a%20b/%C3%A9.html?x=y", "/assets/site.0000.css", "/releases/index.html/", "/shown.html/index.html")
		for q := range testutil.RandomRequests(tab.Index, 21, 600) {
			requests = append(requests, q)
		}
		for _, q := range requests {
			if !strings.HasPrefix(q, "//") && !strings.HasPrefix(q, "/-") {
				s.check(t, q, e.visit(t, "", q))
			}
		}
		if n, files := len(s.store.Objects), len(f)-1-len(tab.Index.Packages()); n != files {
			t.Errorf("the store names %d objects, the site has %d files without records and one part of pages", n, files)
		}
		if r := e.visit(t, "", "/-/error/405.html"); r.Status != 404 {
			t.Errorf("a part of pages: %d", r.Status)
		}
	}
}

// TestLanguages checks that errors have a page in the language of the path.
func TestLanguages(t *testing.T) {
	tab := newTable(t, "live", "/de/gone 410\n")
	f := newSite(tab.Index, "de/index.html")
	tab.Files = redirect.FilesOf(slices.Concat(f.Paths(), []string{"-/error/de/404.html", "-/error/pt-BR/404.html"}))
	tab.Files.Read = func(path string) ([]byte, error) { return []byte("text of " + path), nil }
	b := bucket{}
	s, c := Compile(tab, Options{Objects: b.upload(f)})
	if err := c.Err(); err != nil {
		t.Fatal(err)
	}
	e := edgeOf(t, s.Keys(), b)
	for q, want := range map[string]string{
		"/none": "404 404.html", "/de/none": "404 -/error/de/404.html", "/de/a/": "404 -/error/de/404.html",
		"/de/none?x=1": "404 -/error/de/404.html", "/pt-BR/x": "404 -/error/pt-BR/404.html", "/dex/x": "404 404.html",
		"/de/gone": "410 -/error/de/404.html", "/x/de/": "404 404.html", "/de/": "200 de/index.html",
		"/bitstream/de/x": "404 -/error/404-bitstream.html",
	} {
		r := e.visit(t, "", q)
		if got := fmt.Sprintf("%d %s", r.Status, strings.TrimPrefix(string(r.Body), "text of ")); got != want {
			t.Errorf("%s: %s, want %s", q, got, want)
		}
	}
	result, err := e.run(http.MethodPost, "", "/de/", "")
	if want := "text of -/error/de/405.html"; err != nil || result.StatusCode != 405 || result.Body.Data != want {
		t.Errorf("POST: %+v, %v", result, err)
	}
}

// TestEditions serves two editions from one store, updates one of them, and makes it production's.
func TestEditions(t *testing.T) {
	const production, staging = "download.example.org", "staging.example.org"
	now := newTable(t, "live", objectRules)
	before, _ := nights(now.Index.Packages())
	old := &redirect.Table{Index: lookup.New(now.Index.Spec(), before), Rules: redirect.NewRules(nil)}
	b := bucket{}
	oldSite := publish(t, old, newSite(old.Index, "only-old.html"), b, Options{Host: production})
	newSite := publish(t, now, newSite(now.Index, "only-new.html"), b, Options{Host: production, Edition: "staging"})
	live, next := oldSite.store, newSite.store
	e := edgeOf(t, live.Keys(), b)
	seed := uint64(0)
	check := func(host string, s *published, n int) {
		t.Helper()
		seed++
		requests := []string{"/", "/only-old.html", "/only-new.html", "/old", "/latest/win/nightly", "/robots.txt"}
		for q := range testutil.RandomRequests(now.Index, seed, n) {
			requests = append(requests, q)
		}
		for _, q := range requests {
			if !strings.HasPrefix(q, "//") {
				s.check(t, q, e.visit(t, host, q))
			}
		}
	}
	put := func(s Store, host string, from, to *published) {
		t.Helper()
		current := from
		for _, call := range Updates(e.store, s) {
			for _, c := range call {
				e.store[c.Key] = c.Value
				if c.Key == s.RootKey {
					current = to
				}
			}
			check(host, current, 60)
		}
		if current != to {
			t.Error("the root was not put")
		}
	}
	check(production, oldSite, 60)
	check(staging, oldSite, 60) // there is no table of hosts yet
	table, err := HostsTable(map[string]string{staging: "staging"})
	if err != nil {
		t.Fatal(err)
	}
	put(next, production, oldSite, oldSite)
	e.store[HostsKey] = table
	check(staging, newSite, 200)
	check(production, oldSite, 200)
	check("other.example.org", oldSite, 60)
	for _, key := range Unused(e.store, live, next) {
		t.Errorf("unused: %s", key)
	}
	promoted := next
	promoted.RootKey = RootKey("")
	if calls := Updates(e.store, promoted); len(calls) != 1 || len(calls[0]) != 1 {
		t.Errorf("promotion: %d calls", len(calls))
	}
	put(promoted, production, oldSite, newSite)
	for _, key := range Unused(e.store, promoted, next) {
		delete(e.store, key)
	}
	check(production, newSite, 200)
	check(staging, newSite, 60)
	put(live, production, newSite, oldSite) // roll back
	check(staging, newSite, 60)
	if _, err := HostsTable(map[string]string{staging: "Staging/"}); err == nil {
		t.Error("an invalid name of an edition is no error")
	}
	if _, c := Compile(now, Options{Edition: "../x"}); c.Err() == nil {
		t.Error("an invalid name of an edition is no error")
	}
}
