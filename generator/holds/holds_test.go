package holds_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/holds"
)

const file = "redirects/holds.yaml"

func TestParse(t *testing.T) {
	got, err := holds.Parse(file, `# a comment
holds:
  - id: AAAA
    why: "no: signature"
  - why: crashes
    id: 0010
    by: ada
    day: 2026-11-27
`)
	if err != nil {
		t.Fatal(err)
	}
	want := []holds.Hold{
		{ID: "AAAA", Why: "no: signature", At: fault.Place{File: file, Line: 3, Col: 9}},
		{ID: "0010", Why: "crashes", By: "ada", Day: "2026-11-27", At: fault.Place{File: file, Line: 6, Col: 9}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if h := holds.Find(got, "aaaa"); h == nil || h.ID != "AAAA" || holds.Find(got, "10") != nil {
		t.Errorf("found %v", h)
	}
}

func TestMistakes(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"unknown key", "hold:\n  - id: a\n", `:1:1: unknown key "hold"; did you mean "holds"?`},
		{"unknown key of an entry", "holds:\n  - id: a\n    why: b\n    reason: c\n",
			`:4:5: unknown key "reason"; the keys are id, why, by, day`},
		{"no id", "holds:\n  - why: b\n", `:2:5: an entry has no id; write id: …`},
		{"no reason", "holds:\n  - id: a\n", `:2:5: an entry has no why; write why: …`},
		{"empty id", "holds:\n  - id: \"\"\n    why: b\n", `:2:9: id is empty`},
		{"twice", "holds:\n  - id: a\n    why: b\n  - id: A\n    why: b\n",
			`:4:5: id "A" occurs twice, first in line 2; remove one`},
		{"bad day", "holds:\n  - id: a\n    why: b\n    day: 2026-02-30\n",
			`:4:10: day must be YYYY-MM-DD (found "2026-02-30")`},
		{"only an id", "holds:\n  - a\n", `:2:5: holds must be a list of groups of keys (found "a")`},
		{"no list", "holds: a\n", `:1:8: holds must be a list (found "a"); write [a]`},
		{"an unquoted colon", "holds:\n  - id: a\n    why: b: c\n",
			`:3:10: why has a colon and must be in quotes (found "b: c"); write why: "b: c"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := holds.Parse(file, test.text)
			if err == nil || err.Error() != file+test.want {
				t.Errorf("error %v, want %s", err, file+test.want)
			}
			if _, err := holds.Add(file, test.text, holds.Hold{ID: "x", Why: "y"}); err == nil {
				t.Error("a file with mistakes was edited")
			}
		})
	}
}

const edited = `# People write here.

holds:
  # Waits for a new signature.
  - id: bbbb
    why: 'no signature' # yet
    by: ada
    # since the release

  # The last one.
  - why: crashes
    id: dddd
# The end.
`

func TestAdd(t *testing.T) {
	insert := func(before, lines string) string { return strings.Replace(edited, before, lines+before, 1) }
	for _, test := range []struct {
		name, text string
		add        holds.Hold
		want       string
	}{
		{"a new file", "", holds.Hold{ID: "a", Why: "b", By: "ada", Day: "2026-11-27"},
			"# Packages that are kept off the site. \"sitegen packages hold\" and \"unhold\" edit this list.\n" +
				"holds:\n  - id: a\n    why: b\n    by: ada\n    day: \"2026-11-27\"\n"},
		{"an empty list", "holds: [] # none\n", holds.Hold{ID: "a", Why: "b"}, "holds: # none\n  - id: a\n    why: b\n"},
		{"a list without a value", "# a\nholds:\n# b\n", holds.Hold{ID: "a", Why: "b"},
			"# a\nholds:\n  - id: a\n    why: b\n# b\n"},
		{"only a comment", "# a", holds.Hold{ID: "a", Why: "b"}, "# a\nholds:\n  - id: a\n    why: b\n"},
		{"Windows", "holds:\r\n- id: b\r\n  why: c\r\n", holds.Hold{ID: "a", Why: "b: c"},
			"holds:\r\n- id: a\r\n  why: \"b: c\"\r\n- id: b\r\n  why: c\r\n"},
		{"first", edited, holds.Hold{ID: "aaaa", Why: "b"},
			insert("  # Waits", "  - id: aaaa\n    why: b\n")},
		{"between", edited, holds.Hold{ID: "cccc", Why: "b"}, insert("  # The last", "  - id: cccc\n    why: b\n")},
		{"last", edited, holds.Hold{ID: "eeee", Why: "b"}, insert("# The end", "  - id: eeee\n    why: b\n")},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := holds.Add(file, test.text, test.add)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestRemove(t *testing.T) {
	for _, test := range []struct{ name, text, id, want string }{
		{"the first", edited, "BBBB", strings.Replace(edited,
			"  - id: bbbb\n    why: 'no signature' # yet\n    by: ada\n", "", 1)},
		{"the last", edited, "dddd", strings.Replace(edited, "  - why: crashes\n    id: dddd\n", "", 1)},
		{"the only one", "holds:\n  - id: a\n    why: b\n", "a", "holds:\n"},
		{"a dash alone", "holds:\n  -\n    id: a\n    why: >\n      b\n      c\n  - id: b\n    why: c\n", "a",
			"holds:\n  - id: b\n    why: c\n"},
		{"none", edited, "aaaa", edited},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := holds.Remove(file, test.text, test.id)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestForms checks that a file is not damaged if it is written in another form of YAML.
func TestForms(t *testing.T) {
	for _, text := range []string{
		"{holds: [{id: a, why: b}]}\n", "holds: [{id: a, why: b}]\n", "holds: [\n  {id: a, why: b}]\n",
	} {
		_, add := holds.Add(file, text, holds.Hold{ID: "b", Why: "c"})
		_, remove := holds.Remove(file, text, "a")
		for _, err := range []error{add, remove} {
			if err == nil || !strings.Contains(err.Error(), "cannot edit the list in this form") {
				t.Errorf("%q: error %v", text, err)
			}
		}
	}
}

// FuzzHolds checks that Parse never panics, that Add adds exactly one entry and that Remove undoes it.
func FuzzHolds(f *testing.F) {
	f.Add("", "a", "b")
	f.Add(edited, "cccc", "crashes: at start")
	f.Add("holds: []\n", "660fa2e930e435b0e355f67c", "\"")
	f.Add("holds:\n- id: a\n  why: >\n    b\n", "0", "- x")
	f.Add("\ufeffholds:\r\n  - {id: a, why: b}\r\n", "b", "#")
	f.Fuzz(func(t *testing.T, text, id, why string) {
		before, err := holds.Parse(file, text)
		if err != nil {
			return
		}
		id, why = strings.TrimSpace(id), strings.TrimSpace(why)
		if id == "" || why == "" || holds.Find(before, id) != nil {
			return
		}
		added, err := holds.Add(file, text, holds.Hold{ID: id, Why: why})
		if err != nil {
			return // a form that cannot be edited
		}
		now, err := holds.Parse(file, added)
		if err != nil || len(now) != len(before)+1 || holds.Find(now, id) == nil || holds.Find(now, id).Why != why {
			t.Fatalf("added %q to %q: %q: %v, %v", id, text, added, now, err)
		}
		removed, err := holds.Remove(file, added, id)
		if err != nil {
			t.Fatalf("remove %q from %q: %v", id, added, err)
		}
		after, err := holds.Parse(file, removed)
		if diff := cmp.Diff(before, after, cmpopts.EquateEmpty(), cmpopts.IgnoreFields(holds.Hold{}, "At")); diff != "" {
			t.Fatalf("%q after adding and removing: %q, %v\n%s", text, removed, err, diff)
		}
	})
}
