package site

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/testutil"
)

func TestScannerLinks(t *testing.T) {
	tests := []struct {
		name, page string
		want       []string
	}{
		{"each once, in order", `<a href="/b">x</a><a href="/a">y</a><img src="/b">`, []string{"/b", "/a"}},
		{"sources of images", `<img srcset="/a 1x, /b 2x,/c"><video poster=/d></video>`,
			[]string{"/a", "/b", "/c", "/d"}},
		{"commas in sources", `<img srcset=" , data:image/png;base64,AAAA= 1x,data:,B 2x (a, b), /c,d, ` +
			`/e,,/f"><link imagesrcset=/g>`, []string{"data:image/png;base64,AAAA=", "data:,B", "/c,d", "/e,,/f", "/g"}},
		{"a source alone", `<img srcset="/a,"><img srcset=",">`, []string{"/a"}},
		{"ids of the page itself", `<a href="#a">x</a><a href="#b">y</a><h2 id="a">x</h2>`, []string{"#b"}},
		{"names of the page itself", `<a href="#a">x</a><a href="#b">y</a><a name="a">x</a><input name="b">`,
			[]string{"#b"}},
		{"entities are decoded", `<a href="/?a=1&amp;b=2">x</a>`, []string{"/?a=1&b=2"}},
		{"text is not a link", `<p>href="/a"</p><script>x = '<a href="/b">'</script><!-- <a href="/c"> -->` +
			`<textarea><a href="/d"></textarea>`, nil},
		{"upper case", `<A HREF="/a">`, []string{"/a"}},
		{"unfinished tag", `<a href="/a"><a href="/b`, []string{"/a"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newScanner()
			for range 2 { // the second time, the scanner is reused
				got := s.links([]byte(tt.page))
				if diff := cmp.Diff(tt.want, slices.Clip(got)); diff != "" {
					t.Errorf("links (-want +got):\n%s", diff)
				}
			}
		})
	}
}

func FuzzLinks(f *testing.F) {
	for _, s := range []string{"", `<a href="/x">`, `<a href="">`, `<img srcset=", ,/a 1x,,">`,
		`<a href="javascript:x"><b id=a><a href="#a">`, `<a href="//x/%zz?#%">`,
		`<a href="/?os=win&offset=x">`, `<a href="../../../x">`, `<a href="?a">`, `<a href="http:x">`,
		`<a href="mailto:">`, `<a href=" /x ">`, "<a href='\x00'>", `<a href="#50%">`, `<a href="/a/index.html#x:~:y">`,
		`<img srcset="data:,a 1x (,), /b,, /c">`} {
		f.Add(s)
	}
	page := &rendered{page: &Page{Path: "a/index.html"}, html: []byte(`<p id="a">`)}
	f.Fuzz(func(t *testing.T, html string) {
		c := &linkChecker{host: "example.org", index: testutil.NoPackages(t),
			known: map[string]*rendered{"/": nil, "/a/": page}, server: Server{
				Rule: func(path, query string) (RuleAnswer, bool) {
					return RuleAnswer{Status: 301, Target: path + "/?" + query}, strings.HasPrefix(path, "/r/")
				},
			}, ids: map[string]map[string]bool{},
			verdicts: map[string]verdict{}}
		r := &rendered{page: &Page{Path: "a/b/index.html"}, html: []byte(html), links: newScanner().links([]byte(html))}
		for _, bad := range c.check([]*rendered{r}) {
			if bad.text == "" || len(bad.pages) != 1 {
				t.Errorf("%q: %d pages, %q", bad.link, len(bad.pages), bad.text)
			}
		}
	})
}
