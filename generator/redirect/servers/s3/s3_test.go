package s3_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/redirect"
	"github.com/Slicer/sitegen/generator/redirect/emulate"
	"github.com/Slicer/sitegen/generator/redirect/servers/s3"
	"github.com/Slicer/sitegen/generator/testutil"
)

func table(t testing.TB, x *lookup.Index, text string) *redirect.Table {
	t.Helper()
	list, err := redirect.Parse("rules.txt", text)
	if err != nil {
		t.Fatal(err)
	}
	return &redirect.Table{Index: x, Rules: redirect.NewRules(append(list, testutil.Inherited(t, x)...))}
}

// compile returns website.json and objects.jsonl.
func compile(t testing.TB, tab *redirect.Table) (website, objects string) {
	t.Helper()
	c := s3.Server{}.Compile(tab)
	if err := c.Err(); err != nil {
		t.Fatal(err)
	}
	return string(c.File(s3.Server{}, "website.json")), string(c.File(s3.Server{}, "objects.jsonl"))
}

func TestPairs(t *testing.T) {
	for _, p := range testutil.Pairs(t) {
		t.Run(p.Name, func(t *testing.T) {
			website, objects := compile(t, table(t, testutil.NoPackages(t), p.Rules))
			p.Compare(t, "s3", website+objects)
		})
	}
}

func TestCatalogue(t *testing.T) {
	x := testutil.Index(t, "live")
	website, objects := compile(t, table(t, x, ""))
	var w struct {
		RoutingRules []struct {
			Condition struct{ KeyPrefixEquals string }
			Redirect  struct{ ReplaceKeyWith, ReplaceKeyPrefixWith, HttpRedirectCode string }
		}
	}
	if err := json.Unmarshal([]byte(website), &w); err != nil {
		t.Fatal(err)
	}
	if n := len(w.RoutingRules); n != s3.MaxRoutingRules {
		t.Errorf("%d routing rules", n)
	}
	// A prefix must not come before a longer prefix, which it would hide.
	for i, r := range w.RoutingRules {
		for _, after := range w.RoutingRules[i+1:] {
			if strings.HasPrefix(after.Condition.KeyPrefixEquals, r.Condition.KeyPrefixEquals) {
				t.Errorf("%s hides %s", r.Condition.KeyPrefixEquals, after.Condition.KeyPrefixEquals)
			}
		}
		if r.Redirect.HttpRedirectCode != "302" {
			t.Errorf("%s: %s", r.Condition.KeyPrefixEquals, r.Redirect.HttpRedirectCode)
		}
	}
	byKey := map[string]string{}
	lines := strings.Split(strings.TrimSpace(objects), "\n")
	for _, line := range lines[1:] {
		var o s3.Object
		if err := json.Unmarshal([]byte(line), &o); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(line, `"file":`) {
			continue
		}
		if byKey[o.Key] != "" || o.Location == "" {
			t.Errorf("%s: %q and %q", o.Key, byKey[o.Key], o.Location)
		}
		byKey[o.Key] = o.Location
	}
	for _, p := range x.Packages() {
		if got := byKey["bitstream/"+p.ID]; got != testutil.API(t)+"/item/"+p.ID+"/download" {
			t.Errorf("%s leads to %q", p.ID, got)
		}
	}
	// Every permalink is an object, or a routing rule matches it.
	for _, l := range redirect.Links(x) {
		ruled := false
		for _, r := range w.RoutingRules {
			ruled = ruled || strings.HasPrefix(l.Path[1:], r.Condition.KeyPrefixEquals)
		}
		if !ruled && byKey[l.Path[1:]] != "/bitstream/"+l.Package.ID {
			t.Errorf("%s leads to %q", l.Path, byKey[l.Path[1:]])
		}
		if !ruled && byKey[l.Path[1:]+".json"] != "/api/v1/packages/"+l.Package.ID+".json" {
			t.Errorf("%s.json leads to %q", l.Path, byKey[l.Path[1:]+".json"])
		}
	}
	if !strings.Contains(lines[0], "S3 ignores query strings") {
		t.Errorf("the first line does not list what S3 does not answer: %s", lines[0])
	}
	t.Logf("%d objects, %d bytes", len(byKey), len(objects))
}

