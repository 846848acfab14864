// Package output is the only writer of public/ and redirects/.
//
// A build hands over the whole site as a list of files. [Writer.Plan] compares the list with the disk and returns
// what has to be written and removed; [Writer.Apply] does it:
//
//   - A file that is on disk as it should be is left alone. An unchanged site is not written at all.
//   - Any other file is written beside its place under a temporary name (".sitegen-tmp-…") and renamed over it. A
//     reader sees the old file or the new one, and never a part of one.
//   - Records and assets are written first, then pages, then the web server's maps. The commands of after_change,
//     which make the web server read its maps, come next, and deletions last. So nothing that is served ever refers
//     to a file that does not exist. (A file that stands where the site needs a folder, or the other way round, has
//     to go first.)
//   - Beside a page that is worth compressing are page.gz and page.br, with the page's modification time. They belong
//     to the page: if the page is ours, so are they.
//
// Files of any size can be written: see [File].Write. What the web server reads has the mode 0644, and its folders
// 0755, whatever the umask is.
//
// # The manifest
//
// manifest.json in the data folder lists every file that is ours, one a line. A run that changes something writes it
// twice: before the first change, and after the last. Say a site has the pages a and b, and a build changes a, removes
// b and adds c. The manifest then is, in turn:
//
//	before the run       complete  a: hash 1, size, time    b: hash 2, size, time
//	before the changes   not yet   a                        b                       c
//	after the changes    complete  a: hash 3, size, time                            c: hash 4, size, time
//
// The second one has only names for a, b and c: they are ours, whatever they hold. A run that is killed at any moment
// between these leaves nothing that the next run does not know about, not even c, which may or may not exist. If c
// were listed only after it was written, a kill in between would leave a file that sitegen takes for somebody else's.
//
// Only files in the manifest are ever deleted, and then the folders that this leaves empty. Other people's files stay.
// If one is on a path that the site needs, the plan is refused before anything is written, unless the file is equal to
// ours, has the mark of a generated file ([Mark]), or Force is set. When the manifest is lost (a fresh clone, a data
// folder that was deleted), one file with the mark is enough to take over all files that the site needs in that
// folder, and the build goes on as if nothing had happened. Files that are no longer part of the site cannot be
// recognized then, and stay until somebody deletes them.
//
// # Modification times
//
// Nginx makes its ETag from the size and the time of a file, in seconds. So that no two contents of a page ever share
// an ETag, a page that changes gets a full second that is later than that of the content before, even if the clock
// is not:
//
//	17:09:00  page written at 17:09:00.2                        time 17:09:00
//	17:09:00  changed again at 17:09:00.7, with the same size   time 17:09:01
//	16:30:00  changed again, the clock was set back             time 17:09:02
//
// Full seconds also show who wrote a file last: see the method intact of the manifest's entries.
//
// # Maps and after_change
//
// A change of maps is a transaction. The old maps are kept in the data folder (maps-before.json) until the first
// command of AfterChange, usually nginx -t, has accepted the new ones. If it does not, the old maps are put back, byte
// for byte. For example, with the maps a.conf and b.conf:
//
//	run 1  a2 b2, nginx -t accepts, reload fails   a2 b2 stay; the commands are due again
//	run 2  a3 b2, nginx -t refuses                 back to a2 b2: the last that were accepted
//	run 3  a3 b2, killed before nginx -t answers   a3 b2 on disk, a2 kept
//	run 4  a4 b2, nginx -t refuses                 back to a2 b2, as run 4 did not replace the kept a2 by a3
//
// If a later command (nginx -s reload) fails, the new maps stay, and all commands are due in the next run, even if that
// run changes nothing. Old files of public/ are removed only after all commands have succeeded, because the web server
// may refer to them until it has read its new maps. Without commands, there is no way to know when that is, and they
// are removed at once.
//
// # What survives a power cut
//
// Maps, kept maps and the manifest are flushed to the disk, pages are not. After a power cut a page may be cut short;
// the next run finds that it differs from the manifest and writes it again.
//
// # Other folders
//
// A Writer can also own a folder within public/ that builds do not know, such as that of the download statistics. It
// has no Redirects, and a data folder of its own, with its own lock and manifest.
package output

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/gofrs/flock"

	"github.com/Slicer/sitegen/generator/parallel"
)

