package site_test

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

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
		"logo.PNG": "1", "logo.png": "2", "other/about.md": page,
	}, plain))
	var got []string
	for _, w := range warnings {
		file, _, _ := strings.Cut(w.Text, " only")
		got = append(got, w.File+": "+file)
	}
	want := []string{
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

	in = siteInput(t, nil, plain)
	in.Layouts = site.Overlay(fstest.MapFS{"assets/pipe": {Mode: fs.ModeNamedPipe}}, in.Layouts)
	_, _, err := site.Render(t.Context(), in)
	if err == nil || !strings.Contains(err.Error(), "layouts/assets/pipe: must be a file or a folder") {
		t.Errorf("a pipe in layouts: error is %v", err)
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
