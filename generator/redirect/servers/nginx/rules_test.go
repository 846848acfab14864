package nginx_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/redirect"
	"github.com/Slicer/sitegen/generator/redirect/servers/nginx"
	"github.com/Slicer/sitegen/generator/testutil"
)

// serveRules starts an Nginx for rules, without packages.
func serveRules(t testing.TB, text string) *server {
	t.Helper()
	return serveTable(t, &redirect.Table{Index: testutil.NoPackages(t), Rules: readRules(t, text)})
}

// compareRule sends a request to Nginx and compares the answer with that of Rules.Match. It reports whether a rule
// matched.
func (s *server) compareRule(t *testing.T, request string) bool {
	t.Helper()
	path, query, _ := strings.Cut(request, "?")
	decoded, err := url.PathUnescape(path)
	if err != nil {
		t.Fatal(err)
	}
	want := "404"
	o := s.table.Rules.Match(decoded, query)
	if o.Rule != nil {
		want = strings.TrimSpace(fmt.Sprintf("%d %s", o.Rule.Status, o.Target))
	}
	if got := s.rule(t, "GET", request); !redirect.SameURL(got, want) {
		t.Errorf("%s: %q, want %q", request, got, want)
	}
	return o.Rule != nil
}

func TestPairs(t *testing.T) {
	for _, p := range testutil.Pairs(t) {
		t.Run(p.Name, func(t *testing.T) {
			t.Parallel()
			s := serveRules(t, p.Rules)
			p.Compare(t, "nginx", string(compile(t, s.table)["nginx/http/rules.conf"]))
			for _, r := range p.Requests {
				want := r.WantOn("nginx")
				if want == "-" { // no rule and no file
					want = "404"
				}
				for _, method := range []string{"GET", "HEAD"} {
					if method == "HEAD" && strings.HasPrefix(want, "404") {
						want = "404"
					}
					if got := s.rule(t, method, r.Request); !redirect.SameURL(got, want) {
						t.Errorf("%s %s: %q, want %q", method, r.Request, got, want)
					}
				}
			}
		})
	}
}

// TestPermalinksAndInherited requests every permalink of a catalogue and every source of the profile's rules.
func TestPermalinksAndInherited(t *testing.T) {
	t.Parallel()
	x := testutil.Index(t, "live")
	rules := testutil.Inherited(t, x)
	const text = "/bitstream/000000000000000000000001 /gone 302\n/bitstream/shown /shown.html 200"
	written, err := redirect.Parse("rules.txt", text)
	if err != nil {
		t.Fatal(err)
	}
	rules = append(rules, written...)
	s := serveTable(t, &redirect.Table{Index: x, Rules: redirect.NewRules(rules)})
	var paths []string
	for _, l := range redirect.Links(x) {
		paths = append(paths, l.Path, l.Path+".json")
	}
	for _, r := range s.table.Rules.All() {
		paths = append(paths, r.Source)
	}
	paths = append(paths, "/latest/win?os=linux&stability=nightly", "/latest/beos", "/latest/win/any", "/latest/win%0a",
		"/releases/9.9/win", "/releases/../win", "/releases/5.10/win/", "/releases/5.10.json/win", "/revision/1/win",
		"/revision/99999999999999/win", "/revision/x/win", "/bitstream/1", "/bitstream/%0a")
	for _, path := range paths {
		decoded, query, _ := strings.Cut(strings.ReplaceAll(path, "%0a", "\n"), "?")
		want := s.table.Answer(decoded, query)
		res, body := testutil.Ask(t, s.client, "GET", s.URL+path)
		status := want.Status
		if status == 0 {
			status = 404
		}
		if res.StatusCode != status || res.Header.Get("Location") != want.Location {
			t.Errorf("%s: %d %q, want %d %q", path, res.StatusCode, res.Header.Get("Location"), status, want.Location)
		}
		switch {
		case want.File == "/shown.html" && body != "shown":
			t.Errorf("%s: %s, want the page", path, body)
		case want.API.Package != nil && want.File != "" &&
			body != string(lookup.ObjectJSON(testutil.Spec(t), want.API.Package))+"\n":
			t.Errorf("%s: %s, want %s", path, body, want.File)
		}
	}
}

// TestRandomRules checks that Nginx applies random rules as the table does.
func TestRandomRules(t *testing.T) {
	t.Parallel()
	matched := 0
	for seed := range uint64(testutil.Amount(4, 2)) {
		s := serveRules(t, testutil.RandomRules(seed, 120))
		for _, q := range testutil.RandomPaths(seed, 600) {
			if s.compareRule(t, q) {
				matched++
			}
		}
	}
	if matched < testutil.Amount(200, 100) {
		t.Errorf("only %d requests matched a rule", matched)
	}
}

