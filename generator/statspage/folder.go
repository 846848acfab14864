package statspage

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/andybalholm/brotli"
	"github.com/google/renameio/v2"
	"github.com/klauspost/compress/gzip"

	"github.com/Slicer/sitegen/generator/output"
)

// folder writes public/download-stats. Builds leave it alone: none of its files are in their manifest.
type folder struct {
	dir         string
	precompress output.Precompress
	changed     []string
}

// write puts the files of the page in place, in their order, so that the page comes after its assets; then the
// compressed variants of all files; then it removes the assets of the page before.
func (f *folder) write(ctx context.Context, files []output.File) error {
	keep := map[string]bool{}
	for _, file := range files {
		name := strings.TrimPrefix(file.Path, folderName)
		keep[name] = true
		if err := f.put(name, file.Data); err != nil {
			return err
		}
	}
	if err := f.compress(ctx); err != nil {
		return err
	}
	return f.prune(keep)
}

// put writes a file unless it is there as it should be.
func (f *folder) put(name string, data []byte) error {
	path := filepath.Join(f.dir, filepath.FromSlash(name))
	have, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err == nil && bytes.Equal(have, data) {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	f.changed = append(f.changed, name)
	return renameio.WriteFile(path, data, 0o644, renameio.WithExistingPermissions())
}

// variant is a way to compress a file.
type variant struct {
	ext    string
	wanted bool
	writer func(io.Writer) io.WriteCloser
}

// The levels are those of package output, which says why.
func (f *folder) variants() []variant {
	return []variant{
		{".gz", f.precompress.Gzip, func(w io.Writer) io.WriteCloser {
			z, err := gzip.NewWriterLevel(w, gzip.DefaultCompression)
			if err != nil { // an unknown level, a constant
				panic(err)
			}
			return z
		}},
		{".br", f.precompress.Brotli, func(w io.Writer) io.WriteCloser { return brotli.NewWriterLevel(w, 5) }},
	}
}

// compressible are the files that have variants.
var compressible = []string{".css", ".html", ".js", ".json", ".svg"}

// compressMin is the size (bytes) up to which a file travels in one packet anyway.
const compressMin = 1024

// compress brings the variants of all files up to date, and removes those that nobody asks for: the web server
// would send them in place of newer files.
func (f *folder) compress(ctx context.Context) error {
	return filepath.WalkDir(f.dir, func(path string, d fs.DirEntry, err error) error {
		if err = cmp.Or(err, ctx.Err()); err != nil || d.IsDir() || !slices.Contains(compressible, filepath.Ext(path)) {
			return err
		}
		for _, v := range f.variants() {
			if err := f.vary(path, v); err != nil {
				return err
			}
		}
		return nil
	})
}

// vary brings a variant up to date. It carries the time of its file, as gzip does it, which tells whether it is.
func (f *folder) vary(path string, v variant) error {
	target := path + v.ext
	source, err := os.Stat(path)
	if err != nil {
		return err
	}
	if !v.wanted || source.Size() <= compressMin {
		return removeIfThere(target)
	}
	if have, err := os.Stat(target); err == nil && have.ModTime().Equal(source.ModTime()) {
		return nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var packed bytes.Buffer
	w := v.writer(&packed)
	if _, err := w.Write(data); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	t, err := renameio.NewPendingFile(target, renameio.WithPermissions(0o644), renameio.WithExistingPermissions())
	if err != nil {
		return err
	}
	defer t.Cleanup()
	if _, err := t.Write(packed.Bytes()); err != nil {
		return err
	}
	if err := os.Chtimes(t.Name(), source.ModTime(), source.ModTime()); err != nil {
		return err
	}
	return t.CloseAtomicallyReplace()
}

// prune removes the assets, and their variants, that the page no longer has.
func (f *folder) prune(keep map[string]bool) error {
	const assets = "assets"
	entries, err := os.ReadDir(filepath.Join(f.dir, assets))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, e := range entries {
		name := assets + "/" + e.Name()
		if keep[strings.TrimSuffix(strings.TrimSuffix(name, ".gz"), ".br")] {
			continue
		}
		if err := os.Remove(filepath.Join(f.dir, filepath.FromSlash(name))); err != nil {
			return fmt.Errorf("remove an asset of the page before: %w", err)
		}
		f.changed = append(f.changed, name)
	}
	return nil
}

func exists(path string) (bool, error) {
	_, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

func removeIfThere(path string) error {
	if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
