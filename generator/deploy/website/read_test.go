package website_test

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/deploy/objects"
	"github.com/Slicer/sitegen/generator/deploy/website"
	"github.com/Slicer/sitegen/generator/fault"
)

// write writes files to a new folder.
func write(t *testing.T, files map[string]string) string {
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
	return dir
}

// read reads the site of a public folder and the folder of the compiled redirects.
func read(t *testing.T, public *objects.Folder, redirects string) (*website.Site, error) {
	t.Helper()
	files, err := public.Read(t.Context(), 2, nil)
	if err != nil {
		t.Fatal(err)
	}
	return website.Read(t.Context(), public, files, redirects, 2)
}

func TestRead(t *testing.T) {
	dir := write(t, map[string]string{
		"public/index.html": "home", "public/old/index.html": "hidden by a redirect", "public/-/error/405.html": "Nginx",
		"s3/objects.jsonl": `{"about":"x","not_answered":[]}
{"key":"download","file":"download.html","content_type":"text/html","cache_control":"max-age=300"}
{"key":"old/index.html","location":"/new/","cache_control":"max-age=300"}
`,
		"s3/download.html": "page", "s3/website.json": `{"IndexDocument":{"Suffix":"index.html"}}`,
	})
	public := &objects.Folder{Dir: filepath.Join(dir, "public")}
	s, err := read(t, public, filepath.Join(dir, "s3"))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, o := range s.Files {
		r, err := s.Content(o)
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		r.Close()
		if err != nil {
			t.Fatal(err)
		}
		got[o.Path] = o.Headers["Content-Type"] + ": " + string(data)
	}
	want := map[string]string{"index.html": "text/html; charset=utf-8: home", "download": "text/html: page"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	redirects := []website.Redirect{{Key: "old/index.html", Location: "/new/", CacheControl: "max-age=300"}}
	if diff := cmp.Diff(redirects, s.Redirects); diff != "" || s.Config.IndexDocument.Suffix != "index.html" {
		t.Errorf("%+v, redirects (-want +got):\n%s", s.Config, diff)
	}
}

func TestReadErrors(t *testing.T) {
	const config = `{"IndexDocument":{"Suffix":"index.html"}}`
	for name, test := range map[string]struct{ objects, config, want string }{
		"no JSON":        {"{}\nx\n", config, "objects.jsonl:2: "},
		"a missing file": {`{"key":"a","file":"../public/a"}`, config, `objects.jsonl:1: there is no file "../public/a"`},
		"unknown field":  {"{}", `{"RedirectAllRequestsTo":{}}`, "website.json: "},
	} {
		dir := write(t, map[string]string{"p/a": "a", "s3/objects.jsonl": test.objects, "s3/website.json": test.config})
		_, err := read(t, &objects.Folder{Dir: filepath.Join(dir, "p")}, filepath.Join(dir, "s3"))
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
	}
	dir := write(t, map[string]string{"p/a": "a"})
	_, err := read(t, &objects.Folder{Dir: filepath.Join(dir, "p")}, filepath.Join(dir, "s3"))
	if fault.KindOf(err) != fault.Usage || len(fault.Hints(err)) != 1 {
		t.Errorf("no folder of redirects: %v", err)
	}
}
