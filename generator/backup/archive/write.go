package archive

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/klauspost/compress/zstd"
)

// Hash returns the size and the SHA-256 of a file, for a File.
func Hash(path string) (size int64, sum string, err error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, "", err
	}
	defer f.Close()
	h := sha256.New()
	if size, err = io.Copy(h, f); err != nil {
		return 0, "", err
	}
	return size, hex.EncodeToString(h.Sum(nil)), nil
}

// Write writes an archive with the files of a manifest, which are in a folder and have their sizes.
func Write(w io.Writer, m *Manifest, dir string) error {
	h := sha256.New()
	z, err := zstd.NewWriter(io.MultiWriter(w, h), zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(maxWindow))
	if err != nil {
		return err
	}
	t := tar.NewWriter(z)
	text, err := json.MarshalIndent(m, "", "\t")
	if err != nil {
		return err
	}
	text = append(text, '\n')
	if err := writeEntry(t, manifestName, int64(len(text)), m.Time, bytes.NewReader(text)); err != nil {
		return err
	}
	for _, f := range m.Files {
		if err := writeFile(t, f, m.Time, dir); err != nil {
			return err
		}
	}
	if err := t.Close(); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	_, err = w.Write(end(h.Sum(nil)))
	return err
}

func writeFile(t *tar.Writer, f File, at time.Time, dir string) error {
	file, err := os.Open(filepath.Join(dir, f.Name))
	if err != nil {
		return err
	}
	defer file.Close()
	return writeEntry(t, f.Name, f.Size, at, file)
}

// writeEntry writes a regular file that only its owner can read, without the names of users.
func writeEntry(t *tar.Writer, name string, size int64, at time.Time, r io.Reader) error {
	header := &tar.Header{Typeflag: tar.TypeReg, Name: name, Size: size, Mode: 0o600, ModTime: at}
	if err := t.WriteHeader(header); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	_, err := io.Copy(t, r)
	return err
}
