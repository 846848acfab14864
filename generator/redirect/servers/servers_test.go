package servers_test

import (
	"cmp"
	"fmt"
	"io/fs"
	"maps"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen"
	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/redirect"
	"github.com/Slicer/sitegen/generator/redirect/emulate"
	"github.com/Slicer/sitegen/generator/redirect/servers"
	"github.com/Slicer/sitegen/generator/site"
	"github.com/Slicer/sitegen/generator/testutil"
)

// memory holds the files of a site by path.
type memory map[string][]byte

func (m memory) Paths() []string      { return slices.Sorted(maps.Keys(m)) }
func (m memory) Has(path string) bool { return m[path] != nil }
func (m memory) File(path string) ([]byte, error) {
	if m.Has(path) {
		return m[path], nil
	}
	return nil, fs.ErrNotExist
}

// render returns the default pages for a catalogue.
func render(t testing.TB, x *lookup.Index) *emulate.Site {
	t.Helper()
	files, _, err := site.Render(t.Context(), site.Input{
		Options: site.Options{Title: "Tool", Project: "Tool", BaseURL: "https://download.example", Jobs: 2,
			Minify: true},
		Index: x, Content: sitegen.Content(), Layouts: sitegen.Layouts(),
	})
	if err != nil {
		t.Fatal(err)
	}
	m := memory{}
	for _, f := range files {
		m[f.Path] = f.Data
	}
	return emulate.NewSite(m)
}

// asker sends requests to the emulator of a server and compares the replies with the table's answers.
type asker struct {
	*redirect.Emulation
	site             *emulate.Site
	asked, different int
}

func newAsker(t testing.TB, s redirect.Server, table *redirect.Table, site *emulate.Site) *asker {
	t.Helper()
	e, err := redirect.Emulate(s, table)
	if err != nil {
		t.Fatal(err)
	}
	return &asker{Emulation: e, site: site}
}

// ask sends a request; its path and query are encoded. It is an error if the reply differs from the table's answer and
// the server does not declare a reason.
func (a *asker) ask(t testing.TB, request string) emulate.Reply {
	t.Helper()
	path, query, _ := strings.Cut(request, "?")
	path, err := url.PathUnescape(path)
	if err != nil {
		t.Fatal(err)
	}
	path = emulate.Clean(path)
	reply, err := a.Answer(a.site, path, query)
	if err != nil {
		t.Fatalf("%s: %v", request, err)
	}
	a.asked++
	difference, err := a.Difference(a.site, path, query, reply)
	if err != nil {
		t.Fatalf("%s: %v", request, err)
	}
	if difference == "" {
		return reply
	}
	a.different++
	if a.reason(path, query, reply) == "" {
		t.Errorf("%s: %s, and the server does not declare it", request, difference)
	}
	return reply
}

// reason returns the reason that the server declares for a reply; "" for none. Those for a store of CloudFront that was
// loaded by hand do not count: the emulator answers as after a deploy.
func (a *asker) reason(path, query string, reply emulate.Reply) string {
	reason := a.Compilation().Reason(path, a.Table.Answer(path, query), reply)
	if strings.HasPrefix(reason, "with keyvaluestore.json") {
		return ""
	}
	return reason
}

// golden returns the recorded requests for a test catalogue.
func golden(t testing.TB, profile string) (requests []string) {
	names := []string{"golden.jsonl", "golden-objects.jsonl"}
	switch profile {
	case "archive":
		names = []string{"golden-archive.jsonl"}
	case "aurora":
		names = []string{"aurora/golden.jsonl"}
	}
	for _, name := range names {
		for _, g := range testutil.Goldens(t, name) {
			requests = append(requests, g.Q)
		}
	}
	return requests
}

// words returns a catalogue made from the test data: its ids are words, and some packages have another system,
// architecture and host.
func words(t testing.TB) []*catalog.Package {
	var list []*catalog.Package
	for i, p := range testutil.Packages(t, "live") {
		if i%testutil.Amount(1, 5) != 0 {
			continue
		}
		q := *p
		q.ID = fmt.Sprintf("Tool-%s-%d_%s.%d", cmp.Or(p.Version, "none"), p.Revision, p.OS, i)
		q.URL = "https://files.example/" + q.ID + ".zip"
		q.SHA256 = fmt.Sprintf("%064x", i)
		if i%3 == 0 {
			q.URL = fmt.Sprintf("https://mirror.example/%d/tool.zip", i)
			q.OS, q.SHA256 = "haiku", ""
			if i%2 == 0 {
				q.Arch = "riscv64"
			}
		}
		list = append(list, &q)
	}
	return list
}

