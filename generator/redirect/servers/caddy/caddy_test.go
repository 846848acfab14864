package caddy

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/redirect"
	"github.com/Slicer/sitegen/generator/redirect/emulate"
	"github.com/Slicer/sitegen/generator/testutil"
)

var client = testutil.Client()

// compare sends a request to the real server and to the emulator and compares the replies. A reply that differs from
// the table's answer must have a reason that the server declares.
func (r *running) compare(t *testing.T, request string) {
	t.Helper()
	res, body := testutil.Ask(t, client, "GET", r.url+request)
	path, query, _ := strings.Cut(request, "?")
	path, err := url.PathUnescape(path)
	if err != nil {
		t.Fatal(err)
	}
	path = emulate.Clean(path)
	want, err := r.Answer(r.site, path, query)
	if err != nil {
		t.Fatal(err)
	}
	got := emulate.Reply{Status: res.StatusCode, Header: res.Header, Body: []byte(body)}
	difference, err := r.Difference(r.site, path, query, got)
	if err != nil {
		t.Fatal(err)
	}
	reason := r.Compilation().Reason(path, r.Table.Answer(path, query), got)
	if difference != "" && reason == "" {
		t.Errorf("%s: %s, and the server does not declare it", request, difference)
	}
	// The emulator matches rules as the table does; Caddy does not match some texts that it cannot encode.
	if difference != "" && strings.Contains(reason, "a rule does not match") {
		return
	}
	if diff := cmp.Diff(seen(want), seen(got), locations); diff != "" {
		t.Errorf("%s (-emulator +caddy):\n%.1500s", request, diff)
	}
}

// locations compares URLs as redirect.SameURL does.
var locations = cmp.Comparer(redirect.SameURL)

// seen returns the parts of a reply that matter to clients.
func seen(r emulate.Reply) map[string]any {
	s := map[string]any{"status": r.Status}
	names := []string{"Location", "Cache-Control", "Access-Control-Allow-Origin"}
	if r.Status == http.StatusPermanentRedirect { // from file_server, which sets no Cache-Control
		names = names[:1]
	}
	for _, name := range names {
		s[name] = r.Header.Get(name)
	}
	if r.Status < 300 || r.Status >= 400 {
		s["body"] = string(r.Body)
	}
	return s
}

func TestGolden(t *testing.T) {
	for _, tt := range []struct {
		name  string
		x     *lookup.Index
		files []string
	}{
		{"live", testutil.Index(t, "live"), []string{"golden.jsonl", "golden-objects.jsonl"}},
		{"archive", testutil.Index(t, "archive"), []string{"golden-archive.jsonl"}},
		{"aurora", testutil.Aurora(t), []string{"aurora/golden.jsonl"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			x := tt.x
			r := start(t, &redirect.Table{Index: x, Rules: redirect.NewRules(testutil.Inherited(t, x))}, render(t, x))
			for _, name := range tt.files {
				for _, g := range testutil.Goldens(t, name) {
					r.compare(t, g.Q)
				}
			}
			for request := range testutil.RandomRequests(x, 23, 2000) {
				r.compare(t, request)
			}
			for i, l := range redirect.Links(x) {
				if i%testutil.Amount(20, 100) == 0 || l.Moves && i%testutil.Amount(1, 5) == 0 {
					r.compare(t, l.Path)
					r.compare(t, l.Path+".json")
				}
			}
		})
	}
}

