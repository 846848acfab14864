package redirect_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/redirect"
	"github.com/Slicer/sitegen/generator/testutil"
)

// TestMatchPairs checks Match with the requests of testdata/redirect. The tests of every server use the same requests.
func TestMatchPairs(t *testing.T) {
	for _, p := range testutil.Pairs(t) {
		s := rules(t, p.Rules)
		for _, r := range p.Requests {
			path, query, _ := strings.Cut(r.Request, "?")
			decoded, err := url.PathUnescape(path)
			if err != nil {
				t.Fatal(err)
			}
			got := "-"
			if o := s.Match(decoded, query); o.Rule != nil {
				got = strings.TrimSpace(fmt.Sprintf("%d %s", o.Rule.Status, o.Target))
			}
			if got != r.Want {
				t.Errorf("%s: %s: %q, want %q", p.Name, r.Request, got, r.Want)
			}
		}
	}
}

const rulesText = `
/docs/* /d/:splat
/docs/intro /start 302
/store id=:id lang=en /en/blog/:id
/store id=:id /blog/:id
/store /shop 307
/user/:name/files/* https://x.org/~:name/:splat?from=:name 308
/user/:name /u/:name
/gone 410
/app/* /app.html 200
/Case /upper
/search q=:q /s/:q
/first/a /exact 302
/first/* /pattern
/c/:x v=:v /c/:v/:x
/c/a /ca
/c/* /c-rest/:splat
/unused/* /u
/preset-* /p?n=:splat
/*.htm /html/:splat
/*/upgrading/x /upgrade/:splat
/m/*/n/* /two/:splat
/:year-:month.news /:year/:month
/wiki/Help:Contents /help
/see /other 303
/own /o?x=y
/none-passed /o?
/fragment /o#top
/root-* /:splat
/files/* /f/:splat.html 200
/value f=:f /v/:f 200
/en/* /en/none.html 404
/pass/* 200
`

func rules(t testing.TB, text string) *redirect.Rules {
	t.Helper()
	list, err := redirect.Parse("rules.txt", text)
	if err != nil {
		t.Fatal(err)
	}
	return redirect.NewRules(list)
}

