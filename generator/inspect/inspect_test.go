package inspect_test

import (
	"bytes"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/config"
	"github.com/Slicer/sitegen/generator/history"
	"github.com/Slicer/sitegen/generator/inspect"
	"github.com/Slicer/sitegen/generator/project"
	"github.com/Slicer/sitegen/generator/supply"
)

// site opens the site in the current folder.
func site(t *testing.T) *project.Project {
	t.Helper()
	c, err := config.Load(config.Input{})
	if err != nil {
		t.Fatal(err)
	}
	now := func() time.Time { return time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC) }
	p, err := project.Open(c, slog.New(slog.DiscardHandler), now)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// files returns the files and folders in the current folder and its subfolders, with their contents.
func files(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			all[path] = "folder"
			return err
		}
		data, err := os.ReadFile(path)
		all[path] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestChangesNothing checks that explaining and checking a site creates and changes no file, before the first build and
// after it.
func TestChangesNothing(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("sitegen.yaml", []byte("source: sample\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	p := site(t)
	before := files(t)
	var out bytes.Buffer
	examine := func() {
		t.Helper()
		out.Reset()
		if err := inspect.Explain(t.Context(), p, &out, "/find?os=linux", "nginx"); err != nil ||
			!strings.Contains(out.String(), "200") {
			t.Errorf("explain: %v\n%s", err, out.String())
		}
		if _, err := inspect.CheckRedirects(t.Context(), p); err != nil {
			t.Errorf("check: %v", err)
		}
	}
	examine()
	if diff := cmp.Diff(before, files(t)); diff != "" {
		t.Errorf("before the first build, files (-before +after):\n%s", diff)
	}

	if err := os.MkdirAll(p.Config.Data, 0o755); err != nil {
		t.Fatal(err)
	}
	db, err := history.Open(t.Context(), p.HistoryFile())
	if err != nil {
		t.Fatal(err)
	}
	cat, err := supply.Read(t.Context(), p, db)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := cat.Record(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	before = files(t)
	examine()
	if diff := cmp.Diff(before, files(t)); diff != "" {
		t.Errorf("after it, files (-before +after):\n%s", diff)
	}
}