func TestFindings(t *testing.T) {
	const text = `/a /b 302
/c x=y /d
/e /f 200
/g 410
/h/:x /i
/j/* https://x.example.org/k/:splat?q=1
/l/* 410
/n/* https://x.example.org:8080/y/:splat
/o/* https://x.example.org/:splat
/fine /x
/fine/* /x/:splat 307
`
	var got []string
	for _, f := range (s3.Server{}).Compile(table(t, testutil.NoPackages(t), text)).Findings {
		got = append(got, fmt.Sprint(f.Severity, " ", f))
	}
	want := []string{
		"warning rules.txt:1:1: s3 answers 301, not 302; clients may cache it for five minutes",
		"warning rules.txt:2:1: s3 ignores query strings; this rule is left out",
		"warning rules.txt:3:1: s3 cannot serve another page at this path; this rule is left out",
		"warning rules.txt:4:1: s3 answers 404, not 410",
		"warning rules.txt:5:1: s3 supports only patterns with an asterisk at the end; this rule is left out",
		"warning rules.txt:6:1: s3 supports :splat only at the end of a target; this rule is left out",
		"warning rules.txt:7:1: s3 cannot answer a pattern with status 200, 404 or 410; this rule is left out",
		"warning rules.txt:8:1: s3 does not support a port, query, fragment or escape in the target of a pattern; " +
			"this rule is left out",
		"warning rules.txt:9:1: s3 cannot remove a prefix without a replacement; this rule is left out",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestTooManyPatterns(t *testing.T) {
	var text strings.Builder
	for i := range 51 {
		fmt.Fprintf(&text, "/p%d/* /x\n", i)
	}
	tab := table(t, testutil.NoPackages(t), text.String())
	c := s3.Server{}.Compile(tab)
	const want = "rules.txt:51:1: 51 routing rules (51 of them patterns of rules.txt), S3's limit is 50"
	if err := c.Err(); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error %v, want %s", err, want)
	}
	if c.Files != nil || len(c.Findings) != 1 || c.Findings[0].Severity != redirect.Error {
		t.Errorf("%d files, findings %v", len(c.Files), c.Findings)
	}
}

func TestSameBytes(t *testing.T) {
	tab := table(t, testutil.Index(t, "live"), "/a/* /b/:splat\n/c /d\n")
	w1, o1 := compile(t, tab)
	w2, o2 := compile(t, tab)
	if !bytes.Equal([]byte(w1+o1), []byte(w2+o2)) {
		t.Error("compiling twice results in different bytes")
	}
}

// site holds the files of a site by path.
type site map[string]string

func (s site) Paths() []string      { return slices.Sorted(maps.Keys(s)) }
func (s site) Has(path string) bool { return s[path] != "" }
func (s site) File(path string) ([]byte, error) {
	if !s.Has(path) {
		return nil, fs.ErrNotExist
	}
	return []byte(s[path]), nil
}

func TestExplain(t *testing.T) {
	x := testutil.Index(t, "live")
	tab := table(t, x, "/a /b 302\n/c /d\n/p/* 410\n")
	e, err := redirect.Emulate(s3.Server{}, tab)
	if err != nil {
		t.Fatal(err)
	}
	files := site{"index.html": "<p>home", "docs/index.html": "docs"}
	for _, p := range x.Packages() {
		files[redirect.RecordPath(p)[1:]] = p.ID
	}
	id := x.Packages()[0].ID
	const (
		permalinks = "\n  permalinks: status 301 unless a routing rule answers; a permalink with .json redirects to " +
			"the JSON file; a permalink of a version series, such as 5.12, redirects to that of its newest version"
		queries = "\n  /download?QUERY and /find?QUERY: status 200 with a page that finds the package in the " +
			"browser, because S3 ignores query strings"
	)
	for _, tt := range []struct{ url, want string }{
		{"/a", "301 to /b instead of 302\n  s3 answers 301, not 302; clients may cache it for five minutes"},
		{"/c", "the same"},
		{"/p/x", "404 instead of 410\n  s3 cannot answer a pattern with status 200, 404 or 410; this rule is left out"},
		{"/download?os=win", "200 instead of 302 to " + tab.Answer("/download", "os=win").Location + queries},
		{"/find?os=win", "200 with another page" + queries},
		{"/find?os=beos", "200 instead of 400" + queries},
		{"/?offset=-1", "200 with other packages\n  /?QUERY: the download page without a query, because S3 ignores " +
			"query strings"},
		{"/none", "the same"},
		{"/docs/", "the same"},
		{"/docs", "302 to /docs/ instead of 301\n  a folder without the slash at its end: the redirect has status 302"},
		{"/bitstream/" + id, "301 to " + testutil.API(t) + "/item/" + id + "/download instead of 302\n  " +
			"/bitstream/<id>: status 301; status 404 if hexadecimal digits are in upper case"},
		{"/bitstream/1", "the same"},
		{"/findall?offset=-1", "404 instead of 200\n  /findall?QUERY: status 404, because S3 ignores query strings"},
		{"/bitstream/1341035", "301 to " + tab.Answer("/bitstream/1341035", "").Location +
			" instead of 302\n  links of retired servers: status 301"},
		{"/bitstream/461634", "the same"},
		{"/latest/win", "the same"},
		{"/releases/5.10.0/win.json", "301 to " + tab.Answer("/releases/5.10.0/win.json", "").File + " instead of 200" +
			permalinks},
	} {
		var got strings.Builder
		if err := e.Explain(&got, tt.url, emulate.NewSite(files)); err != nil {
			t.Fatal(err)
		}
		if want := "on s3\n  " + tt.want + "\n"; got.String() != want {
			t.Errorf("%s: %q, want %q", tt.url, got.String(), want)
		}
	}
}

func BenchmarkCompile(b *testing.B) {
	tab := table(b, testutil.Index(b, "archive"), "/a/* /b/:splat\n/c /d\n")
	b.ResetTimer()
	for b.Loop() {
		_, objects := compile(b, tab)
		b.ReportMetric(float64(len(objects)), "bytes")
	}
}
