package serve

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen"
	"github.com/Slicer/sitegen/generator/config"
	"github.com/Slicer/sitegen/generator/profile"
	"github.com/Slicer/sitegen/generator/project"
	"github.com/Slicer/sitegen/generator/testutil"
)

// siteFolder is a folder with the files of a site.
type siteFolder struct {
	t   testing.TB
	dir string
}

func newSiteFolder(t testing.TB) siteFolder {
	f := siteFolder{t, t.TempDir()}
	f.write("sitegen.yaml", "title: Edited\nsource: sample\n")
	f.write("redirects/rules.txt", "")
	for i := range 20 {
		f.write(fmt.Sprintf("content/page-%d.md", i),
			fmt.Sprintf("---\ntitle: Page %d\n---\nA [link](/releases/).\n", i))
	}
	for _, name := range []string{"base.html", "page.html", "partials/header.html", "partials/footer.html",
		"assets/site.css"} {
		data, err := fs.ReadFile(sitegen.Layouts(), name)
		f.check(err)
		f.write("layouts/"+name, string(data))
	}
	return f
}

func (f siteFolder) check(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

func (f siteFolder) path(name string) string { return filepath.Join(f.dir, filepath.FromSlash(name)) }

func (f siteFolder) write(name, text string) {
	f.t.Helper()
	f.check(os.MkdirAll(filepath.Dir(f.path(name)), 0o755))
	f.check(os.WriteFile(f.path(name), []byte(text), 0o644))
}

func (f siteFolder) read(name string) string {
	data, err := os.ReadFile(f.path(name))
	if err != nil {
		return ""
	}
	return string(data)
}

// builder returns a builder that has built nothing yet.
func (f siteFolder) builder() *builder {
	f.t.Helper()
	now := func() time.Time { return time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC) }
	unread := &project.Project{Profile: &profile.Profile{BuiltIn: true}}
	return &builder{project: unread, load: func() (*project.Project, error) {
		c, err := config.Load(config.Input{File: f.path("sitegen.yaml")})
		if err != nil {
			return nil, err
		}
		return project.Open(c, slog.New(slog.DiscardHandler), now)
	}}
}

// outcome returns the results of a build and its check as text: the files, rules, warnings and errors.
func outcome(ctx context.Context, p *builder) map[string]string {
	all := map[string]string{}
	state, err := p.Build(ctx)
	if err != nil {
		all["error"] = err.Error()
		return all
	}
	for _, path := range state.Files.Paths() {
		if strings.HasSuffix(path, "/card.png") {
			all["/"+path] = "a picture" // drawing takes time; the site's own picture, card.png, shows what all have in common
			continue
		}
		data, err := state.Files.File(path)
		if err != nil {
			data = []byte(err.Error())
		}
		all["/"+path] = string(data)
	}
	for _, r := range state.Table.Rules.All() {
		all["rules"] += r.String() + "\n"
	}
	warnings, err := p.Check(ctx, state)
	all["warnings"] = strings.Join(warnings, "\n")
	if err != nil {
		all["problems"] = err.Error()
	}
	return all
}

// TestRebuild makes random edits and compares the result of each rebuild with that of a fresh build.
func TestRebuild(t *testing.T) {
	edits := testutil.Amount(120, 10)
	for seed := range uint64(testutil.Amount(3, 1)) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			e := &editor{siteFolder: newSiteFolder(t), Rand: rand.New(rand.NewPCG(seed, 5)),
				broken: map[string]string{}}
			p := e.builder()
			failed, worked := 0, 0
			for n := range edits {
				what := e.edit()
				got, want := outcome(t.Context(), p), outcome(t.Context(), e.builder())
				if diff := cmp.Diff(want, got); diff != "" {
					t.Fatalf("edit %d, %s (-fresh build +rebuild):\n%.3000s", n, what, diff)
				}
				if got["error"]+got["problems"] == "" {
					worked++
				} else {
					failed++
				}
			}
			if failed < edits/10 || worked < edits/10 {
				t.Errorf("%d edits with mistakes and %d without, want more of both", failed, worked)
			}
		})
	}
}

// editor makes random edits to a site.
type editor struct {
	siteFolder
	*rand.Rand
	broken map[string]string // the original text of files that have a mistake
}

func (e *editor) oneOf(list ...string) string { return list[e.IntN(len(list))] }

// files returns the files in a folder.
func (e *editor) files(folder string) []string {
	var names []string
	e.check(filepath.WalkDir(e.path(folder), func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			name, err := filepath.Rel(e.dir, path)
			e.check(err)
			names = append(names, filepath.ToSlash(name))
		}
		return err
	}))
	slices.Sort(names)
	return names
}

