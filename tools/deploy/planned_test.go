package deploy

import (
	"path"
	"strings"
	"testing"

	"github.com/Slicer/sitegen/generator/deploy/objects"
	"github.com/Slicer/sitegen/generator/redirect/servers/cloudfront"
)

// TestPlanned loses parts of a site in different ways: what --dry-run --verify announces is what --verify then does.
func TestPlanned(t *testing.T) {
	w := newWorld(t)
	w.deploy()
	lose := func(pattern string) {
		t.Helper()
		for _, key := range w.list("") {
			if ok, _ := path.Match(pattern, key); ok {
				w.remove(key)
			}
		}
	}
	node := func() string {
		for key := range w.keys.Keys() {
			if !strings.Contains(key, "/") && !strings.HasPrefix(key, "deploy") {
				return key
			}
		}
		return ""
	}
	for _, tt := range []struct {
		name          string
		damage        func()
		objects, keys int // what is reported; -1 for any number
		unchanged     bool
	}{
		{"nothing", func() {}, 0, 0, true},
		{"some objects", func() { lose("o/*.css") }, -1, 0, true},
		{"the root", func() { w.keys.Put(cloudfront.RootKey(""), "x") }, 0, 1, true},
		{"a node", func() { w.keys.Put(node(), "x") }, 0, 1, true},
		{"objects and a node", func() { lose("o/*.css"); w.keys.Put(node(), "x") }, -1, 1, true},
		{"the record", func() { lose("deploys/*") }, 1, 0, false},
		{"the base of the record", func() { lose("o/*.gz") }, 1, 0, false},
		{"an object that the built site does not have", func() {
			w.page("hello", "second text")
			w.run(0, "build", "--quiet")
			lose("o/*.html")
		}, -1, 0, false},
		{"a damaged record", func() {
			data := []byte("no record")
			for _, key := range w.list("deploys/") {
				if err := connect(t).Bucket(bucketName).Put(t.Context(), key, int64(len(data)), objects.Headers{},
					opener(data)); err != nil {
					t.Fatal(err)
				}
			}
		}, 1, 0, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.damage()
			before := w.live()
			planned := w.deploy("--verify", "--dry-run")
			r := w.deploy("--verify")
			if planned.Requests != r.Requests {
				t.Errorf("planned requests %+v, sent %+v", planned.Requests, r.Requests)
			}
			if *planned.Damage != *r.Damage || tt.objects >= 0 && r.Damage.Objects != tt.objects ||
				r.Damage.Keys != tt.keys || planned.Unchanged != r.Unchanged || r.Unchanged != tt.unchanged ||
				planned.Objects != r.Objects || planned.Previous != r.Previous {
				t.Errorf("planned %+v %+v\ndone %+v %+v", planned, planned.Damage, r, r.Damage)
			}
			if len(before) == 1 && r.Previous != before[0] {
				t.Errorf("previous deploy %q, want %q", r.Previous, before[0])
			}
			w.seeAll()
		})
	}
}
