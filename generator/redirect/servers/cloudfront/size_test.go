package cloudfront

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/redirect"
	"github.com/Slicer/sitegen/generator/testutil"
)

// BenchmarkStoreSize reports the size of the store for the test catalogues, and the maximum number of packages, three for
// each night, that fit into a store.
func BenchmarkStoreSize(b *testing.B) {
	for _, profile := range []string{"live", "archive"} {
		b.Run(profile, func(b *testing.B) {
			tab := newTable(b, profile, "")
			for b.Loop() {
				c := &redirect.Compilation{}
				pairs := compilePairs(c, tab, Options{}, MaxStore)
				if err := c.Err(); err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(len(importFile(pairs))), "bytes")
			}
		})
	}
	b.Run("most", func(b *testing.B) {
		for b.Loop() {
			low, high := 1_000, 100_000
			for high-low > 250 {
				n := (low + high) / 2
				c := &redirect.Compilation{}
				if compilePairs(c, nightly(b, n), Options{}, MaxStore); c.Err() == nil {
					low = n
				} else {
					high = n
				}
			}
			b.ReportMetric(float64(low), "packages")
		}
	})
}

// nightly returns a table of n packages with checksums, three for each revision and night.
func nightly(t testing.TB, n int) *redirect.Table {
	start := time.Date(2011, 1, 1, 23, 0, 0, 0, time.UTC)
	packages := make([]*catalog.Package, n)
	oses := testutil.Scheme(t).OSes()
	for i := range packages {
		night := i / 3
		built := start.Add(time.Duration(night) * 24 * time.Hour / 4)
		o := oses[i%3]
		packages[i] = &catalog.Package{
			ID:   fmt.Sprintf("%08x%016x", built.Unix(), i*7919),
			Name: fmt.Sprintf("Viewer_%s_amd64_%d", o, 15_000+night), ProductName: "Viewer",
			OS: o, Arch: catalog.Arch("amd64"), Revision: 15_000 + night, Version: "5.13.0",
			URL:       testutil.API(t) + fmt.Sprintf("/item/%08x%016x/download", built.Unix(), i*7919),
			BuildDate: built.Format("2006-01-02T15:04:05.000000+00:00"), Built: built, Size: 412_345_678,
			SHA512: fmt.Sprintf("%0128x", i),
		}
	}
	return &redirect.Table{Index: lookup.New(testutil.Spec(t), packages)}
}

// TestFullStore uses a catalogue of 26,000 packages: the archive and ten more years of four packages a night. The store
// describes all of them.
func TestFullStore(t *testing.T) {
	tab := nightly(t, 26_000)
	store := compiled(t, tab)
	if n := Size(store); n > MaxStore {
		t.Fatalf("%d bytes", n)
	}
	e := start(t, store)
	for q := range testutil.RandomRequests(tab.Index, 5, 2000) {
		path, _, _ := strings.Cut(q, "?")
		compare(t, e, tab, q, path)
	}
	for i, p := range tab.Index.Packages() {
		if i%500 == 0 {
			q := redirect.RecordPath(p)
			if r := e.ask(t, "GET", q); r.Body == nil || !sameJSON([]byte(r.Body.Data), lookup.ObjectJSON(tab.Index.Spec(), p)) {
				t.Errorf("%s: %+v", q, r)
			}
		}
	}
	t.Logf("%d bytes, %d keys", Size(store), len(store))
}
