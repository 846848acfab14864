package preview

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/Slicer/sitegen/generator/testutil"
)

// tree is a folder whose files a test changes.
type tree struct {
	t   testing.TB
	dir string
}

func (f tree) path(name string) string { return filepath.Join(f.dir, filepath.FromSlash(name)) }

func (f tree) check(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

func (f tree) write(name, text string) {
	f.t.Helper()
	f.check(os.MkdirAll(filepath.Dir(f.path(name)), 0o755))
	f.check(os.WriteFile(f.path(name), []byte(text), 0o644))
}

func (f tree) move(from, to string) {
	f.t.Helper()
	f.check(os.Rename(f.path(from), f.path(to)))
}

// expect waits until the watcher has reported all of the files.
func expect(t *testing.T, w *watcher, dir string, names ...string) {
	t.Helper()
	want := map[string]bool{}
	for _, n := range names {
		want[filepath.Join(dir, filepath.FromSlash(n))] = true
	}
	for len(want) > 0 {
		select {
		case batch := <-w.changes:
			for _, path := range batch {
				delete(want, path)
			}
		case <-time.After(20 * time.Second):
			t.Fatalf("not reported: %v", want)
		}
	}
}

// drain waits until the watcher reports nothing more. In short tests it waits less; then a late change may be taken for
// the next one.
func drain(w *watcher) {
	silence := time.Duration(testutil.Amount(300, 60)) * time.Millisecond
	for {
		select {
		case <-w.changes:
		case <-time.After(silence):
			return
		}
	}
}

// TestWatch changes files as editors, people and version control do.
func TestWatch(t *testing.T) {
	t.Parallel()
	for name, poll := range map[string]time.Duration{"events": 0, "polling": 20 * time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := tree{t, t.TempDir()}
			f.write("content/a.md", "a")
			f.write("content/docs/b.md", "b")
			f.write("rules.txt", "")
			f.write("elsewhere/linked.md", "l")
			f.write("elsewhere/folder/in.md", "l")
			f.check(os.Symlink("../elsewhere/linked.md", f.path("content/link.md")))
			f.check(os.Symlink("../elsewhere/folder", f.path("content/far")))
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			w := watch(ctx, []string{f.path("content"), f.path("rules.txt"), f.path("layouts")}, poll,
				slog.New(slog.DiscardHandler))
			for _, step := range []struct {
				name string
				do   func()
				want []string
			}{
				{"a save in place", func() { f.write("content/a.md", "aa") }, []string{"content/a.md"}},
				{"a save by renaming",
					func() { f.write("content/.a.tmp", "aaa"); f.move("content/.a.tmp", "content/a.md") },
					[]string{"content/a.md"}},
				{"a backup first", func() { f.move("content/a.md", "content/a.md~"); f.write("content/a.md", "aaaa") },
					[]string{"content/a.md"}},
				{"a new file", func() { f.write("content/new.md", "n") }, []string{"content/new.md"}},
				{"a renamed file", func() { f.move("content/new.md", "content/newer.md") },
					[]string{"content/new.md", "content/newer.md"}},
				{"a new folder with folders", func() { f.write("content/x/y/z.md", "z") },
					[]string{"content/x/y/z.md"}},
				{"a file in it", func() { f.write("content/x/y/w.md", "w") }, []string{"content/x/y/w.md"}},
				{"a moved folder", func() { f.move("content/x", "content/v") },
					[]string{"content/x/y/z.md", "content/v/y/z.md"}},
				{"a file in the moved folder", func() { f.write("content/v/y/z.md", "zz") },
					[]string{"content/v/y/z.md"}},
				{"the folder's old name", func() { f.write("content/x/y/z.md", "again") },
					[]string{"content/x/y/z.md"}},
				{"a deleted folder", func() { f.check(os.RemoveAll(f.path("content/v"))) },
					[]string{"content/v/y/z.md"}},
				{"a folder replaced", func() {
					f.check(os.RemoveAll(f.path("content/docs")))
					f.write("content/docs/b.md", "other")
				}, []string{"content/docs/b.md"}},
				{"a file in the replaced folder", func() { f.write("content/docs/b.md", "other text") },
					[]string{"content/docs/b.md"}},
				{"the target of a link", func() { f.write("elsewhere/linked.md", "ll") }, []string{"content/link.md"}},
				{"the target of a link replaced",
					func() { f.write("elsewhere/t", "lll"); f.move("elsewhere/t", "elsewhere/linked.md") },
					[]string{"content/link.md"}},
				{"a file in a linked folder", func() { f.write("elsewhere/folder/in.md", "ll") },
					[]string{"content/far/in.md"}},
				{"a single file", func() { f.write("rules.txt", "/a /b") }, []string{"rules.txt"}},
				{"a single file replaced", func() { f.write("r", "/a /b 302"); f.move("r", "rules.txt") },
					[]string{"rules.txt"}},
				{"a new root", func() { f.write("layouts/assets/site.css", "a{}") },
					[]string{"layouts/assets/site.css"}},
				{"a file in it", func() { f.write("layouts/assets/site.css", "b{}") },
					[]string{"layouts/assets/site.css"}},
				{"a root moved away", func() { f.move("layouts", "old") }, []string{"layouts/assets/site.css"}},
				{"a root moved back", func() { f.move("old", "layouts") }, []string{"layouts/assets/site.css"}},
				{"a file in the root that was moved back", func() { f.write("layouts/base.html", "b") },
					[]string{"layouts/base.html"}},
			} {
				step.do()
				t.Log(step.name)
				expect(t, w, f.dir, step.want...)
				drain(w)
			}
		})
	}
}

// TestWatchIgnores checks that hidden files, backups and files outside the roots are not reported.
func TestWatchIgnores(t *testing.T) {
	t.Parallel()
	f := tree{t, t.TempDir()}
	f.write("content/a.md", "a")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	w := watch(ctx, []string{f.path("content")}, 0, slog.New(slog.DiscardHandler))
	f.write("content/.a.md.swp", "x")
	f.write("content/a.md~", "x")
	f.write("content/.git/index", "x")
	f.write("public/index.html", "x")
	select {
	case batch := <-w.changes:
		t.Errorf("reported %v", batch)
	case <-time.After(300 * time.Millisecond):
	}
	f.write("content/a.md", "b")
	expect(t, w, f.dir, "content/a.md")
}

// TestWatchManyAtOnce checks that no change is lost when a thousand files change at once.
func TestWatchManyAtOnce(t *testing.T) {
	t.Parallel()
	f := tree{t, t.TempDir()}
	var names []string
	for i := range 1000 {
		names = append(names, fmt.Sprintf("content/folder-%d/page-%d.md", i%50, i))
	}
	f.write("content/a.md", "a")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	w := watch(ctx, []string{f.path("content")}, 0, slog.New(slog.DiscardHandler))
	for _, text := range []string{"first", "second text"} {
		for _, n := range names {
			f.write(n, text)
		}
		expect(t, w, f.dir, names...)
		drain(w)
	}
}
