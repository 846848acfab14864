package site_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	sitefolder "github.com/Slicer/sitegen/generator/folder"
	"github.com/Slicer/sitegen/generator/site"
)

// page is the text of a content file.
const page = "---\ntitle: X\n---\nText.\n"

func TestNamesOfContent(t *testing.T) {
	files, warnings := rendered(t, siteInput(t, folder{
		".well-known/security.txt": "Contact: x", ".well-known/pki/_token-1": "1", ".well-known/x.md": page,
		"a.markdown": page, "b.MD": page, "docs/index.Markdown": page, "index.md.txt": "text",
		"docs/_index.md": page, "_headers": "/*", "_redirects": "/a /b", "b.MD.orig": page, "Thumbs.db": "",
		".git/config": "", ".gitignore": "", "docs/.DS_Store": "", ".well-known/.DS_Store": "", "x.md~": "",
	}, plain))
	for path, want := range map[string]string{
		".well-known/security.txt": "Contact: x", ".well-known/pki/_token-1": "1", ".well-known/x.md": page,
		"a/index.html": "Text.", "b/index.html": "Text.", "docs/index.html": "Text.", "index.md.txt": "text",
	} {
		if !strings.Contains(files[path], want) {
			t.Errorf("%s contains %q, want %q", path, files[path], want)
		}
	}
	for path := range files {
		for _, bad := range []string{"_headers", "_redirects", "_index", "orig", "Thumbs", ".git", "DS_Store", "~"} {
			if strings.Contains(path, bad) {
				t.Errorf("%s is published", path)
			}
		}
	}
	want := "content: not published: .well-known/.DS_Store, Thumbs.db, _headers, _redirects, b.MD.orig, " +
		"docs/.DS_Store, docs/_index.md, x.md~; the page of a folder is index.md, without _"
	if diff := cmp.Diff(want, warnings.Error()); diff != "" {
		t.Errorf("warnings (-want +got):\n%s", diff)
	}
}

func TestManyIgnoredFiles(t *testing.T) {
	content := folder{}
	for i := range 60 {
		content[fmt.Sprintf("x%02d.md~", i)] = ""
	}
	_, warnings := rendered(t, siteInput(t, content, plain))
	if len(warnings) != 1 || !strings.Contains(warnings[0].Text, "x49.md~ and 10 more; ") {
		t.Errorf("warnings:\n%v", warnings)
	}
}

func TestNamesThatDifferInCase(t *testing.T) {
	_, warnings := rendered(t, siteInput(t, folder{
		"About.md": page, "about.markdown": page, "Docs/a.md": page, "docs/b.md": page, "docs/c.md": page,
		"logo.PNG": "1", "logo.png": "2", "other/about.md": page, "Releases/notes.txt": "x", "API.md": page,
	}, plain))
	var got []string
	for _, w := range warnings {
		file, _, _ := strings.Cut(w.Text, " only")
		got = append(got, w.File+": "+file)
	}
	want := []string{
		"content/API.md: its URL differs from that of /api/",
		"content/Releases/notes.txt: its URL differs from that of /releases/",
		"content/about.markdown: its URL differs from that of content/About.md",
		"content/docs/b.md: its URL differs from that of content/Docs/a.md",
		"content/logo.png: its URL differs from that of content/logo.PNG",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("warnings (-want +got):\n%s", diff)
	}
}

// TestContentThatCannotBeRead checks that everything that is not a file, or not UTF-8, is reported at once.
func TestContentThatCannotBeRead(t *testing.T) {
	in := siteInput(t, folder{
		"body.md": "---\ntitle: X\n---\n\nna\xefve\n", "front.md": "---\ntitle: caf\xe9\n---\nna\xefve\n",
		"twice.md": page, "twice.MD": page, "utf16.md": "\xff\xfe#\x00", "bom.md": "\ufeff" + page,
		"zero.md": "---\ntitle: x\x00\n---\n",
	}, plain)
	content := in.Content.(fstest.MapFS)
	for name, mode := range map[string]fs.FileMode{"pipe": fs.ModeNamedPipe, "docs/s": fs.ModeSocket,
		"null.md": fs.ModeDevice | fs.ModeCharDevice, "link.md": fs.ModeSymlink, ".#x.md": fs.ModeSymlink} {
		content[name] = &fstest.MapFile{Mode: mode, Data: []byte("missing")}
	}
	want := `content/body.md:5:3: text is not UTF-8 (found "\xef"); save the file as UTF-8
content/docs/s: must be a file or a folder (found a socket); remove it
content/front.md:2:11: text is not UTF-8 (found "\xe9"); save the file as UTF-8
content/link.md: symbolic link leads nowhere; correct or remove it
content/null.md: must be a file or a folder (found a device); remove it
content/pipe: must be a file or a folder (found a named pipe); remove it
content/twice.md: published as /twice/, like content/twice.MD; rename it
content/utf16.md:1:1: text is UTF-16; save the file as UTF-8
content/zero.md:2:9: text is not UTF-8 (found "\x00"); save the file as UTF-8`
	if diff := cmp.Diff(want, refused(t, in)); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}

	in = siteInput(t, folder{"x.md": "no title"}, plain)
	in.Layouts = site.Overlay(fstest.MapFS{"assets/pipe": {Mode: fs.ModeNamedPipe},
		"partials/x.html": {Mode: fs.ModeSymlink, Data: []byte("missing")}}, in.Layouts)
	want = `content/x.md:1:1: no title; begin the file with front matter: ---, title: …, ---
layouts/assets/pipe: must be a file or a folder (found a named pipe); remove it
layouts/partials/x.html: symbolic link leads nowhere; correct or remove it`
	if diff := cmp.Diff(want, refused(t, in)); diff != "" {
		t.Errorf("findings about layouts (-want +got):\n%s", diff)
	}
}

