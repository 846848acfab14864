package nginx_test

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/Slicer/sitegen/generator/redirect"
	"github.com/Slicer/sitegen/generator/redirect/nginx"
	"github.com/Slicer/sitegen/generator/testutil"
)

// serveTable serves a table with rules.
func serveTable(t testing.TB, tab *redirect.Table) *testutil.Nginx {
	t.Helper()
	redirects, public := t.TempDir(), t.TempDir()
	compiled, err := nginx.Target{}.Compile(tab)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range compiled {
		write(t, redirects, f.Path, f.Data)
	}
	writePublic(t, public, tab.Index)
	write(t, public, "shown.html", []byte("shown"))
	return testutil.StartNginx(t, public, redirects)
}

func readRules(t testing.TB, text string) *redirect.Rules {
	t.Helper()
	list, err := redirect.Parse("rules.txt", text)
	if err != nil {
		t.Fatal(err)
	}
	return redirect.NewRules(list)
}

func TestPairs(t *testing.T) {
	for _, p := range testutil.Pairs(t) {
		t.Run(p.Name, func(t *testing.T) {
			tab := &redirect.Table{Index: testutil.NoPackages(t), Rules: readRules(t, p.Rules)}
			compiled, err := nginx.Target{}.Compile(tab)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range compiled {
				if strings.HasSuffix(f.Path, "http/rules.conf") {
					p.Compare(t, "nginx", string(f.Data))
				}
			}
			n := serveTable(t, tab)
			if out, err := n.Test(t); err != nil || strings.Contains(out, "warn") {
				t.Errorf("%v: %s", err, out)
			}
			client := testutil.Client()
			for _, r := range p.Requests {
				want := r.WantOn("nginx")
				if want == "-" { // no rule and no file
					want = "404"
				}
				for _, method := range []string{"GET", "HEAD"} {
					if got := askRule(t, client, method, n.URL+r.Request); got != want {
						t.Errorf("%s %s: %q, want %q", method, r.Request, got, want)
					}
				}
			}
			if log := n.ErrorLog(t); strings.Contains(log, "[error]") || strings.Contains(log, "[warn]") {
				t.Log(log)
			}
		})
	}
}

// askRule gives status and target as the pairs write them.
func askRule(t testing.TB, client *http.Client, method, address string) string {
	t.Helper()
	address = strings.ReplaceAll(address, "{", "%7B")
	req, err := http.NewRequest(method, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(res.Body)
	res.Body.Close()
	if err != nil {
		t.Fatal(err)
	}
	got := strings.TrimSpace(fmt.Sprintf("%d %s", res.StatusCode, res.Header.Get("Location")))
	switch {
	case res.StatusCode == 200 && (method == "HEAD" || string(body) == "shown"):
		return "200 /shown.html"
	case res.StatusCode == 404 && res.Header.Get("Cache-Control") == "":
		return "404 without headers"
	case res.StatusCode == 404 && method == "GET" && string(body) != "error 404":
		return "404 with another page: " + string(body)
	}
	return got
}

// TestPermalinksAndInherited asks for every permalink of a catalogue, and for every source of the profile's rules.
func TestPermalinksAndInherited(t *testing.T) {
	x := testutil.Index(t, "live")
	tab := &redirect.Table{Index: x, Rules: redirect.NewRules(testutil.Inherited(t, x))}
	n := serveTable(t, tab)
	client := testutil.Client()
	var paths []string
	for _, l := range redirect.Links(x) {
		paths = append(paths, l.Path, l.Path+".json")
	}
	for _, r := range tab.Rules.All() {
		paths = append(paths, r.Source)
	}
	paths = append(paths, "/latest/win?os=linux&stability=nightly", "/latest/beos", "/latest/win/any", "/latest/win%0a", "/releases/9.9/win", "/releases/../win",
		"/revision/1/win", "/revision/99999999999999/win", "/revision/x/win", "/bitstream/1", "/releases/5.10/win/")
	for _, path := range paths {
		decoded, query, _ := strings.Cut(strings.ReplaceAll(path, "%0a", "\n"), "?")
		want := tab.Answer(decoded, query)
		res, err := client.Get(n.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		status := want.Status
		if status == 0 {
			status = 404
		}
		if res.StatusCode != status || res.Header.Get("Location") != want.Location {
			t.Errorf("%s: %d %q, want %d %q", path, res.StatusCode, res.Header.Get("Location"), status, want.Location)
		}
		if want.File != "" && string(body) != string(testutil.Spec(t).ObjectJSON(want.API.Package))+"\n" {
			t.Errorf("%s: %s, want %s", path, body, want.File)
		}
	}
}

func BenchmarkCompileRules(b *testing.B) {
	var text strings.Builder
	for i := range 100_000 {
		fmt.Fprintf(&text, "/old/page-%d /new/%d\n", i, i%97)
	}
	tab := &redirect.Table{Index: testutil.Index(b, "archive"), Rules: readRules(b, text.String())}
	for b.Loop() {
		if _, err := (nginx.Target{}).Compile(tab); err != nil {
			b.Fatal(err)
		}
	}
}

// TestRandomRules holds Nginx against the meaning of rules that nobody would write.
func TestRandomRules(t *testing.T) {
	client := testutil.Client()
	matched := 0
	for seed := range uint64(4) {
		text := testutil.RandomRules(seed, 120)
		tab := &redirect.Table{Index: testutil.NoPackages(t), Rules: readRules(t, text)}
		n := serveTable(t, tab)
		for _, q := range testutil.RandomPaths(seed, 600) {
			path, query, _ := strings.Cut(q, "?")
			decoded, err := url.PathUnescape(path)
			if err != nil {
				t.Fatal(err)
			}
			want := "404"
			if o := tab.Rules.Match(decoded, query); o.Rule != nil {
				want = fmt.Sprintf("%d %s", o.Rule.Status, o.Target)
				matched++
			}
			if got := askRule(t, client, "GET", n.URL+q); got != want {
				t.Errorf("%s: %q, want %q\n%s", q, got, want, text)
				return
			}
		}
	}
	if matched < 200 {
		t.Errorf("only %d requests matched a rule", matched)
	}
}
