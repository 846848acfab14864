// Package output is the only writer of public/ and redirects/.
//
// A build hands over the whole site as a list of files. [Writer.Plan] compares the list with the disk and returns
// what has to be written and removed; [Writer.Apply] does it:
//
//   - A file that is on disk as it should be is not written. An unchanged site is not written at all.
//   - Any other file is written to the same folder under a temporary name (".sitegen-tmp-…") and renamed. A reader
//     sees the old file or the new one, never a part of one.
//   - Records and assets are written first, then pages, then the web server's maps. The commands of after_change,
//     which make the web server read its maps, come next, and deletions last. Without commands, deletions wait for the
//     next run. So nothing that is served refers to a file that does not exist. (A file that has the name of a new
//     folder is removed first, and the other way round.)
//   - A page that is worth compressing has the variants page.gz and page.br, with the page's modification time. They
//     belong to the page: if the page is ours, so are they.
//
// Files of any size can be written: see [File].Write.
//
// # Modes
//
// New files have the mode 0644 and new folders 0755, whatever the umask is, so that the web server can read them. A
// file that not everybody may read, or that everybody may write, is not as it should be, and is written again; such a
// folder gets its mode back. What a group may do stays as it is, and so does any mode of a folder with the setgid
// bit. The data folder is private: see package disk.
//
// # The manifest
//
// manifest.json in the data folder lists every file that is ours, one in each line. A run that changes something writes
// it twice: before the first change and after the last. For example, a site has the pages a and b, and a build changes
// a, removes b and adds c. The manifest is, in turn:
//
//	before the run       complete  a: hash 1, size, time    b: hash 2, size, time
//	before the changes   not yet   a                        b                       c
//	after the changes    complete  a: hash 3, size, time                            c: hash 4, size, time
//
// The second manifest has only names for a, b and c: the files are ours, whatever their content. If the run is killed
// before the third, the next run knows every file that may have changed, even c, which may or may not exist. If c were
// listed only after it was written, a kill in between would leave a file that sitegen takes for somebody else's.
//
// Only files in the manifest are ever deleted, and then the folders that this leaves empty. Other people's files stay.
// If one has a path that the site needs, Plan returns an error before anything is written, unless the file has the same
// content, has the mark of a generated file ([Mark]), or Force is set.
//
// # The listing
//
// The manifest may get lost: somebody deletes the data folder, or the disk damages the file (its last line has a
// checksum). So the public folder has a second list, .sitegen-files, which web servers do not serve because its name
// begins with a dot. Each line is the hash and the name of a file that is ours, as sha256sum writes them:
//
//	e3b0c44298fc…  public/index.html
//
// Without a manifest, the files that have the content of a line are ours, and no others: a page that somebody has
// edited since is somebody else's. [Writer.Recovered] returns what was found. The listing is written before the first
// change, with the hashes of old and new content, and after the last. In between, each hash that was not known at the
// beginning is appended before its file gets its name. So the listing is right after a kill, too. A damaged line
// matches no file; the next run writes the listing again, because the manifest has its hash.
//
// A recovered manifest counts as one of a run that did not finish: commands of after_change run again, and without
// commands, removals wait for one more run.
//
// redirects/ is in Git, where public/ is not. In a fresh clone, there is no listing, so one file with the mark is
// enough: all files of redirects/ with paths that the site needs are then ours.
//
// # Another site
//
// A data folder belongs to one site. If two use the same, each would forget the files of the other. The manifest has
// the name of the site and the folders of its configuration and of its files, relative to the data folder, so a site
// can be moved as a whole. If the public folder is another, and the site's name or its folder, too, then it is
// another site, and Open returns a [*SharedError]: unless the public folder in the manifest no longer exists, because
// the site has moved, or Force is set. The files of a public folder that has moved are recognized by its listing.
//
// # Modification times
//
// Nginx makes the ETag of a file from its size and modification time, in seconds. Two versions of a page must not have
// the same ETag, so each version gets a full second that is later than that of the version before, even if the clock
// says otherwise:
//
//	17:09:00  page written at 17:09:00.2                        time 17:09:00
//	17:09:00  changed again at 17:09:00.7, with the same size   time 17:09:01
//	16:30:00  changed again, the clock was set back             time 17:09:02
//
// Full seconds also show whether sitegen wrote the file last: see the method intact of the manifest's entries.
//
// # Maps and after_change
//
// A change of maps is a transaction. The previous maps are saved in the data folder (maps-before.json) until the first
// command of AfterChange, usually nginx -t, accepts the new ones. If it fails, the previous maps are restored, byte for
// byte. For example, with the maps a.conf and b.conf:
//
//	run 1  a2 b2, nginx -t accepts, reload fails   a2 b2 stay; the next run repeats the commands
//	run 2  a3 b2, nginx -t refuses                 a2 b2 are restored: the last that were accepted
//	run 3  a3 b2, killed before nginx -t ends      a3 b2 on disk, a2 saved
//	run 4  a4 b2, nginx -t refuses                 a2 b2 are restored, because run 4 did not overwrite the saved a2
//
// If a later command (nginx -s reload) fails, the new maps stay, and the next run repeats all commands, even if it
// changes nothing. Old files of public/ are removed only after all commands have succeeded, because the web server may
// refer to them until it has read its new maps.
//
// # Maps without after_change
//
// Without commands, somebody else has the web server read its maps, at some time after the run ([Plan].Reload). Until
// then, it refers to files of public/ that the site no longer has. So a run that changes maps does not remove these
// files; the next run does, whatever else it changes. For example, the newest nightly build is a, then b:
//
//	run 1   writes a, and maps that refer to a          a      complete  a: hash, size, time
//	reload  the web server answers with a
//	run 2   writes b, and maps that refer to b          a b    complete  a    b: hash, size, time
//	        the web server still answers with a
//	reload  it answers with b
//	run 3   nothing new: removes a                        b    complete       b: hash, size, time
//	run 4   nothing new: writes and removes nothing       b
//
// The last column is the manifest. After run 2, it has only the name of a: in the manifest of a complete run, that is a
// file to be removed by the next run. [Writer.Verify] therefore returns false in run 3. If a becomes part of the site
// again before run 3, it is a file like any other that may have changed: run 3 compares its content and keeps it.
//
// The manifest of a run that was killed has only names for many files. The next run cannot know which of them were
// waiting already, so all wait once more. Reload in the manifest's header remembers that the killed run may have
// changed maps. For example, run 2 is killed after it has written the maps:
//
//	run 2   killed                                      a b    not yet, reload   a    b
//	run 3   nothing to write; a waits                   a b    complete          a    b: hash, size, time
//	run 4   removes a                                     b    complete               b: hash, size, time
//
// A file that is in the way of a new one cannot wait. A Writer without Redirects has no maps, so it removes files at
// once.
//
// # What survives a power cut
//
// Maps, saved maps and the manifest are flushed to the disk, pages are not. After a power cut, a page may be
// incomplete; the next run finds that it differs from the manifest and writes it again.
//
// # Other folders
//
// Another Writer can own a folder within public/ whose files a build does not have, such as download-stats. It has no
// Redirects, and its own data folder with its own lock and manifest.
package output

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/gofrs/flock"

	"github.com/Slicer/sitegen/generator/disk"
	"github.com/Slicer/sitegen/generator/parallel"
)

