// Package folder reads the folders of a site (content/, layouts/) the way people see them: a symbolic link stands
// for the file or folder that it leads to. A link to a folder that contains the link itself would make the folder
// endless and is left out.
package folder

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Open returns the folder at path, which need not exist yet.
func Open(path string) fs.FS { return folder{os.DirFS(path), path} }

type folder struct {
	fs.FS
	root string
}

// ReadFile implements fs.ReadFileFS. Names that are not regular files, for instance named pipes, are an error.
//
// The file is opened with O_NONBLOCK, which has no effect on reading a regular file. It spares four system calls:
// os.Open switches each file to non-blocking mode, fails to register it with the poller, and switches it back.
func (f folder) ReadFile(name string) ([]byte, error) {
	local, err := filepath.Localize(name)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
	}
	file, err := os.OpenFile(filepath.Join(f.root, local), os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, named("open", name, err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("not a regular file")
	}
	if err != nil {
		return nil, named("read", name, err)
	}
	data := make([]byte, info.Size()+1) // one byte more than expected, so that one read finds the end
	n, err := io.ReadFull(file, data)
	if err == nil { // it has grown since
		var rest []byte
		rest, err = io.ReadAll(file)
		return append(data, rest...), named("read", name, err)
	}
	if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, named("read", name, err)
	}
	return data[:n], nil
}

// named returns the error with the name that the file has within the folder, as os.DirFS does.
func named(op, name string, err error) error {
	if err == nil {
		return nil
	}
	if at, ok := errors.AsType[*fs.PathError](err); ok {
		err = at.Err
	}
	return &fs.PathError{Op: op, Path: name, Err: err}
}

// ReadDir implements fs.ReadDirFS. Symbolic links are listed as the files and folders that they lead to; one that
// leads nowhere is listed as a link, so that reading it reports what is missing.
func (f folder) ReadDir(name string) ([]fs.DirEntry, error) {
	entries, err := fs.ReadDir(f.FS, name)
	kept := entries[:0]
	for _, e := range entries {
		if e.Type()&fs.ModeSymlink == 0 {
			kept = append(kept, e)
			continue
		}
		path := filepath.Join(f.root, filepath.FromSlash(name), e.Name())
		info, statErr := os.Stat(path)
		switch {
		case errors.Is(statErr, fs.ErrNotExist):
			kept = append(kept, e)
		case statErr != nil || info.IsDir() && f.above(info, filepath.Dir(path)):
		default:
			kept = append(kept, fs.FileInfoToDirEntry(renamed{info, e.Name()}))
		}
	}
	return kept, err
}

// above reports whether a folder is dir or one of the folders above dir, up to the root. Links on the way are
// followed. For example, content/docs/up -> .. leads to content, which is above content/docs: the link is left out.
func (f folder) above(info fs.FileInfo, dir string) bool {
	for {
		here, err := os.Stat(dir)
		if err != nil || os.SameFile(here, info) {
			return true
		}
		if dir == filepath.Clean(f.root) || dir == filepath.Dir(dir) {
			return false
		}
		dir = filepath.Dir(dir)
	}
}

// renamed is what a link leads to, under the name of the link.
type renamed struct {
	fs.FileInfo
	name string
}

func (r renamed) Name() string { return r.name }
