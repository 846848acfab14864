package build_test

import (
	"context"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/Slicer/sitegen/generator/build"
	"github.com/Slicer/sitegen/generator/config"
	"github.com/Slicer/sitegen/generator/profile"
	"github.com/Slicer/sitegen/generator/project"
	"github.com/Slicer/sitegen/generator/redirect/servers"
	"github.com/Slicer/sitegen/generator/testutil"
)

// foreignRE matches names that occur only in the built-in profile.
var foreignRE = regexp.MustCompile(`(?i)win32|macosx|` + profile.Default)

// TestAnotherProject builds the invented project of testdata/aurora from its configuration, compares the answers of a
// real Nginx with those that an independent program derived from packages.json, and searches all files for names of the
// built-in profile. (The tests of redirect/servers check the other servers.)
func TestAnotherProject(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(testutil.Path("aurora"))); err != nil {
		t.Fatal(err)
	}
	c, err := config.Load(config.Input{File: filepath.Join(dir, "sitegen.yaml")})
	if err != nil {
		t.Fatal(err)
	}
	p, err := project.Open(c, slog.New(slog.DiscardHandler), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	report, err := build.Build(context.Background(), p)
	if err != nil {
		t.Fatal(err)
	}
	if report.Published != 126 || len(report.HeldBack) > 0 || len(report.Stopped) > 0 {
		t.Errorf("%d packages, held back %v, stopped %v", report.Published, report.HeldBack, report.Stopped)
	}

	seen := map[string]bool{}
	for _, root := range []string{p.Config.Out, p.Config.Redirects} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || filepath.Ext(path) == ".br" || filepath.Ext(path) == ".gz" {
				return err
			}
			name, err := filepath.Rel(root, path)
			if err != nil {
				return err
			}
			data, err := os.ReadFile(path)
			if found := foreignRE.FindString(name + "\n" + string(data)); found != "" {
				t.Errorf("%s contains %q", path, found)
			}
			seen[filepath.ToSlash(filepath.Dir(name))] = true
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range append(servers.Names(), "install", "releases/3.4", "api/v1/packages") {
		if !seen[name] && name != "nginx" || name == "nginx" && !seen["nginx/http"] {
			t.Errorf("no file in %s", name)
		}
	}

	n := testutil.StartNginx(t, p.Config.Out, p.Config.Redirects)
	for _, g := range testutil.Goldens(t, "aurora/golden.jsonl") {
		testutil.AskGolden(t, testutil.Client(), n.URL, g)
	}
}