// Options says where and how a Writer writes. Missing folders are created.
type Options struct {
	Public    string // folder that the web server serves
	Redirects string // folder of the web server's maps; empty: none
	Data      string // folder of the manifest, the saved maps and the lock

	Site string // name of the site
	Home string // folder of its configuration; empty: unknown

	Jobs        int // files compared, compressed and written in parallel; 0: one for each CPU
	Precompress Precompress
	AfterChange [][]string       // commands to run after maps changed, each a program and its arguments
	CommandTime time.Duration    // how long each of them may take; 0: no limit
	ReloadTime  time.Duration    // how long the web server may take to read its maps after the commands have ended
	Force       bool             // replace other people's files that have the paths of the site's files
	Now         func() time.Time // the clock for modification times; nil: time.Now
	Log         *slog.Logger     // output of commands, cleaning up after killed runs; nil: discarded

	// Progress is called when a step that may take long starts, with what is done ("writing", "running nginx -t") and
	// the number of files, 0 for a step without files. The returned function is called with the number of files that
	// have been done, concurrently. nil: not called.
	Progress func(what string, files int) (done func(n int))

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
	listing  hash      // of the listing as it is on disk
	recovery *Recovery // nil if the manifest was read
	owner    header    // of the manifest as it was read
	tools    sync.Pool // of *tools
}

