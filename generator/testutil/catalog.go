// Package testutil contains what the tests of several packages share: the catalogues and golden answers in testdata/,
// random requests and rules, a real Nginx, and a terminal.
package testutil

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/profile"
	"github.com/Slicer/sitegen/generator/supply/source"
	"github.com/Slicer/sitegen/generator/supply/sources/girder"
	"github.com/Slicer/sitegen/generator/supply/sources/packagesjson"
)

// App is the Girder application of the test catalogues.
const App = "5f4474d0e1d8c75dfc705482"

// API returns the base of the Girder API of the test catalogues: the source of the built-in profile.
func API(t testing.TB) string { return Profile(t).Source }

// builtIn reads the built-in profile once for each test binary: tests use it thousands of times.
var builtIn = sync.OnceValues(func() (*profile.Profile, error) { return profile.Load(profile.Default) })

// Profile returns a copy of the built-in profile, which the test catalogues belong to. Its slices are shared: clone one
// before you change an element.
func Profile(t testing.TB) *profile.Profile {
	t.Helper()
	p, err := builtIn()
	if err != nil {
		t.Fatal(err)
	}
	c := *p
	return &c
}

// Scheme returns the scheme of the built-in profile.
func Scheme(t testing.TB) *catalog.Scheme { return &Profile(t).Scheme }

// Spec returns the grammar of the built-in profile.
func Spec(t testing.TB) *lookup.Spec {
	p := Profile(t)
	return lookup.NewSpec(&p.Scheme, p.Links)
}

// Index returns the index of a test catalogue: see Packages.
func Index(t testing.TB, name string) *lookup.Index { return lookup.New(Spec(t), Packages(t, name)) }

// Aurora returns the index of the invented project in testdata/aurora. It has other systems, architectures and ids than
// the built-in profile, and lists its packages in a packages.json.
func Aurora(t testing.TB) *lookup.Index {
	t.Helper()
	p, err := profile.Load(Path("aurora/profile.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	document, err := packagesjson.Decode("packages.json", read(t, "aurora/packages.json"))
	if err != nil {
		t.Fatal(err)
	}
	published, held := catalog.Publish(&p.Scheme, packagesjson.Spelling, document.Records(p.Project, p.Download))
	if len(held) > 0 {
		t.Fatalf("held back: %v", held[0])
	}
	return lookup.New(lookup.NewSpec(&p.Scheme, p.Links), published)
}

// Path returns the path of a file in the repository's testdata folder.
func Path(name string) string {
	_, here, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(here), "..", "..", "testdata", name)
}

// Listing returns a Girder listing: "live" (760 items) or "archive" (about 11,500 items).
func Listing(t testing.TB, profile string) []byte {
	t.Helper()
	if profile == "live" {
		return read(t, "catalog.json")
	}
	zr, err := gzip.NewReader(bytes.NewReader(read(t, profile+".json.gz")))
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(zr)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// catalogues holds the packages of each test catalogue that has been read: []catalog.Package by name.
var catalogues sync.Map

// Packages returns the published packages of a test catalogue, "live" or "archive". They are copies, so that each test
// may change its own.
func Packages(t testing.TB, profile string) []*catalog.Package {
	t.Helper()
	kept, ok := catalogues.Load(profile)
	if !ok {
		items, err := girder.DecodeListing(Listing(t, profile))
		if err != nil {
			t.Fatal(err)
		}
		published, _ := catalog.Publish(Scheme(t), girder.Spelling,
			girder.Records(items, source.Girder{App: App, API: API(t)}, nil))
		var list []catalog.Package
		for _, p := range published {
			list = append(list, *p)
		}
		kept, _ = catalogues.LoadOrStore(profile, list)
	}
	list := slices.Clone(kept.([]catalog.Package))
	packages := make([]*catalog.Package, len(list))
	for i := range list {
		packages[i] = &list[i]
	}
	return packages
}

// Golden is a recorded request and the expected answer.
type Golden struct {
	Q        string                        `json:"q"` // path and query
	Status   int                           `json:"status"`
	Location string                        `json:"location"` // for status 302
	ID       string                        `json:"id"`       // for /find
	IDs      map[string]map[string]*string `json:"ids"`      // for /findall: id by os and stability
	Links    []string                      `json:"links"`    // for /: ids, row by row
	JSON     json.RawMessage               `json:"json"`     // complete answer
}

// Split returns the path and the raw query of the request.
func (g Golden) Split() (path, query string) {
	path, query, _ = strings.Cut(g.Q, "?")
	return path, query
}

// Goldens reads a file of golden answers. With go test -short, it returns every eleventh.
func Goldens(t testing.TB, name string) []Golden {
	t.Helper()
	var list []Golden
	n := 0
	for line := range bytes.Lines(read(t, name)) {
		if n++; n%Amount(1, 11) != 0 {
			continue
		}
		var g Golden
		if err := json.Unmarshal(line, &g); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		list = append(list, g)
	}
	return list
}

func read(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(Path(name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// OtherSpec returns a grammar with entries that the built-in one does not have: a system, an architecture, a mode, a
// parameter without effect, and a permalink. Their names occur nowhere else in the program.
func OtherSpec(t testing.TB) *lookup.Spec {
	t.Helper()
	p := Profile(t)
	scheme := p.Scheme
	scheme.Systems = append(slices.Clone(scheme.Systems),
		catalog.System{ID: "haiku", Title: "Haiku <R1>", Family: catalog.UnixFamily})
	scheme.Arches = append(slices.Clone(scheme.Arches), catalog.Architecture{ID: "riscv64", Title: "RISC-V"})
	parameters := append(lookup.Parameters(&scheme), lookup.Parameter{
		Name: "until", Kind: lookup.Day, Role: lookup.ModeRole, Finds: lookup.ByDate,
		Reason: "is not a day", Allowed: "YYYY-MM-DD, for instance 2026-09-09",
		About: "built on or before this day, as date",
	})
	parameters = slices.Insert(parameters, 4, lookup.Parameter{
		Name: "mirror", Kind: lookup.Choice, Values: []string{"eu", "us"},
		Reason: "has an unknown value", Allowed: "eu, us", About: "nothing",
	})
	permalinks := append(lookup.Permalinks(&scheme),
		lookup.Permalink{Path: "/until/{until}/{os}/any", Fixed: []lookup.Fixed{{Name: "stability", Value: "any"}},
			About: "the newest package on a day"})
	return lookup.CustomSpec(&scheme, p.Links, parameters, permalinks)
}
