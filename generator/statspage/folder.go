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

// folder writes public/download-stats. Builds do not touch its files, because they are not in the manifest of a build.
type folder struct {
	dir         string
	precompress output.Precompress
	changed     []string // names of the files written or removed
	dry         bool     // write nothing
}

// write writes the files in their order, which is the assets before the page that loads them. Then it updates the
// compressed variants of all files and removes the assets of the previous page.
func (f *folder) write(ctx context.Context, files []output.File) error {
	keep := map[string]bool{}
	for _, file := range files {
		name := strings.TrimPrefix(file.Path, folderName)
		keep[name] = true
		if err := f.writeFile(name, file.Data); err != nil {
			return err
		}
	}
	if !f.dry {
		if err := f.compress(ctx); err != nil {
			return err
		}
	}
	return f.prune(keep)
}

// writeFile writes a file unless it has the same content already.
func (f *folder) writeFile(name string, data []byte) error {
	path := filepath.Join(f.dir, filepath.FromSlash(name))
	have, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err == nil && bytes.Equal(have, data) {
		return nil
	}
	f.changed = append(f.changed, name)
	if f.dry {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	return renameio.WriteFile(path, data, 0o644, renameio.WithExistingPermissions())
}

// variant is a way to compress a file.
type variant struct {
	ext    string // of the compressed file, for example .gz
	wanted bool   // configured by precompress
	writer func(io.Writer) io.WriteCloser
}

// variants returns the variants that a file can have. Package output explains the compression levels.
func (f *folder) variants() []variant {
	return []variant{
		{".gz", f.precompress.Gzip, func(w io.Writer) io.WriteCloser {
			z, err := gzip.NewWriterLevel(w, gzip.DefaultCompression)
			if err != nil { // impossible: the level is a constant
				panic(err)
			}
			return z
		}},
		{".br", f.precompress.Brotli, func(w io.Writer) io.WriteCloser { return brotli.NewWriterLevel(w, 5) }},
	}
}

// compressible are the extensions of the files that have variants.
var compressible = []string{".css", ".html", ".js", ".json", ".svg"}

// compressMin is the size up to which files have no variants (bytes): they fit into one network packet anyway.
const compressMin = 1024

// compress updates the variants of all files. It removes variants that are no longer configured, because the web server
// would send them instead of the newer files.
func (f *folder) compress(ctx context.Context) error {
	return filepath.WalkDir(f.dir, func(path string, d fs.DirEntry, err error) error {
		if err = cmp.Or(err, ctx.Err()); err != nil || d.IsDir() || !slices.Contains(compressible, filepath.Ext(path)) {
			return err
		}
		for _, v := range f.variants() {
			if err := f.updateVariant(path, v); err != nil {
				return err
			}
		}
		return nil
	})
}

// updateVariant creates or replaces a variant unless it is up to date, that is, unless it has the modification time of
// its file. The gzip program sets the time in the same way.
func (f *folder) updateVariant(path string, v variant) error {
	compressed := path + v.ext
	source, err := os.Stat(path)
	if err != nil {
		return err
	}
	if !v.wanted || source.Size() <= compressMin {
		return removeIfExists(compressed)
	}
	if have, err := os.Stat(compressed); err == nil && have.ModTime().Equal(source.ModTime()) {
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
	t, err := renameio.NewPendingFile(compressed, renameio.WithPermissions(0o644), renameio.WithExistingPermissions())
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

// prune removes the assets that the page no longer loads, and their variants.
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
		f.changed = append(f.changed, name)
		if f.dry {
			continue
		}
		if err := os.Remove(filepath.Join(f.dir, filepath.FromSlash(name))); err != nil {
			return fmt.Errorf("remove an asset of the previous page: %w", err)
		}
	}
	return nil
}

// exists reports whether a file exists.
func exists(path string) (bool, error) {
	_, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// removeIfExists removes a file. It is not an error if the file does not exist.
func removeIfExists(path string) error {
	if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
