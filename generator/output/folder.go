package output

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/Slicer/sitegen/generator/disk"
)

// folder is an open folder whose operations cannot leave it, neither by their names nor by symbolic links on disk.
// Names are slash-separated paths below it.
type folder struct {
	root  *os.Root
	self  *os.File // the same folder, for fsync
	name  string   // for messages
	chmod bool     // set the modes of new files and folders explicitly, because the umask restricts them
}

// openRoot opens the folder at dir for files that the web server reads. It is made if it does not exist.
func openRoot(dir string, chmod bool) (folder, error) {
	if err := makeRoot(dir); err != nil {
		return folder{}, fmt.Errorf("make the output folder: %w", disk.Explain(dir, err))
	}
	f, err := openFolder(dir)
	if err != nil {
		return folder{}, fmt.Errorf("open the output folder: %w", err)
	}
	f.chmod = chmod
	return f, nil
}

// makeRoot makes the folder at dir, and those above it, if they do not exist.
func makeRoot(dir string) error {
	err := os.Mkdir(dir, folderMode)
	if errors.Is(err, fs.ErrNotExist) {
		if err = makeRoot(filepath.Dir(dir)); err == nil {
			err = os.Mkdir(dir, folderMode)
		}
	}
	if errors.Is(err, fs.ErrExist) {
		return nil // or it is not a folder: opening it fails then
	}
	if err == nil {
		_ = open(dir, os.Stat, os.Chmod) // fails on file systems without modes only
	}
	return err
}

// readable reports whether a file is a regular one that everybody may read and only its owner, or its group, may write.
func readable(info fs.FileInfo) bool { return info.Mode().IsRegular() && info.Mode()&0o446 == 0o444 }

// isClosed reports whether there is a folder at place that not everybody may read, or that everybody may write. A
// folder with the setgid bit is one whose group an administrator has set up: its mode stays as it is.
func isClosed(place string) bool {
	info, err := os.Lstat(place)
	return err == nil && info.IsDir() && info.Mode()&fs.ModeSetgid == 0 && info.Mode()&0o557 != 0o555
}

// open sets the mode of a folder, so that the web server can read it. The setgid bit, which a new folder has inherited,
// and the rights of the group stay.
func open(name string, stat func(string) (fs.FileInfo, error), chmod func(string, fs.FileMode) error) error {
	info, err := stat(name)
	if err != nil {
		return err
	}
	return chmod(name, info.Mode()&(fs.ModeSetgid|0o775)|folderMode)
}

// openFolder opens the folder at dir.
func openFolder(dir string) (folder, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return folder{}, err
	}
	self, err := root.Open(".")
	if err != nil {
		return folder{}, errors.Join(err, root.Close())
	}
	return folder{root: root, self: self, name: dir}, nil
}

func (f folder) Close() error {
	if f.root == nil {
		return nil
	}
	return errors.Join(f.self.Close(), f.root.Close())
}

// masksModes reports whether new files and folders have fewer permissions than they are made with. That is what a
// umask of 027 or 077 does, which keeps a web server that runs as another user from reading the site. To find
// out, it makes a file here: the system call that returns the umask also changes it. With the usual 022, no file of
// the site needs another call to set its mode.
func (f folder) masksModes() (bool, error) {
	name := tempName()
	file, err := f.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, folderMode)
	if err != nil {
		return false, f.failed("write into", ".", err)
	}
	info, err := file.Stat()
	if err := errors.Join(err, file.Close(), f.root.Remove(name)); err != nil {
		return false, f.failed("write into", ".", err)
	}
	return info.Mode()&folderMode != folderMode, nil
}

// tempName returns a new name for a file that is being written.
func tempName() string { return tempPrefix + rand.Text() }

// enter opens a folder within, which is made if it does not exist. With missing, it is known not to: that spares the
// attempt to open it. The caller closes the handle.
func (f folder) enter(dir string, missing bool) (handle, error) {
	if missing {
		if err := f.make(dir); err != nil {
			return nil, f.failed("make the folder", dir, err)
		}
	}
	h, err := openHandle(f, dir)
	if err != nil && !missing && errors.Is(err, fs.ErrNotExist) {
		return f.enter(dir, true)
	}
	if err != nil {
		return nil, f.failed("open the folder", dir, err)
	}
	return h, nil
}

