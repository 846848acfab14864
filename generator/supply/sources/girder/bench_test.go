package girder_test

import (
	"testing"

	"github.com/Slicer/sitegen/generator/supply/sources/girder"
	"github.com/Slicer/sitegen/generator/testutil"
)

// BenchmarkDecodeListing reads the archive catalogue: 11,456 items in about 8.5 MB.
func BenchmarkDecodeListing(b *testing.B) {
	body := testutil.Listing(b, "archive")
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := girder.DecodeListing(body); err != nil {
			b.Fatal(err)
		}
	}
}