func TestMatch(t *testing.T) {
	s := rules(t, rulesText)
	tests := []struct{ name, path, query, want string }{
		{"the first line", "/docs/intro", "", "301 /d/intro"},
		{"an exact line first", "/first/a", "", "302 /exact"},
		{"slash at the end", "/first/a/", "", "302 /exact"},
		{"merged slashes", "//first//a", "", "302 /exact"},
		{"a pattern with a condition before an exact line", "/c/a", "v=1", "301 /c/1/a?v=1"},
		{"its condition does not hold", "/c/a", "", "301 /ca"},
		{"after the exact line", "/c/b", "", "301 /c-rest/b"},
		{"splat", "/docs/a/b.html", "", "301 /d/a/b.html"},
		{"splat keeps its last slash", "/docs/a/", "", "301 /d/a/"},
		{"empty splat", "/docs", "", "301 /d/"},
		{"empty splat with slash", "/docs/", "", "301 /d/"},
		{"splat needs a slash before it", "/docsx", "", ""},
		{"splat with a space", "/docs/a b", "", "301 /d/a%20b"},
		{"splat with a line end", "/docs/a\r\nSet-Cookie: x", "", "301 /d/a%0D%0ASet-Cookie:%20x"},
		{"line end after the splat", "/docs/a\n", "", "301 /d/a%0A"},
		{"splat of other scripts", "/docs/é&x=?#%", "", "301 /d/%C3%A9%26x%3D%3F%23%25"},
		{"splat that is no UTF-8", "/docs/\xff", "", "301 /d/%FF"},
		{"unused splat", "/unused/a=b\n", "", "301 /u"},
		{"asterisk in a segment", "/preset-env/a", "", "301 /p?n=env/a"},
		{"empty asterisk in a segment", "/preset-", "", "301 /p?n="},
		{"without the start of the segment", "/preset", "", ""},
		{"asterisk before the end of a segment", "/a/b.htm", "", "301 /html/a/b"},
		{"asterisk in the middle", "/v1/v2/upgrading/x", "", "301 /upgrade/v1/v2"},
		{"empty asterisk in the middle", "/upgrading/x/", "", "301 /upgrade/"},
		{"two asterisks", "/m/1/n/2/n/3", "", "301 /two/1/n/2"},
		{"names in a segment", "/2024-05.news", "", "301 /2024/05"},
		{"a colon that is no name", "/wiki/Help:Contents", "", "301 /help"},
		{"and not a pattern", "/wiki/HelpX", "", ""},
		{"status 303", "/see", "", "303 /other"},
		{"query", "/see", "a=1&b=%20", "303 /other?a=1&b=%20"},
		{"query of its own", "/own", "a=1", "301 /o?x=y"},
		{"empty query of its own", "/none-passed", "a=1", "301 /o?"},
		{"query before the fragment", "/fragment", "a=1", "301 /o?a=1#top"},
		{"hostile query", "/see", "a=\"é\x01", "303 /other?a=\"%C3%A9%01"},
		{"two slashes at the start", "/root-/evil.example", "", "301 /evil.example"},
		{"file", "/app/é b", "", "200 /app.html"},
		{"file with text of the path", "/files/é b", "", "200 /f/é b.html"},
		{"file with a value", "/value", "f=a.b", "200 /v/a.b"},
		{"file with a value that is no name", "/value", "f=../x", ""},
		{"error page", "/en/x", "", "404 /en/none.html"},
		{"the file at the path", "/pass/x", "", "200 /pass/x"},
		{"upper and lower case differ", "/case", "", ""},
		{"both conditions", "/store", "lang=en&id=7", "301 /en/blog/7?lang=en&id=7"},
		{"one condition", "/store", "lang=de&id=7", "301 /blog/7?lang=de&id=7"},
		{"decoded name and value", "/store", "%69d=a%2Db", "301 /blog/a-b?%69d=a%2Db"},
		{"first of two values", "/store", "id=1&id=2", "301 /blog/1?id=1&id=2"},
		{"empty value", "/store", "id=", "307 /shop?id="},
		{"value that would add a parameter", "/store", "id=1%262", "301 /blog/1%262?id=1%262"},
		{"value that would add a segment", "/store", "id=../x", "301 /blog/..%2Fx?id=../x"},
		{"no condition", "/store", "", "307 /shop"},
		{"two names", "/user/ann/files/a/b", "", "308 https://x.org/~ann/a/b?from=ann"},
		{"one name", "/user/ann/", "", "301 /u/ann"},
		{"empty name", "/user//", "", ""},
		{"gone", "/gone", "", "410 "},
		{"rewrite", "/app/x/y", "", "200 /app.html"},
		{"open redirect", "/docs//evil.example/", "", "301 /d/evil.example/"},
		{"backslash", `/docs/\evil.example`, "", "301 /d/%5Cevil.example"},
		{"plus is a space", "/search", "q=a+b", "301 /s/a%20b?q=a+b"},
		{"no rule", "/none", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := ""
			if o := s.Match(tt.path, tt.query); o.Rule != nil {
				got = fmt.Sprintf("%d %s", o.Rule.Status, o.Target)
			}
			if got != tt.want {
				t.Errorf("%s?%s: %q, want %q", tt.path, tt.query, got, tt.want)
			}
		})
	}
}