// make makes a folder within, and those above it. It succeeds if anything of that name exists.
func (f folder) make(dir string) error {
	err := f.root.Mkdir(dir, folderMode)
	if errors.Is(err, fs.ErrNotExist) && path.Dir(dir) != "." {
		if err = f.make(path.Dir(dir)); err == nil {
			err = f.root.Mkdir(dir, folderMode)
		}
	}
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err == nil && f.chmod {
		_ = open(dir, f.root.Stat, f.root.Chmod) // fails on file systems without modes only
	}
	return err
}

// put replaces one file and returns when the new content is on disk.
func (f folder) put(name string, data []byte) error {
	h, err := f.enter(path.Dir(name), false)
	if err != nil {
		return err
	}
	defer h.Close()
	if err := putFile(h, path.Base(name), data); err != nil {
		return f.failed("write", name, err)
	}
	return nil
}

func putFile(h handle, name string, data []byte) (err error) {
	temp := tempName()
	file, err := h.create(temp)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = h.remove(temp) // the earlier error is reported
		}
	}()
	_, err = file.Write(data)
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return err
	}
	if err := h.rename(temp, name); err != nil {
		return err
	}
	return h.sync()
}

// sync flushes the folder's list of names to the disk.
func (f folder) sync() error {
	if err := f.self.Sync(); err != nil {
		return f.failed("flush", ".", err)
	}
	return nil
}

// read reads a file. The result is nil if there is no file of that name.
func (f folder) read(name string) ([]byte, error) {
	data, err := f.root.ReadFile(name)
	if isMissing(err) || errors.Is(err, syscall.EISDIR) {
		return nil, nil
	}
	if err != nil {
		return nil, f.failed("read", name, err)
	}
	return data, nil
}

// remove removes a file if it exists. A folder with this name belongs to somebody else and stays.
func (f folder) remove(name string) error {
	info, err := f.root.Lstat(name)
	if err == nil && !info.IsDir() {
		err = f.root.Remove(name)
	}
	if err != nil && !isMissing(err) {
		return f.failed("remove", name, err)
	}
	return nil
}

// removeEmpty removes the folders above a file that has been removed, as long as they are empty.
func (f folder) removeEmpty(name string) {
	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
		if f.root.Remove(dir) != nil { // it is not empty
			return
		}
	}
}

// sweep removes the temporary files that a killed run left in a folder within, and returns how many there were.
// Folders below that one are not searched.
func (f folder) sweep(dir string) (n int, err error) {
	open, err := f.root.Open(dir)
	if err != nil { // it does not exist or is not a folder; writing to it fails then
		return 0, nil
	}
	defer open.Close()
	names, err := open.Readdirnames(-1)
	if errors.Is(err, syscall.ENOTDIR) {
		return 0, nil
	}
	if err != nil {
		return 0, f.failed("read the folder", dir, err)
	}
	for _, name := range names {
		if strings.HasPrefix(name, tempPrefix) {
			if err := f.remove(path.Join(dir, name)); err != nil {
				return n, err
			}
			n++
		}
	}
	return n, nil
}

// failed returns the error of an operation on a file. It names the file that the user knows: the name in the system's
// error may be a temporary one.
func (f folder) failed(doing, name string, err error) error {
	place := filepath.Join(f.name, filepath.FromSlash(name))
	return fmt.Errorf("%s %s: %w", doing, place, disk.Explain(place, reason(err)))
}

// reason returns an error of the system without the name of the file.
func reason(err error) error {
	if at, ok := errors.AsType[*fs.PathError](err); ok {
		return at.Err
	}
	if link, ok := errors.AsType[*os.LinkError](err); ok {
		return link.Err
	}
	return err
}

// isMissing reports whether an error means that there is no such file.
func isMissing(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}