// wordSpec returns testutil.OtherSpec for ids that are words, with a link that only releases have.
func wordSpec(t testing.TB) *lookup.Spec {
	spec := testutil.OtherSpec(t)
	scheme := *spec.Scheme
	scheme.IDs = catalog.NameIDs
	links := append(slices.Clone(spec.Links),
		catalog.Link{Name: "notes", Title: "Notes", Text: "Read the notes", Key: "notes_url",
			URL: catalog.MustTemplate("https://tool.example/{release}/{id}")})
	return lookup.CustomSpec(&scheme, links, spec.Parameters(), spec.Permalinks())
}

// TestServers sends recorded, unusual and random requests to all servers. It uses the test catalogues, and a catalogue
// with another grammar: a system, an architecture, parameters and a permalink that the program does not define.
func TestServers(t *testing.T) {
	for _, tt := range []struct {
		name     string
		x        *lookup.Index
		requests []string
		random   int
	}{
		{"live", testutil.Index(t, "live"), golden(t, "live"), 2500},
		{"archive", testutil.Index(t, "archive"), golden(t, "archive"), 2500},
		{"aurora", testutil.Aurora(t), golden(t, "aurora"), 2500},
		{"another grammar", lookup.New(wordSpec(t), words(t)), golden(t, "live"), 2500},
	} {
		site := render(t, tt.x)
		table := &redirect.Table{Index: tt.x, Rules: redirect.NewRules(testutil.Inherited(t, tt.x)),
			Files: redirect.FilesOf(site.Paths())}
		requests := append(slices.Clone(tt.requests), unusual(tt.x)...)
		for request := range testutil.RandomRequests(tt.x, 17, tt.random) {
			requests = append(requests, request)
		}
		for _, s := range servers.All() {
			t.Run(tt.name+"/"+s.Name(), func(t *testing.T) {
				t.Parallel()
				a := newAsker(t, s, table, site)
				for _, request := range requests {
					a.ask(t, request)
				}
				t.Logf("%d requests, %d answered differently", a.asked, a.different)
			})
		}
	}
}

// unusual returns malformed and hostile requests, and requests for paths outside the API.
func unusual(x *lookup.Index) []string {
	id := x.Packages()[0].ID
	list := []string{
		"/", "/?", "/?utm_source=forum", "/?arch=arm64", "/?os=haiku", "/?offset=-1&stability=any",
		"/?until=2026-01-01", "/?mirror=asia", "/?mirror=eu", "/?checkout-date=1",
		"/find", "/find?", "/find?os=haiku", "/find?os=haiku&arch=riscv64", "/findall?arch=riscv64",
		"/find?os=haiku&until=2026-01-01", "/find?os=win&until=2026-02-30",
		"/find?os=win&until=2026-01-01&date=2026-01-01", "/find?os=win&mirror=us",
		"/find?os=win&mirror=", "/download?os=haiku&stability=nightly&offset=-2", "/findall?mirror=asia&os=x",
		"/findall?until=2026-05-01&arch=arm64", "/findall?os=haiku&stability=any",
		"//find?os=win", "/find?os=%77%69%6e", "/find?o%73=win", "/%66ind?os=win", "/find?os=win&offset=+0",
		"/find?os=win&offset=%2B0", "/find?os=win&offset=99999999999999999999",
		"/find?os=win&offset=1%0d%0aX:1", "/find?os=win&revision=034645",
		"/find?os=win&closest-revision=99999999999999999999", "/find?os=win&version=" + strings.Repeat("5", 3000),
		"/find?OS=win", "/find?os=win&os=linux", "/find?os=&os=linux", "/find?os", "/find?__proto__=x&os=win",
		"/find?os=__proto__", "/find?os=win&version=constructor", "/find?os=win&version=~",
		"/find?version=&date=2020-01-01&os=win", "/find?os=win&version=%zz", "/find?os=win;stability=any",
		"/find?os=w%2569n",
		"/bitstream/" + id, "/bitstream/" + strings.ToUpper(id), "/bitstream/" + strings.ToLower(id),
		"/bitstream/" + id + "%0a", "/bitstream/" + id + "?x=y", "/bitstream/" + id[:len(id)-1],
		"/bitstream/" + id + "%20", "/bitstream/1341035", "/bitstream/153901", "/bitstream/608873", "/bitstream/",
		"/bitstream/a/..%2fb", "/bitstream/~", "/bitstream/__proto__",
		"/latest/beos", "/latest/win?os=linux", "/latest/haiku", "/latest/haiku/nightly.json", "/releases/9/win",
		"/revision/99999999999/win", "/until/2026-05-01/win/any", "/until/2026-02-30/win/any",
		"/until/2026-05-01/haiku/any.json", "/releases/", "/releases", "/releases/index.html", "/robots.txt",
		"/nothing", "/nothing/here/", "/%0d%0aX:1", "//evil.example/releases", "/\\evil.example/",
		"/api/v1/latest.json", "/assets/none.css",
	}
	for i, l := range redirect.Links(x) {
		if i%testutil.Amount(7, 70) == 0 || l.Moves && i%testutil.Amount(1, 5) == 0 {
			list = append(list, l.Path, l.Path+lookup.RecordSuffix)
		}
	}
	return list
}

