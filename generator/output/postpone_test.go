package output_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/output"
)

// Without commands, files that the old maps may refer to stay until the next run. Each case begins with a complete
// run, whose maps refer to its files.
func TestRemovalsWaitForTheNextRun(t *testing.T) {
	type run struct {
		files   []output.File
		removed []string
		reload  bool // the maps have changed
		public  map[string]string
		due     bool // the next run removes files
	}
	tests := []struct {
		name  string
		first []output.File
		runs  []run
	}{
		{"the example", []output.File{record("a", "1"), nginxMap("m", "a")}, []run{
			{[]output.File{record("b", "1"), nginxMap("m", "b")}, nil, true,
				map[string]string{"public/a": "1", "public/b": "1"}, true},
			{[]output.File{record("b", "1"), nginxMap("m", "b")}, []string{"a"}, false,
				map[string]string{"public/b": "1"}, false},
		}},
		{"the maps change in each run", []output.File{record("a", "1"), nginxMap("m", "a")}, []run{
			{[]output.File{record("b", "1"), nginxMap("m", "b")}, nil, true,
				map[string]string{"public/a": "1", "public/b": "1"}, true},
			{[]output.File{record("c", "1"), nginxMap("m", "c")}, []string{"a"}, true,
				map[string]string{"public/b": "1", "public/c": "1"}, true},
			{[]output.File{record("c", "1"), nginxMap("m", "c")}, []string{"b"}, false,
				map[string]string{"public/c": "1"}, false},
		}},
		{"the maps stay", []output.File{record("a", "1"), page("b", "1"), nginxMap("m", "a")}, []run{
			{[]output.File{record("a", "1"), nginxMap("m", "a")}, []string{"b"}, false,
				map[string]string{"public/a": "1"}, false},
		}},
		{"a map is removed", []output.File{record("a", "1"), nginxMap("m", "a")}, []run{
			{nil, nil, true, map[string]string{"public/a": "1"}, true},
			{nil, []string{"a"}, false, map[string]string{}, false},
		}},
		{"a file is back in time", []output.File{record("a", "1"), nginxMap("m", "a")}, []run{
			{[]output.File{record("b", "1"), nginxMap("m", "b")}, nil, true,
				map[string]string{"public/a": "1", "public/b": "1"}, true},
			{[]output.File{record("a", "1"), record("b", "1"), nginxMap("m", "b")}, nil, false,
				map[string]string{"public/a": "1", "public/b": "1"}, false},
		}},
		{"a file is back with other content", []output.File{record("a", "1"), nginxMap("m", "a")}, []run{
			{[]output.File{record("b", "1"), nginxMap("m", "b")}, nil, true,
				map[string]string{"public/a": "1", "public/b": "1"}, true},
			{[]output.File{record("a", "2"), nginxMap("m", "a")}, nil, true,
				map[string]string{"public/a": "2", "public/b": "1"}, true},
			{[]output.File{record("a", "2"), nginxMap("m", "a")}, []string{"b"}, false,
				map[string]string{"public/a": "2"}, false},
		}},
		{"a file in the way of a folder cannot wait", []output.File{record("a", "1"), nginxMap("m", "a")}, []run{
			{[]output.File{record("a/b", "1"), nginxMap("m", "b")}, []string{"a"}, true,
				map[string]string{"public/a/b": "1"}, false},
		}},
		{"a waiting file is in the way of a folder", []output.File{record("a", "1"), nginxMap("m", "a")}, []run{
			{[]output.File{nginxMap("m", "b")}, nil, true, map[string]string{"public/a": "1"}, true},
			{[]output.File{record("a/b", "1"), nginxMap("m", "b")}, []string{"a"}, false,
				map[string]string{"public/a/b": "1"}, false},
		}},
		{"a waiting file is in a folder in the way", []output.File{record("a/b", "1"), nginxMap("m", "a")}, []run{
			{[]output.File{nginxMap("m", "b")}, nil, true, map[string]string{"public/a/b": "1"}, true},
			{[]output.File{record("a", "1"), nginxMap("m", "c")}, []string{"a/b"}, true,
				map[string]string{"public/a": "1"}, false},
		}},
		{"variants wait with their page", []output.File{page("a.txt", long(2000)), nginxMap("m", "a")}, []run{
			{[]output.File{nginxMap("m", "b")}, nil, true,
				map[string]string{"public/a.txt": long(2000), "public/a.txt.gz": "a variant"}, true},
			{[]output.File{nginxMap("m", "b")}, []string{"a.txt"}, false, map[string]string{}, false},
		}},
		{"a page is back without variants", []output.File{page("a.txt", long(2000)), nginxMap("m", "a")}, []run{
			{[]output.File{nginxMap("m", "b")}, nil, true,
				map[string]string{"public/a.txt": long(2000), "public/a.txt.gz": "a variant"}, true},
			{[]output.File{page("a.txt", "small"), nginxMap("m", "b")}, nil, false,
				map[string]string{"public/a.txt": "small"}, false},
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newSite(t)
			s.options.Precompress = output.Precompress{Gzip: true}
			s.build(test.first...)
			var last []output.File
			for i, run := range test.runs {
				p := s.build(run.files...)
				if diff := cmp.Diff(run.removed, p.Public.Removed); diff != "" {
					t.Errorf("run %d: removed (-want +got):\n%s", i, diff)
				}
				if p.Reload != run.reload {
					t.Errorf("run %d: Reload is %v", i, p.Reload)
				}
				if diff := cmp.Diff(run.public, s.public()); diff != "" {
					t.Errorf("run %d: files (-want +got):\n%s", i, diff)
				}
				if s.verifies("inputs") == run.due {
					t.Errorf("run %d: Verify is %v", i, !run.due)
				}
				last = run.files
			}
			for range 2 {
				s.build(last...)
			}
			if !s.verifies("inputs") {
				t.Error("a site without changes does not verify")
			}
			before := s.stamps()
			if p := s.build(last...); !p.Empty() {
				t.Errorf("a run without changes does %+v", p)
			}
			if diff := cmp.Diff(before, s.stamps()); diff != "" {
				t.Errorf("a run without changes has written: %s", diff)
			}
		})
	}
}

