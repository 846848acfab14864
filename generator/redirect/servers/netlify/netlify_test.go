package netlify_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/redirect"
	"github.com/Slicer/sitegen/generator/redirect/servers/netlify"
	"github.com/Slicer/sitegen/generator/testutil"
)

func table(t *testing.T, x *lookup.Index, text string) *redirect.Table {
	t.Helper()
	list, err := redirect.Parse("rules.txt", text)
	if err != nil {
		t.Fatal(err)
	}
	return &redirect.Table{Index: x, Rules: redirect.NewRules(list)}
}

func file(tab *redirect.Table) string {
	return string(netlify.Server{}.Compile(tab).File(netlify.Server{}, "_redirects"))
}

func TestPairs(t *testing.T) {
	for _, p := range testutil.Pairs(t) {
		t.Run(p.Name, func(t *testing.T) {
			tab := table(t, testutil.NoPackages(t), p.Rules)
			compiled := netlify.Server{}.Compile(tab)
			text := string(compiled.File(netlify.Server{}, "_redirects"))
			p.Compare(t, "netlify", text)
			// The lines of _redirects mean the same in rules.txt.
			again, err := redirect.Parse("_redirects", text)
			if err != nil {
				t.Fatal(err)
			}
			s := redirect.NewRules(again)
			for _, r := range p.Requests {
				path, query, _ := strings.Cut(r.Request, "?")
				want := tab.Rules.Match(unescape(t, path), query)
				got := s.Match(unescape(t, path), query)
				if want.Rule != nil && strings.Contains(warning(compiled, want.Rule), "is left out") {
					continue
				}
				if (want.Rule == nil) != (got.Rule == nil) || want.Target != got.Target && want.Target != "" {
					t.Errorf("%s: %q, want %q", r.Request, got.Target, want.Target)
				}
			}
		})
	}
}

// warning returns the warning about a rule, "" if there is none.
func warning(c *redirect.Compilation, r *redirect.Rule) string {
	for _, f := range c.Findings {
		if r != nil && f.Pos == r.Pos {
			return f.Message
		}
	}
	return ""
}

func TestCatalogue(t *testing.T) {
	x := testutil.Index(t, "live")
	tab := table(t, x, "/a id=:id /b\n/c 410\n")
	text := file(tab)
	p := x.Table(x.Platforms()[0], "release").Newest
	for _, line := range []string{
		"/latest/" + string(p.OS) + " /bitstream/" + p.ID + " 302\n",
		"/latest/" + string(p.OS) + ".json /api/v1/packages/" + p.ID + ".json 200\n",
		"/bitstream/" + p.ID + " " + testutil.API(t) + "/item/" + p.ID + "/download 302\n",
	} {
		if !strings.Contains(text, line) {
			t.Errorf("no line %q", line)
		}
	}
	var found []string
	for _, f := range (netlify.Server{}).Compile(tab).Findings {
		found = append(found, f.String())
	}
	all := strings.Join(found, "\n")
	for _, want := range []string{
		"Cloudflare Pages reads at most 2000 lines with exact paths and 100 with patterns",
		"GitLab Pages reads at most 1000 lines",
		"GitLab Pages ignores a file of more than 64 KB",
		"rules.txt:1:1: netlify: Cloudflare Pages ignores this rule: it has conditions; GitLab Pages ignores the whole",
		"rules.txt:2:1: netlify: Cloudflare Pages ignores this rule: it has status 410",
	} {
		if !strings.Contains(all, want) {
			t.Errorf("findings %s\nwant %q", all, want)
		}
	}
}

func unescape(t *testing.T, path string) string {
	t.Helper()
	decoded, err := url.PathUnescape(path)
	if err != nil {
		t.Fatal(err)
	}
	return decoded
}