// TestOtherGrammar uses a grammar with a system, parameters and a permalink that the program does not define, and with
// words as ids.
func TestOtherGrammar(t *testing.T) {
	spec := testutil.OtherSpec(t)
	scheme := *spec.Scheme
	scheme.IDs = catalog.NameIDs
	spec = lookup.CustomSpec(&scheme, spec.Links, spec.Parameters(), spec.Permalinks())
	var packages []*catalog.Package
	for i, p := range testutil.Packages(t, "live") {
		q := *p
		q.ID = "tool-" + p.ID[16:]
		q.URL = "https://files.example/" + q.ID
		if i%3 == 0 {
			q.OS, q.URL = "haiku", "https://mirror.example/x/"+p.ID+"/tool.zip"
		}
		packages = append(packages, &q)
	}
	x := lookup.New(spec, packages)
	r := start(t, &redirect.Table{Index: x}, render(t, x))
	for request := range testutil.RandomRequests(x, 29, 2000) {
		r.compare(t, request)
	}
	for _, request := range []string{"/find?os=haiku", "/find?os=haiku&until=2026-01-01",
		"/find?os=win&until=2026-02-30", "/find?os=win&until=2026-01-01&version=5", "/find?os=win&mirror=eu",
		"/find?os=win&mirror=asia", "/latest/haiku", "/latest/haiku/nightly.json", "/until/2026-05-01/win/any",
		"/bitstream/" + packages[0].ID, "/bitstream/" + packages[1].ID, "/bitstream/tool-1"} {
		r.compare(t, request)
	}
}

