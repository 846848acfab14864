package testutil

import (
	"iter"

	"github.com/Slicer/sitegen/generator/lookup"
)

// RandomRequests returns an iterator over n random requests to the download API, or a twentieth of them in short tests.
func RandomRequests(x *lookup.Index, seed uint64, n int) iter.Seq[string] {
	return x.RandomRequests(seed, Amount(n, n/20))
}
