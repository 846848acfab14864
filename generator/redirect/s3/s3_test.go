package s3_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/redirect"
	"github.com/Slicer/sitegen/generator/redirect/s3"
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

// compile gives website.json and objects.jsonl.
func compile(t testing.TB, tab *redirect.Table) (website, objects string) {
	t.Helper()
	files, err := s3.Target{}.Compile(tab)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		switch f.Path {
		case "s3/website.json":
			website = string(f.Data)
		case "s3/objects.jsonl":
			objects = string(f.Data)
		}
	}
	return website, objects
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
	// A prefix must not come before a longer one that it would hide.
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
		if got := byKey["bitstream/"+p.ID]; got != "https://girder.example/api/v1/item/"+p.ID+"/download" {
			t.Errorf("%s leads to %q", p.ID, got)
		}
	}
	// Every permalink is an object, or under a routing rule.
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
	if !strings.Contains(lines[0], "S3 looks at no query string") {
		t.Errorf("the first line does not say what is missing: %s", lines[0])
	}
	t.Logf("%d objects, %d bytes", len(byKey), len(objects))
}

func TestCheckListsWhatS3LeavesOut(t *testing.T) {
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
	for _, f := range (s3.Target{}).Check(table(t, testutil.NoPackages(t), text)) {
		got = append(got, fmt.Sprint(f.Severity, " ", f))
	}
	want := []string{
		"warning rules.txt:1:1: s3 answers 301, not 302, to be kept for five minutes",
		"warning rules.txt:2:1: s3 looks at no query string and leaves this rule out",
		"warning rules.txt:3:1: s3 cannot serve another page under this path and leaves this rule out",
		"warning rules.txt:4:1: s3 answers 404, not 410",
		"warning rules.txt:5:1: s3 knows patterns with an asterisk at the end only and leaves this rule out",
		"warning rules.txt:6:1: s3 takes an asterisk over to the end of a target only and leaves this rule out",
		"warning rules.txt:7:1: s3 cannot answer a pattern with status 200, 404 or 410 and leaves this rule out",
		"warning rules.txt:8:1: s3 sends a pattern to a plain host and path only, with no port, query, fragment or escape, and leaves this rule out",
		"warning rules.txt:9:1: s3 cannot take a prefix away with nothing in its place and leaves this rule out",
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
	_, err := s3.Target{}.Compile(tab)
	if err == nil || !strings.Contains(err.Error(), "51 routing rules (51 of them patterns of rules.txt), S3's limit is 50") {
		t.Errorf("error %v", err)
	}
	if f := (s3.Target{}).Check(tab); len(f) != 1 || f[0].Severity != redirect.Error {
		t.Errorf("findings %v", f)
	}
}

func TestSameBytes(t *testing.T) {
	tab := table(t, testutil.Index(t, "live"), "/a/* /b/:splat\n/c /d\n")
	w1, o1 := compile(t, tab)
	w2, o2 := compile(t, tab)
	if !bytes.Equal([]byte(w1+o1), []byte(w2+o2)) {
		t.Error("two runs differ")
	}
}

func TestExplain(t *testing.T) {
	x := testutil.Index(t, "live")
	tab := table(t, x, "/a /b 302\n/c /d\n")
	tab.Rules = redirect.NewRules(append(rulesOf(tab), testutil.Inherited(t, x)...))
	id := x.Packages()[0].ID
	for _, tt := range []struct{ path, query, want string }{
		{"/a", "", "s3 answers 301, not 302, to be kept for five minutes"},
		{"/c", "", ""},
		{"/download", "os=win", "200, the page of that path whatever the query: S3 looks at no query string"},
		{"/", "", ""},
		{"/none", "", ""},
		{"/bitstream/" + id, "", "301, to https://girder.example/api/v1/item/" + id + "/download"},
		{"/bitstream/1", "", ""},
		{"/findall", "offset=-1", "404: S3 looks at no query string, and there is no page"},
		{"/bitstream/1341035", "", "301, to " + tab.Answer("/bitstream/1341035", "").Location},
		{"/bitstream/461634", "", "404, and the page does not say what it was"},
		{"/latest/win", "", "302, to " + tab.Answer("/latest/win", "").Location},
		{"/releases/5.10.0/win.json", "", "301, to " + tab.Answer("/releases/5.10.0/win.json", "").File},
	} {
		if got := (s3.Target{}).Explain(tab, tt.path, tt.query, tab.Answer(tt.path, tt.query)); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.path, got, tt.want)
		}
	}
}

func rulesOf(t *redirect.Table) (list []redirect.Rule) {
	for _, r := range t.Rules.All() {
		list = append(list, *r)
	}
	return list
}

func BenchmarkCompile(b *testing.B) {
	tab := table(b, testutil.Index(b, "archive"), "/a/* /b/:splat\n/c /d\n")
	b.ResetTimer()
	for b.Loop() {
		_, objects := compile(b, tab)
		b.ReportMetric(float64(len(objects)), "bytes")
	}
}
