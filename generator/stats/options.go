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
	"github.com/Slicer/sitegen/generator/store"
)

// Options is what the statistics take from outside.
type Options struct {
	Dir         string                                                        // the data folder: database, key and lock
	Formats     *accesslog.Formats                                            // of the logs
	Packages    []store.PackageInfo                                           // that the catalogue knows, withdrawn ones included; see FromCatalog
	GeoIP       []string                                                      // MaxMind DB files, in the order in which they are asked
	Attribution string                                                        // what the licence of the GeoIP database asks to be shown, HTML; "" to tell by the files
	Rules       string                                                        // file with other user agent rules, in ua-parser's form; "" for those that come along
	Privacy     Privacy                                                       // "" is Keyed
	Legacy      bool                                                          // publish the statistics of format 1.0; not with Privacy Daily
	MinCountry  int                                                           // countries with fewer downloads in a month are published as Other
	Now         func() time.Time                                              // the clock: which days' keys are deleted in the mode Daily
	Stdin       io.Reader                                                     // what "-" stands for
	Open        func(ctx context.Context, name string) (io.ReadCloser, error) // opens what has a scheme, like s3://; nil when nothing can
	Stat        func(name string) (version string, size int64)                // what Open's logs are known by in their present content ("" when that is not known), and their size in bytes; may be nil
}

// Engine keeps and counts downloads. It holds a lock on the data folder: there is one at a time.
type Engine struct {
	options  Options
	db       *store.Downloads
	lock     *flock.Flock
	visitors *visitors
}

// Open opens the statistics of a data folder. It fails with the kind fault.Locked when another run holds them.
func Open(ctx context.Context, o Options) (*Engine, error) {
	o.Privacy = cmp.Or(o.Privacy, Keyed)
	o.Legacy = o.Legacy && o.Privacy != Daily
	switch o.Privacy {
	case Keyed, Daily, Full:
	default:
		return nil, fault.Wrap(fault.Usage, fmt.Errorf("stats.privacy is not one of keyed, daily, full (found %q)", o.Privacy), "")
	}
	if err := os.MkdirAll(o.Dir, 0o777); err != nil {
		return nil, fmt.Errorf("make the data folder: %w", err)
	}
	e := &Engine{options: o, lock: flock.New(filepath.Join(o.Dir, "stats.lock"))}
	held, err := e.lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock the statistics: %w", err)
	}
	if !held {
		return nil, fault.Wrap(fault.Locked, fmt.Errorf("another run holds %s", e.lock.Path()), "The next run reads what this one did not: run it again when the other one is done.")
	}
	if e.visitors, err = openVisitors(o.Dir, o.Privacy); err != nil {
		return nil, errors.Join(err, e.Close())
	}
	if e.db, err = store.OpenDownloads(ctx, filepath.Join(o.Dir, databaseFile)); err != nil {
		return nil, errors.Join(err, e.Close())
	}
	if _, err = e.db.SetPackages(ctx, o.Packages); err != nil {
		return nil, errors.Join(err, e.Close())
	}
	return e, nil
}

// databaseFile and keyFile are the names of the engine's files in the data folder.
const (
	databaseFile = "downloads.sqlite"
	keyFile      = "stats.key"
)

// Files names the files of the data folder that hold the statistics, for copies.
func Files() []string { return []string{databaseFile, databaseFile + "-wal", keyFile} }

// Dir is the data folder.
func (e *Engine) Dir() string { return e.options.Dir }

// Total is the number of downloads that are counted, robots included.
func (e *Engine) Total(ctx context.Context) (int64, error) { return e.db.Total(ctx) }

// Close lets go of the database and the lock.
func (e *Engine) Close() error {
	var err error
	if e.db != nil {
		err = e.db.Close()
	}
	return errors.Join(err, e.lock.Unlock())
}

// FromCatalog tells the statistics about packages.
func FromCatalog(packages []*catalog.Package) []store.PackageInfo {
	list := make([]store.PackageInfo, 0, len(packages))
	for _, p := range packages {
		list = append(list, store.PackageInfo{
			Bitstream:     p.ID,
			Series:        store.Series{Version: p.Version, OS: string(p.OS), Arch: string(p.Arch), Stability: string(p.Stability())},
			Built:         p.BuildDate,
			LegacyVersion: legacyVersion(cmp.Or(p.Version, p.Unversioned)),
			Stable:        p.Release != "",
		})
	}
	return list
}

// legacyVersion is what the old job made of the version in a file's name: three parts at most, up to a hyphen.
func legacyVersion(version string) string {
	version, _, _ = strings.Cut(version, "-")
	parts := strings.SplitN(version, ".", 4)
	return strings.Join(parts[:min(3, len(parts))], ".")
}