// TestUnusual sends malformed and hostile requests.
func TestUnusual(t *testing.T) {
	x := testutil.Index(t, "live")
	list, err := redirect.Parse("rules.txt",
		"/trés/* /x/:splat\n/a%20b /c\n/q%22%60%7Bx%7D%5C /d\n/shown /releases/ 200\n/default /e\n")
	if err != nil {
		t.Fatal(err)
	}
	r := start(t, &redirect.Table{Index: x, Rules: redirect.NewRules(append(list, testutil.Inherited(t, x)...))},
		render(t, x))
	id := x.Packages()[0].ID
	for _, request := range []string{
		"/", "/?", "/?utm_source=forum", "/?arch=arm64", "/?offset=-1", "/?checkout-date=1",
		"/?version=&date=2020-01-01", "/releases", "/releases/", "/releases?a=b", "/releases/index.html",
		"/robots.txt", "/robots.txt/",
		"/find", "/find?", "/find?os=beos", "//find?os=win", "///download?os=win",
		"/find?os=%77%69n&stability=%72elease", "/find?o%73=win", "/%66ind?os=win", "/find/?os=win",
		"/FIND?os=win", "/Latest/win",
		"/find?os=win&offset=+0", "/find?os=win&offset=%2B0", "/find?os=win&offset=-0", "/find?os=win&offset=-000",
		"/find?os=win&offset=--1", "/find?os=win&offset=-1", "/find?os=win&offset=1%0d%0aX:1",
		"/find?os=win&offset=1%0a",
		"/find?os=win&offset=99999999999999999999", "/find?os=win&revision=034645",
		"/find?os=win&revision=%2B034645%20", "/find?os=win&revision=+34645+", "/find?os=win&revision=-1",
		"/find?os=win&revision=1e3",
		"/find?os=win&revision=0", "/find?os=win&revision=99999999999999999999", "/find?os=win&closest-revision=34645",
		"/find?os=win&closest-revision=", "/find?os=win&date=2026-09-31", "/find?os=win&date=2024-02-29",
		"/find?os=win&date=1900-02-29", "/find?os=win&date=0000-02-29", "/find?os=win&date=2026-13-01",
		"/find?os=win&date=2026-09-01%0a", "/find?os=win&date=%32026-09-01",
		"/find?OS=win", "/find?os=Win", "/find?os=win&os=linux", "/find?os=&os=linux", "/find?os",
		"/find?os&stability=any", "/find?&&os=win&&", "/find?os=win;stability=any", "/find?xos=win",
		"/find?os=win,linux", "/find?os=win%2Clinux",
		"/find?os=win&version=5.2&xversion=1&version=7", "/find?os=win&version=" + strings.Repeat("5", 3000),
		"/find?os=win&version=$args", "/find?os=win&version={sitegen_newest}", "/find?os=win&version=%7Benv.HOME%7D",
		"/find?os=win&version=%zz",
		"/find?os=win&version=%", "/find?os=w%2569n", "/find?os=win&version=5%2E10", "/find?os=win&version=~",
		"/find?os=win&version=default", "/find?os=win&version=-", "/find?os=win&version=%00",
		"/find?os=win&version=5&date=2026-01-01", "/find?os=win&version=&date=x",
		"/find?os=win&checkout-date=1&version=5", "/find?os=macosx&arch=arm64&stability=any",
		"/find?os=macosx&arch=i386", "/find?arch=&os=win",
		"/findall", "/findall?os=beos", "/findall?arch=arm64&offset=-1", "/download?os=win&version=99",
		"/download?os=win&revision=34645",
		"/bitstream/" + id, "/bitstream/" + strings.ToUpper(id), "/bitstream/" + id + "/", "/bitstream/" + id + "%0a",
		"/bitstream/" + id + "?x=y", "/bitstream/%36" + id[1:], "/bitstream/1341035", "/bitstream/461634",
		"/bitstream/", "/bitstream/a/..%2fb", "/bitstream/~", "/bitstream/{x}",
		"/latest/win?os=linux&stability=nightly", "/latest/beos", "/latest/win/any", "/latest/win%0a",
		"/releases/9.9/win", "/revision/99999999999999/win", "/releases/5.10/win/",
		"/tr%C3%A9s/a", "/tr%c3%a9s/", "/tr%E9s/a", "/a%20b", "/a%20b/", "//a%20b", "/q%22%60%7Bx%7D%5C", "/shown",
		"/default", "/%0d%0aX:1", "//evil.example/releases", "/\\evil.example/", "/releases//index.html",
		"/-/null.json", "/-/error/400-os.html", "/404.html", "/.git/config", "/api/.hidden", "/nothing",
		"/nothing/here/", "/api/v1/latest.json", "/api/v1/", "/assets/none.css", "/sitemap.xml",
		"/releases/5.12.4/SHA512SUMS",
	} {
		r.compare(t, request)
		res, _ := testutil.Ask(t, client, "HEAD", r.url+request)
		get, _ := testutil.Ask(t, client, "GET", r.url+request)
		if res.StatusCode != get.StatusCode || res.Header.Get("Location") != get.Header.Get("Location") {
			t.Errorf("HEAD %s: %d to %q, GET %d to %q", request, res.StatusCode, res.Header.Get("Location"),
				get.StatusCode, get.Header.Get("Location"))
		}
		if res.Header.Get("X") != "" || strings.Contains(res.Header.Get("Location"), "//evil") {
			t.Errorf("%s: headers %v", request, res.Header)
		}
	}
	for _, path := range []string{"/find?os=win", "/", "/releases", "/nothing", "/-/null.json", "/default",
		"/assets/"} {
		for _, method := range []string{"POST", "PUT", "BREW", "OPTIONS"} {
			want, err := r.site.Refuse(method, path)
			if err != nil {
				t.Fatal(err)
			}
			res, body := testutil.Ask(t, client, method, r.url+path)
			if res.StatusCode != want.Status || body != string(want.Body) || res.Header.Get("Allow") != emulate.Allow {
				t.Errorf("%s %s: status %d, headers %v\n%.200s", method, path, res.StatusCode, res.Header, body)
			}
		}
	}
}

