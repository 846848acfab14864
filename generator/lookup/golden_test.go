package lookup_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/testutil"
)

// TestGolden compares the answers of the index with the recorded answers of the old server.
func TestGolden(t *testing.T) {
	for _, tt := range []struct{ profile, file string }{
		{"live", "golden.jsonl"},
		{"live", "golden-objects.jsonl"},
		{"archive", "golden-archive.jsonl"},
	} {
		t.Run(tt.file, func(t *testing.T) {
			x := testutil.Index(t, tt.profile)
			for _, g := range testutil.Goldens(t, tt.file) {
				path, query := g.Split()
				a := x.Answer(path, query)
				if g.Status != 0 && a.Status != g.Status {
					t.Errorf("%s: status %d, want %d", g.Q, a.Status, g.Status)
					continue
				}
				if diff := cmp.Diff(expected(t, g), got(x, a, g)); diff != "" {
					t.Errorf("%s (-want +got):\n%s", g.Q, diff)
				}
			}
		})
	}
}

// expected and got reduce a golden line and an answer to what the line records.
func expected(t *testing.T, g testutil.Golden) any {
	if g.JSON != nil {
		var v any
		if err := json.Unmarshal(g.JSON, &v); err != nil {
			t.Fatal(err)
		}
		return v
	}
	switch {
	case g.Location != "":
		return g.Location
	case g.ID != "":
		return g.ID
	case g.IDs != nil:
		return g.IDs
	case g.Links != nil:
		return g.Links
	}
	return nil
}

func got(x *lookup.Index, a lookup.Answer, g testutil.Golden) any {
	if g.JSON != nil {
		body := []byte("null")
		switch a.Kind {
		case lookup.Object:
			body = lookup.ObjectJSON(x.Spec(), a.Package)
		case lookup.Objects:
			body = lookup.ObjectsJSON(x.Spec(), a.Cells)
		}
		var v any
		json.Unmarshal(body, &v)
		return v
	}
	switch {
	case g.Location != "":
		return lookup.Location(a.Package)
	case g.ID != "":
		return a.Package.ID
	case g.IDs != nil:
		ids := map[string]map[string]*string{}
		for _, c := range a.Cells {
			if ids[string(c.OS)] == nil {
				ids[string(c.OS)] = map[string]*string{}
			}
			ids[string(c.OS)][string(c.Stability)] = nil
			if c.Package != nil {
				ids[string(c.OS)][string(c.Stability)] = &c.Package.ID
			}
		}
		return ids
	case g.Links != nil:
		links := []string{}
		for _, c := range a.Cells {
			if c.Package != nil {
				links = append(links, c.Package.ID)
			}
		}
		return links
	}
	return nil
}
