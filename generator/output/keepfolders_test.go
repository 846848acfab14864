package output_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/output"
)

// A folder of maps that this build has no files for keeps those of an earlier build, and later builds know them.
func TestFoldersThatAreKept(t *testing.T) {
	s := newSite(t)
	s.build(nginxMap("a/x.conf", "1"), nginxMap("b/x.conf", "1"), nginxMap("b/y/z.conf", "1"), nginxMap("bb.conf", "1"))
	run := func(inputs string, keep []string, files ...output.File) *output.Plan {
		t.Helper()
		w := s.open()
		defer w.Close()
		p, err := w.Plan(t.Context(), files, keep...)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Apply(t.Context(), p, inputs); err != nil {
			t.Fatal(err)
		}
		return p
	}

	before := s.stamps()
	p := run("", []string{"b"}, nginxMap("a/x.conf", "2"), page("b/index.html", "1"))
	if diff := cmp.Diff(output.Changes{Written: []string{"a/x.conf"}, Removed: []string{"bb.conf"}, Unchanged: 2},
		p.Redirects); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
	want := map[string]string{"redirects/a/x.conf": "2", "redirects/b/x.conf": "1", "redirects/b/y/z.conf": "1",
		"public/b/index.html": "1"}
	if diff := cmp.Diff(want, s.tree()); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	if place := s.place("redirects/b/x.conf"); before[place] == "" || s.stamps()[place] != before[place] {
		t.Errorf("%s was written", place)
	}
	if s.verifies("") {
		t.Error("the next run would not look at the folder again")
	}

	run("inputs", nil, nginxMap("a/x.conf", "2"), nginxMap("b/x.conf", "2"), page("b/index.html", "1"))
	want = map[string]string{"redirects/a/x.conf": "2", "redirects/b/x.conf": "2", "public/b/index.html": "1"}
	if diff := cmp.Diff(want, s.tree()); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}
