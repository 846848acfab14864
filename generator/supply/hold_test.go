package supply_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/Slicer/sitegen/generator/fault"
)

// releases returns a Girder listing of n releases for two systems.
func releases(n int) string {
	var items []string
	for i := range n {
		for j, system := range []string{"linux", "win"} {
			items = append(items, fmt.Sprintf(`{"_id":"60000000000000000000%02d%02d","name":"A","size":1000,"meta":{`+
				`"app_id":"%s","baseName":"A","os":"%s","arch":"amd64","revision":"%d","version":"5.0.%d","release":"5.0.%d",`+
				`"pre_release":false,"build_date":"2024-01-02T03:04:05+00:00"}}`, i, j, otherApp, system, 100+i, i, i))
		}
	}
	return "[" + strings.Join(items, ",\n") + "]"
}

// write writes a file in the current folder.
func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// hold returns a list of packages held back.
func hold(ids ...string) string {
	text := "holds:\n"
	for _, id := range ids {
		text += "  - id: " + id + "\n    why: crashes\n"
	}
	return text
}

// TestForcedLosses checks that the warnings about losses that are published by force stay when the holds change.
func TestForcedLosses(t *testing.T) {
	t.Chdir(t.TempDir())
	settings := "app: " + otherApp + "\nsource: listing.json\ngirder:\n  api: https://girder.example/api/v1\n"
	write(t, "listing.json", releases(4))
	if _, err := read(t, settings); err != nil {
		t.Fatal(err)
	}
	write(t, "listing.json", releases(2))
	p := openAs(t, identity+settings)
	p.Config.Force = true
	cat, err := readProject(t, p)
	if err != nil || len(cat.Warnings) == 0 || !strings.HasPrefix(cat.Warnings[0], "published by force: ") {
		t.Fatalf("%v, %v", cat, err)
	}
	write(t, "redirects/holds.yaml", hold("600000000000000000000001"))
	again, err := cat.Again(p)
	if err != nil || !slices.Equal(again.Warnings, cat.Warnings) || len(again.Held) != len(cat.Held)+1 {
		t.Errorf("warnings %q, before %q; %d held back; %v", again.Warnings, cat.Warnings, len(again.Held), err)
	}
}

// TestHoldsAreNotLosses checks that the gate accepts a catalogue from which people hold back all packages of a system,
// including the newest release and more than a fifth of all, and that it still refuses real losses.
func TestHoldsAreNotLosses(t *testing.T) {
	t.Chdir(t.TempDir())
	settings := "app: " + otherApp + "\nsource: listing.json\ngirder:\n  api: https://girder.example/api/v1\n"
	write(t, "listing.json", releases(4))
	if _, err := read(t, settings); err != nil {
		t.Fatal(err)
	}
	var ids []string
	for i := range 4 {
		ids = append(ids, fmt.Sprintf("60000000000000000000%02d01", i))
	}
	write(t, "redirects/holds.yaml", hold(ids...))
	cat, err := read(t, settings)
	if err != nil || len(cat.Packages) != 4 || len(cat.Held) != 4 || len(cat.Withdrawn) != 4 {
		t.Fatalf("%+v, %v", cat, err)
	}
	h := cat.Held[0]
	if h.ID != ids[0] || h.Reason != "crashes" || h.Place != "redirects/holds.yaml:2:9" ||
		h.Hint != "sitegen packages unhold "+ids[0] {
		t.Errorf("held %+v", h)
	}

	// One of them is published again, the newest release of the other system is lost.
	write(t, "redirects/holds.yaml", hold(ids[1:]...))
	write(t, "listing.json", releases(3))
	if _, err := read(t, settings); fault.KindOf(err) != fault.Gate {
		t.Errorf("error %v, want a refusal", err)
	}
	write(t, "listing.json", releases(4))
	cat, err = read(t, settings)
	if err != nil || len(cat.Packages) != 5 || len(cat.Warnings) != 0 {
		t.Errorf("%+v, %v", cat, err)
	}
	write(t, "redirects/holds.yaml", hold("600000000000000000009999"))
	cat, err = read(t, settings)
	if err != nil || len(cat.Packages) != 8 || len(cat.Warnings) != 1 ||
		!strings.HasPrefix(cat.Warnings[0], "redirects/holds.yaml:2:9: no record of the source has this id") {
		t.Errorf("%+v, %v", cat.Warnings, err)
	}
}