// TestPairs sends the requests of testdata/redirect to every server.
func TestPairs(t *testing.T) {
	site := emulate.NewSite(memory{"index.html": []byte("home"), "404.html": []byte("error 404"),
		"shown.html": []byte("shown"), "-/error/404-bitstream.html": []byte("no such file")})
	files := redirect.FilesOf(site.Paths())
	for _, p := range testutil.Pairs(t) {
		list, err := redirect.Parse("rules.txt", p.Rules)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range servers.All() {
			t.Run(p.Name+"/"+s.Name(), func(t *testing.T) {
				table := &redirect.Table{Index: testutil.NoPackages(t), Rules: redirect.NewRules(list), Files: files}
				a := newAsker(t, s, table, site)
				for _, r := range p.Requests {
					want := r.WantOn(s.Name())
					if want == "skip" {
						continue
					}
					if want == "-" { // no rule and no file
						want = "404"
					}
					reply := a.ask(t, r.Request)
					got := strings.TrimSpace(fmt.Sprintf("%d %s", reply.Status, reply.Location()))
					if string(reply.Body) == "shown" {
						got = fmt.Sprintf("%d /shown.html", reply.Status)
					}
					if !redirect.SameURL(got, want) {
						t.Errorf("%s: %q, want %q", r.Request, got, want)
					}
				}
			})
		}
	}
}

// TestRandomRules checks that every server applies random rules as the table does.
func TestRandomRules(t *testing.T) {
	site := emulate.NewSite(memory{"index.html": []byte("home"), "404.html": []byte("error 404")})
	for seed := range uint64(testutil.Amount(10, 3)) {
		list, err := redirect.Parse("rules.txt", testutil.RandomRules(seed, 30))
		if err != nil {
			t.Fatal(err)
		}
		table := &redirect.Table{Index: testutil.NoPackages(t), Rules: redirect.NewRules(list),
			Files: redirect.FilesOf(site.Paths())}
		for _, s := range servers.All() {
			t.Run(fmt.Sprintf("%d/%s", seed, s.Name()), func(t *testing.T) {
				a := newAsker(t, s, table, site)
				for _, request := range testutil.RandomPaths(seed, 300) {
					if reply := a.ask(t, request); strings.ContainsAny(reply.Location(), "\r\n") {
						t.Errorf("%s: the Location has two lines: %q", request, reply.Location())
					}
				}
			})
		}
	}
}

