package folder

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"sync"

	"github.com/Slicer/sitegen/generator/parallel"
)

// maxKept is the number of bytes that a Loaded folder keeps in memory at most. It is enough for the pages of any site
// (10,000 pages of 2 KB are 20 MB), and limits the memory of a run even if the folder is full of videos.
const maxKept = 64 << 20

// Loaded is a folder whose files have been read into memory and hashed. A build hashes its input to find out whether
// anything has changed, and then renders the bytes that were hashed, without reading the files again:
//
//	content, err := folder.Load(ctx, folder.Open("content"), jobs, nil)
//	if content.Sum() != last {
//		render(content) // calls ReadFile for each file
//	}
//
// It is safe for use by multiple goroutines.
type Loaded struct {
	fs.FS   // the folder on disk
	entries map[string][]fs.DirEntry
	sum     [sha256.Size]byte

	mu   sync.Mutex
	kept map[string][]byte
}

// Load reads all files of a folder, at most jobs at a time. It lists, but does not read, entries that are neither files
// nor folders, those that cannot be read, and the files and folders for which skip returns true. skip gets their paths
// in the folder; nil reads everything.
func Load(ctx context.Context, fsys fs.FS, jobs int, skip func(name string) bool) (*Loaded, error) {
	l := &Loaded{FS: fsys, entries: map[string][]fs.DirEntry{}, kept: map[string][]byte{}}
	var names []string // of files that are read
	var others []string
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil && name == ".":
			return err
		case err != nil: // a folder that cannot be read, which is listed already
			delete(l.entries, name)
			others = append(others, name)
			return nil //nolint:nilerr // ReadDir returns the error
		case name == ".":
			l.entries[name] = nil
			return nil
		}
		l.entries[path.Dir(name)] = append(l.entries[path.Dir(name)], d)
		switch skipped := skip != nil && skip(name); {
		case skipped && d.IsDir():
			others = append(others, name)
			return fs.SkipDir
		case d.IsDir():
			l.entries[name] = nil
		case skipped || !d.Type().IsRegular():
			others = append(others, name)
		default:
			names = append(names, name)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	sums := make([][sha256.Size]byte, len(names))
	size := 0
	err = parallel.For(ctx, jobs, len(names), func(i int) error {
		data, err := fs.ReadFile(fsys, names[i])
		if err != nil {
			return nil // ReadFile returns the error
		}
		sums[i] = sha256.Sum256(data)
		l.mu.Lock()
		defer l.mu.Unlock()
		if size+len(data) <= maxKept {
			size += len(data)
			l.kept[names[i]] = data
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	h := sha256.New()
	for i, name := range names { // in the order of WalkDir, which is lexical
		fmt.Fprintf(h, "%q %x\n", name, sums[i])
	}
	fmt.Fprintf(h, "%q\n", others)
	h.Sum(l.sum[:0])
	return l, nil
}

// Sum returns a hash of the names and contents of all files. Of entries that were not read, it includes the names.
func (l *Loaded) Sum() [sha256.Size]byte { return l.sum }

// ReadDir implements fs.ReadDirFS. It returns the entries that Load found.
func (l *Loaded) ReadDir(name string) ([]fs.DirEntry, error) {
	if entries, ok := l.entries[name]; ok {
		return slices.Clone(entries), nil
	}
	return fs.ReadDir(l.FS, name)
}

// ReadFile implements fs.ReadFileFS. The first call for a name returns the bytes that Load read and releases them, so
// they are not kept in memory twice. Further calls read the file from disk.
func (l *Loaded) ReadFile(name string) ([]byte, error) {
	l.mu.Lock()
	data, ok := l.kept[name]
	delete(l.kept, name)
	l.mu.Unlock()
	if ok {
		return data, nil
	}
	return fs.ReadFile(l.FS, name)
}