// edit makes an edit and describes it. If there are mistakes, every second edit on average corrects them.
func (e *editor) edit() string {
	if len(e.broken) > 0 && e.IntN(2) == 0 {
		var corrected []string
		for name, text := range e.broken {
			e.write(name, text)
			corrected = append(corrected, name)
		}
		clear(e.broken)
		slices.Sort(corrected)
		return "correct " + strings.Join(corrected, ", ")
	}
	page := e.oneOf(e.files("content")...)
	layout := e.oneOf(e.files("layouts")...)
	switch e.IntN(14) {
	case 0, 1:
		e.write(page, e.read(page)+fmt.Sprintf("\nMore text %d.\n", e.IntN(1000)))
		return "change " + page
	case 2:
		name := fmt.Sprintf("content/%snew-%d.md", e.oneOf("", "docs/", "docs/deep/"), e.IntN(1000))
		e.write(name, "---\ntitle: "+e.oneOf("One", "Two")+"\n"+e.oneOf("", "weight: 1\n", "weight: 2\n",
			"draft: true\n", "date: 2027-01-01\n", fmt.Sprintf("aliases: [/old-%d]\n", e.IntN(50)))+"---\nNew.\n")
		return "create " + name
	case 3:
		if _, ok := e.broken[page]; ok {
			return "no edit"
		}
		to := fmt.Sprintf("content/moved-%d.md", e.IntN(1000))
		e.check(os.Rename(e.path(page), e.path(to)))
		return "rename " + page
	case 4:
		if _, ok := e.broken[page]; !ok && len(e.files("content")) > 5 {
			e.check(os.Remove(e.path(page)))
		}
		return "delete " + page
	case 5:
		return e.breakFile(page, e.oneOf("---\ntitel: x\n---\n", "no front matter",
			"---\ntitle: x\n---\n[bad](/nowhere/)\n", "---\ntitle: x\nlayout: none.html\n---\n"))
	case 6:
		return e.breakFile(layout, e.oneOf("{{.Page.Nope}}", "{{if}}", `{{define "main"}}{{asset "none.css"}}{{end}}`))
	case 7:
		name := e.oneOf("layouts/partials/header.html", "layouts/partials/footer.html")
		e.write(name, e.read(name)+fmt.Sprintf("<p>Partial %d</p>\n", e.IntN(1000)))
		return "change " + name
	case 8:
		e.write("layouts/assets/site.css",
			e.read("layouts/assets/site.css")+fmt.Sprintf(".a%d{color:red}\n", e.IntN(1000)))
		return "change the style sheet"
	case 9:
		e.write("layouts/page.html", e.read("layouts/page.html")+fmt.Sprintf("{{/* %d */}}", e.IntN(1000)))
		return "change page.html"
	case 10:
		e.write("redirects/rules.txt",
			fmt.Sprintf("/a-%d /releases/ 301\n/b/* %s/:splat 302\n", e.IntN(1000), testutil.Profile(e.t).BaseURL))
		return "change the rules"
	case 11:
		return e.breakFile("redirects/rules.txt", e.oneOf("/a /nowhere 301\n", "/a\n", "/releases/ /preview/ 301\n"))
	case 12:
		e.write("sitegen.yaml", fmt.Sprintf("title: Title %d\nsource: sample\nnotice: %q\n", e.IntN(1000),
			e.oneOf("", "Closed on **Sunday**.")))
		return "change the configuration"
	}
	return e.breakFile("sitegen.yaml", e.oneOf("titel: x\n", "title: [\n"))
}

// breakFile replaces a file by a text with a mistake.
func (e *editor) breakFile(name, text string) string {
	if _, ok := e.broken[name]; !ok {
		e.broken[name] = e.read(name)
	}
	e.write(name, text)
	return "break " + name
}

// TestRebuildMemory checks that memory does not grow over a thousand builds.
func TestRebuildMemory(t *testing.T) {
	f := newSiteFolder(t)
	p := f.builder()
	heap := func() uint64 {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	var early uint64
	builds := testutil.Amount(1000, 30)
	for n := range builds {
		switch n % 10 {
		case 0:
			f.write("layouts/assets/site.css", fmt.Sprintf("body{margin:%dpx}", n))
		case 1:
			f.write("sitegen.yaml", fmt.Sprintf("title: Title %d\nsource: sample\n", n))
		default:
			f.write("content/page-3.md", fmt.Sprintf("---\ntitle: Page\n---\nText %d.\n", n))
		}
		state, err := p.Build(t.Context())
		if err == nil {
			_, err = p.Check(t.Context(), state)
		}
		if err != nil {
			t.Fatal(err)
		}
		if n == builds/10 {
			early = heap()
		}
	}
	if late := heap(); late > early+early/4+1<<20 {
		t.Errorf("%d KiB in use after %d builds, %d KiB after %d", late>>10, builds, early>>10, builds/10)
	}
}

// TestMissingFolder checks the error for a configured folder that does not exist. It must not be reported as a mistake
// in a page.
func TestMissingFolder(t *testing.T) {
	f := newSiteFolder(t)
	f.write("sitegen.yaml", "source: sample\ncontent: nowhere\n")
	_, err := f.builder().Build(t.Context())
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v", err)
	}
}
