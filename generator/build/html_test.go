package build_test

import (
	"io"
	"testing"

	"github.com/Slicer/sitegen/generator/testutil"
)

// TestHTML checks the HTML of all types of pages, as Nginx sends them.
func TestHTML(t *testing.T) {
	t.Parallel()
	pages := map[string]string{}
	add := func(site *testutil.Nginx, prefix string, paths ...string) {
		for _, path := range paths {
			resp, err := testutil.Client().Get(site.URL + path)
			if err != nil {
				t.Fatal(err)
			}
			page, err := io.ReadAll(resp.Body)
			resp.Body.Close()
			if err != nil {
				t.Fatal(err)
			}
			pages[prefix+path] = string(page)
		}
	}
	add(serveSample(t), "sample", pageTypes...)
	add(serveAurora(t), "aurora", "/", "/releases/", "/preview/", "/no/such/page/")
	testutil.CheckHTML(t, pages)
}