func TestTrace(t *testing.T) {
	var got []string
	for _, try := range rules(t, rulesText).Trace("/store", "lang=en&id=") {
		got = append(got, fmt.Sprintf("%d: %s -> %s", try.Tried.Pos.Line, try.Missed, try.Target))
	}
	want := []string{
		"4: id is empty -> ",
		"5: id is empty -> ",
		"6:  -> /shop?lang=en&id=",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func table(t testing.TB, text string) *redirect.Table {
	t.Helper()
	list, err := redirect.Parse("rules.txt", text)
	if err != nil {
		t.Fatal(err)
	}
	x := testutil.Index(t, "live")
	return &redirect.Table{Index: x, Rules: redirect.NewRules(append(list, testutil.Inherited(t, x)...))}
}

func TestAnswer(t *testing.T) {
	tab := table(t, "/find /shadowed\n/latest/win /shadowed\n/a /b\n")
	tests := []struct{ path, query, sameAs, want string }{
		{"/latest/win", "", "/download?os=win", ""},
		{"/latest/win/nightly", "", "/download?os=win&stability=nightly", ""},
		{"/latest/macosx/nightly.json", "", "/find?os=macosx&stability=nightly", ""},
		{"/releases/5.10/linux", "x=y", "/download?os=linux&version=5.10", ""},
		{"/releases/5.10.0/linux.json", "", "/find?os=linux&version=5.10.0", ""},
		{"/revision/34045/win", "", "/download?os=win&revision=34045", ""},
		{"/revision/1/win", "", "/download?os=win&revision=1", "404 "},
		{"/latest/beos", "", "", "0 "},
		{"/latest/win/any", "", "", "0 "},
		{"/find", "", "", "400 "},
		{"/a", "", "", "301 /b"},
		{"/bitstream/608873", "", "", "404 "},
		{"/bitstream/1", "", "", "404 "},
		{"/", "", "", "200 "},
	}
	for _, tt := range tests {
		t.Run(tt.path, func(t *testing.T) {
			a := tab.Answer(tt.path, tt.query)
			got := fmt.Sprintf("%d %s%s", a.Status, a.Location, a.File)
			if tt.sameAs != "" {
				g := testutil.Golden{Q: tt.sameAs}
				path, query := g.Split()
				b := tab.Answer(path, query)
				if b.API.Package == nil && tt.want == "" {
					t.Fatalf("%s finds nothing", tt.sameAs)
				}
				if a.API.Package != b.API.Package || a.Location != b.Location || a.File != b.File ||
					a.Status != b.Status {
					t.Errorf("%s: %s, unlike %s: %d %s%s", tt.path, got, tt.sameAs, b.Status, b.Location, b.File)
				}
			}
			if tt.want != "" && got != tt.want {
				t.Errorf("%s: %q, want %q", tt.path, got, tt.want)
			}
		})
	}
}

func TestLinks(t *testing.T) {
	tab := table(t, "")
	links := redirect.Links(tab.Index)
	if len(links) < 600 || !links[0].Moves || links[len(links)-1].Moves {
		t.Fatalf("%d links, from %+v to %+v", len(links), links[0], links[len(links)-1])
	}
	for _, l := range links {
		if a := tab.Answer(l.Path, ""); a.API.Package != l.Package || a.Status != 302 {
			t.Errorf("%s: %d, %v, want %s", l.Path, a.Status, a.API.Package, l.Package.ID)
		}
	}
}

// TestInheritedRules checks that each rule of the built-in profile leads to its package or to the page of its release,
// or answers 404.
func TestInheritedRules(t *testing.T) {
	tab := table(t, "")
	written, err := redirect.Parse("legacy", testutil.Profile(t).LegacyRules.Text)
	if err != nil || len(written) != 45 {
		t.Fatalf("%d rules, want 45 (%v)", len(written), err)
	}
	counts := map[string]int{}
	for _, r := range written {
		a := tab.Answer(r.Source, "")
		due := tab.Answer(r.Target, "")
		_, query, _ := tab.Index.Spec().Permalink(r.Target)
		version := lookup.DecodeQuery(query)["version"]
		switch {
		case a.Rule == nil || a.Rule.Origin != redirect.Inherited || a.Rule.Pos.Line != r.Pos.Line:
			t.Errorf("%s: another rule answers: %+v", r.Source, a)
		case a.Status == 404:
			counts["gone"]++
			if r.Status == 302 && due.API.Package != nil && (version == "" || due.API.Package.Release == version) {
				t.Errorf("%s: 404, but %s leads to %s", r.Source, r.Target, due.API.Package.ID)
			}
		case a.Status == 302 && strings.HasPrefix(a.Location, lookup.BitstreamPrefix):
			counts["package"]++
			if p := due.API.Package; p == nil || a.Location != lookup.Location(p) {
				t.Errorf("%s leads to %s, %s to %+v", r.Source, a.Location, r.Target, p)
			}
		case a.Status == 302 && a.Location == "/releases/"+version+"/":
			counts["release page"]++
		default:
			t.Errorf("%s: %+v", r.Source, a)
		}
	}
	if counts["package"] < 5 || counts["gone"] < 5 {
		t.Errorf("outcomes: %v", counts)
	}
	t.Log(counts)
}

func TestAliases(t *testing.T) {
	at := fault.Place{File: "content/a.md", Line: 3, Col: 5}
	list, err := redirect.AliasRules([]redirect.Alias{{From: "/old/", To: "/a/", Pos: at},
		{From: "x", To: "/a/", Pos: at}, {From: "/x/*", To: "/a/", Pos: at}})
	if err == nil || len(list) != 1 {
		t.Fatalf("%v, %v", list, err)
	}
	want := "content/a.md:3:5: a source must start with a slash (found \"x\")\n" +
		"content/a.md:3:5: an alias must be a single path (found \"/x/*\"); write patterns in rules.txt"
	if err.Error() != want {
		t.Errorf("error %q,\n want %q", err, want)
	}
	s := redirect.NewRules(list)
	if o := s.Match("/old", ""); o.Target != "/a/" || o.Rule.Origin != redirect.Aliased {
		t.Errorf("%+v", o)
	}
}
