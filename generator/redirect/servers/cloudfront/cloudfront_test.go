package cloudfront

import (
	"cmp"
	"fmt"
	"maps"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/redirect"
	"github.com/Slicer/sitegen/generator/redirect/emulate"
	"github.com/Slicer/sitegen/generator/testutil"
)

func TestGolden(t *testing.T) {
	for _, tt := range []struct{ profile, file string }{
		{"live", "golden.jsonl"},
		{"live", "golden-objects.jsonl"},
		{"archive", "golden-archive.jsonl"},
	} {
		t.Run(tt.file, func(t *testing.T) {
			tab := newTable(t, tt.profile, "")
			e := start(t, compiled(t, tab))
			for _, g := range testutil.Goldens(t, tt.file) {
				path, _ := g.Split()
				if r := compare(t, e, tab, g.Q, path); g.Status >= 300 && r.StatusCode != g.Status {
					t.Errorf("%s: status %d, want %d", g.Q, r.StatusCode, g.Status)
				}
			}
		})
	}
}

// compiled returns the store of a table, with the pages of the default site.
func compiled(t testing.TB, tab *redirect.Table) map[string]string {
	t.Helper()
	return edition(t, tab, Options{}).Keys()
}

// edition is compiled with options.
func edition(t testing.TB, tab *redirect.Table, o Options) Store {
	t.Helper()
	if tab.Files.Read == nil {
		tab.Files.Read = rendered(t, tab.Index).File
	}
	s, c := Compile(tab, o)
	if err := c.Err(); err != nil || len(c.Omitted) != 2 {
		t.Fatalf("%v; omitted: %v", err, c.Omitted)
	}
	return s
}

func TestRandom(t *testing.T) {
	for _, profile := range []string{"live", "archive"} {
		t.Run(profile, func(t *testing.T) {
			tab := newTable(t, profile, "")
			e := start(t, compiled(t, tab))
			n := 0
			for q := range testutil.RandomRequests(tab.Index, 7, 10_000) {
				path, _, _ := strings.Cut(q, "?")
				compare(t, e, tab, q, path)
				n++
			}
			t.Logf("%d requests, %.1f reads each", n, float64(e.reads)/float64(n))
		})
	}
}

