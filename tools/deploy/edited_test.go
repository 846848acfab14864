package deploy

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// edited checks that a deploy warns about exactly the given folders and files, which were edited after the last build,
// however it prints its result.
func (w *world) edited(paths ...string) {
	w.t.Helper()
	var r struct{ Warnings []string }
	w.json(&r, "deploy")
	var got []string
	for _, text := range r.Warnings {
		path, rest, ok := strings.Cut(text, " ")
		if !ok || !strings.Contains(rest, "edited since the last build") || !strings.Contains(rest, "sitegen build") {
			w.t.Errorf("warning %q", text)
		}
		got = append(got, path)
	}
	if !slices.Equal(got, paths) {
		w.t.Errorf("edited: %q, want %q", got, paths)
	}
	for _, flag := range []string{"--quiet", "--json", "--dry-run"} {
		_, messages := w.run(0, "deploy", flag)
		if n := strings.Count(messages, "edited since the last build"); n != len(paths) {
			w.t.Errorf("%s: %d warnings, want %d:\n%s", flag, n, len(paths), messages)
		}
	}
}

// TestEdited deploys after content, layouts or rules were edited without a build, to both targets.
func TestEdited(t *testing.T) {
	for name, newSite := range targets() {
		t.Run(name, func(t *testing.T) {
			w := newSite(t)
			w.edited()
			w.page("hello", "second text")
			w.edited("content/")
			w.write("layouts/assets/custom.css", "body { color: red }\n")
			w.edited("content/", "layouts/")
			w.run(0, "build", "--quiet", "--force")
			w.edited()
			w.write("redirects/rules.txt", "# only a comment\n/old  /hello/  301\n")
			w.edited(filepath.Join("redirects", "rules.txt"))
			if err := os.Remove(filepath.Join(w.dir, "content", "hello.md")); err != nil {
				t.Fatal(err)
			}
			w.edited("content/", filepath.Join("redirects", "rules.txt"))
			w.page("hello", "second text")
			w.edited(filepath.Join("redirects", "rules.txt"))
		})
	}
}

// targets returns the functions that build a site for each target.
func targets() map[string]func(t *testing.T) *world {
	return map[string]func(t *testing.T) *world{
		"cloudfront": newWorld, "s3-website": func(t *testing.T) *world { t.Helper(); return newWebsite(t, nil) },
	}
}

const firstPackage = `{"version": 1, "packages": [{"id": "5f4474d0e1d8c75dfc705483", "version": "5.0.0", "revision": 1,
	"built": "2026-11-20", "system": "linux", "arch": "amd64", "stability": "release", "size": 1, "url": "https://get.example.org/1"}]}`

// TestNoPackages deploys the pages of a project before its first package, then with its first packages.
func TestNoPackages(t *testing.T) {
	for name, newSite := range targets() {
		t.Run(name, func(t *testing.T) {
			w := newSite(t)
			see := func(path string, status int, want string) {
				t.Helper()
				if name == "cloudfront" {
					w.see(production, path, status, want)
				} else {
					w.ask(path, status, want)
				}
			}
			config, err := os.ReadFile(filepath.Join(w.dir, "sitegen.yaml"))
			if err != nil {
				t.Fatal(err)
			}
			for _, folder := range []string{"var", "public"} {
				if err := os.RemoveAll(filepath.Join(w.dir, folder)); err != nil {
					t.Fatal(err)
				}
			}
			w.write("packages.json", `{"version": 1, "packages": []}`)
			w.write("sitegen.yaml", strings.Replace(string(config), "source: sample", "source: packages.json\n"+
				"title: Aurora downloads\nproject: Aurora\n", 1))
			w.run(0, "build", "--quiet", "--force")
			if r := w.deploy(); r.Objects.Uploaded == 0 {
				t.Errorf("first deploy: %+v", r)
			}
			see("/hello/", 200, "first text")
			see("/old", 301, "/hello/")
			if r := w.deploy(); !r.Unchanged || r.requests() != 1 {
				t.Errorf("the same site again: %+v", r)
			}
			w.write("packages.json", firstPackage)
			w.run(0, "build", "--quiet")
			w.deploy()
			see("/hello/", 200, "first text")
			if name == "cloudfront" {
				see("/download?os=linux&stability=release", 302, "/bitstream/5f4474d0e1d8c75dfc705483")
			}
		})
	}
}
