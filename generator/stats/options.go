package stats

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"github.com/Slicer/sitegen/generator/accesslog"
	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/disk"
	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/stats/downloads"
)

// Options are the inputs of an Engine.
type Options struct {
	Dir      string              // the data folder, with the database, the keys and the lock
	IDs      catalog.IDForm      // form of the ids of packages
	Packages []downloads.Package // in the catalogue, including withdrawn ones; see FromCatalog
	Systems  []string            // ids of the systems that an imported table may have; nil for any
	DryRun   bool                // work on a private copy of the database and change no file

	Formats *accesslog.Formats // of the logs
	Stdin   io.Reader          // the log with the name "-"

	// Open opens a log whose name has a scheme, such as s3://. It is nil if there are no such logs. It is called for
	// several logs at the same time.
	Open func(ctx context.Context, name string) (io.ReadCloser, error)

	// Stat returns a version that identifies the current content of such a log, "" if it is unknown, and the size in
	// bytes. Stat may be nil.
	Stat func(name string) (version string, size int64)

	GeoIP       []string // MaxMind DB files, in the order in which they are searched
	Attribution string   // HTML that the licence of the GeoIP database requires; "" to use the metadata of the files
	Rules       string   // file with user agent rules in the format of ua-parser; "" for the built-in rules
	Privacy     Privacy  // "" means Keyed
	LegacyFile  string   // file name of the statistics of format 1.0; "" for none; ignored with Privacy Daily
	LegacyPaths []string // further paths of that file
	MinCountry  int      // countries with fewer downloads in a month are published as Other

	Now func() time.Time // the clock: for the duration of a run, and the keys to delete in the mode Daily
}

// Engine stores and counts downloads. It locks the data folder, so there is only one at a time.
//
// With Options.DryRun, an Engine works on a private copy of the database, which is deleted when the process ends. It
// takes no lock and writes neither keys nor published files. Its reports are those of a real run.
type Engine struct {
	*Reader
	options  Options
	db       *downloads.DB
	lock     *flock.Flock // nil in a dry run
	visitors *visitors
}

// Open opens the statistics of a data folder, and creates the folder if necessary. The kind of the error is
// fault.Locked if another Engine has the lock.
func Open(ctx context.Context, o Options) (*Engine, error) {
	o.Privacy = cmp.Or(o.Privacy, Keyed)
	if o.Privacy == Daily {
		o.LegacyFile = ""
	}
	switch o.Privacy {
	case Keyed, Daily, Full:
	default:
		err := fmt.Errorf("stats.privacy must be one of keyed, daily, full (found %q)", o.Privacy)
		return nil, fault.Wrap(fault.Usage, err, "")
	}
	e, err := openFiles(ctx, o)
	if err != nil {
		return nil, errors.Join(err, e.Close())
	}
	return e, nil
}

// openFiles opens the files. After an error, the Engine has the files that were opened before, so that Close closes
// them.
func openFiles(ctx context.Context, o Options) (e *Engine, err error) {
	e = &Engine{options: o}
	path := filepath.Join(o.Dir, downloads.FileName)
	if o.DryRun {
		e.db, err = downloads.OpenScratch(ctx, path)
	} else if e.lock, err = takeLock(o.Dir); err == nil {
		e.db, err = downloads.Open(ctx, path)
	}
	if err != nil {
		return e, err
	}
	e.Reader = &Reader{e.db.Reader}
	if e.visitors, err = openVisitors(o.Dir, o.Privacy, o.DryRun); err != nil {
		return e, err
	}
	_, err = e.db.SetPackages(ctx, o.Packages)
	return e, err
}

// Lock takes the lock of a data folder, as an Engine does, for a run that replaces its files. The kind of the error is
// fault.Locked if an Engine has the lock.
func Lock(dir string) (unlock func() error, err error) {
	lock, err := takeLock(dir)
	if err != nil {
		return nil, err
	}
	return lock.Unlock, nil
}

// takeLock takes the lock of a data folder, and creates the folder if necessary.
func takeLock(dir string) (*flock.Flock, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, fmt.Errorf("create the data folder: %w", err)
	}
	lock := flock.New(filepath.Join(dir, lockFile))
	held, err := disk.TryLock(lock)
	if err != nil {
		return nil, fmt.Errorf("lock the statistics: %w", err)
	}
	if !held {
		return nil, fault.Wrap(fault.Locked, fmt.Errorf("another run holds %s", lock.Path()),
			"Wait until it has ended, then run this command again. No log lines are lost.")
	}
	return lock, nil
}

// Running reports whether an Engine has the lock of a data folder. It creates no file.
func Running(dir string) (bool, error) {
	running, err := disk.IsLocked(filepath.Join(dir, lockFile))
	if err != nil {
		return false, fmt.Errorf("look at the lock of the statistics: %w", err)
	}
	return running, nil
}

// lockFile is the name of the lock in the data folder.
const lockFile = "stats.lock"

// Close closes the database and releases the lock.
func (e *Engine) Close() (err error) {
	if e.db != nil {
		err = e.db.Close()
	}
	if e.lock != nil {
		err = errors.Join(err, e.lock.Unlock())
	}
	return err
}

// FromCatalog converts packages of the catalogue for Options.
func FromCatalog(packages []*catalog.Package) []downloads.Package {
	list := make([]downloads.Package, 0, len(packages))
	for _, p := range packages {
		list = append(list, downloads.Package{
			Bitstream: p.ID,
			Series: downloads.Series{
				Version: p.Version, OS: string(p.OS), Arch: string(p.Arch), Stability: string(p.Stability()),
			},
			Built:         p.BuildDate,
			LegacyVersion: legacyVersion(cmp.Or(p.Version, p.Unversioned)),
			Stable:        p.Release != "",
		})
	}
	return list
}

// legacyVersion returns a version as in format 1.0: what comes before the first hyphen, with at most three parts. For
// example, "5.8.0.1-2024-09-25" becomes "5.8.0".
func legacyVersion(version string) string {
	version, _, _ = strings.Cut(version, "-")
	parts := strings.SplitN(version, ".", 4)
	return strings.Join(parts[:min(3, len(parts))], ".")
}
