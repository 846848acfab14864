package deploy

import (
	"slices"
	"strings"
	"testing"

	"github.com/Slicer/sitegen/generator/deploy/kvserver"
	"github.com/Slicer/sitegen/generator/deploy/live"
	"github.com/Slicer/sitegen/generator/deploy/objects"
)

// TestDamagedRecord overwrites records by hand: the commands that do not need them go on, and --verify writes that of
// the live deploy again.
func TestDamagedRecord(t *testing.T) {
	w := newWorld(t)
	first := w.deploy()
	w.page("hello", "second text")
	w.run(0, "build", "--quiet")
	second := w.deploy()
	damage := func(id string) {
		t.Helper()
		data := []byte("no record")
		err := connect(t).Bucket(bucketName).Put(t.Context(), "deploys/"+id+".json.gz", int64(len(data)),
			objects.Headers{}, opener(data))
		if err != nil {
			t.Fatal(err)
		}
	}
	damage(first.Deploy)
	list, _ := w.run(0, "deploy", "list")
	if lines := strings.Split(list, "\n"); !strings.HasPrefix(lines[0], "* "+second.Deploy) ||
		!strings.Contains(lines[1], first.Deploy) || !strings.Contains(lines[1], "record damaged") {
		t.Errorf("list:\n%s", list)
	}
	for _, command := range []string{"show", "rollback"} {
		_, messages := w.run(2, "deploy", command, first.Deploy)
		if !strings.Contains(messages, "is missing or damaged") || !strings.Contains(messages, "hint: ") {
			t.Errorf("%s: %s", command, messages)
		}
	}
	if r := w.deploy("--verify"); !r.Unchanged || r.Deploy != second.Deploy {
		t.Errorf("verify: %+v", r)
	}

	damage(second.Deploy)
	r := w.deploy("--verify")
	if r.Unchanged || !slices.Equal(w.live(), []string{r.Deploy}) {
		t.Errorf("the record of the live deploy is damaged: %+v", r)
	}
	w.run(0, "deploy", "show", r.Deploy)
	w.seeAll()

	w.remove("deploys/" + r.Deploy + ".json.gz")
	_, messages := w.run(0, "deploy", "list")
	if !strings.Contains(messages, "the record of a live deploy is missing") || !strings.Contains(messages, r.Deploy) {
		t.Errorf("list without the record of the live deploy: %s", messages)
	}
	_, messages = w.run(2, "deploy", "rollback")
	if !strings.Contains(messages, "no record of deploy") ||
		!strings.Contains(messages, "hint: Name the deploy to return to: sitegen deploy rollback ID.") {
		t.Errorf("rollback without the record of the live deploy: %s", messages)
	}
	r = w.deploy("--verify")
	if _, messages = w.run(0, "deploy", "list"); messages != "" {
		t.Errorf("list after --verify: %s", messages)
	}
	if !slices.Equal(w.live(), []string{r.Deploy}) {
		t.Errorf("live: %s, want %s", w.live(), r.Deploy)
	}
	w.seeAll()
}

// TestDamagedKey overwrites the keys of the store that only deploys read: each run says which one to delete.
func TestDamagedKey(t *testing.T) {
	w := newWorld(t)
	w.deploy()
	w.page("hello", "second text")
	w.run(0, "build", "--quiet")
	for _, key := range []string{"deploy-lease", "deploy:production"} {
		w.keys.Put(key, "hack")
		if _, messages := w.run(9, "deploy"); !strings.Contains(messages, "the key "+key+" of the key-value store is damaged") ||
			!strings.Contains(messages, "hint: Visitors still see the previous deploy. Delete the key") {
			t.Error(messages)
		}
		w.see(production, "/hello/", 200, "first text")
		store := connect(t).Store(kvserver.ARN)
		v, err := store.Describe(t.Context())
		if err == nil {
			_, err = store.Update(t.Context(), v.ETag, []live.Change{{Key: key, Delete: true}})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	w.deploy()
	w.seeAll()
}
