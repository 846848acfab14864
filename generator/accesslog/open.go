package accesslog

import (
	"bufio"
	"bytes"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// Compression is how a log is packed.
type Compression int

// The compressions that are read.
const (
	Plain Compression = iota
	Gzip
	Zstd
)

// Decompress gives the text of a log, and how it was packed, which the first bytes tell: a plain file named
// .gz is read as it is. Closing the reader frees what the decoder holds and leaves r open.
func Decompress(r io.Reader) (io.ReadCloser, Compression, error) {
	buffered := bufio.NewReaderSize(r, 64<<10)
	magic, err := buffered.Peek(4)
	if err != nil && err != io.EOF {
		return nil, Plain, err
	}
	switch {
	case bytes.HasPrefix(magic, []byte{0x1f, 0x8b}):
		zr, err := gzip.NewReader(buffered)
		if err != nil {
			return nil, Gzip, fmt.Errorf("read the gzip header: %w", err)
		}
		return zr, Gzip, nil
	case bytes.Equal(magic, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		// A window of 8 MB is what every decoder must take; --long goes to 128 MB, more than a run may use.
		zr, err := zstd.NewReader(buffered, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(32<<20))
		if err != nil {
			return nil, Zstd, fmt.Errorf("read the zstd header: %w", err)
		}
		return zr.IOReadCloser(), Zstd, nil
	}
	return io.NopCloser(buffered), Plain, nil
}
