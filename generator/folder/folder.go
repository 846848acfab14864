// Package folder reads the folders of a site (content/, layouts/) and follows symbolic links: a link appears as the
// file or folder that it points to. A link to a folder that contains the link itself stays a link, because following it
// would never end.
package folder

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Open returns the folder at path. The folder need not exist yet.
func Open(path string) fs.FS { return folder{os.DirFS(path), path} }

type folder struct {
	fs.FS
	root string
}

// ReadFile reads a file by its path on disk. Like ReadFile of the file system of Open, it refuses everything else than
// regular files.
func ReadFile(path string) ([]byte, error) {
	data, err := fs.ReadFile(Open(filepath.Dir(path)), filepath.Base(path))
	if at, ok := errors.AsType[*fs.PathError](err); ok {
		at.Path = path
	}
	return data, err
}

// ReadFile implements fs.ReadFileFS. Names that are not regular files, for instance named pipes, are an error.
//
// The file is opened with O_NONBLOCK, which has no effect on reading a regular file. It saves four system calls:
// os.Open would switch the file to non-blocking mode, fail to register it with the poller, and switch it back.
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
	data := make([]byte, info.Size()+1) // one byte more than expected, so a single read reaches the end
	n, err := io.ReadFull(file, data)
	if err == nil { // the file has grown since Stat
		var rest []byte
		rest, err = io.ReadAll(file)
		return append(data, rest...), named("read", name, err)
	}
	if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, named("read", name, err)
	}
	return data[:n], nil
}

// named returns the error with the file's name relative to the folder, as os.DirFS does.
func named(op, name string, err error) error {
	if err == nil {
		return nil
	}
	if at, ok := errors.AsType[*fs.PathError](err); ok {
		err = at.Err
	}
	return &fs.PathError{Op: op, Path: name, Err: err}
}

// ReadDir implements fs.ReadDirFS. Symbolic links are listed as the files and folders that they point to. A link that
// cannot be followed is listed as a link: its target is missing, or it leads back to itself or to a folder above it.
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
		if statErr != nil || info.IsDir() && above(info, filepath.Dir(path)) {
			kept = append(kept, e)
		} else {
			kept = append(kept, fs.FileInfoToDirEntry(renamed{info, e.Name()}))
		}
	}
	return kept, err
}

// above reports whether a folder is dir or one of the folders above dir: those in its path, and those above the folder
// that it really is if the path has links. For example, content/docs/up -> .. points to content, which is above
// content/docs.
func above(info fs.FileInfo, dir string) bool {
	paths := []string{dir}
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		paths = append(paths, real)
	}
	for _, path := range paths {
		path, err := filepath.Abs(path)
		if err != nil {
			return true
		}
		for {
			here, err := os.Stat(path)
			if err != nil || os.SameFile(here, info) {
				return true
			}
			if path == filepath.Dir(path) {
				break
			}
			path = filepath.Dir(path)
		}
	}
	return false
}

// IsLoop reports whether an entry of a folder is a link that is not followed because it leads to a folder above it.
func IsLoop(fsys fs.FS, name string, d fs.DirEntry) bool {
	if d.Type()&fs.ModeSymlink == 0 {
		return false
	}
	info, err := fs.Stat(fsys, name)
	return err == nil && info.IsDir()
}

// renamed describes the target of a link under the name of the link.
type renamed struct {
	fs.FileInfo
	name string
}

func (r renamed) Name() string { return r.name }
