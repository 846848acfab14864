package main

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// file is a file of an archive.
type file struct {
	name       string // with slashes
	data       []byte
	executable bool
}

func (f file) mode() fs.FileMode {
	if f.executable {
		return 0o755
	}
	return 0o644
}

// read returns a file of the disk under another name.
func read(path, name string) (file, error) {
	info, err := os.Stat(path)
	if err != nil {
		return file{}, err
	}
	data, err := os.ReadFile(path)
	return file{name: name, data: data, executable: info.Mode()&0o100 != 0}, err
}

// writeFiles writes files into a folder.
func writeFiles(dir string, files []file) error {
	for _, f := range files {
		path := filepath.Join(dir, filepath.FromSlash(f.name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, f.data, f.mode()); err != nil {
			return err
		}
	}
	return nil
}

// writeArchive writes files to a .tar.gz, sorted by name, all with the same owner and the same date.
func writeArchive(path string, files []file, date time.Time) error {
	slices.SortFunc(files, func(a, b file) int { return strings.Compare(a.name, b.name) })
	out, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(writeTar(out, files, date), out.Close())
}

func writeTar(out io.Writer, files []file, date time.Time) error {
	compressed, err := gzip.NewWriterLevel(out, gzip.BestCompression)
	if err != nil {
		return err
	}
	w := tar.NewWriter(compressed)
	for _, f := range files {
		err := w.WriteHeader(&tar.Header{
			Name: f.name, Size: int64(len(f.data)), Mode: int64(f.mode()), ModTime: date, Uname: "root", Gname: "root",
		})
		if err != nil {
			return err
		}
		if _, err := w.Write(f.data); err != nil {
			return err
		}
	}
	return errors.Join(w.Close(), compressed.Close())
}
