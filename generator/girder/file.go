package girder

import (
	"bytes"
	"cmp"
	"compress/gzip"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/Slicer/sitegen/generator/fault"
)

// sample is a selection of testdata/catalog.json; see sample_test.go, which makes it.
//
//go:embed sample.json
var sample []byte

// SampleApp is the application whose packages the sample lists.
const SampleApp = "5f4474d0e1d8c75dfc705482"

// Sample is the small catalogue that is part of the program, to try it without a server: releases of all
// operating systems over the years, two weeks of nightly builds, and a few of the oddities that real
// listings have.
func Sample() ([]Item, error) { return decodeListing(sample) }

// FromFile reads a saved answer of GET <base>/app/<app>/package?limit=0, plain or compressed with gzip, of
// at most maxSize bytes when decompressed (0: DefaultMaxSize). A *ListingError among its errors names the
// path, line and column.
func FromFile(path string, maxSize int64) ([]Item, error) {
	data, err := readFile(path, cmp.Or(maxSize, DefaultMaxSize))
	if err != nil {
		return nil, fault.Wrap(fault.Source, fmt.Errorf("read the listing: %w", err), fileHint(err))
	}
	records, err := decodeListing(data)
	if e, ok := errors.AsType[*ListingError](err); ok {
		e.Path = path
		err = fault.Wrap(fault.Source, e, saveAgain)
	}
	return records, err
}

const saveAgain = `Save the answer of <API base>/app/<app>/package?limit=0 anew, asked for with "Accept: application/json".`

func fileHint(err error) string {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "The source is taken for a file because it is neither sample nor a URL that begins with https://."
	case errors.Is(err, errTooLarge):
		return "Check what the file holds; if the catalogue has really grown so much, raise girder.max_size."
	case isBrokenBody(err):
		return saveAgain
	}
	return ""
}

func readFile(path string, maxSize int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := readAll(f, maxSize)
	if err == nil && bytes.HasPrefix(data, []byte("\x1f\x8b")) {
		data, err = gunzip(data, maxSize)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return data, nil
}

func gunzip(data []byte, maxSize int64) ([]byte, error) {
	zr, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	return readAll(zr, maxSize)
}

// errTooLarge is the error of a listing beyond the size limit.
var errTooLarge = errors.New("larger than the limit")

// readAll reads up to maxSize bytes. More are an error, but what was read is given all the same.
func readAll(r io.Reader, maxSize int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxSize+1))
	if int64(len(data)) > maxSize {
		return data[:maxSize], fmt.Errorf("%w of %d bytes", errTooLarge, maxSize)
	}
	return data, err
}
