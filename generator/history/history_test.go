package history_test

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/history"
	"github.com/Slicer/sitegen/generator/testutil"
)

func openDB(t testing.TB, path string) *history.DB {
	t.Helper()
	s, err := history.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// day returns noon of a day in November 2026.
func day(n int) time.Time { return time.Date(2026, 11, n, 12, 0, 0, 0, time.UTC) }

// build returns a package made by catalog.Publish.
func build(t *testing.T, id string, change func(*catalog.Record)) *catalog.Package {
	t.Helper()
	r := catalog.Record{
		ID: strings.Repeat(id, 24), Name: "Aurora_win_amd64_30893", Size: 222149208, ProductName: "Aurora",
		OS: "win", Arch: "amd64", Revision: "30893", Version: "5.0.3-2022-07-08",
		BuildDate: "2022-07-08T09:39:54.992000+00:00",
		URL:       "https://files.example.org/" + id,
	}
	if change != nil {
		change(&r)
	}
	published, held := catalog.Publish(testutil.Scheme(t), nil, []catalog.Record{r})
	if len(published) != 1 {
		t.Fatal(held)
	}
	return published[0]
}

// TestRecord records the changes of two packages over several days.
func TestRecord(t *testing.T) {
	a, b := build(t, "a", nil), build(t, "b", nil)
	released := build(t, "a", func(r *catalog.Record) {
		r.Release, r.PreRelease, r.SHA512, r.Size = "5.0.3", true, strings.Repeat("ab", 64), 222149209
	})
	letGo := build(t, "a", func(r *catalog.Record) {
		r.Release, r.SHA512, r.Size = "5.0.3", strings.Repeat("ab", 64), 222149209
	})
	days := []struct {
		name      string
		published []*catalog.Package
		want      history.Change
	}{
		{"both are new", []*catalog.Package{b, a}, history.Change{Added: []*catalog.Package{b, a}}},
		{"nothing changes", []*catalog.Package{b, a}, history.Change{}},
		{"one is released", []*catalog.Package{released, b},
			history.Change{Changed: []history.Changed{{Package: released, Fields: []history.FieldChange{
				{Field: "release", Before: "", After: "5.0.3"}, {Field: "pre_release", Before: "false", After: "true"},
				{Field: "size", Before: "222149208", After: "222149209"},
				{Field: "sha512", Before: "", After: strings.Repeat("ab", 64)},
			}}}}},
		{"it is withdrawn", []*catalog.Package{b}, history.Change{Withdrawn: []*catalog.Package{released}}},
		{"it stays withdrawn", []*catalog.Package{b}, history.Change{}},
		{"it returns, no longer a pre-release", []*catalog.Package{letGo, b}, history.Change{
			Returned: []*catalog.Package{letGo},
			Changed: []history.Changed{{Package: letGo,
				Fields: []history.FieldChange{{Field: "pre_release", Before: "true", After: "false"}}}},
		}},
		{"all are withdrawn", nil, history.Change{Withdrawn: []*catalog.Package{letGo, b}}},
		{"one returns", []*catalog.Package{b}, history.Change{Returned: []*catalog.Package{b}}},
	}
	path := filepath.Join(t.TempDir(), history.FileName)
	for i, d := range days {
		s := openDB(t, path)
		got, err := s.Record(t.Context(), history.Snapshot{Run: run(day(i + 1)), Published: d.published})
		if err != nil {
			t.Fatalf("%s: %v", d.name, err)
		}
		if diff := cmp.Diff(d.want, got); diff != "" {
			t.Errorf("%s: change (-want +got):\n%s", d.name, diff)
		}
		if got.Empty() != cmp.Equal(d.want, history.Change{}) {
			t.Errorf("%s: Empty = %v of %+v", d.name, got.Empty(), got)
		}
		published, err := s.Published(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(d.published, published, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: published (-want +got):\n%s", d.name, diff)
		}
	}

	s := openDB(t, path)
	all, err := s.All(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]history.Entry{
		{Package: letGo, FirstSeen: day(1), LastChanged: day(6), Withdrawn: day(7)},
		{Package: b, FirstSeen: day(1), LastChanged: day(1)},
	}, all); diff != "" {
		t.Errorf("all (-want +got):\n%s", diff)
	}
	events, err := s.Events(t.Context(), a.ID)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]history.Event{
		{At: day(1), Kind: "added"},
		{At: day(3), Kind: "changed", Field: "release", After: "5.0.3"},
		{At: day(3), Kind: "changed", Field: "pre_release", Before: "false", After: "true"},
		{At: day(3), Kind: "changed", Field: "size", Before: "222149208", After: "222149209"},
		{At: day(3), Kind: "changed", Field: "sha512", After: strings.Repeat("ab", 64)},
		{At: day(4), Kind: "withdrawn"},
		{At: day(6), Kind: "returned"},
		{At: day(6), Kind: "changed", Field: "pre_release", Before: "true", After: "false"},
		{At: day(7), Kind: "withdrawn"},
	}, events); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	if events, err := s.Events(t.Context(), "'; DROP TABLE runs"); len(events) != 0 || err != nil {
		t.Errorf("events of an unknown package: %v, %v", events, err)
	}
	last, err := s.LastRun(t.Context())
	if err != nil || last != run(day(8)) {
		t.Errorf("last run %+v, %v, want the run of day 8", last, err)
	}
}

