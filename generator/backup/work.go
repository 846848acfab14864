package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	"github.com/Slicer/sitegen/generator/backup/archive"
	"github.com/Slicer/sitegen/generator/backup/place"
	"github.com/Slicer/sitegen/generator/disk"
	"github.com/Slicer/sitegen/generator/fault"
)

// The names in the data folder.
const (
	lockName = "backup.lock"
	workName = "backup" // the folder of files that are being made
)

// work is a private folder for the files of a run.
type work struct {
	dir   string
	close func() // removes the folder; what cannot be removed is left to the next run
}

// openWork makes the folder in the data folder, whose disk has room for the databases, and locks it.
func openWork(data string) (*work, error) {
	if _, err := os.Stat(data); errors.Is(err, fs.ErrNotExist) {
		return nil, fault.Wrap(fault.Usage, fmt.Errorf("%s: there is no such data folder", data),
			"Run sitegen build first, or name the data folder with --data.")
	}
	lock := flock.New(filepath.Join(data, lockName), flock.SetPermissions(0o600))
	held, err := disk.TryLock(lock)
	if err != nil {
		return nil, fmt.Errorf("lock the backups: %w", err)
	}
	if !held {
		return nil, fault.Wrap(fault.Locked, fmt.Errorf("another run holds %s", lock.Path()),
			"Wait until it has ended, then run this command again.")
	}
	w := &work{dir: filepath.Join(data, workName)}
	w.close = func() {
		_ = os.RemoveAll(w.dir)
		_ = lock.Unlock()
	}
	err = os.RemoveAll(w.dir) // of a killed run
	if err == nil {
		err = os.Mkdir(w.dir, 0o700)
	}
	if err != nil {
		return nil, errors.Join(disk.Explain(data, err), lock.Unlock())
	}
	return w, nil
}

// Running reports whether a backup of a data folder is being made. It creates no file.
func Running(data string) (bool, error) {
	running, err := disk.IsLocked(filepath.Join(data, lockName))
	if err != nil {
		return false, fmt.Errorf("look at the lock of the backups: %w", err)
	}
	return running, nil
}

// temporaryWork makes the folder among the temporary files of the system, for a run that changes nothing.
func temporaryWork() (*work, error) {
	dir, remove, err := disk.MakeTemp("sitegen-backup-")
	return &work{dir, remove}, err
}

func (w *work) path(name string) string { return filepath.Join(w.dir, name) }

// create creates a file that only its owner can read.
func (w *work) create(name string) (*os.File, error) {
	return os.OpenFile(w.path(name), os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
}

// explain adds a hint to the error of a full disk.
func (w *work) explain(err error) error { return diskFull(err, filepath.Dir(w.dir)) }

// diskFull adds a hint to the error of a full disk.
func diskFull(err error, dir string) error {
	if disk.IsFull(err) {
		return fault.Wrap(fault.Unexpected, err,
			fmt.Sprintf("The disk of %s is full; nothing was changed. Free some space and run the command again.", dir))
	}
	return err
}

// list adds a file of the folder to a manifest.
func (w *work) list(m *archive.Manifest, name string, latest time.Time) error {
	size, sum, err := archive.Hash(w.path(name))
	m.Files = append(m.Files, archive.File{Name: name, Size: size, SHA256: sum, Latest: latest})
	return err
}

// pack writes the archive and removes the files in it.
func (w *work) pack(m *archive.Manifest) (*os.File, error) {
	file, err := w.create("packed" + place.Ending)
	if err != nil {
		return nil, err
	}
	err = archive.Write(file, m, w.dir)
	for _, f := range m.Files {
		err = errors.Join(err, os.Remove(w.path(f.Name)))
	}
	if err == nil {
		_, err = file.Seek(0, io.SeekStart)
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

// stored is a backup that was read from its place.
type stored struct {
	*archive.Reader
	address place.Address
	size    int64 // bytes
	file    *os.File
	work    *work
}

func (b *stored) close() {
	b.Reader.Close()
	_ = b.file.Close() // it was only read
}

// keyState returns whether the backup contains the key of visitors.
func (b *stored) keyState() KeyState {
	switch {
	case b.Manifest.Key == "":
		return NoKey
	case b.Manifest.Find(keyName) == nil:
		return Apart
	}
	return Encrypted
}

// unpack unpacks the files to the folder, and checks the databases.
func (b *stored) unpack(ctx context.Context) error {
	err := b.Each(func(f archive.File, r io.Reader) error {
		to, err := b.work.create(f.Name)
		if err != nil {
			return err
		}
		_, err = io.Copy(to, contextReader{ctx, r})
		return errors.Join(err, to.Sync(), to.Close())
	})
	if err != nil {
		return fmt.Errorf("%s: %w", b.address, b.work.explain(err))
	}
	for _, d := range databases() {
		f := b.Manifest.Find(d.name)
		if f == nil {
			continue
		}
		latest, err := d.check(ctx, b.work.path(d.name))
		if err == nil && !latest.Equal(f.Latest) {
			err = fmt.Errorf("%s: the newest data is of %s, in the manifest it is of %s", d.name, day(latest),
				day(f.Latest))
		}
		if err != nil {
			return fmt.Errorf("%s: %w", b.address, err)
		}
	}
	return nil
}

// day formats the time of the newest data in a database, for messages.
func day(t time.Time) string {
	if t.IsZero() {
		return "none"
	}
	return t.UTC().Format(time.DateTime + " UTC")
}

// contextReader ends reading when a context is done.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}
