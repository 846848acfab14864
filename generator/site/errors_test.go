package site_test

import (
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/testutil"
)

func TestErrorPages(t *testing.T) {
	files := downloadSite(t, []*catalog.Package{newPackage(1, onLinux)})
	tests := map[string][]string{
		"400.html":                       {"400 "},
		"404.html":                       {"404 ", "no page at this address"},
		"-/error/404-package.html":       {"404 ", "No package matches"},
		"-/error/405.html":               {"405 ", "can only be read"},
		"-/error/412.html":               {"412 ", "replaced"},
		"-/error/414.html":               {"414 ", "too long"},
		"-/error/416.html":               {"416 ", "complete already"},
		"-/error/500.html":               {"500 ", "try again"},
		"-/error/503.html":               {"503 ", "Under maintenance"},
		"-/error/404-bitstream.html":     {"404 ", "No package has this number"},
		"-/error/400-os.html":            {"400 ", "The parameter os is missing", "win, macosx, linux", "win : Windows macosx : macOS linux : Linux"},
		"-/error/400-mode.html":          {"400 ", "The choice of a package is given twice"},
		"-/error/400-date.html":          {"400 ", "The parameter date is not a day", "YYYY-MM-DD"},
		"-/error/400-checkout-date.html": {"400 ", "retired"},
	}
	for _, p := range testutil.Spec(t).Problems() {
		path := "-/error/400-" + p.Param + ".html"
		tests[path] = append(tests[path], "400 ", p.Reason, "Allowed: "+p.Allowed)
	}
	for path, want := range tests {
		page := parsed(t, files[path])
		main := find(page, func(n *html.Node) bool { return n.Data == "main" })[0]
		for _, phrase := range want {
			if !strings.Contains(textOf(main), phrase) {
				t.Errorf("%s does not contain %q:\n%s", path, phrase, textOf(main))
			}
		}
		for _, link := range attrs(find(main, func(n *html.Node) bool { return n.Data == "a" }), "href") {
			if !strings.HasPrefix(link, "/") {
				t.Errorf("%s: link %q is relative, but the page is shown at any URL", path, link)
			}
		}
	}
}
