// Package statssite makes the folder in which benchmarks of sitegen stats run: a site and an access log of it.
package statssite

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/Slicer/sitegen/bench/cost"
	"github.com/Slicer/sitegen/generator/accesslog/loggen"
	"github.com/Slicer/sitegen/generator/history"
)

// LogName is the name of the log in the folder.
const LogName = "access.log"

// Log describes a log.
type Log struct {
	Lines, Addresses, Agents, Every int // see loggen.Options
	Days                            int // that the log covers, until 29 September 2026; 120 if it is 0
}

// Build builds a site in dir with a program, from the catalogue of the tests. The current folder must be that of the
// repository.
func Build(dir, program string) error {
	listing, err := filepath.Abs("testdata/catalog.json")
	if err != nil {
		return err
	}
	_, err = cost.Of(dir, program, "build", "--quiet", "--source", listing)
	return err
}

// WriteLog writes a log with requests for the packages of the site in dir.
func WriteLog(dir string, l Log) (bytes int64, err error) {
	f, err := os.Create(filepath.Join(dir, LogName))
	if err != nil {
		return 0, err
	}
	bytes, err = l.Write(dir, f)
	return bytes, errors.Join(err, f.Close())
}

// Write writes the log that WriteLog writes to a file.
func (l Log) Write(dir string, w io.Writer) (bytes int64, err error) {
	ctx := context.Background()
	catalogue, err := history.OpenReadOnly(ctx, filepath.Join(dir, "var", history.FileName))
	if err != nil {
		return 0, err
	}
	defer catalogue.Close()
	packages, err := catalogue.Published(ctx)
	if err != nil {
		return 0, err
	}
	ids := make([]string, len(packages))
	for i, p := range packages {
		ids[i] = p.ID
	}
	days := cmp.Or(l.Days, 120)
	s, err := loggen.Write(w, loggen.Options{
		Seed: 1, Lines: l.Lines, IDs: ids, Addresses: l.Addresses, Agents: l.Agents, Days: days,
		Start: time.Date(2026, 9, 29, 0, 0, 0, 0, time.UTC).AddDate(0, 0, -days), Every: l.Every,
	})
	if err != nil {
		return 0, fmt.Errorf("generate the log: %w", err)
	}
	return s.Bytes, nil
}

// RemoveStats removes the statistics of the site in dir and keeps its catalogue.
func RemoveStats(dir string) error {
	old, err := filepath.Glob(filepath.Join(dir, "var", "downloads.sqlite*"))
	if err != nil {
		return err
	}
	for _, path := range append(old, filepath.Join(dir, "public", "download-stats")) {
		if err := os.RemoveAll(path); err != nil {
			return err
		}
	}
	return nil
}
