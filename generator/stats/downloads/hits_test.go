package downloads

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/sqlite"
)

// randomHits returns hits of few keys on a few days, so that many have the same key.
func randomHits(r *rand.Rand, n int) []Hit {
	visitors := []int64{math.MinInt64, -5, -1, 0, 1, 7, math.MaxInt64}
	list := make([]Hit, n)
	for i := range list {
		list[i] = Hit{
			Day: 19815 + r.Int32N(3), Package: 1 + r.Int32N(3), Visitor: visitors[r.IntN(len(visitors))],
			Agent: 1 + r.Int32N(2), First: r.Int32N(secondsPerDay), Counted: r.IntN(2) == 0,
		}
		list[i].Place = int32(list[i].Visitor & 3) // a visitor has one place
		if r.IntN(2) == 0 {
			list[i].Place = 0 // as without a GeoIP database
		}
	}
	return list
}

// combined combines the hits with the same key, without packing them, sorted by key.
func combined(list []Hit) []Hit {
	all := map[Hit]Hit{}
	for _, h := range list {
		key := Hit{Day: h.Day, Package: h.Package, Visitor: h.Visitor, Agent: h.Agent}
		if old, ok := all[key]; ok {
			h.First, h.Counted, h.Place = min(h.First, old.First), h.Counted || old.Counted, max(h.Place, old.Place)
		}
		all[key] = h
	}
	return slices.SortedFunc(maps.Values(all), compareKeys)
}