// Open takes the lock of the data folder and reads the manifest. The error is a [*LockedError] if another run holds
// the lock, and a [*SharedError] if the data folder belongs to another site. The caller closes the Writer.
func Open(o Options) (*Writer, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	if err := o.makeData(); err != nil {
		return nil, fmt.Errorf("make the data folder: %w", disk.Explain(o.Data, err))
	}
	lock, err := takeLock(filepath.Join(o.Data, lockName))
	if err != nil {
		return nil, err
	}
	w := &Writer{options: o, lock: lock}
	w.tools.New = func() any { return newTools() }
	err = w.open()
	if err == nil && !o.Force {
		err = w.checkSite()
	}
	if err != nil {
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

// open opens the data folder, removes temporary files of killed runs there, and reads the manifest.
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

// Verify reports whether the site is up to date, so that it need not even be rendered: the last run was complete, had
// the same inputs, and the disk is as that run left it. Verify compares the size and modification time of every file,
// and the content if only the time differs, and modes. When ctx is done, Verify returns its error.
func (w *Writer) Verify(ctx context.Context, inputs string) (bool, error) {
	now := w.options.header()
	now.Complete, now.Inputs, now.Listing = true, inputs, w.listing
	if inputs == "" || w.manifest.header != now {
		return false, ctx.Err()
	}
	entries := slices.AppendSeq(make([]entry, 0, len(w.manifest.Files)), maps.Values(w.manifest.Files))
	if w.anyClosed() {
		return false, ctx.Err()
	}
	done := w.options.Progress("comparing", len(entries))
	err := parallel.For(ctx, w.options.Jobs, len(entries), func(i int) error {
		defer done(1)
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

// anyClosed reports whether the web server cannot read a folder of the site.
func (w *Writer) anyClosed() bool {
	seen := map[string]bool{}
	for name, e := range w.manifest.Files {
		if e.From != (hash{}) {
			continue // a variant is in the folder of its file
		}
		for dir := path.Dir(name); dir != "." && !seen[dir]; dir = path.Dir(dir) {
			seen[dir] = true
			if isClosed(w.options.locate(dir)) {
				return true
			}
		}
	}
	return false
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

// Owns reports whether the file at a path below Public is ours: an earlier run has written it and not removed it.
func (w *Writer) Owns(path string) bool {
	_, ours := w.manifest.Files[(&File{Root: Public, Path: path}).name()]
	return ours
}

// complete sets defaults, makes paths absolute and rejects folders that would expose or overwrite each other.
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
	if o.Progress == nil {
		o.Progress = func(string, int) func(int) { return func(int) {} }
	}
	if o.Public == "" || o.Data == "" {
		return errors.New("open the output: a folder has no name")
	}
	for _, dir := range []*string{&o.Public, &o.Redirects, &o.Data, &o.Home} {
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
			return fmt.Errorf("%s is in the public folder %s, where everyone could read it; choose a folder outside",
				dir,
				o.Public)
		}
	}
	return nil
}

// makeData makes the data folder, which is private unless the web server has to pass through it. Modes of an existing
// one are mended.
func (o *Options) makeData() error {
	for _, dir := range []string{o.Public, o.Redirects} {
		if strings.HasPrefix(dir, o.Data+string(filepath.Separator)) {
			return os.MkdirAll(o.Data, folderMode)
		}
	}
	if err := disk.MakePrivate(o.Data); err != nil {
		return err
	}
	return disk.Privatize(o.Data)
}

// dir returns the folder of a root, "" if there is none.
func (o *Options) dir(r Root) string {
	if r == Redirects {
		return o.Redirects
	}
	return o.Public
}

// locate returns the path on disk of the file or folder with this name.
func (o *Options) locate(name string) string {
	root, path := splitName(name)
	return filepath.Join(o.dir(root), filepath.FromSlash(path))
}

// stat returns the info of the file at place without following a symbolic link, or nil if there is none.
func stat(place string) (fs.FileInfo, error) {
	info, err := os.Lstat(place)
	if isMissing(err) {
		return nil, nil
	}
	return info, err
}

// openFile opens a regular file for reading. O_NONBLOCK has no effect on regular files, but saves the system calls with
// which os.Open registers the file with the runtime's poller.
func openFile(place string) (*os.File, error) {
	return os.OpenFile(place, os.O_RDONLY|syscall.O_NONBLOCK, 0)
}
