package project

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/output"
	"github.com/Slicer/sitegen/generator/site"
)

// otherFiles returns a function that reports whether the web server has a file at a path below public/ that no build
// has written. The function reads the manifest of the builds when it is first needed. For example, with
//
//	public/about/index.html     written by a build: false, since only the next build knows whether the page remains
//	public/manual.pdf           put there by someone: true
//	public/.git/config          hidden files are not served: false
//	public/download-stats/…     written by sitegen stats: true; before its first run, true for any name
//	public/badge/…              likewise
//
// If the manifest cannot be read, which the next build reports, every file counts as put there.
func (p *Project) otherFiles() func(path string) bool {
	manifest := sync.OnceValues(p.openManifest)
	return func(path string) bool {
		if !fs.ValidPath(path) || slices.ContainsFunc(strings.Split(path, "/"), isHidden) {
			return false
		}
		counted := strings.HasPrefix("/"+path, site.StatsURL) || strings.HasPrefix("/"+path, site.BadgeURL)
		if counted && !hasStatistics(p) {
			return true
		}
		info, err := os.Stat(filepath.Join(p.Config.Out, filepath.FromSlash(path)))
		if err != nil || !info.Mode().IsRegular() {
			return false
		}
		m, err := manifest()
		return err != nil || !m.Owns(path)
	}
}

// openManifest reads the manifest of the builds.
func (p *Project) openManifest() (*output.Writer, error) {
	w, err := output.OpenReadOnly(p.BuildOutput())
	if err != nil {
		return nil, err
	}
	return w, w.Close() // the manifest remains in memory
}

// BuildOutput returns where and how builds write the site.
func (p *Project) BuildOutput() output.Options {
	c := &p.Config
	return output.Options{
		Public: c.Out, Redirects: c.Redirects, Data: c.Data, Site: c.Name, Home: filepath.Dir(c.File),
		Jobs: c.Jobs, Precompress: p.Precompress(), Now: p.Now, Log: p.Log,
	}
}

// StatisticsOutput returns where and how sitegen stats writes the statistics: to a folder that builds do not touch,
// with a manifest and a lock of its own, so that a build and a statistics run can work at the same time.
func (p *Project) StatisticsOutput() output.Options {
	o := p.BuildOutput()
	o.Public = filepath.Join(o.Public, filepath.FromSlash(site.StatsURL))
	o.Redirects, o.Data = "", filepath.Join(o.Data, "statistics")
	return o
}

// BadgeOutput returns where and how sitegen stats writes the badges: to a folder with short addresses, because badges
// are shown by other sites.
func (p *Project) BadgeOutput() output.Options {
	o := p.BuildOutput()
	o.Public = filepath.Join(o.Public, filepath.FromSlash(site.BadgeURL))
	o.Redirects, o.Data = "", filepath.Join(o.Data, "badges")
	return o
}

// CheckData returns an error if the data folder belongs to another site: by the manifest of its builds or, if there is
// none, that of its statistics.
func (p *Project) CheckData() error {
	known, err := output.CheckSite(p.BuildOutput())
	if err == nil && !known {
		_, err = output.CheckSite(p.StatisticsOutput())
		if shared, ok := errors.AsType[*output.SharedError](err); ok {
			shared.Data = filepath.Dir(shared.Data) // the folder that is configured
		}
	}
	return Shared(err)
}

// Shared adds what to do to the error about a data folder that belongs to another site. It returns other errors
// unchanged.
func Shared(err error) error {
	shared, ok := errors.AsType[*output.SharedError](err)
	if !ok {
		return err
	}
	return fault.Wrap(fault.Usage, shared, "Set another data folder for one of them, with data in its sitegen.yaml. "+
		"If this site has moved, remove "+shared.Public+", or build once with --force.")
}

// isHidden reports whether a file or folder of this name is not served.
func isHidden(name string) bool { return strings.HasPrefix(name, ".") && name != ".well-known" }
