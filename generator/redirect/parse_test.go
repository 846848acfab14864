package redirect_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/redirect"
)

func TestParse(t *testing.T) {
	const text = "\uFEFF# moved in 2026\n" +
		"/old /new\r\n" +
		"\n" +
		"/tr%C3%A9s/   https://example.org/a%20b#c   302   # why\n" +
		"/store id=:id lang=en  /blog/:id 301!\n" +
		"/docs/:v/* /d/:v/:splat 308\n" +
		"/gone 410\n" +
		"/lost /404.html 404\n" +
		"/app/* /app/index.html 200\n" +
		"/see /other 303\n" +
		"/preset-*/x-:id/* /p/:splat/:id/Help:Contents\n" +
		"/wiki/Help:Contents /help/\n" +
		"/en/* /en/none.html 404!\n" +
		"/pass/*/x 200\n" +
		"/* /$é<b> 302\n" +
		"https://old.example/* /b/:splat 301! Country=de"
	rules, err := redirect.Parse("rules.txt", text)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range rules {
		got = append(got, r.Pos.String()+" "+r.String())
	}
	want := []string{
		"rules.txt:2:1 /old /new 301",
		"rules.txt:4:1 /trés https://example.org/a%20b#c 302",
		"rules.txt:5:1 /store id=:id lang=en /blog/:id 301!",
		"rules.txt:6:1 /docs/:v/* /d/:v/:splat 308",
		"rules.txt:7:1 /gone 410",
		"rules.txt:8:1 /lost 404",
		"rules.txt:9:1 /app/* /app/index.html 200",
		"rules.txt:10:1 /see /other 303",
		"rules.txt:11:1 /preset-*/x-:id/* /p/:splat/:id/Help:Contents 301",
		"rules.txt:12:1 /wiki/Help:Contents /help/ 301",
		"rules.txt:13:1 /en/* /en/none.html 404!",
		"rules.txt:14:1 /pass/*/x /pass/:splat/x 200",
		"rules.txt:15:1 /* /%24%C3%A9%3Cb%3E 302",
		"rules.txt:16:1 https://old.example/* 301",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestParseMistakes(t *testing.T) {
	tests := []struct{ line, want string }{
		{"old /new", "1:1: a source must start with a slash"},
		{"/a?b=1 /new", "1:1: a source has no query and no fragment"},
		{"/a%zz /new", "1:1: a percent sign must be followed by two hex digits"},
		{"/a%0d%0aX: /new", "1:1: a source must not contain control characters"},
		{"/a%00 /new", "1:1: a source must not contain control characters"},
		{"/a//b /new", "1:1: two slashes in a row"},
		{"/a/../b /new", "1:1: a dot segment"},
		{"/a/*/b/*/c/* /new", "1:1: more than 2 asterisks"},
		{"/a/:x/:x /new", "1:1: the placeholder :x occurs twice"},
		{"/a/:1 /new", "1:1: invalid placeholder"},
		{"/" + strings.Repeat("a", 500) + " /new", "1:1: longer than 400 bytes"},
		{"/a", "1:1: the target is missing"},
		{"/a b", `1:4: a target must start with a slash, https:// or http:// (found "b")`},
		{"/a //evil.example/", "1:4: two slashes lead to another host"},
		{"/a javascript:alert(1)", "1:4: a target must start with a slash"},
		{"/a https://u:p@h/", "1:4: invalid host"},
		{"/a https://:host/x", "1:4: invalid host"},
		{"/:h https://:h/x", "1:5: invalid host"},
		{"/:h https://x.:h/x", "1:5: invalid host"},
		{"/a https://x.org", "1:4: a slash must follow the host"},
		{"/a /b%2", "1:4: a percent sign"},
		{"/a /b%\t301", "1:4: a percent sign"},
		{"/a /b:splat", `1:4: unknown placeholder (found "splat")`},
		{"/a/:name /b/:nmae", `did you mean "name"?`},
		{"/a /b x", "1:7: unexpected text after the status"},
		{"/a id= /b", `1:4: invalid condition (found "id=")`},
		{"/a id=:x id=:y /b", "1:10: the parameter id occurs twice"},
		{"/a/:x id=:x /b", "1:1: the placeholder :x occurs twice"},
		{"/a https://x.org/ 404", "1:4: status 404 serves a file of the site; the target must start with a slash"},
		{"/a /.git/config 200", "1:4: files and folders whose names start with a dot are not served"},
		{"/a /b 304", "1:7: invalid status (found 304)"},
		{"/a /b=:x", `1:4: unknown placeholder (found "x")`},
		{"/a /b?c 200", "1:4: status 200 serves a file of the site; the target cannot have a query"},
		{"/a \xff", "1:4: not UTF-8"},
		{"/\xff /b", "1:1: not UTF-8"},
	}
	for _, tt := range tests {
		t.Run(tt.line, func(t *testing.T) {
			rules, err := redirect.Parse("r", tt.line)
			if err == nil {
				t.Fatalf("parsed as %v, want an error", rules)
			}
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %q does not contain %q", err, tt.want)
			}
		})
	}
}

// TestParseReportsEverythingAtOnce checks that all invalid lines are reported, each as one error with all mistakes that
// do not follow from another.
func TestParseReportsEverythingAtOnce(t *testing.T) {
	_, err := redirect.Parse("r", "bad /x 999\n/ok /fine\n/a\n/a /b 301 Country=de Language=de\n"+
		"https://old.example/* /b/:splat\n/*/a/* /b/:other\n/a /b 301 x=y\n/a x= y= /b 302\n")
	want := `r:1:1: a source must start with a slash (found "bad"); and in column 8: invalid status (found 999); use ` +
		`301, 302, 303, 307, 308, 200, 404 or 410
r:3:1: the target is missing; write: /a /target 301
r:6:8: unknown placeholder (found "other"); write %3A for a literal colon
r:7:11: unexpected text after the status (found "x=y"); write: source [name=value …] target status
r:8:4: invalid condition (found "x="); write name=:placeholder, or name=value with a value of letters, digits and ` +
		`._~-; and in column 7: invalid condition (found "y="); write name=:placeholder, or name=value with a value of ` +
		`letters, digits and ._~-`
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"/a /b 301\n", "/store id=:id /blog/:id 301", "/docs/* https://x.org/:splat?q=:splat 302!",
		"/:a/:b /x/:b/:a", "/a%0d /b", "# c\n\n/x 410", "/x /y%0d%0aSet-Cookie:a 302", "/x /$a{};\"'", "/x y=:z //z",
	} {
		f.Add(seed, "/docs/a%20b//c", "id=%0d&x")
	}
	f.Fuzz(func(t *testing.T, text, path, query string) {
		rules, err := redirect.Parse("r", text)
		if err != nil && !strings.HasPrefix(err.Error(), "r:") {
			t.Errorf("error without a place: %v", err)
		}
		for _, r := range rules {
			again, err := redirect.Parse("r", r.String())
			if !strings.ContainsAny(r.Source, " \t%#?") && strings.TrimSpace(r.Source) == r.Source &&
				r.Conditions == nil {
				if err != nil || len(again) != 1 || again[0].String() != r.String() {
					t.Errorf("%q is parsed again as %v, %v", r.String(), again, err)
				}
			}
		}
		o := redirect.NewRules(rules).Match(path, query)
		if o.Rule == nil || o.Target == "" {
			return
		}
		// No request can add a line to the Location or make it lead to another host than the rule's author wrote.
		got, err := url.Parse(o.Target)
		if err != nil || strings.ContainsFunc(o.Target, func(c rune) bool { return c <= ' ' || c >= 0x7f }) {
			t.Fatalf("%s leads to %q (%v)", o.Rule, o.Target, err)
		}
		want, err := url.Parse(strings.ReplaceAll(o.Rule.Target, ":", "_"))
		if err == nil && !strings.HasPrefix(o.Rule.Target, "http") && got.Host != want.Host {
			t.Errorf("%s leads to the host %q", o.Rule, got.Host)
		}
		if strings.HasPrefix(o.Rule.Target, "/") && (strings.HasPrefix(o.Target, "//") || got.Host != "") {
			t.Errorf("%s leads to another host: %q", o.Rule, o.Target)
		}
	})
}
