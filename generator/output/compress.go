package output

import (
	"bytes"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
)

// Precompress says which compressed variants stand beside the files of public/.
type Precompress struct {
	Gzip   bool // page.html.gz, for Nginx's gzip_static
	Brotli bool // page.html.br
}

// String lists the variants asked for, as the manifest does.
func (p Precompress) String() string {
	var on []string
	for _, e := range encodings {
		if e.wanted(p) {
			on = append(on, e.ext[1:])
		}
	}
	return strings.Join(on, " ")
}

// encoding is a way to compress a file.
type encoding struct {
	ext    string // appended to the file's name
	wanted func(Precompress) bool
	writer func() resetter
}

// resetter is a compressing writer that can be used again, as making one costs more than a page.
type resetter interface {
	io.WriteCloser
	Reset(io.Writer)
}

// Levels, as BenchmarkCompress measures them on pages of 3.5 KB (CPU a page, per cent of the page's size): above
// those chosen, time doubles and size stays. Ten thousand pages cost 1.3 s of CPU.
//
//	gzip   5: 28 µs 37.5 %   6: 30 µs 37.4 %   7:  49 µs 37.2 %    9:   65 µs 37.1 %
//	brotli 4: 96 µs 35.8 %   5: 94 µs 33.1 %   9: 137 µs 33.0 %   11: 4740 µs 30.0 %
const (
	gzipLevel   = 6
	brotliLevel = 5
)

var encodings = []encoding{
	{".gz", func(p Precompress) bool { return p.Gzip }, newGzip},
	{".br", func(p Precompress) bool { return p.Brotli }, newBrotli},
}

func newGzip() resetter {
	w, err := gzip.NewWriterLevel(nil, gzipLevel)
	if err != nil { // an unknown level, a constant of ours
		panic(err)
	}
	return w
}

func newBrotli() resetter { return brotli.NewWriterLevel(nil, brotliLevel) }

// compressible is what is text: everything else that a site carries is compressed already.
var compressible = []string{".atom", ".css", ".html", ".js", ".json", ".svg", ".txt", ".xml"}

// compressMin is the size, in bytes, from which compressing is worth a file: what is smaller travels in one
// packet anyway.
const compressMin = 1024

// fragments is the folder of what the web server includes into pages. It is never sent as it is.
const fragments = "-/"

// worth says that a file should have a variant in this encoding.
func (e encoding) worth(p Precompress, f *File) bool {
	return e.wanted(p) && f.Root == Public && len(f.Data) > compressMin &&
		slices.Contains(compressible, path.Ext(f.Path)) && !strings.HasPrefix(f.Path, fragments)
}

// compressor compresses one file at a time. It is used again, by one goroutine at a time.
type compressor struct {
	writers []resetter     // in the order of encodings
	buffers []bytes.Buffer // likewise
}

func newCompressor() *compressor {
	c := &compressor{buffers: make([]bytes.Buffer, len(encodings))}
	for _, e := range encodings {
		c.writers = append(c.writers, e.writer())
	}
	return c
}

// compress compresses data in the i-th encoding. Same data, same bytes. What it returns is overwritten by the
// next file.
func (c *compressor) compress(i int, data []byte) ([]byte, error) {
	b := &c.buffers[i]
	b.Reset()
	w := c.writers[i]
	w.Reset(b)
	if _, err := w.Write(data); err != nil {
		return nil, fmt.Errorf("compress: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("compress: %w", err)
	}
	return b.Bytes(), nil
}
