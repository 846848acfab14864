// Package output is the only writer of public/ and redirects/.
//
// A build hands over the whole site as a list of files in memory. [Writer.Plan] compares the list with the
// disk and says what would be written and removed; [Writer.Apply] does it:
//
//   - A file that is on disk as it should be is left alone: an unchanged site is not written at all.
//   - Any other file is written beside its place under a name of its own (".sitegen-tmp-…") and renamed
//     over it. A reader sees the old file or the new one, whole.
//   - First come records and assets, then pages, then the web server's maps, then the commands that make
//     the web server read them, and deletions last: at no instant does what is served refer to a file that
//     is not there. (Only what stands where a folder is to be, or a file where there was a folder, goes first.)
//   - Beside a page that is worth compressing stand page.gz and page.br, with the page's modification time.
//     They belong to the page: whoever owns the page owns them.
//
// # The manifest
//
// manifest.json in the data folder lists every file that is ours, one a line. It is written twice by a run
// that changes something: before the first write, naming every path that is about to change, and after the
// last. So a run that is killed at any instant leaves nothing that the next one does not know about. Only
// what the manifest names is ever deleted, and folders which that leaves empty; a stranger's file stays.
//
// A stranger's file on a path that the site needs stops the build before anything is written, unless it is
// equal to ours, says that sitegen generated it ([Mark]), or Force is set. When the manifest is lost (a fresh
// clone, a data folder thrown away), one file that says so vouches for all files of its folder: the build
// goes on as if nothing had happened, but what left the site in between is not known any more and stays until
// somebody removes it.
//
// # Maps and after_change
//
// A change of maps is a transaction. The old maps are kept in the data folder until the first command of
// AfterChange (`nginx -t`) has accepted the new ones; if it does not, they are put back, byte for byte. If
// a later command (`nginx -s reload`) fails, the new maps stay and the commands are due again in the next run,
// even if that run changes nothing. Files of public/ that went out of use are removed only when all commands
// have succeeded, as the web server's old maps may refer to them until then. Without commands nobody says when
// the web server has read its maps, and they are removed at once.
//
// # What is durable
//
// Maps, kept maps and the manifest are flushed to the disk, pages are not: after a power cut a page may be
// found cut short, and the next run, which finds that it is not what the manifest says, writes it again.
package output

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/gofrs/flock"
)

// Options say where a Writer writes and how.
type Options struct {
	Public    string // folder that the web server serves; made when missing
	Redirects string // folder of the web server's maps; made when missing
	Data      string // folder of the manifest, the kept maps and the lock; made when missing

	Jobs        int // files compared, compressed and written at a time; 0: one for each CPU
	Precompress Precompress
	AfterChange [][]string       // commands to run when maps changed, each a program and its arguments
	ReloadTime  time.Duration    // how long the web server may take to read its maps after the commands ended
	Force       bool             // replace files that are in the way and not ours
	Now         func() time.Time // the clock that modification times are taken from; nil: time.Now
	Log         *slog.Logger     // commands, leftovers; nil: nowhere
}

// Writer holds the lock of a data folder and knows what its manifest says.
// A Writer is for one goroutine.
type Writer struct {
	options     Options
	data        folder
	lock        *flock.Flock
	manifest    manifest
	saved       hash      // of manifest.json as it is on disk
	compressors sync.Pool // of *compressor
}

// Open takes the data folder's lock and reads its manifest. The error is a [*LockedError] when another run
// is at work. The caller closes the Writer.
func Open(o Options) (*Writer, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(o.Data, 0o755); err != nil {
		return nil, fmt.Errorf("make the data folder: %w", err)
	}
	lock, err := takeLock(filepath.Join(o.Data, "lock"))
	if err != nil {
		return nil, err
	}
	w := &Writer{options: o, lock: lock}
	w.compressors.New = func() any { return newCompressor() }
	if err := w.load(); err != nil {
		return nil, errors.Join(err, w.Close())
	}
	return w, nil
}

// Close gives the lock back.
func (w *Writer) Close() error {
	var err error
	if w.data.root != nil {
		err = w.data.root.Close()
	}
	return errors.Join(err, w.lock.Unlock())
}

// complete fills in defaults, makes folders absolute and refuses those that would mix.
func (o *Options) complete() error {
	if o.Jobs < 1 {
		o.Jobs = runtime.GOMAXPROCS(0)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	for _, dir := range []*string{&o.Public, &o.Redirects, &o.Data} {
		if *dir == "" {
			return errors.New("open the output: a folder has no name")
		}
		abs, err := filepath.Abs(*dir)
		if err != nil {
			return fmt.Errorf("open the output: %w", err)
		}
		*dir = abs
	}
	for _, dir := range []string{o.Redirects, o.Data} {
		if dir == o.Public || strings.HasPrefix(dir, o.Public+string(filepath.Separator)) {
			return fmt.Errorf("%s lies in %s: everybody could read it there; choose a folder outside", dir, o.Public)
		}
	}
	return nil
}

// load opens the data folder, clears it of what a killed run left, and reads the manifest.
func (w *Writer) load() error {
	root, err := os.OpenRoot(w.options.Data)
	if err != nil {
		return fmt.Errorf("open the data folder: %w", err)
	}
	w.data = folder{root: root, name: w.options.Data}
	if _, err := w.data.sweep(); err != nil {
		return err
	}
	text, err := root.ReadFile(manifestName)
	if errors.Is(err, fs.ErrNotExist) {
		w.manifest = manifest{Files: map[string]entry{}}
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the manifest: %w", err)
	}
	if w.manifest, err = parseManifest(text); err != nil {
		return fmt.Errorf("%s:%w", filepath.Join(w.options.Data, manifestName), err)
	}
	w.saved = sha256.Sum256(text)
	w.manifest.keepRoots(w.header())
	return nil
}

// header is what this writer's manifest says about the writer itself.
func (w *Writer) header() header {
	return header{
		Version:     manifestVersion,
		Public:      w.fromData(w.options.Public),
		Redirects:   w.fromData(w.options.Redirects),
		Precompress: w.options.Precompress.String(),
	}
}

// fromData names a folder as seen from the data folder, so that a site which is moved as a whole stays known.
func (w *Writer) fromData(dir string) string {
	rel, err := filepath.Rel(w.options.Data, dir)
	if err != nil { // not below a common folder, which happens on Windows only
		return filepath.ToSlash(dir)
	}
	return filepath.ToSlash(rel)
}

// dir is the folder of a root.
func (w *Writer) dir(r Root) string {
	if r == Redirects {
		return w.options.Redirects
	}
	return w.options.Public
}

// locate is where the file of that name stands on disk.
func (w *Writer) locate(name string) string {
	root, path := splitName(name)
	return filepath.Join(w.dir(root), filepath.FromSlash(path))
}
