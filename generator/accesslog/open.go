package accesslog

import (
	"bufio"
	"bytes"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// Compression is the compression of a log.
type Compression int

// The supported compressions.
const (
	Plain Compression = iota
	Gzip
	Zstd
)

// Decompress returns a reader for the text of a log, and the compression. It detects the compression from the first
// bytes, not from the file name: an uncompressed file named access.log.gz is read as plain text. Closing the returned
// reader frees the decoder and leaves r open.
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
		// Every decoder must support a window of 8 MB. Files made with zstd --long may need 128 MB, which is more
		// memory than a run may use.
		zr, err := zstd.NewReader(buffered, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(32<<20))
		if err != nil {
			return nil, Zstd, fmt.Errorf("read the zstd header: %w", err)
		}
		return zr.IOReadCloser(), Zstd, nil
	}
	return io.NopCloser(buffered), Plain, nil
}
