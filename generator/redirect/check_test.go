package redirect_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/redirect"
	"github.com/Slicer/sitegen/generator/testutil"
)

func TestCheck(t *testing.T) {
	site := redirect.Site{Host: "download.example:8443", Hosts: []string{"viewer.example", "discourse.example"}}
	files := redirect.FilesOf([]string{"index.html", "new/index.html", "docs/index.html", "docs/a/index.html",
		"docs/b.html", "robots.txt", "app/index.html"})
	files.Other = func(path string) bool { return path == "manual.pdf" }
	tests := []struct{ name, rules, want string }{
		{"no mistakes", "/old /new/\n/x/* /new/\n/f https://viewer.example/\n" +
			"/w/* https://discourse.example/t/:splat\n/d /download?os=win\n/l /latest/win/nightly\n" +
			"/app/* /app/index.html 200!", ""},
		{"duplicate", "/old /new/\n/old/ /docs/", "2:1 warning: duplicate rule for /old; the first is at r:1:1"},
		{"duplicate pattern", "/u/:a/* /new/\n/u/:b/* /docs/",
			"2:1 warning: duplicate rule for /u/:b/*; the first is at r:1:1"},
		{"duplicate condition", "/u id=:a /new/\n/u id=:b /new/\n/u /new/",
			"2:1 warning: duplicate rule for /u; the first is at r:1:1"},
		{"shadowed by a wider pattern", "/u/* /new/\n/u/:b /docs/\n/u/v /docs/",
			"2:1 warning: this rule never matches: /u/* at r:1:1 matches first\n" +
				"3:1 warning: this rule never matches: /u/* at r:1:1 matches first"},
		{"shadowed by fewer conditions", "/u /new/\n/u id=7 /docs/",
			"2:1 warning: this rule never matches: /u at r:1:1 matches first"},
		{"shadowed by a placeholder condition", "/u id=:x /new/\n/u id=7 /docs/",
			"2:1 warning: this rule never matches: /u at r:1:1 matches first"},
		{"not shadowed", "/u id=7 /new/\n/u id=:x /docs/\n/u/:a/b /new/\n/u/:a/c /new/\n/u/* /new/", ""},
		{"paths that sitegen answers", "/find /new/\n/ /new/\n/latest/win /new/\n/-/x /new/\n/assets/* /new/",
			"1:1 error: this rule never matches: the download API answers /find\n" +
				"2:1 error: this rule never matches: the download API answers /\n" +
				"3:1 error: this rule never matches: /latest/win is a permalink of the catalogue\n" +
				"4:1 error: this rule never matches: rules do not apply to files that sitegen generates, " +
				"or to hidden files (found /-/x)\n" +
				"5:1 error: this rule never matches: rules do not apply to files that sitegen generates, " +
				"or to hidden files (found /assets/*)"},
		{"a file comes first", "/docs/a /new/\n/robots.txt /new/ 302\n/manual.pdf /new/\n/docs/b /new/",
			never("1", "/docs/a", "301") + never("2", "/robots.txt", "302") + never("3", "/manual.pdf", "301")},
		{"files that a pattern would match", "/docs/* /new/ 302", ""},
		{"hidden on purpose", "/docs/a /new/ 301!\n/docs/b.html /manual.pdf 301!", ""},
		{"fallbacks", "/app/* /app/ 200\n/old/* /new/:splat\n/docs/* /docs/a/ 404\n/* /404 404\n/x /new/",
			"5:1 warning: this rule never matches: /* at r:4:1 matches first"},
		{"the target is nothing but a fallback", "/a /nowhere\n/* /404 404",
			"1:1 error: the target does not exist on the site (found /nowhere)"},
		{"every path of a moved site", "/* https://viewer.example/:splat 301!", ""},
		{"a slash that the folder has", "/docs /docs/\n/docs/a/ /docs/a", never("1", "/docs", "301") +
			never("2", "/docs/a", "301")},
		{"a pattern that matches its own target", "/docs/* /docs/ 301", ""},
		{"what only Netlify can do", "https://old.example/* /new/\n/a /new/ 302 Country=de,at\n" +
			"/api2/* https://api.example/:splat 200\n//cdn.example/x /new/\n/b /new/ 200! Role=admin",
			"1:1 warning: this rule is left out: the source is on a host, but rules are for the paths of one site; if it " +
				"is this site's own address, remove scheme and host, otherwise redirect it where that host is configured\n" +
				"2:1 warning: this rule is left out: Country= needs a program that knows the visitor; remove the " +
				"condition, or link to each target from a page\n" +
				"3:1 warning: this rule is left out: status 200 with another host needs a proxy; write 302 to redirect, " +
				"or set the proxy up in the web server\n" +
				"4:1 warning: this rule is left out: the source is on a host, but rules are for the paths of one site; if " +
				"it is this site's own address, remove scheme and host, otherwise redirect it where that host is " +
				"configured\n" +
				"5:1 warning: this rule is left out: Role= needs a program that knows the visitor; remove the " +
				"condition, or link to each target from a page"},
		{"loop", "/a /b\n/b /c\n/c /a", "1:1 error: redirect loop: /a -> /b -> /c -> /a"},
		{"leads into a loop", "/x /a\n/a /b\n/b /a",
			"2:1 error: redirect loop: /a -> /b -> /a; rules that lead into it: /x"},
		{"one pattern is too wide", "/en/a/* /en/d/a/:splat\n/en/b/* /en/d/b/:splat\n/en/c/* /en/d/c/:splat\n" +
			"/en/d/* /en/d/d/:splat\n/b-old /en/b/x",
			"4:1 error: redirect loop: /en/d/* -> /en/d/*; rules that lead into it: /en/a/*, /en/b/*, /en/c/* " +
				"and 1 more"},
		{"two loops", "/w /z\n/x /a\n/b /a\n/a /b\n/y /x\n/z /z",
			"3:1 error: redirect loop: /b -> /a -> /b; rules that lead into it: /x, /y\n" +
				"6:1 error: redirect loop: /z -> /z; rules that lead into it: /w"},
		{"a loop that hides a page", "/docs/a /b 301!\n/b /docs/a",
			"1:1 error: redirect loop: /docs/a -> /b -> /docs/a"},
		{"a page ends it", "/docs/a /b\n/b /docs/a", never("1", "/docs/a", "301")},
		{"loop of a rule that never matches", "/b /a\n/a /new/\n/a /b",
			"1:1 warning: redirect chain: /b -> /a -> /new/; write: /b /new/ 301\n" +
				"3:1 warning: duplicate rule for /a; the first is at r:2:1"},
		{"redirect to itself", "/a /a/", "1:1 error: redirect loop: /a -> /a"},
		{"loop over the site's own host", "/a https://download.example:8443/b?x=1\n/b http://download.example:8443/a",
			"1:1 error: redirect loop: /a -> /b -> /a\n" +
				"2:1 error: the target is on a host that is not allowed (found download.example); allowed: " +
				"viewer.example, discourse.example"},
		{"loop with a growing path", "/v/* /v/1/:splat", "1:1 error: redirect loop: /v/* -> /v/*"},
		{"chain", "/a /b 302\n/b /c\n/c /new/",
			"1:1 warning: redirect chain: /a -> /b -> /c -> /new/; write: /a /new/ 302\n" +
				"2:1 warning: redirect chain: /b -> /c -> /new/; write: /b /new/ 301"},
		{"chain of 20 redirects", chainOf(20) + "/p20 /new/",
			strings.Join(chainWarnings(20), "\n")},
		{"chain of 21 redirects", chainOf(21) + "/p21 /new/",
			strings.Join(append([]string{"1:1 error: redirect chain of more than 20 redirects, which browsers do not " +
				"follow: /p1 -> /p2 -> /p3 -> /p4 -> /p5 -> /p6 -> /p7 -> /p8 -> /p9 -> /p10 -> … -> /p21"},
				chainWarnings(21)[1:]...), "\n")},
		{"chain to a missing page", "/a /b\n/b /nowhere",
			"1:1 warning: redirect chain: /a -> /b -> /nowhere; write: /a /nowhere 301\n" +
				"2:1 error: the target does not exist on the site (found /nowhere)"},
		{"chain to a missing page of the profile", "/a /bitstream/608873\n", ""},
		{"one error for a line", "/docs/a https://evil.example/\n/find/ /find\n",
			never("1", "/docs/a", "301") + "2:1 error: this rule never matches: the download API answers /find"},
		{"exact behind a pattern", "/s/* /new/\n/t id=7 /docs/\n/:x/v k=1 /new/\n/s/é /new/\n/s/v /new/\n/s /new/\n" +
			"/q/v k=1 /new/\n/q/v /new/\n/r/v /new/\n/r/* /new/\n/p-* /new/\n/p-q/r /new/\n/*/end /new/\n/a/b/end /new/",
			behind("4", "/s/*", "1") + behind("5", "/s/*", "1") + behind("6", "/s/*", "1") + behind("7", "/:x/v", "3") +
				behind("12", "/p-*", "11") + behind("14", "/*/end", "13")},
		{"redirect to an error page", "/a /b\n/b 410", ""},
		{"chain of patterns", "/a/* /b/:splat\n/b/* /c/:splat\n/c/* https://viewer.example/:splat",
			"1:1 warning: redirect chain: /a/* -> /b/* -> /c/* -> https://viewer.example/:splat\n" +
				"2:1 warning: redirect chain: /b/* -> /c/* -> https://viewer.example/:splat"},
		{"target does not exist", "/a /nowhere\n/b /app/none.html 200\n/c /bitstream/000000000000000000000000\n" +
			"/d /download?os=beos\n/e /new/#x\n/f /latest/win",
			"1:1 error: the target does not exist on the site (found /nowhere)\n" +
				"2:1 error: the target does not exist on the site (found /app/none.html)\n" +
				"3:1 error: the target does not exist on the site (found /bitstream/000000000000000000000000)\n" +
				"4:1 error: the target does not exist on the site (found /download?os=beos)"},
		{"host not allowed", "/a https://evil.example/\n/b/* http://viewer.example:8080/:splat\n" +
			"/c https://viewer.example.evil.example/",
			"1:1 error: the target is on a host that is not allowed (found evil.example); allowed: viewer.example, " +
				"discourse.example\n" +
				"3:1 error: the target is on a host that is not allowed (found viewer.example.evil.example); " +
				"allowed: viewer.example, discourse.example"},
	}
	x := testutil.Index(t, "live")
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			list, err := redirect.Parse("r", tt.rules)
			if err != nil {
				t.Fatal(err)
			}
			tab := &redirect.Table{Index: x, Rules: redirect.NewRules(append(list, testutil.Inherited(t, x)...)),
				Files: files}
			var got []string
			for _, f := range redirect.Check(tab, site) {
				got = append(got, strings.TrimPrefix(f.Pos.String(), "r:")+" "+f.Severity.String()+": "+f.Message)
			}
			if diff := cmp.Diff(strings.TrimSpace(tt.want), strings.Join(got, "\n")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// behind returns the warning about a rule in a line behind another one.
func behind(line, source, at string) string {
	return line + ":1 warning: this rule never matches: " + source + " at r:" + at + ":1 matches first\n"
}

// never returns the warning about a rule with a file at its path.
func never(line, path, status string) string {
	return line + ":1 warning: this rule never matches: there is a file at " + path + ", and files come before rules; " +
		"write " + status + "! if the rule is to hide it\n"
}

// chainOf returns the first n-1 rules of a chain of n redirects, which starts at /p1.
func chainOf(n int) string {
	var b strings.Builder
	for i := range n - 1 {
		fmt.Fprintf(&b, "/p%d /p%d\n", i+1, i+2)
	}
	return b.String()
}

// chainWarnings returns the warnings about the rules of chainOf(n), if the last redirect leads to /new/.
func chainWarnings(n int) []string {
	var list []string
	for i := 1; i < n; i++ {
		var steps []string
		for j := i; j <= n; j++ {
			steps = append(steps, fmt.Sprintf("/p%d", j))
		}
		list = append(list, fmt.Sprintf("%d:1 warning: redirect chain: %s -> /new/; write: /p%d /new/ 301", i,
			strings.Join(steps, " -> "), i))
	}
	return list
}

// TestCheckFindsHiddenPages checks that an alias, the download API and permalinks cannot hide a page unnoticed.
func TestCheckFindsHiddenPages(t *testing.T) {
	aliases, err := redirect.AliasRules([]redirect.Alias{{From: "/docs/", To: "/a/",
		Pos: fault.Place{File: "content/a.md", Line: 3, Col: 5}}})
	if err != nil {
		t.Fatal(err)
	}
	pages := map[string]bool{"/": true, "/index.html": true, "/a/": true, "/docs/": true, "/find/": true,
		"/releases/5.12.4/": true, "/latest/win/": true,
		"/find": true, "/bitstream/x/": true, "/bitstream/x/index.html": true, "/latest/win.json": true}
	tab := &redirect.Table{Index: testutil.NoPackages(t), Rules: redirect.NewRules(aliases),
		Files: redirect.Files{Pages: pages}}
	var got []string
	for _, f := range redirect.Check(tab, redirect.Site{}) {
		got = append(got, f.Severity.String()+" "+f.String())
	}
	want := []string{
		"error the page /bitstream/x/ is never shown: the download API answers there; use another path",
		"error the page /find is never shown: the download API answers there; use another path",
		"error the page /latest/win.json is never shown: the download API answers there; use another path",
		"error content/a.md:3:5: this alias never redirects: there is a page at /docs; remove the alias",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func BenchmarkCheck(b *testing.B) {
	x := testutil.Index(b, "archive")
	list, err := redirect.Parse("r", hundredThousand())
	if err != nil {
		b.Fatal(err)
	}
	tab := &redirect.Table{Index: x, Rules: redirect.NewRules(list),
		Files: redirect.FilesOf([]string{"new/index.html"})}
	for b.Loop() {
		redirect.Check(tab, redirect.Site{})
	}
}

func BenchmarkParse(b *testing.B) {
	text := hundredThousand()
	for b.Loop() {
		if _, err := redirect.Parse("r", text); err != nil {
			b.Fatal(err)
		}
	}
}

// hundredThousand returns 100,000 exact rules and 100 patterns.
func hundredThousand() string {
	var b strings.Builder
	for i := range 100_000 {
		b.WriteString("/old/page-" + strings.Repeat("x", i%7) + string(rune('a'+i%26)) + "-" + strconv.Itoa(i) +
			" /new/\n")
	}
	for i := range 100 {
		b.WriteString("/p" + strconv.Itoa(i) + "/* /new/:splat\n")
	}
	return b.String()
}
