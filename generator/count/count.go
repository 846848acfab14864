// Package count counts downloads. Run is one run of sitegen stats from top to bottom:
//
//	logsource  finds the logs: files, folders, standard input, objects in a bucket
//	accesslog  logs -> requests
//	stats      requests -> downloads, stored in the data folder, so that no request counts twice
//	           downloads -> tables and JSON
//	statspage  tables -> the page to explore them
//	output     writes the files to the folders download-stats/ and badge/ of the site
package count

import (
	"cmp"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"

	"github.com/Slicer/sitegen/generator/accesslog"
	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/geodb"
	"github.com/Slicer/sitegen/generator/history"
	"github.com/Slicer/sitegen/generator/logsource"
	"github.com/Slicer/sitegen/generator/progress"
	"github.com/Slicer/sitegen/generator/project"
	"github.com/Slicer/sitegen/generator/stats"
)

// Folder is the folder of the statistics within the public folder.
const Folder = "download-stats"

// Options are the inputs of a run besides its project.
type Options struct {
	Logs   []string  // names of logs, as sitegen stats takes them
	Stdin  io.Reader // the log named "-"
	DryRun bool      // read the logs and report, but change nothing
}

// Run counts the new requests in the logs, and publishes the statistics with their page.
func Run(ctx context.Context, p *project.Project, o Options) (report *stats.Report, err error) {
	names, missing := accesslog.Expand(o.Logs)
	if len(names) == 0 && missing != nil {
		return nil, fault.Wrap(fault.Usage, missing, "Name the access logs of the web server that serves the site: "+
			"for Nginx, usually /var/log/nginx/access.log*. Without a log, sitegen stats publishes what it has "+
			"counted.")
	}
	buckets := &logsource.Buckets{}
	names, err = buckets.Expand(ctx, names)
	if err != nil && (len(names) == 0 || fault.KindOf(err) == fault.Usage) {
		return nil, err
	}
	missing = errors.Join(missing, err)
	e, err := open(ctx, p, o, buckets)
	if err != nil {
		return nil, err
	}
	defer func() { err = cmp.Or(err, e.Close()) }()

	task := p.Terminal.Start("reading", e.Size(names), progress.Bytes)
	report, err = e.Read(ctx, names, task.Set)
	task.End()
	if err != nil {
		return nil, err
	}
	report.AddMissing(missing)
	publishing := p.Terminal.Start("publishing the statistics", 0, progress.Nothing)
	defer publishing.End()
	if report.Files, err = publish(ctx, p, e, o.DryRun); err != nil {
		return nil, err
	}
	return report, nil
}

// Open opens the statistics of a project for commands that change them without reading logs.
func Open(ctx context.Context, p *project.Project, stdin io.Reader) (*stats.Engine, error) {
	return open(ctx, p, Options{Stdin: stdin}, &logsource.Buckets{})
}

// open opens the statistics of a project. It passes them all packages that were ever published.
func open(ctx context.Context, p *project.Project, o Options, buckets *logsource.Buckets) (*stats.Engine, error) {
	c := &p.Config.Stats
	formats, err := p.LogFormats()
	if err == nil {
		err = p.CheckData()
	}
	if err != nil {
		return nil, err
	}
	packages, err := everPublished(ctx, p)
	if err != nil {
		return nil, err
	}
	if len(packages) == 0 {
		p.Log.Warn("no packages are stored yet: downloads appear in the statistics after the first build")
	}
	options := publishing(p)
	options.Formats, options.Packages, options.Rules = formats, stats.FromCatalog(packages), c.UserAgents
	options.IDs = p.Profile.Scheme.IDs
	for _, system := range p.Profile.Scheme.OSes() {
		options.Systems = append(options.Systems, string(system))
	}
	options.DryRun, options.Stdin = o.DryRun, o.Stdin
	options.Open, options.Stat = buckets.Open, buckets.Stat
	return stats.Open(ctx, options)
}

// publishing returns the options that determine which files are published.
func publishing(p *project.Project) stats.Options {
	c := &p.Config.Stats
	return stats.Options{
		Dir: p.Config.Data, GeoIP: geoIP(p), Attribution: c.Attribution, Privacy: stats.Privacy(c.Privacy),
		LegacyFile: legacyFile(p), LegacyPaths: p.Profile.LegacyCopies, MinCountry: c.MinCountry, Now: p.Now,
	}
}

// legacyFile returns the name of the statistics of format 1.0: the profile's, unless the configuration turns them off.
func legacyFile(p *project.Project) string {
	if !p.Config.Stats.Legacy || stats.Privacy(p.Config.Stats.Privacy) == stats.Daily {
		return ""
	}
	return p.Profile.LegacyStatistics
}

// everPublished returns all packages that were ever on the site: downloads of withdrawn ones count, too.
func everPublished(ctx context.Context, p *project.Project) (packages []*catalog.Package, err error) {
	r, err := history.OpenReadOnly(ctx, p.HistoryFile())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer r.Close()
	entries, err := r.All(ctx)
	for _, e := range entries {
		packages = append(packages, e.Package)
	}
	return packages, err
}

// geoIP returns the paths of the configured databases or, if there are none, the path of the database that geoip-update
// has downloaded.
func geoIP(p *project.Project) []string {
	c := &p.Config.Stats
	if len(c.GeoIP) > 0 {
		return c.GeoIP
	}
	downloaded := geodb.Path(p.Config.Data)
	if _, err := os.Stat(downloaded); err != nil {
		return nil
	}
	return []string{downloaded}
}