// TestValidators checks that no conditional request for the answer of a lookup is answered with status 304: the record
// may be another one by now. Records by id and pages have validators.
func TestValidators(t *testing.T) {
	x := testutil.Index(t, "live")
	r := start(t, &redirect.Table{Index: x, Rules: redirect.NewRules(nil)}, render(t, x))
	ask := func(path, name, value string) *http.Response {
		t.Helper()
		req, err := http.NewRequest("GET", r.url+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set(name, value)
		res, _ := testutil.Send(t, client, req)
		return res
	}
	for _, path := range []string{"/find?os=win", "/latest/win.json", "/latest/win/nightly.json"} {
		found, body := testutil.Ask(t, client, "GET", r.url+path)
		for _, name := range []string{"ETag", "Last-Modified"} {
			if values := found.Header.Values(name); len(values) > 0 {
				t.Errorf("%s has %s: %q", path, name, values)
			}
		}
		var object struct{ Download_URL string }
		if err := json.Unmarshal([]byte(body), &object); err != nil || object.Download_URL == "" {
			t.Fatalf("%s: %v in %q", path, err, body)
		}
		byID := "/api/v1/packages/" + strings.TrimPrefix(object.Download_URL, "/bitstream/") + ".json"
		record, _ := testutil.Ask(t, client, "GET", r.url+byID)
		for name, value := range map[string]string{
			"If-None-Match": record.Header.Get("ETag"), "If-Modified-Since": record.Header.Get("Last-Modified"),
		} {
			if res := ask(path, name, value); res.StatusCode != 200 {
				t.Errorf("%s, %s %q: status %d", path, name, value, res.StatusCode)
			}
			if res := ask(byID, name, value); res.StatusCode != 304 {
				t.Errorf("%s, %s %q: status %d", byID, name, value, res.StatusCode)
			}
		}
	}
}

// TestConfiguration checks that Caddy accepts the snippet without a warning and that caddy fmt does not change it.
func TestConfiguration(t *testing.T) {
	list, err := redirect.Parse("rules.txt", testutil.RandomRules(1, 100))
	if err != nil {
		t.Fatal(err)
	}
	r := start(t, &redirect.Table{Index: testutil.Index(t, "archive"), Rules: redirect.NewRules(list)},
		memory{"index.html": []byte("home")})
	adapt := r.caddy("adapt", "--config", "Caddyfile", "--validate")
	var warnings strings.Builder
	adapt.Stderr = &warnings
	if out, err := adapt.Output(); err != nil || len(out) == 0 ||
		strings.Contains(strings.ToLower(warnings.String()), "warn") {
		t.Errorf("caddy adapt: %v\n%s", err, &warnings)
	}
	formatted, err := r.caddy("fmt", fileName).Output()
	if diff := cmp.Diff(string(formatted), string(r.snippet)); diff != "" {
		t.Errorf("caddy fmt changes the snippet (%v):\n%.2000s", err, diff)
	}
	t.Logf("%d bytes", len(r.snippet))
}

func TestPairs(t *testing.T) {
	files := memory{"index.html": []byte("home"), "404.html": []byte("error 404"), "shown.html": []byte("shown"),
		"-/error/404-bitstream.html": []byte("no such file")}
	for _, p := range testutil.Pairs(t) {
		t.Run(p.Name, func(t *testing.T) {
			list, err := redirect.Parse("rules.txt", p.Rules)
			if err != nil {
				t.Fatal(err)
			}
			r := start(t, &redirect.Table{Index: testutil.NoPackages(t), Rules: redirect.NewRules(list)}, files)
			for _, q := range p.Requests {
				r.compare(t, strings.ReplaceAll(q.Request, "{", "%7B"))
			}
		})
	}
}

// TestLanguages checks that errors have a page in the language of the path.
func TestLanguages(t *testing.T) {
	list, err := redirect.Parse("rules.txt", "/de/gone 410\n/de/lost 404\n")
	if err != nil {
		t.Fatal(err)
	}
	r := start(t, &redirect.Table{Index: testutil.NoPackages(t), Rules: redirect.NewRules(list)}, memory{
		"index.html": []byte("home"), "404.html": []byte("error 404"), "de/index.html": []byte("Startseite"),
		"-/error/405.html": []byte("error 405"), "-/error/de/404.html": []byte("Fehler 404"),
		"-/error/de/405.html": []byte("Fehler 405"), "-/error/404-bitstream.html": []byte("no such file")})
	for _, request := range []string{"/", "/de/", "/none", "/de/none", "/de/none?x", "/de//a/", "/dex/none", "/x/de/none",
		"/de/.git/config", "/-/error/de/404.html", "/de/gone", "/de/lost", "/bitstream/de/none"} {
		r.compare(t, request)
	}
	for path, want := range map[string]string{"/": "error 405", "/de/": "Fehler 405", "/de/none": "Fehler 405"} {
		if res, body := testutil.Ask(t, client, "POST", r.url+path); res.StatusCode != 405 || body != want {
			t.Errorf("POST %s: status %d, %q, want %q", path, res.StatusCode, body, want)
		}
	}
}

func TestRandomRules(t *testing.T) {
	files := memory{"index.html": []byte("home"), "404.html": []byte("error 404")}
	for seed := range uint64(testutil.Amount(3, 1)) {
		list, err := redirect.Parse("rules.txt", testutil.RandomRules(seed, 100))
		if err != nil {
			t.Fatal(err)
		}
		r := start(t, &redirect.Table{Index: testutil.NoPackages(t), Rules: redirect.NewRules(list)}, files)
		for _, request := range testutil.RandomPaths(seed, 500) {
			r.compare(t, request)
		}
	}
}

// BenchmarkRequest measures requests for the archive catalogue, including the connection and the client.
func BenchmarkRequest(b *testing.B) {
	x := testutil.Index(b, "archive")
	r := start(b, &redirect.Table{Index: x}, render(b, x))
	for _, bb := range []struct{ name, request string }{
		{"file", "/robots.txt"},
		{"newest", "/download?os=win"},
		{"version", "/download?os=win&version=5.2"},
		{"revision", "/find?os=win&revision=19002"},
		{"bitstream", "/bitstream/" + x.Packages()[0].ID},
	} {
		b.Run(bb.name, func(b *testing.B) {
			for b.Loop() {
				testutil.Ask(b, client, "GET", r.url+bb.request)
			}
		})
	}
	b.Logf("%d bytes", len(r.snippet))
}

func BenchmarkCompile(b *testing.B) {
	table := &redirect.Table{Index: testutil.Index(b, "archive")}
	for b.Loop() {
		Server{}.Compile(table)
	}
}

// TestHeaders checks that each response has each header of the site once.
func TestHeaders(t *testing.T) {
	x := testutil.Index(t, "live")
	own := redirect.Header{Name: "X-Odd", Value: `{"quoted": "a \ b", "n": [{}]} #1; $HOME`}
	table := &redirect.Table{Index: x, Headers: redirect.Headers([]redirect.Header{own,
		{Name: "referrer-policy", Value: "no-referrer"}, {Name: "Permissions-Policy"},
		{Name: "X-Placeholder", Value: "{http.request.uri}"},
		{Name: "X-Environment", Value: "a {$HOME"}})}
	r := start(t, table, render(t, x))
	if list := r.Compilation().Findings; len(list) != 2 || !strings.Contains(list[1].Message,
		"caddy cannot send the header X-Placeholder: {http.request.uri}: {http.request.uri} starts a placeholder") {
		t.Errorf("findings %v", list)
	}
	client := testutil.Client()
	for _, path := range []string{
		"/download?os=win", "/download", "/find?os=win", "/find?os=win&version=99", "/findall", "/", "/nothing",
		"/bitstream/" + x.Packages()[0].ID, "/bitstream/x", "/latest/win", "/releases", "/.hidden", "/assets/x",
	} {
		for _, method := range []string{"GET", "HEAD", "POST", "OPTIONS"} {
			res, _ := testutil.Ask(t, client, method, r.url+path)
			for name, want := range map[string]string{
				"Content-Security-Policy": redirect.DefaultHeaders()[0].Value, "X-Content-Type-Options": "nosniff",
				"Referrer-Policy": "no-referrer", own.Name: own.Value,
			} {
				if got := res.Header.Values(name); !slices.Equal(got, []string{want}) {
					t.Errorf("%s %s, status %d: %s is %q, want %q", method, path, res.StatusCode, name, got, want)
				}
			}
			for _, name := range []string{"Permissions-Policy", "X-Placeholder", "X-Environment"} {
				if res.Header.Get(name) != "" {
					t.Errorf("%s %s: %s is sent", method, path, name)
				}
			}
		}
	}
}
