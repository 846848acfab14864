package fetch

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/Slicer/sitegen/generator/fault"
)

// ReadFile reads a file, plain or compressed with gzip, within the client's size limit. Its error is of kind
// fault.Source.
func (c *Client) ReadFile(path string) ([]byte, error) {
	data, err := readFile(path, c.o.MaxSize)
	if err != nil {
		return nil, fault.Wrap(fault.Source, fmt.Errorf("read the source: %w", err), fileHint(err))
	}
	return data, nil
}

func readFile(path string, maxSize int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := readAll(f, maxSize)
	if err == nil {
		data, err = unpack(data, maxSize)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return data, nil
}

func fileHint(err error) string {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "The source is read as the path of a file, because it is not a URL (https://...) or the word sample."
	case errors.Is(err, errTooLarge):
		return tooLargeHint
	case isDamaged(err):
		return "The file is damaged: save or copy it again."
	}
	return ""
}

// unpack decompresses gzip data, which it recognizes by its first two bytes, and returns any other data unchanged.
func unpack(data []byte, maxSize int64) ([]byte, error) {
	if !bytes.HasPrefix(data, []byte("\x1f\x8b")) {
		return data, nil
	}
	zr, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	return readAll(zr, maxSize)
}

// errTooLarge is the error for a document that exceeds the size limit.
var errTooLarge = errors.New("larger than the limit")

// readAll reads up to maxSize bytes. If there are more, it returns an error together with the first maxSize bytes.
func readAll(r io.Reader, maxSize int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxSize+1))
	if int64(len(data)) > maxSize {
		return data[:maxSize], fmt.Errorf("%w of %d bytes", errTooLarge, maxSize)
	}
	return data, err
}

// isDamaged reports whether err means that a document ends early or its compressed data is corrupt.
func isDamaged(err error) bool {
	_, isCorrupt := errors.AsType[flate.CorruptInputError](err)
	return isCorrupt || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) ||
		errors.Is(err, gzip.ErrHeader) || errors.Is(err, gzip.ErrChecksum)
}