func TestPublishedIsWhatWasRecorded(t *testing.T) {
	for _, profile := range []string{"live", "archive"} {
		t.Run(profile, func(t *testing.T) {
			want := testutil.Packages(t, profile)
			shuffled := slices.Clone(want)
			rand.New(rand.NewPCG(1, 2)).Shuffle(len(shuffled),
				func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
			dir := t.TempDir()
			for i, at := range []time.Time{day(1), day(20)} {
				path := filepath.Join(dir, fmt.Sprint(i), history.FileName)
				s := openDB(t, path)
				if _, err := s.Record(t.Context(), history.Snapshot{Run: run(at), Published: shuffled}); err != nil {
					t.Fatal(err)
				}
				got, err := openDB(t, path).Published(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Fatalf("recorded at %v (-want +got):\n%.2000s", at, diff)
				}
			}
		})
	}
}

func TestTextIsUnchanged(t *testing.T) {
	p := build(t, "a", func(r *catalog.Record) {
		r.Name, r.ProductName = `Robert'); DROP TABLE packages; -- "Ä" スライサー`, `$x {y} </script>`
		r.BuildDate = "2021-06-21 22:00:26"
	})
	held := []catalog.Held{
		{ID: "x\x00y\xff", Name: "'\"\n", Field: "meta.revision", Value: strings.Repeat("z", 100_000),
			Reason: "not a decimal number"},
		{Field: "_id", Reason: "not 24 lower-case hex digits"},
	}
	s := openDB(t, filepath.Join(t.TempDir(), "c"))
	for i := range 2 {
		if _, err := s.Record(t.Context(),
			history.Snapshot{Run: run(day(1 + i)), Published: []*catalog.Package{p}, Held: held}); err != nil {
			t.Fatal(err)
		}
		published, err := s.Published(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]*catalog.Package{p}, published); diff != "" {
			t.Errorf("published (-want +got):\n%s", diff)
		}
		got, err := s.Held(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(held, got); diff != "" {
			t.Errorf("held (-want +got):\n%s", diff)
		}
	}
	if _, err := s.Record(t.Context(),
		history.Snapshot{Run: run(day(3)), Published: []*catalog.Package{p}, Held: held[1:]}); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Held(t.Context()); err != nil || !slices.Equal(got, held[1:]) {
		t.Errorf("held %v, %v", got, err)
	}
}

func TestOneCataloguePerFolder(t *testing.T) {
	const url, other = "https://packages.viewer.example/api/v1", "000000000000000000000000"
	tests := []struct {
		name        string
		first, next history.Run
		want        string // "": accepted
	}{
		{"the same", history.Run{Source: url, App: testutil.App}, history.Run{Source: url, App: testutil.App}, ""},
		{"the sample again", history.Run{Source: "sample", App: testutil.App},
			history.Run{Source: "sample", App: testutil.App}, ""},
		{"a saved listing", history.Run{Source: url, App: testutil.App},
			history.Run{Source: "file:listing.json", App: testutil.App}, ""},
		{"a file called sample", history.Run{Source: url, App: testutil.App},
			history.Run{Source: "file:sample", App: testutil.App}, ""},
		{"a server after the sample", history.Run{Source: "sample", App: testutil.App},
			history.Run{Source: url, App: other}, ""},
		{"the sample after a server", history.Run{Source: url, App: testutil.App},
			history.Run{Source: "sample", App: testutil.App},
			"the data folder holds the packages of " + url + ", not of sample"},
		{"another application", history.Run{Source: url, App: testutil.App}, history.Run{Source: url, App: other},
			"the data folder holds the packages of application " + testutil.App + ", not of application " + other},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := openDB(t, filepath.Join(t.TempDir(), "c"))
			if err := s.Accept(t.Context(), test.next); err != nil {
				t.Fatalf("an empty catalogue does not accept %+v: %v", test.next, err)
			}
			a, b := build(t, "a", nil), build(t, "b", nil)
			if _, err := s.Record(t.Context(),
				history.Snapshot{Run: test.first, Published: []*catalog.Package{a}}); err != nil {
				t.Fatal(err)
			}
			accept := s.Accept(t.Context(), test.next)
			_, record := s.Record(t.Context(), history.Snapshot{Run: test.next, Published: []*catalog.Package{b}})
			want := a
			if test.want == "" {
				want = b
			}
			for _, err := range []error{accept, record} {
				if test.want == "" {
					if err != nil {
						t.Error(err)
					}
				} else if err == nil || fault.KindOf(err) != fault.Usage ||
					!strings.HasSuffix(err.Error(), test.want) || len(fault.Hints(err)) != 1 {
					t.Errorf("error %v, want a usage error with a hint: %s", err, test.want)
				}
			}
			published, err := s.Published(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]*catalog.Package{want}, published); diff != "" {
				t.Errorf("published (-want +got):\n%s", diff)
			}
		})
	}
}

