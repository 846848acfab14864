package output_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/output"
)

// Symbolic links in the site's folders that lead out of them never change anything outside, whatever a run does.
func TestNothingOutsideChanges(t *testing.T) {
	built := []output.File{page("index.html", long(2000)), page("feed/index.html", "1"), page("feed/more.html", "1"),
		nginxMap("nginx/a.conf", "1")}
	tests := []struct {
		name  string
		link  string // becomes a link to what was there and is outside now
		files []output.File
		want  string // in the error; empty: the build succeeds
	}{
		{"a file that is unchanged", "public/index.html", built, ""},
		{"a file that changes", "public/index.html", []output.File{page("index.html", "2")}, ""},
		{"a file that is removed", "public/index.html", []output.File{page("feed/index.html", "1")}, ""},
		{"a variant", "public/index.html.gz", []output.File{page("index.html", long(2001))}, ""},
		{"a map", "redirects/nginx/a.conf", []output.File{nginxMap("nginx/a.conf", "2")},
			"redirects/nginx/a.conf: path escapes"},
		{"the listing", "public/" + listing, []output.File{page("index.html", "2")}, ""},
		{"a folder in which files change", "public/feed", []output.File{page("feed/index.html", "2")},
			"public/feed: path escapes"},
		{"a folder from which files are removed", "public/feed", []output.File{page("index.html", "2"), built[3]},
			"public/feed: path escapes"},
		{"a folder of maps", "redirects/nginx", []output.File{nginxMap("nginx/a.conf", "2")},
			"redirects/nginx: path escapes"},
		{"the lock", "var/lock", built, "var/lock is not a regular file"},
		{"the manifest", "var/manifest.json", []output.File{page("index.html", "2")}, "path escapes"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newSite(t)
			s.options.Precompress.Gzip = true
			s.build(built...)
			outside := filepath.Join(t.TempDir(), "target")
			if err := os.Rename(s.place(test.link), outside); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(outside, s.place(test.link)); err != nil {
				t.Fatal(err)
			}
			err := filepath.WalkDir(outside, func(place string, d fs.DirEntry, err error) error {
				return errors.Join(err, os.Chmod(place, 0o700))
			})
			if err != nil {
				t.Fatal(err)
			}
			dir := siteIn(t, filepath.Dir(outside))
			before := dir.stamps()
			_, err = s.try("", test.files...)
			if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %q", err, test.want)
			}
			if diff := cmp.Diff(before, dir.stamps()); diff != "" {
				t.Errorf("something outside has changed: %s", diff)
			}
		})
	}
}
