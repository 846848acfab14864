package archive

import (
	"archive/tar"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
)

// Reader reads an archive whose SHA-256 and manifest have been checked. The caller closes it.
type Reader struct {
	Manifest *Manifest
	Sum      string // SHA-256 of the whole archive, in hex
	z        *zstd.Decoder
	t        *tar.Reader
}

// Open checks the SHA-256 of an archive of a size (bytes) and reads its manifest, which may contain only files with
// known names.
func Open(r io.ReaderAt, size int64, known []string) (*Reader, error) {
	sum, err := checkSum(r, size)
	if err != nil {
		return nil, err
	}
	z, err := zstd.NewReader(io.NewSectionReader(r, 0, size), zstd.WithDecoderConcurrency(1),
		zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderLowmem(true))
	if err != nil {
		return nil, damaged("%w", err)
	}
	a := &Reader{Sum: sum, z: z, t: tar.NewReader(z)}
	if err := a.readManifest(size, known); err != nil {
		z.Close()
		return nil, err
	}
	return a, nil
}

// Close releases the memory of the decompressor.
func (a *Reader) Close() { a.z.Close() }

// checkSum compares the SHA-256 at the end of an archive with its bytes. It returns the SHA-256 of the whole file.
func checkSum(r io.ReaderAt, size int64) (string, error) {
	if size < int64(endSize) {
		return "", damaged("it has only %d bytes", size)
	}
	h := sha256.New()
	if _, err := io.Copy(h, io.NewSectionReader(r, 0, size-int64(endSize))); err != nil {
		return "", fmt.Errorf("read the backup: %w", err)
	}
	last := make([]byte, endSize)
	if _, err := r.ReadAt(last, size-int64(endSize)); err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("read the backup: %w", err)
	}
	if string(last) != string(end(h.Sum(nil))) {
		if string(last[:len(endStart)]) != endStart {
			return "", damaged("its end is missing")
		}
		return "", damaged("its SHA-256 differs")
	}
	h.Write(last)
	return hex.EncodeToString(h.Sum(nil)), nil
}

func (a *Reader) readManifest(size int64, known []string) error {
	header, err := a.next()
	if err != nil {
		return err
	}
	if header.Name != manifestName || header.Size > maxManifest {
		return refused("it begins with %.80q (%d bytes), not with %s", header.Name, header.Size, manifestName)
	}
	data, err := io.ReadAll(a.t)
	if err != nil {
		return damaged("%w", err)
	}
	a.Manifest, err = decodeManifest(data, size, known)
	return err
}

// next returns the next entry, which must be a regular file.
func (a *Reader) next() (*tar.Header, error) {
	header, err := a.t.Next()
	if err == io.EOF {
		return nil, damaged("files are missing")
	}
	if err != nil {
		return nil, damaged("%w", err)
	}
	if header.Typeflag != tar.TypeReg || header.Linkname != "" {
		return nil, refused("%.80q is not a regular file", header.Name)
	}
	return header, nil
}

// Each calls fn for each file in the order of the manifest. fn must read the file to its end. If an error is returned,
// what fn has read must not be used.
func (a *Reader) Each(fn func(f File, r io.Reader) error) error {
	for _, f := range a.Manifest.Files {
		header, err := a.next()
		if err != nil {
			return err
		}
		if header.Name != f.Name || header.Size != f.Size {
			return refused("%.80q (%d bytes) is in the place of %s (%d bytes)", header.Name, header.Size, f.Name,
				f.Size)
		}
		h := sha256.New()
		if err := fn(f, io.TeeReader(a.t, h)); err != nil {
			return err
		}
		if hex.EncodeToString(h.Sum(nil)) != f.SHA256 {
			return damaged("%s has another SHA-256 than the manifest", f.Name)
		}
	}
	if header, err := a.t.Next(); err == nil {
		return refused("%.80q is not in the manifest", header.Name)
	} else if err != io.EOF {
		return damaged("%w", err)
	}
	if n, err := a.z.Read(make([]byte, 1)); n > 0 || !errors.Is(err, io.EOF) {
		return refused("there is something after the last file")
	}
	return nil
}
