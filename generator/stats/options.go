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
	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/stats/downloads"
)

// Options is what the statistics take from outside.
type Options struct {
	Dir      string              // the data folder: database, keys and lock
	Packages []downloads.Package // that the catalogue knows, withdrawn ones included; see FromCatalog
	DryRun   bool                // change nothing, neither in the data folder nor where Publish is told to write

	Formats *accesslog.Formats // of the logs
	Stdin   io.Reader          // what "-" stands for

	// Open opens a log whose name has a scheme, like s3://; nil when nothing can. Stat returns what identifies such a
	// log in its present content ("" when that is not known) and its size in bytes; it may be nil.
	Open func(ctx context.Context, name string) (io.ReadCloser, error)
	Stat func(name string) (version string, size int64)

	GeoIP       []string // MaxMind DB files, in the order in which they are asked
	Attribution string   // HTML that the licence of the GeoIP database asks to be shown; "" to tell by the files
	Rules       string   // file with user agent rules, in ua-parser's form; "" for the built-in ones
	Privacy     Privacy  // "" is Keyed
	LegacyFile  string   // name under which to publish the statistics of format 1.0; "" for none, as with Privacy Daily
	MinCountry  int      // countries with fewer downloads in a month are published as Other

	Now func() time.Time // the clock: which days' keys are deleted in the mode Daily
}

// Engine keeps and counts downloads. It holds a lock on the data folder: there is one at a time. What can be read
// without counting, a Reader can do.
//
// An Engine of a dry run works on a private copy of the database, which SQLite keeps for it without a name in any
// folder, and writes no key and no published file; it holds no lock. Its reports say what a real run would do.
type Engine struct {
	*Reader
	options  Options
	db       *downloads.DB
	lock     *flock.Flock // nil in a dry run
	visitors *visitors
}

// Open opens the statistics of a data folder, which it creates where there is none. It fails with the kind fault.Locked
// when another run holds them.
func Open(ctx context.Context, o Options) (*Engine, error) {
	o.Privacy = cmp.Or(o.Privacy, Keyed)
	if o.Privacy == Daily {
		o.LegacyFile = ""
	}
	switch o.Privacy {
	case Keyed, Daily, Full:
	default:
		err := fmt.Errorf("stats.privacy is not one of keyed, daily, full (found %q)", o.Privacy)
		return nil, fault.Wrap(fault.Usage, err, "")
	}
	e, err := openFiles(ctx, o)
	if err != nil {
		return nil, errors.Join(err, e.Close())
	}
	return e, nil
}

// openFiles opens the files; on an error it returns what is open by then.
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

// takeLock takes the lock of a data folder, which it creates where there is none.
func takeLock(dir string) (*flock.Flock, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, fmt.Errorf("make the data folder: %w", err)
	}
	lock := flock.New(filepath.Join(dir, "stats.lock"))
	held, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock the statistics: %w", err)
	}
	if !held {
		return nil, fault.Wrap(fault.Locked, fmt.Errorf("another run holds %s", lock.Path()),
			"The next run reads what this one did not: run it again when the other one is done.")
	}
	return lock, nil
}

// keyFile is the name of the file with the keys of visitors in the data folder.
const keyFile = "stats.key"

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

// FromCatalog returns what the statistics need to know of packages.
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

// legacyVersion returns what the old job made of the version in a file's name: three parts at most, up to a hyphen.
func legacyVersion(version string) string {
	version, _, _ = strings.Cut(version, "-")
	parts := strings.SplitN(version, ".", 4)
	return strings.Join(parts[:min(3, len(parts))], ".")
}
