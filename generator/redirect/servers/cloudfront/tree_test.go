package cloudfront

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/redirect"
	"github.com/Slicer/sitegen/generator/testutil"
)

// TestLeaf writes the example in the comment of leaf, with a second change of a system at the last key.
func TestLeaf(t *testing.T) {
	at := func(line int) ref { return ref{"1f2e3d4c", line} }
	l := leaf{systems: make([]system, 2)}
	l = l.with(row{key: numberKey(100), changes: []change{{0, 3, at(2), ""}, {1, 3, at(3), ""}}})
	l = l.with(row{key: numberKey(120), changes: []change{{0, 2, at(5), ""}, {0, 5, at(4), ""}}})
	want := "1f2e3d4c\n 10ft0 10ftk 10ftk\n325\n020504\n\n3\n03\n"
	if got := l.text(); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestNumberKey checks that keys are in the order of the numbers.
func TestNumberKey(t *testing.T) {
	numbers := []int{0, 1, 35, 36, 99_999, 100_000, catalog.MaxRevision, 20_000_101, 20_991_231, 50_000_000}
	keys := make([]string, len(numbers))
	for i, n := range numbers {
		keys[i] = numberKey(n)
		if len(keys[i]) != 5 {
			t.Errorf("%d: %s", n, keys[i])
		}
	}
	if !slices.IsSorted(keys) {
		t.Error(keys)
	}
}

// TestSparse asks for packages of few revisions and days, with systems and stabilities that are often missing, and
// several packages for the same revision.
func TestSparse(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, n := range []int{20, 500} {
		packages := make([]*catalog.Package, n)
		oses := testutil.Scheme(t).OSes()
		for i := range packages {
			revision := 100 + r.IntN(n)
			built := time.Date(2020, 1, 1+r.IntN(n), r.IntN(24), 0, i, 0, time.UTC)
			o, arch := oses[r.IntN(len(oses))], catalog.Arch([]string{"amd64", "amd64", "arm64"}[r.IntN(3)])
			p := &catalog.Package{
				ID: fmt.Sprintf("%08x%016x", built.Unix(), i), Name: fmt.Sprintf("Viewer_%s_%s_%d", o, arch, revision),
				ProductName: "Viewer", OS: o, Arch: arch, Revision: revision,
				Version:   fmt.Sprintf("5.%d.%d", revision*4/(100+n), r.IntN(3)),
				URL:       testutil.API(t) + fmt.Sprintf("/item/%08x%016x/download", built.Unix(), i),
				BuildDate: built.Format("2006-01-02T15:04:05+00:00"), Built: built, Size: int64(1 + i),
			}
			if r.IntN(4) == 0 {
				p.Release = p.Version
			}
			packages[i] = p
		}
		tab := &redirect.Table{Index: lookup.New(testutil.Spec(t), packages)}
		e := start(t, compiled(t, tab))
		for q := range testutil.RandomRequests(tab.Index, uint64(n), 2000) {
			path, _, _ := strings.Cut(q, "?")
			compare(t, e, tab, q, path)
		}
	}
}
