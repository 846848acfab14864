package lookup

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/Slicer/sitegen/generator/catalog"
)

// testSpec returns the grammar of an invented project.
var testSpec = NewSpec(&catalog.Scheme{
	IDs: catalog.HexIDs, Revisions: true,
	Systems: []catalog.System{{ID: "win", Title: "Windows"}, {ID: "macosx", Title: "macOS"},
		{ID: "linux", Title: "Linux"}},
	Arches: []catalog.Architecture{{ID: "amd64"}, {ID: "arm64"}, {ID: "i386"}},
}, nil)

// TestTablesAgreeWithDefinition compares the tables with findSlowly, for random queries and random catalogues.
func TestTablesAgreeWithDefinition(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 0))
		x := New(testSpec, randomPackages(r, r.IntN(60)))
		for range 200 {
			q := randomQuery(r)
			o, s := q.OSes[0], q.Stabilities[0]
			if got, want := x.Find(&q, o, s), findSlowly(x, &q, o, s); got != want {
				t.Fatalf("seed %d: %+v: found %v, want %v", seed, q, got, want)
			}
		}
	}
}

// findSlowly implements the contract of the API literally, by looking at all packages.
func findSlowly(x *Index, q *Query, o catalog.OS, s catalog.Stability) *catalog.Package {
	pf := catalog.Platform{Arch: q.Arch, OS: o}
	list := candidates(x, q, pf, s)
	if len(list) == 0 || q.Offset == 0 {
		if len(list) == 0 {
			return nil
		}
		return list[0]
	}
	var revisions []int // revisions of the platform, highest first
	first := map[int]*catalog.Package{}
	for _, p := range x.packages {
		if p.Platform() == pf && first[p.Revision] == nil {
			revisions = append(revisions, p.Revision)
			first[p.Revision] = p
		}
	}
	for i, rev := range revisions {
		if rev == list[0].Revision {
			if j := i - q.Offset; j >= 0 && j < len(revisions) {
				return first[revisions[j]]
			}
		}
	}
	return nil
}

func randomPackages(r *rand.Rand, n int) []*catalog.Package {
	var list []*catalog.Package
	for i := range n {
		p := &catalog.Package{
			ID: fmt.Sprintf("%024x", i), OS: testSpec.OSes()[r.IntN(3)], Arch: testSpec.ArchIDs()[r.IntN(2)],
			Revision: 100 + r.IntN(20), Built: time.Date(2020, 1, 1+r.IntN(40), r.IntN(24), 0, 0, 0, time.UTC),
		}
		if r.IntN(5) > 0 {
			p.Version = fmt.Sprintf("%d.%d.%d", 4+r.IntN(2), r.IntN(3), r.IntN(3))
		}
		if r.IntN(3) == 0 && p.Version != "" {
			p.Release, p.PreRelease = p.Version, r.IntN(4) == 0
		}
		list = append(list, p)
	}
	return list
}

func randomQuery(r *rand.Rand) Query {
	q := Query{
		OSes:        []catalog.OS{testSpec.OSes()[r.IntN(3)]},
		Stabilities: []catalog.Stability{catalog.Stabilities()[r.IntN(3)]},
		Arch:        testSpec.ArchIDs()[r.IntN(3)], Finds: Finds(r.IntN(5)),
		Number: 95 + r.IntN(30), Day: 20200100 + r.IntN(45),
	}
	q.Value = strings.Join([]string{"4", "0", "1", "7"}[:1+r.IntN(4)], ".")
	if r.IntN(2) == 0 {
		q.Offset = r.IntN(9) - 4
	}
	return q
}
