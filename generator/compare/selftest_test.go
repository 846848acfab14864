package compare

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/config"
	"github.com/Slicer/sitegen/generator/project"
	"github.com/Slicer/sitegen/generator/supply"
	"github.com/Slicer/sitegen/generator/testutil"
)

// TestGolden checks that the recorded questions for the sample are those that its packages lead to.
func TestGolden(t *testing.T) {
	c, err := config.Load(config.Input{Flags: map[string][]string{"source": {"sample"}, "data": {t.TempDir()}}})
	if err != nil {
		t.Fatal(err)
	}
	p, err := project.Open(c, slog.New(slog.DiscardHandler), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	cat, err := supply.Known(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	var want bytes.Buffer
	e := json.NewEncoder(&want)
	e.SetEscapeHTML(false)
	for _, q := range Questions(cat.Index(p)) {
		if err := e.Encode(q); err != nil {
			t.Fatal(err)
		}
	}
	if testutil.UpdateDocs() {
		if err := os.WriteFile("golden.jsonl", want.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want.String(), string(golden)); diff != "" {
		t.Errorf("the sample has changed; run this test with UPDATE_DOCS=1 (-want +got):\n%s", diff)
	}
}