// stored returns all stored hits, sorted by key.
func stored(t *testing.T, d *DB) (list []Hit) {
	t.Helper()
	if err := eachDay(t.Context(), d.file, func(day int32, hits packed) error {
		for ; len(hits) > 0; hits = hits[hitSize:] {
			h := hits.first()
			h.Day = day
			list = append(list, h)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return list
}

// TestHits adds random hits in random batches, and drops some of them. After each batch, the stored hits must be those
// that a simple program combines, and Recount must find as many new ones as this program.
func TestHits(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 1))
		d := open(t, filepath.Join(t.TempDir(), FileName))
		var want []Hit
		var before map[Hit]bool
		for range 8 {
			for range 1 + r.IntN(5) {
				list := randomHits(r, 1+r.IntN(40))
				want = combined(append(want, list...))
				b, err := d.Begin(t.Context())
				if err == nil {
					err = b.AddHits(list)
				}
				if err == nil {
					err = b.Commit()
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			if diff := gocmp.Diff(want, stored(t, d)); diff != "" {
				t.Fatalf("seed %d: %s", seed, diff)
			}
			recounted, err := d.Recount(t.Context(), false)
			if err != nil {
				t.Fatal(err)
			}
			now, changed, days := map[Hit]bool{}, int64(0), map[int32]bool{}
			for _, h := range want {
				if now[h] = true; !before[h] {
					changed++
					days[h.Day] = true
				}
			}
			if recounted.Hits != changed || !slices.Equal(recounted.Days, slices.Sorted(maps.Keys(days))) {
				t.Fatalf("seed %d: recounted %+v, want %d hits on the days %v", seed, recounted, changed, days)
			}
			want = dropSome(t, r, d, want)
			if diff := gocmp.Diff(want, stored(t, d)); diff != "" {
				t.Fatalf("seed %d: dropped: %s", seed, diff)
			}
			before = map[Hit]bool{}
			for _, h := range want {
				before[h] = true
			}
		}
	}
}

// dropSome drops some hits, and others that are not stored. It returns the rest.
func dropSome(t *testing.T, r *rand.Rand, d *DB, list []Hit) (rest []Hit) {
	t.Helper()
	drop, err := d.BeginDrop(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer drop.Rollback()
	dropped := []Hit{{Day: 19815, Package: 9}, {Day: 2, Package: 1}}
	for _, h := range list {
		if r.IntN(4) == 0 {
			dropped = append(dropped, h)
		} else {
			rest = append(rest, h)
		}
	}
	if err := drop.Hits(dropped); err != nil {
		t.Fatal(err)
	}
	if err := drop.Commit(); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Recount(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	return rest
}

// TestOlderHits migrates a database with one row for each hit.
func TestOlderHits(t *testing.T) {
	path := filepath.Join(t.TempDir(), FileName)
	older := format()
	older.Migrations = older.Migrations[:4]
	file, err := sqlite.Open(t.Context(), path, older)
	if err != nil {
		t.Fatal(err)
	}
	want := combined(randomHits(rand.New(rand.NewPCG(1, 1)), 500))
	for _, h := range want {
		if err := file.Exec(t.Context(), "INSERT INTO hits VALUES (?, ?, ?, ?, ?, ?, ?)", h.Day, h.Package, h.Visitor,
			h.Agent, h.Place, h.First, h.Counted); err != nil {
			t.Fatal(err)
		}
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	before, err := Check(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	d := open(t, path)
	if diff := gocmp.Diff(want, stored(t, d)); diff != "" {
		t.Error(diff)
	}
	if after, err := Check(t.Context(), path); err != nil || !after.Equal(before) || after.IsZero() {
		t.Errorf("the last request was at %s, after the migration at %s; error %v", before, after, err)
	}
}

// TestFirsts adds random requests of many visitors day by day, in random order, and compares the accesses with those
// that a simple program finds.
func TestFirsts(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	d := open(t, filepath.Join(t.TempDir(), FileName))
	agent, place := setNames(t, d)
	var all []Hit
	for _, n := range r.Perm(12) {
		var list []Hit
		for range 3000 {
			list = append(list, Hit{
				Day: 19815 + int32(n/2), Package: 1 + r.Int32N(2), Visitor: (r.Int64N(3000) - 1500) << 50, Agent: agent,
				Place: place, First: r.Int32N(secondsPerDay), Counted: true,
			})
		}
		all = append(all, list...)
		b, err := d.Begin(t.Context())
		if err == nil {
			err = b.AddHits(list)
		}
		if err == nil {
			err = b.Commit()
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.Recount(t.Context(), true); err != nil {
			t.Fatal(err)
		}
		if diff := gocmp.Diff(simpleAccesses(all), accessesOf(t, d)); diff != "" {
			t.Fatalf("after day %d: %s", n, diff)
		}
	}
	if rows := count(t, d.Reader, "SELECT count(*) FROM firsts"); rows < 8 {
		t.Errorf("the visitors are in %d rows; want several for each package", rows)
	}
	if differences, _, err := d.Verify(t.Context()); err != nil || len(differences) > 0 {
		t.Errorf("differences %v, error %v", differences, err)
	}
}

// setNames adds a user agent and a place that format 1.0 counts.
func setNames(t *testing.T, d *DB) (agent, place int32) {
	t.Helper()
	b, err := d.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer b.Rollback()
	agent, place, err = names(b)
	if err == nil {
		err = b.Commit()
	}
	if err != nil {
		t.Fatal(err)
	}
	return agent, place
}

// names returns the ids of a user agent and a place that format 1.0 counts.
func names(b *Batch) (agent, place int32, err error) {
	agents, _, err := b.Agents([]string{"Firefox"}, func(string) (Agent, error) {
		return Agent{Class: 1, Legacy: "Browser"}, nil
	})
	if err != nil {
		return 0, 0, err
	}
	places, err := b.Places([]Place{{"DE", "52.52,13.405"}})
	if err != nil {
		return 0, 0, err
	}
	return agents[0], places[0], nil
}

// simpleAccesses returns the accesses of hits, as Reader.Accesses does.
func simpleAccesses(hits []Hit) map[int32]string {
	type visit struct {
		pkg     int32
		visitor int64
	}
	earliest := map[visit]Hit{}
	for _, h := range hits {
		key := visit{h.Package, h.Visitor}
		if old, ok := earliest[key]; !ok || h.Day < old.Day || h.Day == old.Day && h.First < old.First {
			earliest[key] = h
		}
	}
	list := slices.SortedFunc(maps.Values(earliest), func(a, b Hit) int {
		return cmp.Or(cmp.Compare(a.First, b.First), cmp.Compare(a.Package, b.Package))
	})
	days := map[int32]string{}
	for _, h := range list {
		line := fmt.Sprintf("%d %d %d", h.First, h.Package, h.Place)
		if days[h.Day] != "" {
			line = "\n" + line
		}
		days[h.Day] += line
	}
	return days
}

// accessesOf returns the stored accesses.
func accessesOf(t *testing.T, d *DB) map[int32]string {
	t.Helper()
	days := map[int32]string{}
	if err := d.Accesses(t.Context(), func(day int32, lines []byte) error {
		days[day] = string(lines)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return days
}
