package live_test

import (
	"errors"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/deploy/live"
)

// TestBase checks that the records of similar deploys share a base, and that nothing is lost with it.
func TestBase(t *testing.T) {
	c := newCloud()
	var plans []*live.Plan
	for version := range 4 {
		files := numbered(70, 1)
		files["page01.html"] = strings.Repeat("x", version)
		if version == 2 {
			delete(files, "page02.html")
			files["page99.html"] = "new"
		}
		plans = append(plans, c.mustDeploy(t, live.Production, files))
	}
	first := plans[0].Record
	if first.Base == nil {
		t.Fatal("the first deploy has no base")
	}
	for i, p := range plans {
		key := "deploys/" + p.Record.ID + ".json.gz"
		if size := len(c.objects[key].data); p.Record.Base.Key != first.Base.Key || size > 8<<10 {
			t.Errorf("deploy %d: base %s, want %s; %d bytes", i, p.Record.Base.Key, first.Base.Key, size)
		}
		got, err := c.live().Record(t.Context(), p.Record.ID)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(p.Record.Nodes, got.Nodes); diff != "" {
			t.Errorf("nodes of deploy %d (-want +got):\n%s", i, diff)
		}
		if diff := cmp.Diff(p.Record.Files, got.Files); diff != "" {
			t.Errorf("files of deploy %d (-want +got):\n%s", i, diff)
		}
		want, lines := strings.Split(p.Record.Contents, "\n"), strings.Split(got.Contents, "\n")
		slices.Sort(want)
		slices.Sort(lines)
		if diff := cmp.Diff(want, lines); diff != "" {
			t.Errorf("contents of deploy %d (-want +got):\n%s", i, diff)
		}
	}

	// Another site has a base of its own. That of the first deploys is deleted with the last of them.
	c.mustDeploy(t, live.Production, numbered(700, 7))
	c.pass(48 * time.Hour)
	for _, keep := range []int{2, 1} {
		_, err := c.live().Collect(t.Context(), "test", live.Keep{Deploys: keep, MaxDeletes: 1000}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := c.objects[first.Base.Key]; ok != (keep == 2) {
			t.Errorf("%d deploys are kept: the base exists: %v", keep, ok)
		}
	}
}

// TestLostBase checks that a lost or damaged base of a record can be replaced, and that nothing is deleted before.
func TestLostBase(t *testing.T) {
	for _, damaged := range []bool{false, true} {
		c := newCloud()
		c.mustDeploy(t, live.Production, numbered(70, 1))
		c.pass(48 * time.Hour)
		files := numbered(70, 2)
		r := c.mustDeploy(t, live.Production, files).Record
		if damaged {
			c.objects[r.Base.Key] = object{data: []byte("damaged"), modified: c.now}
		} else {
			delete(c.objects, r.Base.Key)
		}
		l := c.live()
		before := maps.Clone(c.objects)
		if got, err := l.Collect(t.Context(), "test", live.Keep{Deploys: 1, MaxDeletes: 1000}, nil); err != nil ||
			!got.Empty() || len(c.objects) != len(before) {
			t.Errorf("collection without the base: %+v, %v", got, err)
		}
		if _, _, err := l.Verify(t.Context(), live.Production, 24*time.Hour); !errors.Is(err, fs.ErrNotExist) {
			t.Fatalf("verify: %v", err)
		}
		p, err := l.Plan(t.Context(), live.Production, siteOf(files), &live.Damage{Root: true})
		if err == nil {
			err = l.Apply(t.Context(), p)
		}
		if err != nil {
			t.Fatal(err)
		}
		c.see(t, live.Production, files)
		if _, d, err := c.live().Verify(t.Context(), live.Production, 24*time.Hour); err != nil || d.Any() {
			t.Errorf("afterwards verify finds %+v, %v", d, err)
		}
	}
}