// manyRules returns the text of n rules, and of 5,000 more whose paths end in the same text, which is longer than Nginx
// allows for the key of a map.
func manyRules(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "/old/page-%d /new/%d\n", i, i%97)
	}
	for i := range 5000 {
		fmt.Fprintf(&b, "/wiki/v%d/documentation/getting-started-with-segmentation.html /about/%d 302\n", i, i)
	}
	return b.String()
}

func TestManyRules(t *testing.T) {
	t.Parallel()
	s := serveRules(t, manyRules(testutil.Amount(95_000, 20_000)))
	for i := 0; i < 5010; i += 23 {
		s.compareRule(t, fmt.Sprintf("/old/page-%d", i*19))
		s.compareRule(t, fmt.Sprintf("/Old/page-%d", i*19))
		s.compareRule(t, fmt.Sprintf("/wiki/v%d/documentation/getting-started-with-segmentation.html", i))
	}
}

// TestLongRules uses lists of rules that are longer than a token of Nginx's configuration can be, and characters with a
// meaning in the configuration.
func TestLongRules(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	source := func(i int) string {
		return fmt.Sprintf("/%s%d/%s", strings.Repeat("$q", 30), i, strings.Repeat("%22x%5C", 45))
	}
	for i := range 2000 {
		fmt.Fprintf(&b, "%s /%s%d\n", source(i), strings.Repeat("l", 500), i)
	}
	b.WriteString("/" + strings.Repeat("$", 390) + " /dollars\n")
	s := serveRules(t, b.String())
	if !strings.Contains(string(compile(t, s.table)["nginx/http/rules.conf"]), "geo $sitegen_exact_list_part_0 ") {
		t.Error("no list was split into parts")
	}
	s.compareRule(t, "/"+strings.Repeat("$", 390))
	for i := 0; i < 2010; i += 7 {
		s.compareRule(t, source(i))
	}
}

// TestManyConditions uses many rules with conditions. Nginx could not evaluate them as one chain of variables.
func TestManyConditions(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for i := range 500 {
		fmt.Fprintf(&b, "/index.php id=%d /page/%d\n", i, i)
		fmt.Fprintf(&b, "/thread-%d.html page=:page /t/%d/:page 302\n/thread-%[1]d.html /t/%[1]d\n", i, i)
		if i < 150 {
			fmt.Fprintf(&b, "/w/:lang/* title=T%d /wiki/:lang/%d/:splat\n", i, i)
		}
	}
	b.WriteString("/index.php view=:v /views/:v\n")
	b.WriteString("/many a=:a b=:b c=:c d=:d e=:e f=:f g=:g h=:h i=:i j=:j k=:k /m/:k/:j/:a\n")
	b.WriteString("/p/:a/:b k=:k /p-:b-:k-:a\n/p/* /rest/:splat\n")
	s := serveRules(t, b.String())
	for i := 0; i < 510; i += 13 {
		for _, request := range []string{
			"/index.php?id=%d", "/index.php/?x=y&id=%d&id=2", "/thread-%d.html?page=7", "/thread-%d.html",
			"/w/de/a/b?title=T%d", "/w/de?title=t%d",
		} {
			s.compareRule(t, fmt.Sprintf(request, i))
		}
	}
	for _, request := range []string{
		"/index.php", "/index.php?view=a-b", "/index.php?view=a%20b", "/index.php?id=x&view=z",
		"/many?a=1&b=2&c=3&d=4&e=5&f=6&g=7&h=8&i=9&j=10&k=11", "/many?a=1", "/p/1/2?k=v", "/p/1/2?k=", "/p/1/2",
		"/p/1/2%0a", "/p/1/2%0a=v", "/p/1/2%0a=v?k=", "/index.php%0a=5?id=5", "/w/de%0a=T1?title=T2",
	} {
		s.compareRule(t, request)
	}
}

// TestTooManyConditions uses a rule that is too long for Nginx.
func TestTooManyConditions(t *testing.T) {
	rule := "/x"
	for i := range 500 {
		rule += fmt.Sprintf(" parameter-%d=value-%d", i, i)
	}
	table := &redirect.Table{Index: testutil.NoPackages(t), Rules: readRules(t, "/a /b\n"+rule+" /y\n")}
	if err := (nginx.Server{}).Compile(table).Err(); err == nil || !strings.HasPrefix(err.Error(), "rules.txt:2:1: ") {
		t.Errorf("error %v, want one with the place of the rule", err)
	}
}
