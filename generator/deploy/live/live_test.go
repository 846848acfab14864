package live_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/deploy/live"
)

func TestDeploy(t *testing.T) {
	c := newCloud()
	first := numbered(8, 1)
	p := c.mustDeploy(t, live.Production, first)
	if len(p.Upload) != 9 || p.Kept != 0 || p.Before != nil {
		t.Errorf("first deploy: %d uploads, %d kept", len(p.Upload), p.Kept)
	}
	c.see(t, live.Production, first)

	c.requests = 0
	if p := c.mustDeploy(t, live.Production, first); !p.Unchanged || c.requests != 1 {
		t.Errorf("the same site again: unchanged %v, %d requests, want 1", p.Unchanged, c.requests)
	}

	one := maps.Clone(first)
	one["page03.html"] = "edited"
	if p := c.mustDeploy(t, live.Production, one); len(p.Upload) != 1 || len(p.Nodes) != 1 || p.Kept != 8 {
		t.Errorf("one page: %d uploads, %d nodes, %d kept", len(p.Upload), len(p.Nodes), p.Kept)
	}
	c.see(t, live.Production, one)

	delete(one, "page05.html")
	if p := c.mustDeploy(t, live.Production, one); len(p.Upload) != 0 {
		t.Errorf("deletion: %d uploads", len(p.Upload))
	}
	c.see(t, live.Production, one)
}

// TestAssets checks that the assets of earlier deploys are served for a week.
func TestAssets(t *testing.T) {
	c := newCloud()
	c.mustDeploy(t, live.Production, numbered(2, 1))
	second := numbered(2, 2)
	c.mustDeploy(t, live.Production, second)
	both := maps.Clone(second)
	both["assets/style.1.css"] = "style 1"
	c.see(t, live.Production, both)
	c.requests = 0
	if p := c.mustDeploy(t, live.Production, second); !p.Unchanged || c.requests != 1 {
		t.Errorf("unchanged %v, %d requests", p.Unchanged, c.requests)
	}
	c.pass(8 * 24 * time.Hour)
	third := numbered(2, 3)
	c.mustDeploy(t, live.Production, third)
	both = maps.Clone(third)
	both["assets/style.2.css"] = "style 2"
	c.see(t, live.Production, both)
}

