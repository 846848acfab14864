package output_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/andybalholm/brotli"

	"github.com/Slicer/sitegen/generator/output"
)

// site is a folder with everything that a build needs.
type site struct {
	t       testing.TB
	options output.Options
}

// newSite makes a site in a folder of its own. Its clock stands still, so no test depends on the time between two runs.
func newSite(t testing.TB) *site {
	return siteIn(t, t.TempDir())
}

func siteIn(t testing.TB, dir string) *site {
	now := time.Date(2026, 11, 22, 17, 9, 0, 0, time.UTC)
	return &site{t: t, options: output.Options{
		Public:    filepath.Join(dir, "public"),
		Redirects: filepath.Join(dir, "redirects"),
		Data:      filepath.Join(dir, "var"),
		Now:       func() time.Time { return now },
	}}
}

// open opens the site's writer. The test closes it at its end.
func (s *site) open() *output.Writer {
	s.t.Helper()
	w, err := output.Open(s.options)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { w.Close() })
	return w
}

// try does one run: open, plan, apply, close.
func (s *site) try(inputs string, files ...output.File) (*output.Plan, error) {
	w, err := output.Open(s.options)
	if err != nil {
		return nil, err
	}
	defer w.Close()
	p, err := w.Plan(context.Background(), files)
	if err != nil {
		return nil, err
	}
	return p, w.Apply(context.Background(), p, inputs)
}

// build does one run that must succeed.
func (s *site) build(files ...output.File) *output.Plan {
	s.t.Helper()
	p, err := s.try("inputs", files...)
	if err != nil {
		s.t.Fatal(err)
	}
	return p
}

// verifies reports whether a run would find nothing to do.
func (s *site) verifies(inputs string) bool {
	s.t.Helper()
	w, err := output.Open(s.options)
	if err != nil {
		s.t.Fatal(err)
	}
	defer w.Close()
	current, err := w.Verify(context.Background(), inputs)
	if err != nil {
		s.t.Fatal(err)
	}
	return current
}

// put writes a file as a person would. The name begins with public/, redirects/ or var/.
func (s *site) put(name, text string) {
	s.t.Helper()
	place := s.place(name)
	if err := os.MkdirAll(filepath.Dir(place), 0o755); err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(place, []byte(text), 0o644); err != nil {
		s.t.Fatal(err)
	}
}

// remove removes a file as a person would.
func (s *site) remove(name string) {
	s.t.Helper()
	if err := os.RemoveAll(s.place(name)); err != nil {
		s.t.Fatal(err)
	}
}

// place returns where a file is on disk.
func (s *site) place(name string) string {
	return filepath.Join(filepath.Dir(s.options.Public), name)
}

// text returns the content of a file.
func (s *site) text(name string) string {
	s.t.Helper()
	data, err := os.ReadFile(s.place(name))
	if err != nil {
		s.t.Fatal(err)
	}
	return string(data)
}

// mtime returns the modification time of a file.
func (s *site) mtime(name string) time.Time {
	s.t.Helper()
	info, err := os.Lstat(s.place(name))
	if err != nil {
		s.t.Fatal(err)
	}
	return info.ModTime()
}

// listing is the path in public/ of the list of the site's files.
const listing = ".sitegen-files"

// tree returns what is in public/ and redirects/, except the listing: contents of files by name, "dir" for empty folders.
func (s *site) tree() map[string]string {
	s.t.Helper()
	tree := map[string]string{}
	for _, root := range []string{"public", "redirects"} {
		err := filepath.WalkDir(s.place(root), func(place string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			name, err := filepath.Rel(s.place("."), place)
			if err != nil {
				return err
			}
			if d.Name() == listing {
				return nil
			}
			if d.IsDir() {
				below, err := os.ReadDir(place)
				if len(below) == 0 && name != root {
					tree[name] = "dir"
				}
				return err
			}
			if d.Type()&fs.ModeSymlink != 0 {
				tree[name], err = os.Readlink(place)
				return err
			}
			data, err := os.ReadFile(place)
			tree[name] = string(data)
			return err
		})
		if err != nil && !os.IsNotExist(err) {
			s.t.Fatal(err)
		}
	}
	return tree
}

// stamps returns the inode and the modification time of everything, including the manifest: any write changes them.
func (s *site) stamps() map[string]string {
	s.t.Helper()
	stamps := map[string]string{}
	err := filepath.WalkDir(s.place("."), func(place string, d fs.DirEntry, err error) error {
		if err != nil || d.Name() == "lock" {
			return err
		}
		info, err := d.Info()
		if err == nil {
			stamps[place] = fmt.Sprintf("%v %+v", info.ModTime(), info.Sys())
		}
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	for place, stamp := range stamps { // reading changes the access time
		at := strings.Index(stamp, " Atim:")
		stamps[place] = stamp[:at] + stamp[at:][strings.Index(stamp[at:], "}"):]
	}
	return stamps
}

func record(path, text string) output.File {
	return output.File{Root: output.Public, Group: output.Records, Path: path, Data: []byte(text)}
}

func page(path, text string) output.File {
	return output.File{Root: output.Public, Group: output.Pages, Path: path, Data: []byte(text)}
}

func nginxMap(path, text string) output.File {
	return output.File{Root: output.Redirects, Group: output.Maps, Path: path, Data: []byte(text)}
}

// streamed returns the page as one whose content is produced in pieces. Its version is made from the content.
func streamed(f output.File) output.File {
	data := f.Data
	f.Data, f.Version = nil, fmt.Sprintf("%x", sha256.Sum256(data))
	f.Write = func(w io.Writer) error {
		for piece := range slices.Chunk(data, 1000) {
			if _, err := w.Write(piece); err != nil {
				return err
			}
		}
		return nil
	}
	return f
}

// long returns a text of n bytes that compresses well.
func long(n int) string { return strings.Repeat("release 5.8 for Windows, macOS, Linux\n", n/38+1)[:n] }

// noise returns n bytes that do not compress.
func noise(n int) string {
	data := make([]byte, n)
	rand.NewChaCha8([32]byte{}).Read(data)
	return string(data)
}

// unpack decompresses a variant, as a browser does.
func unpack(t testing.TB, name, text string) string {
	t.Helper()
	var r io.Reader = brotli.NewReader(strings.NewReader(text))
	if filepath.Ext(name) == ".gz" {
		z, err := gzip.NewReader(bytes.NewReader([]byte(text)))
		if err != nil {
			t.Fatal(err)
		}
		r = z
	}
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
