package redirect_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/profile"
	"github.com/Slicer/sitegen/generator/redirect"
	"github.com/Slicer/sitegen/generator/testutil"
)

func TestDiff(t *testing.T) {
	packages := testutil.Packages(t, "live")
	contents := func(packages []*catalog.Package, text string) []byte {
		return redirect.Contents(&redirect.Table{Index: lookup.New(testutil.Spec(t), packages),
			Rules: rules(t, text)}).Data
	}
	newest := packages[0].Revision
	evening := slices.DeleteFunc(slices.Clone(packages), func(p *catalog.Package) bool { return p.Revision == newest })
	now := contents(packages, "/a /b\n")
	tests := []struct {
		name          string
		before, after []byte
		want          string
	}{
		{"nothing", now, now, "no change"},
		{"one night", contents(evening, "/a /b\n"), now,
			"latest linux nightly: 35182 to 35185; latest macosx arm64 nightly: 35182 to 35185; latest macosx " +
				"nightly: 35182 to 35185; latest win nightly: 35182 to 35185; 4 packages added; nothing removed"},
		{"one package less", now, contents(packages[:len(packages)-1], "/a /b\n"), "1 package removed"},
		{"rules", contents(packages, "/a /c\n/x /y\n"), now, "1 rule changed; 1 rule removed"},
		{"one rule more", contents(packages, ""), now, "1 rule added; nothing removed"},
		{"another status for the same source", contents(packages, "/a /b 302\n"), contents(packages, "/a /b 301\n"),
			"1 rule changed; nothing removed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := redirect.Diff(tt.before, tt.after); got != tt.want {
				t.Errorf("%s\nwant %s", got, tt.want)
			}
		})
	}
	if got := redirect.Diff(nil, now); !strings.Contains(got, "latest win release: ") ||
		!strings.Contains(got, ": none to ") ||
		!strings.HasSuffix(got, "756 packages added; 1 rule added; nothing removed") {
		t.Errorf("compared with an empty file: %s", got)
	}
}

func TestExplain(t *testing.T) {
	tab := table(t, "/docs/* /d/:splat\n/store id=:id /blog/:id\n/store /shop 302\n")
	tests := []struct{ path, query, want string }{
		{"/store", "x=1", "rules\n  rules.txt:2:1  /store id=:id /blog/:id 301  no: the query has no id\n  " +
			"rules.txt:3:1  /store /shop 302             matches\nanswer\n  302, to /shop?x=1\n"},
		{"/docs/a", "", "rules\n  rules.txt:1:1  /docs/* /d/:splat 301  matches\nanswer\n  301, to /d/a\n"},
		{"/x", "", "rules\n  rules.txt:1:1  /docs/* /d/:splat 301  no: the path differs\n" +
			"answer\n  the file at this path, or the 404 page\n"},
		{"/bitstream/608873", "", "rules\n  " + profile.Default +
			"-legacy.txt:10:1  /bitstream/608873 404  matches\nanswer\n  404\n"},
		{"/revision/1/win", "", "permalink\n  /revision/1/win is short for /download?os=win&revision=1\n" +
			"answer\n  404\n"},
	}
	for _, tt := range tests {
		t.Run(tt.path, func(t *testing.T) {
			var b strings.Builder
			if err := tab.Explain(&b, tt.path+"?"+tt.query); err != nil {
				t.Fatal(err)
			}
			if b.String() != tt.want {
				t.Errorf("%s\nwant %s", b.String(), tt.want)
			}
		})
	}
}

func TestChanges(t *testing.T) {
	before := []byte("# x\nlatest\twin nightly\t1\npackage\ta1\twin\t1\tnightly\t5.0\tfalse\nrule\t/a\t/a /b 301\n")
	after := []byte("# x\nlatest\twin nightly\t2\npackage\ta1\twin\t1\tnightly\t5.0\tfalse\n" +
		"package\tb2\tmacosx arm64\t2\tnightly\t5.0\tfalse\nrule\t/a\t/a /c 301\n")
	added, removed := redirect.Changes(before, after)
	if want := []string{"package b2 macosx arm64 2 nightly 5.0 false", "rule /a /c 301"}; !slices.Equal(added, want) {
		t.Errorf("added %q, want %q", added, want)
	}
	if want := []string{"rule /a /b 301"}; !slices.Equal(removed, want) {
		t.Errorf("removed %q, want %q", removed, want)
	}
}
