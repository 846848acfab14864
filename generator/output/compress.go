package output

import (
	"bufio"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
)

// Precompress selects the compressed variants that are written beside the files of public/.
type Precompress struct {
	Gzip   bool // page.html.gz, for Nginx's gzip_static
	Brotli bool // page.html.br
}

// String lists the selected variants as the manifest does, for example "gz br".
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
	writer func() encoder
	stream func() encoder // for files with Write, nil if it is the same as writer
	reader func(io.Reader) (io.Reader, error)
}

// encoder is a compressing writer. It is reused for the next file, because creating one costs more than compressing a
// page.
type encoder interface {
	io.WriteCloser
	Reset(io.Writer)
}

// Compression levels. BenchmarkCompress measured them on pages of 3.5 KB (CPU time per page, compressed size as a
// percentage of the page): above the chosen levels, the time doubles and the size hardly changes. Ten thousand pages
// take 1.3 s of CPU time.
//
//	gzip   5: 28 µs 37.5 %   6: 30 µs 37.4 %   7:  49 µs 37.2 %    9:   65 µs 37.1 %
//	brotli 4: 96 µs 35.8 %   5: 94 µs 33.1 %   9: 137 µs 33.0 %   11: 4740 µs 30.0 %
const (
	gzipLevel   = 6
	brotliLevel = 5
	// streamLevel is the level of brotli for files with Write, of the newer implementation. On 1.9 MB of statistics of
	// format 1.0, which are written again in each run that counts a download, it takes 40 % of the CPU time of
	// brotliLevel, and the result is 1.5 % larger. On pages, it would be 8 % larger.
	streamLevel = 4
)

var encodings = []encoding{
	{".gz", func(p Precompress) bool { return p.Gzip }, newGzip, nil,
		func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) }},
	{".br", func(p Precompress) bool { return p.Brotli }, newBrotli, newStreamBrotli,
		func(r io.Reader) (io.Reader, error) { return brotli.NewReader(r), nil }},
}

// Variants calls each for every compressed variant that the file at place has on disk, with the extension (".gz") and
// the decompressed content. A variant that is damaged at its beginning has the error of opening it instead.
func Variants(place string, each func(ext string, text io.Reader, err error) error) error {
	for _, e := range encodings {
		err := openVariant(place+e.ext, func(f io.Reader) error {
			text, err := e.reader(f)
			return each(e.ext, text, err)
		})
		if err != nil && !isMissing(err) {
			return err
		}
	}
	return nil
}

// PlainName returns the name of the file to which a variant with the given name belongs, and other names unchanged.
func PlainName(name string) string {
	for _, e := range encodings {
		if plain, ok := strings.CutSuffix(name, e.ext); ok {
			return plain
		}
	}
	return name
}

// openVariant calls use with the content of the file at place.
func openVariant(place string, use func(io.Reader) error) error {
	f, err := openFile(place)
	if err != nil {
		return err
	}
	defer f.Close()
	return use(bufio.NewReader(f))
}

func newGzip() encoder {
	w, err := gzip.NewWriterLevel(nil, gzipLevel)
	if err != nil { // the level is a constant
		panic(err)
	}
	return w
}

func newBrotli() encoder { return brotliEncoder{brotli.NewWriterLevel(nil, brotliLevel)} }

func newStreamBrotli() encoder { return brotli.NewWriterV2(nil, streamLevel) }

// brotliEncoder writes short pieces, so that the same file always has the same bytes. An encoder chooses its method for
// good when it gets the first piece of its first file: above 1 MiB another one than below.
type brotliEncoder struct{ *brotli.Writer }

func (e brotliEncoder) Write(p []byte) (n int, err error) {
	for piece := range slices.Chunk(p, bufferSize) {
		m, err := e.Writer.Write(piece)
		if n += m; err != nil {
			return n, err
		}
	}
	return n, nil
}

// compressible lists the extensions of text files. Other files, such as images, are already compressed.
var compressible = []string{".atom", ".css", ".csv", ".html", ".js", ".json", ".svg", ".txt", ".xml"}

// compressMin is the size, in bytes, above which compressing pays: smaller files fit into one packet anyway.
const compressMin = 1024

// fragments is the folder of files that the web server includes in pages and never sends by themselves.
const fragments = "-/"

// suits reports whether a file should have a variant in this encoding. The size is -1 if it is not known yet.
func (e encoding) suits(p Precompress, f *File, size int64) bool {
	return e.wanted(p) && f.Root == Public && (size < 0 || size > compressMin) &&
		slices.Contains(compressible, path.Ext(f.Path)) && !strings.HasPrefix(f.Path, fragments)
}
