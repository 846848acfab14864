package count_test

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/gofrs/flock"
	"github.com/klauspost/compress/gzip"

	"github.com/Slicer/sitegen/generator/count"
	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/project"
	"github.com/Slicer/sitegen/generator/stats"
)

// verify compares the published files with the database, and returns the differences.
func verify(t *testing.T, p *project.Project) []stats.FileDifference {
	t.Helper()
	r, err := stats.OpenReader(t.Context(), p.Config.Data)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	v, err := count.Verify(t.Context(), p, r)
	if err != nil {
		t.Fatal(err)
	}
	if len(v.Numbers) > 0 || v.Days == 0 || v.Compared < 8 {
		t.Errorf("verified %+v", v)
	}
	return v.Files
}

// TestVerify damages published files in many ways. Each must be found, and mended by the next run.
func TestVerify(t *testing.T) {
	p := newSite(t, "")
	run(t, p, false)
	legacyFile := p.Profile.LegacyStatistics
	if list := verify(t, p); len(list) > 0 {
		t.Fatalf("right files differ: %+v", list)
	}
	edit := func(old, new string) func(string) string {
		return func(s string) string {
			if !strings.Contains(s, old) {
				t.Errorf("no %q", old)
			}
			return strings.Replace(s, old, new, 1)
		}
	}
	gzipped := func(string) string {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		w.Write([]byte("{}"))
		w.Close()
		return b.String()
	}
	for _, tc := range []struct {
		name, file string
		change     func(string) string // of the content; nil to remove the file
		want       stats.FileDifference
	}{
		{"missing table", "cube-2026-10.json", nil,
			stats.FileDifference{Published: "no file", Counted: "a file"}},
		{"missing copy", "var/" + legacyFile, nil, stats.FileDifference{Published: "no file", Counted: "a file"}},
		{"total", "summary.json", edit(`"total":`, `"total":9`), stats.FileDifference{Name: "total"}},
		{"member removed", "summary.json", edit(`"robots":`, `"bots":`), stats.FileDifference{Name: "bots",
			Counted: "nothing"}},
		{"truncated table", "cube-2026-09.json", func(s string) string { return s[:len(s)/2] },
			stats.FileDifference{Published: "invalid JSON"}},
		{"other table", "cube-2026-09.json", func(string) string { return text(t, place("cube-2026-10.json")) },
			stats.FileDifference{Published: "0"}},
		{"badge", "badge-total.json", edit(`"message":"`, `"message":"9`), stats.FileDifference{Name: "message"}},
		{"format only", "badge-total.json", edit(`"message":`, `"message": `), stats.FileDifference{Name: "line 1"}},
		{"page", "index.html", edit("<main", "<p>9</p><main"), stats.FileDifference{}},
		{"compressed variant", "summary.json.gz", gzipped, stats.FileDifference{Published: "other content"}},
		{"damaged variant", "index.html.gz", func(s string) string { return s[:20] },
			stats.FileDifference{Published: "other content"}},
		{"access", legacyFile, edit(`["`, `["9`), stats.FileDifference{}},
		{"access removed at the end", legacyFile, func(s string) string { return s[:len(s)-1] }, stats.FileDifference{}},
		{"appended", legacyFile, func(s string) string { return s + "x" }, stats.FileDifference{Published: "x"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			path := place(tc.file)
			if tc.change == nil {
				if err := os.Remove(path); err != nil {
					t.Fatal(err)
				}
			} else {
				if err := os.WriteFile(path, []byte(tc.change(text(t, path))), 0o644); err != nil {
					t.Fatal(err)
				}
				later := time.Now().Add(time.Hour) // file systems store times in steps
				if err := os.Chtimes(path, later, later); err != nil {
					t.Fatal(err)
				}
			}
			list := verify(t, p)
			if len(list) == 0 {
				t.Fatal("not found")
			}
			got := list[0]
			if got.File != tc.file || !strings.HasPrefix(got.Name, tc.want.Name) ||
				!strings.HasPrefix(got.Published, tc.want.Published) || !strings.HasPrefix(got.Counted, tc.want.Counted) {
				t.Errorf("found %+v, want %+v", got, tc.want)
			}
			run(t, p, false)
			if list := verify(t, p); len(list) > 0 {
				t.Errorf("differs after a run: %+v", list)
			}
		})
	}
	for _, ext := range []string{".gz", ".br"} {
		path := place("summary.json" + ext)
		content := text(t, path)
		for name, change := range map[string]func() error{
			"removed":  func() error { return os.Remove(path) },
			"appended": func() error { return os.WriteFile(path, []byte(content+" "), 0o644) },
			"twice":    func() error { return os.WriteFile(path, []byte(content+content), 0o644) },
		} {
			if err := change(); err != nil {
				t.Fatal(err)
			}
			if list := verify(t, p); len(list) != 1 || list[0].File != "summary.json"+ext {
				t.Errorf("%s %s: %+v", ext, name, list)
			}
			run(t, p, false)
			if text(t, path) != content {
				t.Errorf("%s %s: a run has not restored it", ext, name)
			}
		}
	}
	// A table of days that are not in the database. A file of another kind is none of our business.
	for _, name := range []string{"cube-2019-01.json", "cube-2019-01.json.gz", "version/0.9.csv", "notes.txt"} {
		if err := os.WriteFile(place(name), []byte("{}"), 0o644); err != nil {
			t.Fatal(err)
		}
		list := verify(t, p)
		if ours := name != "notes.txt"; ours && (len(list) != 1 || list[0].File != name || list[0].Counted != "nothing") ||
			!ours && len(list) != 0 {
			t.Errorf("%s: %+v", name, list)
		}
		if err := os.Remove(place(name)); err != nil {
			t.Fatal(err)
		}
	}
	t.Run("during a run", func(t *testing.T) {
		lock := flock.New("var/stats.lock")
		if held, err := lock.TryLock(); !held || err != nil {
			t.Fatal(held, err)
		}
		defer lock.Close()
		r, err := stats.OpenReader(t.Context(), p.Config.Data)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		if _, err := count.Verify(t.Context(), p, r); err != nil {
			t.Errorf("right files: %v", err)
		}
		if err := os.Remove(place("summary.json")); err != nil {
			t.Fatal(err)
		}
		if _, err := count.Verify(t.Context(), p, r); fault.KindOf(err) != fault.Locked {
			t.Errorf("error %v, want one about the run", err)
		}
	})
}

// TestVerifyOptions verifies files that were published with options which only that run had, as in a crontab, and
// publishes them again without the GeoIP database: its attribution stays as long as its countries are published.
func TestVerifyOptions(t *testing.T) {
	p := newSite(t, "")
	other := *p
	other.Config.Stats.MinCountry = 1
	run(t, &other, false)
	const attribution = "GeoLite Data"
	p.Config.Stats.GeoIP = nil
	for _, again := range []bool{false, true} {
		if again {
			if _, err := count.Run(t.Context(), p, count.Options{}); err != nil {
				t.Fatal(err)
			}
		}
		if list := verify(t, p); len(list) > 0 {
			t.Errorf("published again %v: %+v", again, list)
		}
		for _, name := range []string{"summary.json", "index.html"} {
			if !strings.Contains(text(t, place(name)), attribution) {
				t.Errorf("published again %v: %s has no attribution", again, name)
			}
		}
	}
	if list := verify(t, &other); len(list) > 0 {
		t.Errorf("with the options of the first run: %+v", list)
	}
}
