package cloudfront

import (
	"fmt"
	"testing"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/redirect"
	"github.com/Slicer/sitegen/generator/testutil"
)

// TestSizes checks that sizeText and the function round sizes in the same way, also those in the middle of two results.
// The cell of the package consists of the size, so the function computes all of its text.
func TestSizes(t *testing.T) {
	sizes := map[int64]string{
		0: "0 B", 999: "999 B", 1000: "1.0 kB",
		1250: "1.3 kB", 1449: "1.4 kB", 1450: "1.4 kB", 1451: "1.5 kB",
		1750: "1.8 kB", 9949: "9.9 kB", 9950: "10 kB", 10_500: "11 kB", 11_500: "12 kB", 999_499: "999 kB",
		1_250_000: "1.3 MB", 1_249_999: "1.2 MB", 408_500_000: "409 MB", 2_250_000_000: "2.3 GB", 1_250_000_000_000: "1.3 TB",
		4_000_000_000_000_000: "4000 TB",
	}
	for n, want := range sizes {
		if got := sizeText(n); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
		p := *testutil.Packages(t, "live")[0]
		p.Size = n
		page := `<!--#include virtual="/-/page-cell/` + string(p.OS) + `/release?$args" -->`
		read := func(path string) ([]byte, error) {
			if path == "-/cell/"+p.ID+".html" {
				return []byte("[" + want + "]"), nil
			}
			return []byte(page), nil
		}
		tab := &redirect.Table{Index: lookup.New(testutil.Spec(t), []*catalog.Package{&p}), Rules: redirect.NewRules(nil),
			Files: redirect.Files{Read: read}}
		q := fmt.Sprintf("/?os=%s&arch=%s&stability=%s", p.OS, p.Arch, p.Stability())
		got := start(t, compiled(t, tab)).ask(t, "GET", q)
		if got.Body == nil || got.Body.Data != "["+want+"]" {
			t.Errorf("%d: %+v %+v, want %s", n, got, got.Body, want)
		}
	}
}