// TestLanguages checks that a missing page is answered with the error page in the language of the path.
func TestLanguages(t *testing.T) {
	site := emulate.NewSite(memory{"index.html": []byte("home"), "404.html": []byte("error 404"),
		"de/index.html": []byte("Startseite"), "-/error/de/404.html": []byte("Fehler 404"),
		"-/error/pt-BR/404.html": []byte("erro 404"), "-/error/404-bitstream.html": []byte("no such file")})
	list, err := redirect.Parse("rules.txt", "/de/gone 410\n/de/lost 404\n/de/away / 301\n/gone 410\n")
	if err != nil {
		t.Fatal(err)
	}
	table := &redirect.Table{Index: testutil.NoPackages(t), Rules: redirect.NewRules(list),
		Files: redirect.FilesOf(site.Paths())}
	table.Files.Read = site.File
	if want := []string{"de", "pt-BR"}; !slices.Equal(table.Files.Languages, want) {
		t.Fatalf("languages %q, want %q", table.Files.Languages, want)
	}
	for _, s := range servers.All() {
		t.Run(s.Name(), func(t *testing.T) {
			a := newAsker(t, s, table, site)
			for request, want := range map[string]string{
				"/": "200 home", "/de/": "200 Startseite", "/no.css": "404 error 404", "/dex/no.css": "404 error 404",
				"/de/no.css": "404 Fehler 404", "/de/a/no.css": "404 Fehler 404", "/de/no.css?x=1": "404 Fehler 404",
				"/pt-BR/no.css": "404 erro 404", "/x/de/no.css": "404 error 404", "/bitstream/de/x": "404 no such file",
				"/de/lost": "404 Fehler 404", "/de/gone": "410 Fehler 404", "/gone": "410 error 404", "/de/away": "301 ",
			} {
				switch s.Name() { // differences that the servers declare
				case "s3":
					want = strings.NewReplacer("Fehler", "error", "erro ", "error ", "410", "404",
						"no such file", "error 404").Replace(want)
				case "netlify":
					want = strings.Replace(want, "no such file", "error 404", 1)
				}
				r := a.ask(t, request)
				if got := fmt.Sprintf("%d %s", r.Status, r.Body); got != want {
					t.Errorf("%s: %q, want %q", request, got, want)
				}
			}
		})
	}
}

func TestFind(t *testing.T) {
	for _, s := range servers.All() {
		if found, err := servers.Find(s.Name()); err != nil || found.Name() != s.Name() {
			t.Errorf("%s: %v, %v", s.Name(), found, err)
		}
		if d := s.Describe(); d.Title == "" || d.Files == "" || d.Queries == "" || d.Limits == "" {
			t.Errorf("%s: incomplete description %+v", s.Name(), d)
		}
	}
	if _, err := servers.Find("ngnix"); err == nil ||
		!strings.Contains(err.Error(), `unknown server (found "ngnix")`) ||
		!strings.Contains(err.Error(), `did you mean "nginx"?`) {
		t.Errorf("error %v", err)
	}
	for _, name := range servers.Default() {
		if !slices.Contains(servers.Names(), name) {
			t.Errorf("the default server %s does not exist", name)
		}
	}
}

//go:generate env UPDATE_DOCS=1 go test -count=1 -run ^TestDocument$ .

const (
	document       = "../../../docs/redirects.md"
	beginGenerated = "<!-- begin: written by go generate ./generator/redirect/servers -->\n\n"
	endGenerated   = "\n<!-- end -->"
)

// serverTable returns the generated part of docs/redirects.md: a table of all servers, and lists of the requests that
// each answers differently from the table.
func serverTable(t *testing.T) string {
	var b strings.Builder
	b.WriteString("| Server | Files in its folder | Queries of the download API | Limits |\n" +
		"| --- | --- | --- | --- |\n")
	var lists strings.Builder
	for _, s := range servers.All() {
		d := s.Describe()
		fmt.Fprintf(&b, "| `%s`: %s | %s | %s | %s |\n", s.Name(), d.Title, d.Files, d.Queries, d.Limits)
		omitted := s.Compile(&redirect.Table{Index: testutil.NoPackages(t)}).Omitted
		if len(omitted) == 0 {
			continue
		}
		fmt.Fprintf(&lists, "\n`%s` answers these requests differently:\n\n", s.Name())
		for _, o := range omitted {
			fmt.Fprintf(&lists, "- %s\n", strings.NewReplacer("<", "&lt;", ">", "&gt;").Replace(o.What))
		}
	}
	return b.String() + lists.String()
}

// TestDocument checks that the generated part of docs/redirects.md is up to date.
func TestDocument(t *testing.T) {
	data, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	want := serverTable(t)
	before, rest, ok1 := strings.Cut(string(data), beginGenerated)
	got, after, ok2 := strings.Cut(rest, endGenerated)
	if !ok1 || !ok2 {
		t.Fatalf("%s has no part between %q and %q", document, beginGenerated, endGenerated)
	}
	if os.Getenv("UPDATE_DOCS") != "" {
		if err := os.WriteFile(document, []byte(before+beginGenerated+want+endGenerated+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("%s is out of date; run go generate ./generator/redirect/servers (-want +got):\n%s", document, diff)
	}
}
