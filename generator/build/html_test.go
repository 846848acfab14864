package build_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/Slicer/sitegen/generator/testutil"
)

// TestHTML checks the HTML of all types of pages, as Nginx sends them.
func TestHTML(t *testing.T) {
	t.Parallel()
	pages := map[string]string{}
	add := func(name string, site *testutil.Nginx, paths []string) {
		for _, path := range paths {
			page := get(t, testutil.Client(), http.MethodGet, site.URL+path).body
			if !strings.HasSuffix(page, "</html>") {
				t.Errorf("%s%s is not a complete page", name, path)
			}
			pages[name+path] = page
		}
	}
	add("sample", serveSample(t), pageTypes)
	add("aurora", serveAurora(t), []string{"/", "/releases/", "/releases/3.4/", "/preview/", "/preview/bisect/",
		"/api/", "/search/", "/?version=3.4", "/?os=x", "/no/such/page/"})
	testutil.CheckHTML(t, pages)
}
