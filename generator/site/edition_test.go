package site_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/site"
)

// TestFutureDates checks that a page with a future date is not published before that day.
func TestFutureDates(t *testing.T) {
	pages := map[string]string{
		"past.md":     "---\ntitle: Past\ndate: 2026-11-22 18:30\n---\n",
		"future.md":   "---\ntitle: Future\ndate: 2026-11-23\nweight: 1\n---\n",
		"sketch.md":   "---\ntitle: Sketch\ndraft: true\n---\n",
		"whenever.md": "---\ntitle: Whenever\n---\n",
	}
	for _, tt := range []struct {
		name     string
		set      func(*site.Options)
		want     []string
		warnings string
	}{
		{"today", func(o *site.Options) { o.Today = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC) },
			[]string{"past", "whenever"}, "content/future.md: dated 2026-11-23, not published\n" +
				"content/sketch.md: a draft, not published"},
		{"tomorrow", func(o *site.Options) { o.Today = time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC) },
			[]string{"past", "future", "whenever"}, "content/sketch.md: a draft, not published"},
		{"any day", func(*site.Options) {}, []string{"past", "future", "whenever"},
			"content/sketch.md: a draft, not published"},
		{"with drafts", func(o *site.Options) { o.Drafts = true },
			[]string{"past", "future", "sketch", "whenever"}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in := siteInput(t, pages, nil)
			tt.set(&in.Options)
			e, err := site.NewEdition(t.Context(), in, nil)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, name := range []string{"past", "future", "sketch", "whenever"} {
				if e.Has(name + "/index.html") {
					got = append(got, name)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("pages (-want +got):\n%s", diff)
			}
			_, warnings, err := e.Files(t.Context(), site.Server{})
			if err != nil || warnings.Error() != tt.warnings {
				t.Errorf("warnings %q, error %v", warnings.Error(), err)
			}
		})
	}
}
