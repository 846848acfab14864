package preview_test

import (
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/Slicer/sitegen/generator/testutil"
)

// BenchmarkEditToReload measures the time from the write of a file to the event that reloads the page, with the archive
// catalogue and 1,000 content pages.
func BenchmarkEditToReload(b *testing.B) { benchEdits(b, nil) }

// BenchmarkEditAsCloudFront is BenchmarkEditToReload for a preview as CloudFront, which compiles a store after each
// edit.
func BenchmarkEditAsCloudFront(b *testing.B) {
	benchEdits(b, map[string][]string{"as": {"cloudfront"}})
}

// benchEdits measures edits of each kind in a preview with flags.
func benchEdits(b *testing.B, flags map[string][]string) {
	files := map[string]string{
		"sitegen.yaml": "source: listing.json\n",
		"listing.json": string(testutil.Listing(b, "archive")),
	}
	for i := range 1000 {
		files[fmt.Sprintf("content/folder-%d/page-%d.md", i%20, i)] = benchPage(i, 0)
	}
	layout, err := os.ReadFile("../../layouts/base.html")
	if err != nil {
		b.Fatal(err)
	}
	files["layouts/base.html"] = string(layout)
	w := open(b, files, flags)
	p := w.browse("/folder-7/page-7/")
	for _, edit := range []struct {
		name string
		do   func(n int)
	}{
		{"content", func(n int) { w.write("content/folder-7/page-7.md", benchPage(7, n)) }},
		{"layout", func(n int) { w.write("layouts/base.html", string(layout)+fmt.Sprintf("<!-- %d -->", n)) }},
		{"configuration", func(n int) {
			w.write("sitegen.yaml", fmt.Sprintf("source: listing.json\ntitle: Title %d\n", n))
		}},
		{"rules", func(n int) { w.write("redirects/rules.txt", fmt.Sprintf("/old-%d /releases/\n", n)) }},
	} {
		b.Run(edit.name, func(b *testing.B) {
			var took []time.Duration
			n := 0
			for b.Loop() {
				n++
				before := p.last.Build
				start := time.Now()
				edit.do(n)
				s := p.until(edit.name, func(s status) bool { return s.Build != before })
				took = append(took, time.Since(start))
				b.StopTimer()
				if s.Warnings < 0 {
					p.until(edit.name, func(s status) bool { return s.Warnings >= 0 })
				}
				b.StartTimer()
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
			b.ReportMetric(float64(took[len(took)*95/100].Microseconds())/1000, "p95-ms")
		})
	}
}

// benchPage returns a page of about 1.5 KB.
func benchPage(i, edit int) string {
	text := fmt.Sprintf("---\ntitle: Page %d\ndescription: The page with the number %d\n---\n\nEdited %d times. A "+
		"[link](/folder-%d/page-%d/).\n\n## Part\n\n| a | b |\n| - | - |\n| c | d |\n\n",
		i, i, edit, (i+1)%1000%20, (i+1)%1000)
	for range 20 {
		text += "- text that goes on for a while, because real pages do\n"
	}
	return text
}