// TestFrontMatterOfOtherFiles checks the warning about pages of other generators, which are published as they are.
func TestFrontMatterOfOtherFiles(t *testing.T) {
	_, warnings := rendered(t, siteInput(t, folder{
		"a.html": page, "b.mkd": "\ufeff" + page, "c.txt": "---\nno end\n", "d.yaml": "---\na: b\n---\nc: d\n",
		".well-known/e": page, "f.csv": "a\n---\nb\n---\n",
	}, plain))
	want := "content/a.html:1:1: published with its front matter; only .md and .markdown files become pages\n" +
		"content/b.mkd:1:1: published with its front matter; only .md and .markdown files become pages"
	if diff := cmp.Diff(want, warnings.Error()); diff != "" {
		t.Errorf("warnings (-want +got):\n%s", diff)
	}
}

// TestLinksToFoldersAbove checks that a link to a folder above it is left out with a warning, also if that folder is
// not part of the content.
func TestLinksToFoldersAbove(t *testing.T) {
	dir := t.TempDir()
	for link, target := range map[string]string{"content/docs/up": "..", "content/site": ".."} {
		if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(link)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	in := siteInput(t, nil, plain)
	in.Content = sitefolder.Open(filepath.Join(dir, "content"))
	_, warnings := rendered(t, in)
	want := "content: not published: docs/up/, site/; rename them if visitors need them, or remove them"
	if diff := cmp.Diff(want, warnings.Error()); diff != "" {
		t.Errorf("warnings (-want +got):\n%s", diff)
	}
}

// TestTextFilesNotUTF8 checks that a text file that is not a page is published as it is, with a warning.
func TestTextFilesNotUTF8(t *testing.T) {
	files, warnings := rendered(t, siteInput(t, folder{"a.txt": "x\n\xe9", "b.png": "\xe9", "c.csv": "é"}, plain))
	want := `content/a.txt:2:1: text is not UTF-8 (found "\xe9"); save the file as UTF-8`
	if diff := cmp.Diff(want, warnings.Error()); diff != "" || files["a.txt"] != "x\n\xe9" {
		t.Errorf("a.txt is %q; warnings (-want +got):\n%s", files["a.txt"], diff)
	}
}

// locked is a file system in which some files and folders must not be read.
type locked struct {
	fstest.MapFS
	names []string
}

func (l locked) Open(name string) (fs.File, error) {
	if slices.Contains(l.names, name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	return l.MapFS.Open(name)
}

func (l locked) ReadFile(name string) ([]byte, error) {
	if _, err := l.Open(name); err != nil {
		return nil, err
	}
	return l.MapFS.ReadFile(name)
}

func (l locked) ReadDir(name string) ([]fs.DirEntry, error) {
	if _, err := l.Open(name); err != nil {
		return nil, err
	}
	return l.MapFS.ReadDir(name)
}

// TestUnreadable checks that all files and folders that cannot be read are reported at once.
func TestUnreadable(t *testing.T) {
	in := siteInput(t, folder{"a.md": page + "[b](/b/#x) ![e](/e.png)\n", "b.md": page, "c/d.md": page, "e.png": "1"}, plain)
	in.Content = locked{in.Content.(fstest.MapFS), []string{"b.md", "c", "e.png"}}
	in.Layouts = site.Overlay(locked{fstest.MapFS{"assets/x.css": {}, "partials/y.html": {}, "z.html": {}},
		[]string{"assets/x.css", "partials/y.html", "z.html"}}, in.Layouts)
	want := `content/b.md: cannot be read: permission denied
content/c: cannot be read: permission denied
content/e.png: cannot be read: permission denied
layouts/assets/x.css: cannot be read: permission denied
layouts/partials/y.html: cannot be read: permission denied
layouts/z.html: cannot be read: permission denied`
	if diff := cmp.Diff(want, refused(t, in)); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
	// A build reads the folders before, to compare them with the last run.
	loaded, err := sitefolder.Load(t.Context(), in.Content, 1, sitefolder.Ignored)
	if err != nil {
		t.Fatal(err)
	}
	in.Content = loaded
	if diff := cmp.Diff(want, refused(t, in)); diff != "" {
		t.Errorf("findings after Load (-want +got):\n%s", diff)
	}
}