// TestOpenAtOnce creates the same catalogue from several goroutines at once.
func TestOpenAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "var", "a ?b%20#c", history.FileName)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			s, err := history.Open(t.Context(), path)
			if err != nil {
				t.Error(err)
				return
			}
			defer s.Close()
			if _, err := s.Record(t.Context(), history.Snapshot{Run: run(day(1)), Published: nil}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if files, err := filepath.Glob(filepath.Dir(path) + "/*"); err != nil || !slices.Equal(files, []string{path}) {
		t.Errorf("files %q, %v, want only %q", files, err, path)
	}
}

func TestEmptyCatalogue(t *testing.T) {
	s := openDB(t, filepath.Join(t.TempDir(), "c"))
	published, err := s.Published(t.Context())
	if err != nil || len(published) != 0 {
		t.Errorf("published %v, %v", published, err)
	}
	if last, err := s.LastRun(t.Context()); err != nil || last != (history.Run{}) || last.IsSample() {
		t.Errorf("last run %+v, %v", last, err)
	}
}

// TestLearned checks that newly learned values and a new URL do not count as changes of a package.
func TestLearned(t *testing.T) {
	s := openDB(t, filepath.Join(t.TempDir(), history.FileName))
	p := build(t, "a", nil)
	record := func(n int, change func(*catalog.Package)) history.Change {
		t.Helper()
		next := *p
		change(&next)
		p = &next
		c, err := s.Record(t.Context(), history.Snapshot{Run: run(day(n)), Published: []*catalog.Package{p}})
		if err != nil {
			t.Fatal(err)
		}
		published, err := s.Published(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]*catalog.Package{p}, published); diff != "" {
			t.Errorf("day %d: published (-want +got):\n%s", n, diff)
		}
		return c
	}
	record(1, func(*catalog.Package) {})
	if c := record(2, func(p *catalog.Package) {
		p.FileName, p.SHA256 = "aurora.exe",
			strings.Repeat("ab", 32)
	}); !c.Empty() {
		t.Errorf("learned values are changes: %+v", c)
	}
	if c := record(3, func(p *catalog.Package) { p.URL = "https://mirror.example.org/a" }); !c.Empty() {
		t.Errorf("a new URL is a change: %+v", c)
	}
	if c := record(4, func(p *catalog.Package) {
		p.Signature, p.SBOM = p.URL+".asc", p.URL+".spdx.json"
	}); !c.Empty() {
		t.Errorf("a signature and an SBOM are changes: %+v", c)
	}
	c := record(5, func(p *catalog.Package) { p.FileName = "aurora-2.exe" })
	want := []history.FieldChange{{Field: "file_name", Before: "aurora.exe", After: "aurora-2.exe"}}
	if len(c.Changed) != 1 || !cmp.Equal(want, c.Changed[0].Fields) {
		t.Errorf("a new file: change %+v", c)
	}
	entries, err := s.All(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !entries[0].LastChanged.Equal(day(5)) {
		t.Errorf("last changed %v", entries[0].LastChanged)
	}
}

// TestMemory checks that the memory of a source is stored, and replaced by that of another source.
func TestMemory(t *testing.T) {
	s := openDB(t, filepath.Join(t.TempDir(), history.FileName))
	record := func(source string, memory map[string]string) {
		t.Helper()
		r := run(day(1))
		r.Source = source
		if _, err := s.Record(t.Context(), history.Snapshot{Run: r, Memory: memory}); err != nil {
			t.Fatal(err)
		}
	}
	for _, memory := range []map[string]string{{"a": "1", "b": `{"x": "'"}`}, {"b": "2"}, {}} {
		record("https://one.example.org/api/v1", memory)
		got, err := s.Memory(t.Context(), "https://one.example.org/api/v1")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(memory, got); diff != "" {
			t.Errorf("memory (-want +got):\n%s", diff)
		}
	}
	record("https://one.example.org/api/v1", map[string]string{"a": "1"})
	record("https://two.example.org/api/v1", map[string]string{"a": "2"})
	if got, err := s.Memory(t.Context(), "https://one.example.org/api/v1"); err != nil || len(got) > 0 {
		t.Errorf("memory of another source: %v, %v", got, err)
	}
	for app, want := range map[string]string{testutil.App: "https://two.example.org/api/v1", "other": ""} {
		if got, err := s.LastServer(t.Context(), app); err != nil || got != want {
			t.Errorf("last server of %s: %q, %v", app, got, err)
		}
	}
	record("file:listing.json", nil)
	if got, err := s.LastServer(t.Context(), testutil.App); err != nil || got != "https://two.example.org/api/v1" {
		t.Errorf("last server after a file: %q, %v", got, err)
	}
}
