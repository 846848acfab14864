package objects_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/deploy/objects"
)

// folder writes files and returns their folder. A name that ends in a slash is a folder.
func folder(t *testing.T, files map[string]string) *objects.Folder {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		place := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(place), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(place, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return &objects.Folder{Dir: dir}
}

// keys returns the keys of all files of a folder by path.
func keys(t *testing.T, f *objects.Folder) map[string]string {
	t.Helper()
	all, err := f.Read(t.Context(), 4, nil)
	if err != nil {
		t.Fatal(err)
	}
	m := map[string]string{}
	for _, o := range all {
		m[o.Path] = o.Key
	}
	return m
}

func TestReadLeavesOut(t *testing.T) {
	f := folder(t, map[string]string{
		"index.html": "a", "index.html.gz": "z", "index.html.br": "z", "manual.tar.gz": "m", ".git/config": "x",
		".sitegen-tmp-1": "x", ".well-known/security.txt": "s", "-/error/405.html": "x", "a/-/b.txt": "kept",
	})
	f.IsVariant = func(path string) bool { return path == "index.html.gz" || path == "index.html.br" }
	all, err := f.Read(t.Context(), 2, nil)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, o := range all {
		got = append(got, o.Path)
	}
	want := []string{".well-known/security.txt", "a/-/b.txt", "index.html", "manual.tar.gz"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

// TestKeys checks on what a key depends: the bytes, the headers and the extension, and nothing else.
func TestKeys(t *testing.T) {
	f := folder(t, map[string]string{"a.html": "x", "b.html": "x", "c.html": "y", "assets/a.html": "x", "d.TXT": "x",
		"e.x-y": "x"})
	k := keys(t, f)
	if k["a.html"] != k["b.html"] {
		t.Error("the same bytes and headers have different keys")
	}
	if k["a.html"] == k["c.html"] || k["a.html"] == k["assets/a.html"] {
		t.Error("another byte or header has the same key")
	}
	if !strings.HasPrefix(k["a.html"], "o/") || len(k["a.html"]) != len("o/.html")+32 ||
		!strings.HasSuffix(k["d.TXT"], ".txt") || strings.Contains(k["e.x-y"], ".") {
		t.Errorf("unexpected keys: %v", k)
	}
	const key = "o/7cf349737f1b8972df01e7bd274db989.html" // a change would upload every site again
	if k["a.html"] != key {
		t.Errorf("the key of a.html is %s, want %s", k["a.html"], key)
	}
	r, err := objects.ParseRule("/a* cache-control: public, max-age=60")
	if err != nil {
		t.Fatal(err)
	}
	f.Rules = objects.Rules{r}
	changed := keys(t, f)
	if changed["a.html"] == k["a.html"] || changed["b.html"] != k["b.html"] {
		t.Error("a rule does not change exactly the keys of the files that it matches")
	}
}

func TestHeaders(t *testing.T) {
	var rules objects.Rules
	for _, text := range []string{"*.pdf Content-Disposition: attachment", "/docs/* Content-Language: en",
		"/docs/x.pdf  Content-Disposition:inline", "/docs/* cache-control: no-cache"} {
		r, err := objects.ParseRule(text)
		if err != nil {
			t.Fatal(err)
		}
		rules = append(rules, r)
	}
	const five = "Cache-Control: public, max-age=300\n"
	for file, want := range map[string]string{
		"index.html":      five + "Content-Type: text/html; charset=utf-8\n",
		"404.html":        "Cache-Control: no-store\nContent-Type: text/html; charset=utf-8\n",
		"assets/x.12.css": "Cache-Control: public, max-age=31536000, immutable\nContent-Type: text/css\n",
		"x.pdf":           five + "Content-Disposition: attachment\nContent-Type: application/pdf\n",
		"docs/x.pdf": "Cache-Control: no-cache\nContent-Disposition: inline\nContent-Language: en\n" +
			"Content-Type: application/pdf\n",
		"a.tar.gz":    five + "Content-Type: application/octet-stream\n",
		"sums.sha512": five + "Content-Type: text/plain; charset=utf-8\n",
		"LICENSE":     five + "Content-Type: text/plain; charset=utf-8\n",
	} {
		if diff := cmp.Diff(want, rules.Headers(file).String()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", file, diff)
		}
	}
}

func TestParseRule(t *testing.T) {
	for text, want := range map[string]string{
		"":                           "write a pattern",
		"*.pdf":                      "write a pattern",
		"*.pdf Content-Type":         "write a pattern",
		"*.pdf Content-Type:":        "write a pattern",
		"docs/* Content-Type: a":     "write a pattern",
		"*.pdf X-Frame-Options: a":   "must be one of Cache-Control, Content-Disposition",
		"*.pdf Content-Type: a\r\nb": "printable",
	} {
		if _, err := objects.ParseRule(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	r, err := objects.ParseRule("  /a.b*  content-type:  a  ")
	if err != nil || r.String() != "/a.b* Content-Type: a" {
		t.Errorf("%q, %v", r, err)
	}
}

// TestContent checks that a file that was replaced is not taken for the one that was read.
func TestContent(t *testing.T) {
	f := folder(t, map[string]string{"a": "first"})
	all, err := f.Read(t.Context(), 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]error{"first": nil, "other": objects.ErrChanged, "fir": objects.ErrChanged,
		"first and more": objects.ErrChanged} {
		if err := os.WriteFile(filepath.Join(f.Dir, "a"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		r, err := f.Content(all[0])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadAll(r); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", text, err, want)
		}
		r.Close()
	}
}
