// Package objects turns the files of a public folder into objects whose names follow from their content.
//
// An object is a file together with the headers of its response. Its key is a hash over both:
//
//	public/about/index.html    o/9c1d…e0.html    text/html; charset=utf-8, public, max-age=300
//	public/assets/x.12.css     o/71aa…09.css     text/css, public, max-age=31536000, immutable
//
// So an object never changes: a file with another byte or another header is another object, and both can exist beside
// each other. Two files with the same bytes and headers are one object.
package objects

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/Slicer/sitegen/generator/parallel"
)

// Prefix is the prefix of the keys of all objects.
const Prefix = "o/"

// hashSize is the number of bytes of a hash in a key. With 128 bits, a billion objects have the same key by accident
// with a probability of less than 10^-20.
const hashSize = 16

// Object is a file of the site and the headers of its response.
type Object struct {
	Path    string // path of the file below the public folder, for example about/index.html
	Key     string // key of the object in the bucket
	Size    int64  // bytes
	Sum     [sha256.Size]byte
	Headers Headers
}

// New returns the object for a file, given the hash of its content.
func New(file string, size int64, sum [sha256.Size]byte, headers Headers) Object {
	h := sha256.New()
	fmt.Fprintf(h, "%s%s", sum[:], headers)
	key := Prefix + hex.EncodeToString(h.Sum(nil)[:hashSize]) + extension(file)
	return Object{Path: file, Key: key, Size: size, Sum: sum, Headers: headers}
}

// extension returns the extension of a file in lower case, or "" if it is unusual. It has no meaning for the server;
// it helps people who look into the bucket.
func extension(file string) string {
	ext := strings.ToLower(path.Ext(file))
	if len(ext) < 2 || len(ext) > 9 || strings.ContainsFunc(ext[1:], func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9')
	}) {
		return ""
	}
	return ext
}

// Folder is a public folder.
type Folder struct {
	Dir   string // path on disk
	Rules Rules
	// IsExtra reports whether a build has written the file at this path, but it is not part of the site: a compressed
	// variant of another file (CloudFront compresses by itself), or a file that the next build removes. It may be nil.
	IsExtra func(path string) bool
}

// Read reads all files of the folder and returns their objects, sorted by path. jobs files are read at the same time.
// progress is called with the number of bytes after each file; it may be nil.
//
// Read leaves out extra files and those that Skipped reports.
func (f *Folder) Read(ctx context.Context, jobs int, progress func(bytes int64)) ([]Object, error) {
	files, err := f.list()
	if err != nil {
		return nil, err
	}
	all := make([]Object, len(files))
	err = parallel.For(ctx, jobs, len(files), func(i int) error {
		size, sum, err := f.sum(files[i])
		if err != nil {
			return err
		}
		all[i] = New(files[i], size, sum, f.Rules.Headers(files[i]))
		if progress != nil {
			progress(size)
		}
		return nil
	})
	return all, err
}

// Skipped reports whether no deploy uploads a file at this path below the public folder, or what is in such a folder:
// hidden files (except .well-known), and the pieces of pages in -/, which only Nginx needs.
func Skipped(file string) bool {
	segments := strings.Split(file, "/")
	return segments[0] == "-" || slices.ContainsFunc(segments, func(name string) bool {
		return strings.HasPrefix(name, ".") && name != ".well-known"
	})
}

// list returns the paths of the files to deploy, sorted.
func (f *Folder) list() ([]string, error) {
	var files []string
	err := filepath.WalkDir(f.Dir, func(place string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(f.Dir, place)
		if err != nil || rel == "." {
			return err
		}
		file := filepath.ToSlash(rel)
		skip := Skipped(file)
		switch {
		case d.IsDir() && skip:
			return fs.SkipDir
		case skip || d.IsDir():
			return nil
		}
		info, err := os.Stat(place) // follows symbolic links, as web servers do
		if err != nil {
			return err
		}
		if info.IsDir() {
			return fmt.Errorf("%s is a symbolic link to a folder; replace it by the folder itself", place)
		}
		if info.Mode().IsRegular() && (f.IsExtra == nil || !f.IsExtra(file)) {
			files = append(files, file)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the public folder: %w", err)
	}
	slices.Sort(files)
	return files, nil
}

// sum returns the size and the hash of a file.
func (f *Folder) sum(file string) (size int64, sum [sha256.Size]byte, err error) {
	r, err := f.Open(file)
	if err != nil {
		return 0, sum, err
	}
	defer r.Close()
	h := sha256.New()
	if size, err = io.Copy(h, r); err != nil {
		return 0, sum, fmt.Errorf("read the public folder: %w", err)
	}
	return size, [sha256.Size]byte(h.Sum(nil)), nil
}

// Open opens a file of the folder.
func (f *Folder) Open(file string) (io.ReadCloser, error) {
	r, err := os.Open(filepath.Join(f.Dir, filepath.FromSlash(file)))
	if err != nil {
		return nil, fmt.Errorf("read the public folder: %w", err)
	}
	return r, nil
}

// ErrChanged is the error for a file whose content is no longer that of its object.
var ErrChanged = errors.New("the file has changed since the deploy began")

// Content returns a reader of the content of an object. At the end of the file it returns ErrChanged instead of io.EOF
// if the content is not that of the object: a build may have replaced the file in the meantime.
func (f *Folder) Content(o Object) (io.ReadCloser, error) {
	r, err := f.Open(o.Path)
	if err != nil {
		return nil, err
	}
	h := sha256.New()
	return &checked{ReadCloser: r, sum: func() bool { return [sha256.Size]byte(h.Sum(nil)) == o.Sum }, hash: h,
		left: o.Size}, nil
}

// checked is the reader of Folder.Content.
type checked struct {
	io.ReadCloser
	hash io.Writer
	sum  func() bool // reports whether the hash is the expected one
	left int64       // bytes until the expected end; negative if the file is longer
}

func (c *checked) Read(p []byte) (int, error) {
	n, err := c.ReadCloser.Read(p)
	_, _ = c.hash.Write(p[:n]) // a hash returns no errors
	c.left -= int64(n)
	if err == io.EOF && (c.left != 0 || !c.sum()) || c.left < 0 {
		return n, ErrChanged
	}
	return n, err
}