// Options are where and how a Writer writes. Folders are made if they do not exist.
type Options struct {
	Public    string // folder that the web server serves
	Redirects string // folder of the web server's maps; empty: none
	Data      string // folder of the manifest, the kept maps and the lock

	Jobs        int // files compared, compressed and written at a time; 0: one for each CPU
	Precompress Precompress
	AfterChange [][]string       // commands to run after maps changed, each a program and its arguments
	ReloadTime  time.Duration    // how long the web server may take to read its maps after the commands have ended
	Force       bool             // replace files of other people that the site needs the paths of
	Now         func() time.Time // the clock that modification times are taken from; nil: time.Now
	Log         *slog.Logger     // output of commands, leftovers; nil: discarded

	// Adopt reports whether a file of the public folder was written by a version of the program that had no manifest
	// yet. It is called only while there is no manifest. Adopted files are ours: they are replaced, and removed if the
	// site does not have them.
	Adopt func(path string) bool
}

// Writer writes a site. It holds the lock of its data folder, so there is only one at a time.
// It is not safe for use by multiple goroutines.
type Writer struct {
	options  Options
	data     folder       // closed if the Writer is read-only and there is none
	lock     *flock.Flock // nil if the Writer is read-only
	manifest manifest
	saved    hash      // of manifest.json as it is on disk
	tools    sync.Pool // of *tools
}

// Open takes the lock of the data folder and reads the manifest. The error is a [*LockedError] if another run holds
// the lock. The caller closes the Writer.
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
	w.tools.New = func() any { return newTools() }
	if err := w.open(); err != nil {
		return nil, errors.Join(err, w.Close())
	}
	return w, nil
}

// OpenReadOnly reads the manifest for a dry run, which plans and never applies. It creates nothing and takes no lock:
// while another run writes, the plan may be that of either moment. The caller closes the Writer.
func OpenReadOnly(o Options) (*Writer, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	w := &Writer{options: o}
	var err error
	if w.data, err = openFolder(o.Data); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("open the data folder: %w", err)
	}
	if err := w.load(); err != nil {
		return nil, errors.Join(err, w.Close())
	}
	return w, nil
}

// open opens the data folder, removes what a killed run left there, and reads the manifest.
func (w *Writer) open() (err error) {
	if w.data, err = openFolder(w.options.Data); err != nil {
		return fmt.Errorf("open the data folder: %w", err)
	}
	if _, err := w.data.sweep("."); err != nil {
		return err
	}
	return w.load()
}

// Close releases the lock.
func (w *Writer) Close() error {
	err := w.data.Close()
	if w.lock != nil {
		err = errors.Join(err, w.lock.Unlock())
	}
	return err
}

// Verify reports whether there is nothing to do and nothing to render: the last run was complete, it was made from
// the same inputs, and the disk is as that run left it. Verify compares size and modification time of every file, and
// the content where the time differs. The error is that of ctx, when it is done.
func (w *Writer) Verify(ctx context.Context, inputs string) (bool, error) {
	now := w.options.header()
	now.Complete, now.Inputs = true, inputs
	if inputs == "" || w.manifest.header != now {
		return false, ctx.Err()
	}
	entries := slices.Collect(maps.Values(w.manifest.Files))
	err := parallel.For(ctx, w.options.Jobs, len(entries), func(i int) error {
		if !entries[i].intact(w.options.locate(entries[i].Path)) {
			return errChanged
		}
		return nil
	})
	if errors.Is(err, errChanged) {
		return false, nil
	}
	return err == nil, err
}

// errChanged ends the comparison with the disk at the first difference.
var errChanged = errors.New("changed")

// Count returns how many files the last complete run left in each root. Compressed variants count with the file they
// are made from.
func (w *Writer) Count() (public, redirects int) {
	for name, e := range w.manifest.Files {
		switch root, _ := splitName(name); {
		case e.From != hash{}:
		case root == Public:
			public++
		default:
			redirects++
		}
	}
	return public, redirects
}

// complete fills in defaults, makes paths absolute and refuses folders that would expose or overwrite each other.
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
	if o.Public == "" || o.Data == "" {
		return errors.New("open the output: a folder has no name")
	}
	for _, dir := range []*string{&o.Public, &o.Redirects, &o.Data} {
		if *dir == "" {
			continue
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

// dir returns the folder of a root, "" if there is none.
func (o *Options) dir(r Root) string {
	if r == Redirects {
		return o.Redirects
	}
	return o.Public
}

// locate returns the place on disk of the file or folder of that name.
func (o *Options) locate(name string) string {
	root, path := splitName(name)
	return filepath.Join(o.dir(root), filepath.FromSlash(path))
}

// stat returns what is at a place, without following a symbolic link; nil if nothing is.
func stat(place string) (fs.FileInfo, error) {
	info, err := os.Lstat(place)
	if isMissing(err) {
		return nil, nil
	}
	return info, err
}

// openFile opens a regular file for reading. O_NONBLOCK, which has no effect on those, spares the system calls in
// which os.Open tries to have the runtime wait for it.
func openFile(place string) (*os.File, error) {
	return os.OpenFile(place, os.O_RDONLY|syscall.O_NONBLOCK, 0)
}