func TestUnusual(t *testing.T) {
	tab := newTable(t, "live", "/trés/* /x/:splat\n/a%20b /c\n")
	e := start(t, compiled(t, tab))
	id := tab.Index.Packages()[0].ID
	for _, q := range append(longIDs(tab),
		"//find?os=win", "/find?os=%77%69%6e&stability=%72elease", "/find?o%73=win", "/%66ind?os=win", "/find/?os=win",
		"/find?os=win&offset=+0", "/find?os=win&offset=%2B0", "/find?os=win&offset=-0", "/find?os=win&offset=-000012",
		"/find?os=win&offset=--1",
		"/find?os=win&offset=99999999999999999999", "/find?os=win&offset=-99999999999999999999",
		"/find?os=win&offset=1%0d%0aX:1", "/find?os=win&offset=1%0a",
		"/find?os=win&closest-revision=00000000034645", "/find?os=win&revision=034645",
		"/find?os=win&closest-revision=2540000", "/find?os=win&closest-revision=99999999999999999999",
		"/find?os=win&stability=nightly&closest-revision=0", "/find?os=win&revision=-1", "/find?os=win&revision=1e3",
		"/find?os=win&date=0000-02-29", "/find?os=win&date=2000-02-29", "/find?os=win&date=1900-02-29",
		"/find?os=win&date=9999-12-31", "/find?os=win&date=2026-09-31",
		"/find?os=win&date=2026-13-01", "/find?os=win&date=2026-00-01", "/find?os=win&date=2026-01-00",
		"/find?os=win&date=%32026-09-01", "/find?os=win&date=2026-09-01%0a",
		"/find?OS=win", "/find?os=Win", "/find?os=win&os=linux", "/find?os=&os=linux", "/find?os",
		"/find?os&stability=any", "/find?&&os=win&&", "/find?", "/find",
		"/find?os=win;stability=any", "/find?os=win&version="+strings.Repeat("5", 6000), "/find?os=win&version=%zz",
		"/find?os=win&version=%", "/find?os=w%2569n",
		"/find?os=win&version=constructor", "/find?__proto__=x&os=win", "/find?constructor=1&os=win",
		"/find?os=hasOwnProperty", "/find?os=win&version=~", "/find?os=win&version=zzz",
		"/find?os=macosx&arch=arm64&stability=any", "/find?os=macosx&arch=i386", "/find?arch=&os=win",
		"/findall?arch=arm64&offset=-1", "/?arch=arm64", "/?arch=i386",
		"/?utm_source=forum", "/?o=win&s=any&i&=", "/", "/?", "/?os=macosx&stability=release", "/?offset=-1", "/?stability=any&offset=-3",
		"/?checkout-date=2020-01-01", "/?version=&date=2020-01-01",
		"/bitstream/"+id, "/bitstream/"+strings.ToUpper(id), "/bitstream/"+id+"/", "/bitstream/"+id+"%0a",
		"/bitstream/"+id+"?x=y", "/bitstream/%36"+id[1:],
		"/bitstream/1341035", "/bitstream/153901", "/bitstream/608873", "/bitstream/", "/bitstream/a/..%2fb",
		"/bitstream/~", "/bitstream/+",
		"/latest/win", "/latest/linux/nightly", "/latest/macosx/nightly.json", "/latest/beos",
		"/releases/5.10/win.json", "/releases/9/win", "/revision/34645/win", "/revision/0034645/win",
		"/revision/99999999999/win", "/tr%C3%A9s/a", "/tr%c3%a9s/", "/tr%E9s/a", "/a%20b", "/a b", "/%ff", "/%0d%0aX:1",
		"//evil.example/releases", "/\\evil.example/", "/releases//x",
	) {
		path, _, _ := strings.Cut(q, "?")
		decoded, err := url.PathUnescape(path)
		if err != nil {
			t.Fatal(err)
		}
		r := compare(t, e, tab, q, decoded)
		for name, h := range r.Headers {
			if strings.ContainsAny(h.Value, "\r\n") {
				t.Errorf("%s: the header %s has two lines: %q", q, name, h.Value)
			}
		}
		if l := r.Headers["location"].Value; strings.HasPrefix(l, "//") || strings.HasPrefix(l, `/\`) ||
			strings.Contains(l, "://") && !strings.HasPrefix(l, testutil.API(t)) {
			t.Errorf("%s leads to %s", q, l)
		}
		if head := e.ask(t, "HEAD", q); head.StatusCode != r.StatusCode || head.Body != nil || head.URI != r.URI {
			t.Errorf("HEAD %s: %+v, GET %+v", q, head, r)
		}
	}
	for _, path := range []string{"/find?os=win", "/", "/nothing", "/assets/x.css", "/tr%E9s/a"} {
		for method, status := range map[string]int{"POST": 405, "DELETE": 405, "PATCH": 405, "OPTIONS": 204} {
			if r := e.ask(t, method, path); r.StatusCode != status || r.Headers["allow"].Value != emulate.Allow {
				t.Errorf("%s %s: %+v", method, path, r)
			}
		}
	}
}

// longIDs returns requests for ids with something after them. Without a check, Buffer.from would ignore it.
func longIDs(tab *redirect.Table) (requests []string) {
	for _, p := range tab.Index.Packages()[:20] {
		for _, more := range []string{"0", "x", "zz", "=", "%00"} {
			requests = append(requests, "/bitstream/"+p.ID+more, "/api/v1/packages/"+p.ID+more+".json")
		}
	}
	return requests
}

// TestPairs sends the requests of testdata/redirect, and compares the stored rules with the expected ones there.
func TestPairs(t *testing.T) {
	for _, p := range testutil.Pairs(t) {
		t.Run(p.Name, func(t *testing.T) {
			list, err := redirect.Parse("rules.txt", p.Rules)
			if err != nil {
				t.Fatal(err)
			}
			store := compiled(t, &redirect.Table{Index: testutil.NoPackages(t), Rules: redirect.NewRules(list)})
			var text strings.Builder
			for _, key := range slices.Sorted(maps.Keys(store)) {
				if key[0] == pathNodes[0] || key[0] == patternNodes[0] && key != RootKey("") {
					fmt.Fprintf(&text, "%s\n  %s\n", key,
						strings.NewReplacer("\n", "\n  ", "\t", "  ").Replace(store[key]))
				}
			}
			p.Compare(t, "cloudfront", text.String())
			e := start(t, store)
			for _, r := range p.Requests {
				reply := e.ask(t, "GET", r.Request)
				got := strings.TrimSpace(fmt.Sprintf("%d %s", reply.StatusCode, reply.Headers["location"].Value))
				path, query, given := strings.Cut(r.Request, "?")
				folder := "301 " + strings.TrimSuffix(path, "/") + "/"
				if given {
					folder += "?" + query
				}
				switch {
				case reply.StatusCode == 0 && (redirect.SameURL(reply.URI, path) ||
					strings.HasSuffix(reply.URI, "/index.html")):
					got = "-" // a file
				case got == folder:
					got = "-" // a folder
				case reply.StatusCode == 0:
					got = "200 " + reply.URI
				}
				if got != r.WantOn("cloudfront") {
					t.Errorf("%s: %q, want %q", r.Request, got, r.WantOn("cloudfront"))
				}
			}
		})
	}
}

func TestFiles(t *testing.T) {
	tab := newTable(t, "live", "")
	tab.Files.Pages = redirect.FilesOf(rendered(t, tab.Index).Paths()).Pages
	e := start(t, compiled(t, tab))
	for _, tt := range []struct{ q, want string }{
		{"/releases/", "0 /releases/index.html"},
		{"/releases/5.10.0", "301 /releases/5.10.0/"},
		{"/releases/5.12.4", "301 /releases/5.12.4/"},
		{"/download-stats", "301 /download-stats/"},
		{"/releases/5.10.0/SHA512SUMS", "0 /releases/5.10.0/SHA512SUMS"},
		{"/api/v1/latest.json", "0 /api/v1/latest.json"},
		{"/assets/site.12345678.css", "0 /assets/site.12345678.css"},
		{"//evil.example", "0 /evil.example"},
		{"//evil.example/x", "301 /evil.example/x/"},
	} {
		r := e.ask(t, "GET", tt.q)
		if got := fmt.Sprintf("%d %s%s", r.StatusCode, r.Headers["location"].Value, r.URI); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.q, got, tt.want)
		}
	}
}

// TestFileURLs uses packages with URLs that cannot be derived from their ids.
func TestFileURLs(t *testing.T) {
	packages := testutil.Packages(t, "live")
	other := make([]*catalog.Package, len(packages))
	for i, p := range packages {
		q := *p
		if q.SHA512 != "" {
			q.URL = testutil.API(t) + "/file/hashsum/sha512/" + q.SHA512 + "/download"
		}
		other[i] = &q
	}
	tab := &redirect.Table{Index: lookup.New(testutil.Spec(t), other)}
	e := start(t, compiled(t, tab))
	with := 0
	for _, p := range other {
		compare(t, e, tab, "/bitstream/"+p.ID, "/bitstream/"+p.ID)
		if p.SHA512 != "" {
			with++
		}
	}
	if with == 0 || with == len(other) {
		t.Errorf("%d of %d packages have a checksum", with, len(other))
	}
}

// TestTooLarge limits the size of the store to fewer bytes than it needs.
func TestTooLarge(t *testing.T) {
	tab := newTable(t, "live", "")
	if err := (Server{}).compile(tab, 50_000).Err(); err == nil ||
		!strings.Contains(err.Error(), "CloudFront's limit is 50,000; publish fewer nightly builds or rules") {
		t.Errorf("a store far too large: %v", err)
	}
}

func TestLimits(t *testing.T) {
	for _, tt := range []struct {
		name, rules string
		line        int
		want        string
	}{
		{"patterns", lines(101, "/p%d/* /x"), 101, "101 rules are patterns, the limit for CloudFront is 100"},
		{"one path", "/b /c\n" + lines(80, "/a id=%d /some/where/else"), 2,
			"CloudFront's limit is 1000; use fewer or shorter rules for one path"},
		{"a long pattern",
			"/" + strings.Repeat(".", redirect.MaxSource-10) + "/* /" + strings.Repeat("b", redirect.MaxTarget-1), 1,
			"this pattern takes 1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := Server{}.Compile(newTable(t, "live", tt.rules))
			if c.Files != nil || len(c.Findings) != 1 || c.Findings[0].Severity != redirect.Error ||
				c.Findings[0].Pos.Line != tt.line || !strings.Contains(c.Findings[0].Message, tt.want) {
				t.Errorf("%d files, findings %v, want line %d, %q", len(c.Files), c.Findings, tt.line, tt.want)
			}
		})
	}
	long := "/" + strings.Repeat("a", redirect.MaxSource-1) + " /" + strings.Repeat("b", redirect.MaxTarget-1) + "\n"
	if err := (Server{}).Compile(newTable(t, "live", long)).Err(); err != nil {
		t.Errorf("the longest rule: %v", err)
	}
}

func lines(n int, format string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format+"\n", i)
	}
	return b.String()
}

// nights returns the packages without those of the newest revision, and the number of packages of that revision.
func nights(packages []*catalog.Package) (before []*catalog.Package, added int) {
	newest := packages[0].Revision
	before = slices.DeleteFunc(slices.Clone(packages), func(p *catalog.Package) bool { return p.Revision == newest })
	return before, len(packages) - len(before)
}

// TestUpdateOfOneNight checks that the packages of one night change at most a few dozen keys of the store.
func TestUpdateOfOneNight(t *testing.T) {
	for _, profile := range []string{"live", "archive"} {
		tab := newTable(t, profile, "")
		before, added := nights(tab.Index.Packages())
		old := &redirect.Table{Index: lookup.New(testutil.Spec(t), before), Rules: tab.Rules}
		keys, s := compiled(t, old), edition(t, tab, Options{})
		for key := range s.Nodes {
			if !IsNode(key) {
				t.Errorf("the node %s is not recognised", key)
			}
		}
		others := []string{"feature-flags", "/old", "i", "dark"}
		for _, key := range others {
			keys[key] = "of another program"
		}
		calls, unused := Updates(keys, s), Unused(keys, s)
		for _, key := range others {
			if slices.Contains(unused, key) {
				t.Errorf("the key %s would be deleted", key)
			}
		}
		t.Logf("%s: %d packages, %d keys put, %d unused", profile, added, len(slices.Concat(calls...)), len(unused))
		if len(calls) != 1 || len(unused) > MaxUpdate {
			t.Errorf("%s: %d packages need %d calls, and leave %d keys", profile, added, len(calls), len(unused))
		}
		if again := Updates(s.Keys(), s); len(again) != 0 {
			t.Errorf("%s: an update without changes has %d calls", profile, len(again))
		}
	}
}

// TestPartialUpdate sends requests after each call of an update, and after each key of a small update. All answers must
// come from the old catalogue before the root is written, and from the new one afterwards.
func TestPartialUpdate(t *testing.T) {
	now := newTable(t, "live", "/a/* /b/:splat\n/old /new\n")
	packages := now.Index.Packages()
	night, _ := nights(packages)
	sparse := slices.DeleteFunc(slices.Clone(packages), func(p *catalog.Package) bool { return p.ID[23]%5 == 0 })
	elsewhere := make([]*catalog.Package, len(packages))
	for i, p := range packages {
		q := *p
		q.URL = "https://elsewhere.example/" + cmp.Or(q.SHA512, q.ID)
		elsewhere[i] = &q
	}
	for _, tt := range []struct {
		name string
		old  *redirect.Table
	}{
		{"a night", &redirect.Table{Index: lookup.New(testutil.Spec(t), night), Rules: now.Rules}},
		{"a fifth of the packages", &redirect.Table{Index: lookup.New(testutil.Spec(t), sparse), Rules: now.Rules}},
		{"other rules and files", &redirect.Table{Index: lookup.New(testutil.Spec(t), elsewhere)}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			oldStore, newStore := edition(t, tt.old, Options{}), edition(t, now, Options{})
			for _, update := range []struct{ from, to *redirect.Table }{{tt.old, now}, {now, tt.old}} {
				from, to := oldStore, newStore
				if update.from == now {
					from, to = newStore, oldStore
				}
				e := start(t, from.Keys())
				current, seed := update.from, uint64(0)
				check := func(n int) {
					seed++
					for q := range testutil.RandomRequests(update.to.Index, seed, n) {
						path, _, _ := strings.Cut(q, "?")
						compare(t, e, current, q, path)
					}
					bitstream := "/bitstream/" + packages[3].ID
					for _, q := range []string{"/old", "/a/x", bitstream, "/latest/win/nightly", "/latest/linux"} {
						compare(t, e, current, q, q)
					}
				}
				for _, call := range Updates(from.Keys(), to) {
					for _, c := range call {
						e.store[c.Key] = c.Value
						if c.Key == to.RootKey {
							current = update.to
						}
						if tt.name == "a night" {
							check(30)
						}
					}
					check(150)
				}
				for _, key := range Unused(e.store, to) {
					delete(e.store, key)
				}
				check(150)
				if !maps.Equal(e.store, to.Keys()) {
					t.Error("the updates do not result in the new store")
				}
			}
		})
	}
}

func TestUnreadableStore(t *testing.T) {
	store := compiled(t, newTable(t, "live", ""))
	delete(store, RootKey(""))
	e := start(t, store)
	for _, q := range []string{"/find?os=win", "/latest/win", "/", "/releases/"} {
		if r := e.ask(t, "GET", q); r.StatusCode != 503 || r.Headers["retry-after"].Value == "" {
			t.Errorf("%s: %+v", q, r)
		}
	}
}

// TestFunction checks the size of the function, and its syntax with njs and Node.
func TestFunction(t *testing.T) {
	function, err := compileFunction()
	if err != nil {
		t.Fatal(err)
	}
	const most = 7 << 10 // leaves room below CloudFront's limit
	t.Logf("%d bytes of %d", len(function), MaxFunction)
	if len(function) > most {
		t.Errorf("%d bytes, at most %d are wanted", len(function), most)
	}
	for _, tool := range []struct{ name, arg string }{{"njs", "-q"}, {"node", "--check"}} {
		t.Run(tool.name, func(t *testing.T) {
			path := testutil.Need(t, tool.name)
			file := filepath.Join(t.TempDir(), "function.js")
			if err := os.WriteFile(file, []byte(strings.Replace(string(function), importLine,
				"const cf = { kvs: function () { return null; } };", 1)), 0o644); err != nil {
				t.Fatal(err)
			}
			if out, err := exec.Command(path, tool.arg, file).CombinedOutput(); err != nil || len(out) > 0 {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
}

// TestHostileCatalogue uses names that could end a row of the store, a string of a script or an element of a page.
func TestHostileCatalogue(t *testing.T) {
	packages := testutil.Packages(t, "live")[:12]
	texts := []string{`"><script>alert(1)</script>`, `</td></table><b>`, `a|b>c+d`, `\n\u0000${x}`, `'--><!--`,
		`+x>12345678:9`, `é€😀`, `__proto__`}
	hostile := make([]*catalog.Package, len(packages))
	for i, p := range packages {
		q := *p
		q.Name, q.ProductName = texts[i%len(texts)], texts[(i+3)%len(texts)]
		hostile[i] = &q
	}
	tab := &redirect.Table{Index: lookup.New(testutil.Spec(t), hostile)}
	e := start(t, compiled(t, tab))
	for q := range testutil.RandomRequests(tab.Index, 9, 500) {
		path, _, _ := strings.Cut(q, "?")
		compare(t, e, tab, q, path)
	}
	for _, q := range []string{"/?stability=any", "/?stability=nightly", "/?stability=any&arch=arm64"} {
		html := strings.ReplaceAll(e.ask(t, "GET", q).Body.Data, `<script defer src="/assets/`, "")
		for _, tag := range []string{"<script", "<b>", "<!--"} {
			if strings.Contains(html, tag) {
				t.Errorf("%s: %s in %s", q, tag, html)
			}
		}
	}
}

// TestRandomRules checks that the function applies random rules as the table does.
func TestRandomRules(t *testing.T) {
	matched := 0
	for seed := range uint64(testutil.Amount(20, 4)) {
		list, err := redirect.Parse("rules.txt", testutil.RandomRules(seed, 60))
		if err != nil {
			t.Fatal(err)
		}
		tab := &redirect.Table{Index: testutil.NoPackages(t), Rules: redirect.NewRules(list)}
		e := start(t, compiled(t, tab))
		for _, q := range testutil.RandomPaths(seed, 300) {
			path, query, _ := strings.Cut(q, "?")
			decoded, err := url.PathUnescape(path)
			if err != nil {
				t.Fatal(err)
			}
			if tab.Rules.Match(decoded, query).Rule != nil {
				matched++
			}
			compare(t, e, tab, q, decoded)
		}
	}
	if matched < testutil.Amount(500, 100) {
		t.Errorf("only %d requests matched a rule", matched)
	}
}