// public returns the files of public/. The content of variants is left out.
func (s *site) public() map[string]string {
	s.t.Helper()
	tree := s.tree()
	for name := range tree {
		switch {
		case !strings.HasPrefix(name, "public/"):
			delete(tree, name)
		case strings.HasSuffix(name, ".gz"):
			tree[name] = "a variant"
		}
	}
	return tree
}

// A file that returns unchanged is not written, so its ETag stays.
func TestReturningFileIsNotWritten(t *testing.T) {
	s := newSite(t)
	s.build(record("a", "1"), nginxMap("m", "a"))
	before := s.stamps()[s.place("public/a")]
	s.build(nginxMap("m", "b"))
	if p := s.build(record("a", "1"), nginxMap("m", "a")); p.Public.Unchanged != 1 {
		t.Errorf("the plan is %+v", p.Public)
	}
	if s.stamps()[s.place("public/a")] != before {
		t.Error("the file was written")
	}
}

// A run that ended in the middle may have changed maps, and its manifest does not show which files were waiting
// already. So the next run removes nothing, even if it has nothing to write.
func TestRemovalsWaitAfterAnUnfinishedRun(t *testing.T) {
	s := newSite(t)
	s.build(record("a", "1"), nginxMap("m", "a"))
	s.build(record("b", "1"), nginxMap("m", "b"))
	s.options.AfterChange = [][]string{{"true"}, {"false"}} // leaves new maps and an unfinished run
	next := []output.File{record("c", "1"), nginxMap("m", "c")}
	if _, err := s.try("inputs", next...); err == nil {
		t.Fatal("no error")
	}
	s.options.AfterChange = nil
	all := map[string]string{"public/a": "1", "public/b": "1", "public/c": "1"}
	if diff := cmp.Diff(all, s.public()); diff != "" {
		t.Fatal(diff)
	}
	if p := s.build(next...); !p.Empty() || !p.Reload {
		t.Errorf("the next run does %+v", p)
	}
	if diff := cmp.Diff(all, s.public()); diff != "" {
		t.Error(diff)
	}
	if p := s.build(next...); p.Reload || len(p.Public.Removed) != 2 {
		t.Errorf("the run after that does %+v", p)
	}
	if diff := cmp.Diff(map[string]string{"public/c": "1"}, s.public()); diff != "" {
		t.Error(diff)
	}
	if !s.verifies("inputs") {
		t.Error("does not verify")
	}
}

// With commands, files that have waited since a run without them are removed after the commands, like all others.
func TestRemovalsWithCommandsAgain(t *testing.T) {
	s := newSite(t)
	s.build(record("a", "1"), nginxMap("m", "a"))
	s.build(record("b", "1"), nginxMap("m", "b"))
	s.options.AfterChange = [][]string{{"true"}}
	s.build(record("c", "1"), nginxMap("m", "c"))
	if diff := cmp.Diff(map[string]string{"public/c": "1"}, s.public()); diff != "" {
		t.Error(diff)
	}
}