func TestRollback(t *testing.T) {
	c := newCloud()
	var ids []string
	for version := 1; version <= 3; version++ {
		p := c.mustDeploy(t, live.Production, numbered(5, version))
		ids = append(ids, p.Record.ID)
	}
	l := c.live()
	back := func(id string) *live.Plan {
		t.Helper()
		c.pass(time.Hour)
		p, err := l.PlanAgain(t.Context(), live.Production, id, live.Facts{By: "test"})
		if err == nil {
			err = l.Apply(t.Context(), p)
		}
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	earlier := func() string {
		t.Helper()
		id, err := l.Earlier(t.Context(), live.Production)
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	if id := earlier(); id != ids[1] {
		t.Errorf("before the third deploy was %s, want %s", id, ids[1])
	}
	objects := len(c.objects)
	back(ids[1])
	files, err := c.visible(live.Production)
	if err != nil || files["page01.html"] != "page 1, version 2" {
		t.Errorf("after the rollback: %v, %v", files, err)
	}
	for version := 1; version <= 3; version++ { // visitors have loaded pages of all
		if path := fmt.Sprintf("assets/style.%d.css", version); files[path] == "" {
			t.Errorf("after the rollback, %s is missing", path)
		}
	}
	if len(c.objects) != objects+1 {
		t.Errorf("the rollback uploaded %d objects besides its record", len(c.objects)-objects-1)
	}
	if p := back(ids[1]); !p.Unchanged {
		t.Error("the same rollback again changes something")
	}
	if id := earlier(); id != ids[0] {
		t.Errorf("before the second deploy was %s, want %s", id, ids[0])
	}
	back(ids[0])
	if _, err := l.Earlier(t.Context(), live.Production); !errors.Is(err, live.ErrNoDeploy) {
		t.Errorf("before the first deploy: %v", err)
	}
	list, err := l.List(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range list {
		got = append(got, fmt.Sprintf("%v %v %v", e.Live, e.Unfinished, slices.Index(ids, e.Of)))
	}
	want := []string{"true false 0", "false false 1", "false false -1", "false false -1", "false false -1"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("list (-want +got):\n%s", diff)
	}
}

// TestOlderEdition deploys an older site to another edition: it uploads nothing again that only replaced deploys name, also if a
// collection removes that before the deploy is live.
func TestOlderEdition(t *testing.T) {
	c := newCloud()
	old := numbered(70, 1)
	c.mustDeploy(t, live.Production, old)
	c.mustDeploy(t, live.Production, numbered(70, 2))
	puts, lists := 0, 0
	c.after = func(request string) {
		if strings.HasPrefix(request, "put o/") && !strings.HasSuffix(request, ".gz") { // not the base of records
			puts++
		} else if strings.HasPrefix(request, "list o/") {
			lists++
		}
	}
	p := c.mustDeploy(t, "staging", old)
	if len(p.Upload) != 0 || p.Kept != len(old) || puts != 0 || lists != 1 {
		t.Errorf("%d uploads planned, %d done, %d kept, %d lists", len(p.Upload), puts, p.Kept, lists)
	}
	both := maps.Clone(old)
	both["assets/style.2.css"] = "style 2" // of production
	c.see(t, "staging", both)
	one := maps.Clone(old)
	one["page03.html"] = "edited"
	if c.mustDeploy(t, "staging", one); puts != 1 || lists != 1 {
		t.Errorf("one page: %d uploads, %d lists", puts, lists)
	}

	// A collection removes what the deploy has found.
	c.mustDeploy(t, "staging", numbered(70, 2))
	c.pass(48 * time.Hour)
	l := c.live()
	p, err := l.Plan(t.Context(), "staging", siteOf(old), nil)
	if err != nil || len(p.Upload) != 0 {
		t.Fatalf("%d uploads, %v", len(p.Upload), err)
	}
	removed, err := c.live().Collect(t.Context(), "test", live.Keep{Deploys: 1, MaxDeletes: 1000}, nil)
	if err != nil || len(removed.Objects) == 0 {
		t.Fatalf("%+v, %v", removed, err)
	}
	puts = 0
	if err := l.Apply(t.Context(), p); err != nil || puts < 40 {
		t.Errorf("%d uploads, %v", puts, err)
	}
	c.see(t, "staging", both)

	// A deploy that was cut off has no record.
	c = newCloud()
	p, err = c.live().Plan(t.Context(), live.Production, siteOf(old), nil)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	c.before = func(context.Context, string) error {
		if n++; n > 20 {
			return errors.New("cut off")
		}
		return nil
	}
	if err := c.live().Apply(t.Context(), p); err == nil {
		t.Fatal("no error")
	}
	c.before = nil
	if p = c.mustDeploy(t, live.Production, old); p.Kept != 20 || len(p.Upload) != len(old)-20 {
		t.Errorf("after the cut: %d kept, %d uploads", p.Kept, len(p.Upload))
	}
	c.see(t, live.Production, old)
}

// TestPromote checks that editions share objects, and that production gets what staging has, with the assets that
// production had.
func TestPromote(t *testing.T) {
	c := newCloud()
	old, staged := numbered(6, 1), numbered(6, 2)
	c.mustDeploy(t, live.Production, old)
	p := c.mustDeploy(t, "staging", staged)
	if len(p.Upload) != 5 || p.Kept != 2 { // page00 and page03 are the same in all versions
		t.Errorf("staging: %d uploads, %d kept", len(p.Upload), p.Kept)
	}
	c.see(t, live.Production, old)
	seen := maps.Clone(staged)
	seen["assets/style.1.css"] = "style 1" // which the pages of production need that visitors have loaded
	c.see(t, "staging", seen)
	l := c.live()
	again, err := l.PlanAgain(t.Context(), live.Production, p.Record.ID, live.Facts{})
	if err == nil {
		err = l.Apply(t.Context(), again)
	}
	if err != nil {
		t.Fatal(err)
	}
	c.see(t, live.Production, seen)
	c.requests = 0
	if p := c.mustDeploy(t, live.Production, staged); !p.Unchanged || c.requests != 1 {
		t.Error("deploying the promoted site changes something")
	}

	// Staging does not know the assets of production's later deploys, but a promotion does, and the next deploy, too.
	c.mustDeploy(t, live.Production, numbered(6, 3))
	again, err = l.PlanAgain(t.Context(), live.Production, p.Record.ID, live.Facts{})
	if err == nil {
		err = l.Apply(t.Context(), again)
	}
	if err != nil {
		t.Fatal(err)
	}
	seen["assets/style.3.css"] = "style 3"
	c.see(t, live.Production, seen)
	c.pass(6 * 24 * time.Hour)
	next := numbered(6, 4)
	c.mustDeploy(t, live.Production, next)
	next["assets/style.1.css"], next["assets/style.2.css"], next["assets/style.3.css"] = "style 1", "style 2", "style 3"
	c.see(t, live.Production, next)
}

// TestCollect checks that only what no kept deploy names is deleted, after the grace time, and not too much at once.
func TestCollect(t *testing.T) {
	c := newCloud()
	for version := 1; version <= 6; version++ {
		c.mustDeploy(t, live.Production, numbered(9, version))
	}
	c.mustDeploy(t, "staging", numbered(9, 1))
	l := c.live()
	count := func() string {
		records := 0
		for key := range c.objects {
			if strings.HasPrefix(key, "deploys/") {
				records++
			}
		}
		return fmt.Sprintf("%d records, %d objects, %d keys", records, len(c.objects)-records, len(c.keys))
	}
	collect := func(keep live.Keep) *live.Collection {
		t.Helper()
		got, err := l.Collect(t.Context(), "test", keep, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, edition := range []string{live.Production, "staging"} {
			if _, err := c.visible(edition); err != nil {
				t.Fatal(err)
			}
		}
		return got
	}
	before := count()
	c.requests = 0
	if got := collect(keepAll); !got.Empty() || count() != before || c.requests > 3 {
		t.Errorf("nothing to collect: %+v, %s, %d requests", got, count(), c.requests)
	}
	two := live.Keep{Deploys: 2, Grace: 24 * time.Hour, MaxDeletes: 1000}
	if got := collect(two); !got.Empty() {
		t.Errorf("within the grace time: %+v", got)
	}
	c.pass(24 * time.Hour)
	two.MaxDeletes = 3
	if got := collect(two); len(got.Objects) != 3 {
		t.Errorf("at most 3 at once: %+v", got)
	}
	two.MaxDeletes = 1000
	if got := collect(two); len(got.Records) == 0 || len(got.Objects) == 0 || len(got.Nodes) == 0 {
		t.Errorf("after the grace time: %+v", got)
	}
	if got := collect(two); !got.Empty() {
		t.Errorf("again: %+v", got)
	}
	list, err := l.List(t.Context(), live.Production)
	if err != nil || len(list) != 2 {
		t.Errorf("%d deploys of production remain, %v", len(list), err)
	}
	if _, ok := c.keys["deploy-lease"]; ok {
		t.Error("the lease remains")
	}
}

// TestFull checks that a full store makes room, and that a site that does not fit changes nothing.
func TestFull(t *testing.T) {
	c := newCloud()
	c.maxSize = 4500
	for version := 1; version <= 8; version++ {
		c.pass(2 * time.Hour)
		c.mustDeploy(t, live.Production, numbered(20, version))
		got, err := c.visible(live.Production)
		if err != nil || got["page01.html"] != fmt.Sprint("page 1, version ", version) {
			t.Fatalf("%v, %v", got, err)
		}
	}
	before := maps.Clone(c.keys)
	_, err := deploy(t.Context(), c.live(), live.Production, numbered(90, 1), keepAll)
	if full, ok := errors.AsType[*live.FullError](err); !ok || full.Max != 4500 {
		t.Errorf("a site that does not fit: %v", err)
	}
	if diff := cmp.Diff(before, c.keys); diff != "" {
		t.Errorf("it changed the store:\n%s", diff)
	}
}

// TestVerify removes parts of a site and checks that they are found and put back.
func TestVerify(t *testing.T) {
	c := newCloud()
	files := numbered(9, 1)
	r := c.mustDeploy(t, live.Production, files).Record
	site := siteOf(files)
	l := c.live()
	for i := range 20 {
		random := rand.New(rand.NewPCG(uint64(i), 0))
		lost := site.Objects[random.IntN(len(site.Objects))].Key
		delete(c.objects, lost)
		node := slices.Sorted(maps.Keys(r.Nodes))[random.IntN(len(r.Nodes))]
		delete(c.keys, node)
		if i%2 == 0 {
			delete(c.keys, "root/production")
		}
		c.objects["o/orphan"] = object{modified: c.now.Add(-25 * time.Hour)}
		c.objects["o/young"] = object{modified: c.now.Add(-23 * time.Hour)}
		c.keys["n/loose"] = "x"
		live1, d, err := l.Verify(t.Context(), live.Production, 24*time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		want := &live.Damage{Objects: []string{lost}, Nodes: []string{node}, Root: i%2 == 0,
			Orphans: []string{"o/orphan"},
			Loose:   []string{"n/loose"}}
		if diff := cmp.Diff(want, d); diff != "" {
			t.Fatalf("found (-want +got):\n%s", diff)
		}
		mend, err := l.PlanMend(live1, d, site)
		if err == nil {
			err = l.Mend(t.Context(), mend)
		}
		if err != nil {
			t.Fatal(err)
		}
		c.see(t, live.Production, files)
		if _, err := l.Collect(t.Context(), r.ID, keepAll, d); err != nil {
			t.Fatal(err)
		}
		if c.objects["o/orphan"].modified != (time.Time{}) || c.keys["n/loose"] != "" {
			t.Error("orphans remain")
		}
	}
	// A file that the site no longer has cannot be put back, but the next deploy does not need it.
	lost := site.Objects[4]
	delete(c.objects, lost.Key)
	edited := maps.Clone(files)
	edited[lost.Path] = "edited"
	_, d, err := l.Verify(t.Context(), live.Production, 24*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.PlanMend(r, d, siteOf(edited)); !isGone(err) {
		t.Errorf("mend without the file: %v", err)
	}
	p, err := l.Plan(t.Context(), live.Production, siteOf(edited), d)
	if err == nil {
		err = l.Apply(t.Context(), p)
	}
	if err != nil {
		t.Fatal(err)
	}
	c.see(t, live.Production, edited)
}

func isGone(err error) bool {
	_, ok := errors.AsType[*live.GoneError](err)
	return ok
}

var errKilled = errors.New("killed")
