package count

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/history"
	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/output"
	"github.com/Slicer/sitegen/generator/project"
	"github.com/Slicer/sitegen/generator/stats"
	"github.com/Slicer/sitegen/generator/statspage"
)

// publish writes the statistics and their page to the folder download-stats. It returns the names of the files there
// that have changed or, in a dry run, would change.
func publish(ctx context.Context, p *project.Project, e *stats.Engine, dryRun bool) (changed []string, err error) {
	files, err := e.Files(ctx)
	if err != nil {
		return nil, err
	}
	page, err := pageFiles(ctx, p, e, files)
	if err != nil {
		return nil, err
	}
	files = append(files, page...)
	open := output.Open
	if dryRun {
		open = output.OpenReadOnly
	}
	o := p.StatisticsOutput()
	o.Force = true // the names of the statistics are reserved in this folder
	o.Adopt = earlier(files)
	out, err := open(o)
	if locked, ok := errors.AsType[*output.LockedError](err); ok {
		return nil, fault.Wrap(fault.Locked, locked, "")
	}
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, out.Close()) }()

	plan, err := out.Plan(ctx, files)
	if _, ok := errors.AsType[*output.InTheWayError](err); ok {
		return nil, fault.Wrap(fault.Content, err, "Move the files away and run sitegen stats again.")
	}
	if err != nil {
		return nil, err
	}
	if !dryRun {
		err = out.Apply(ctx, plan, "")
	}
	return slices.Concat(plan.Public.Written, plan.Public.Removed), err
}

// earlier returns a function that recognises files which earlier versions of sitegen, without a manifest of the
// statistics, have published. Those that are no longer in use are then removed. Tables on disk are recognised only if
// files contains a table. Without one, nothing has been counted: the data folder may have been lost, and the tables on
// disk may be the only copy of the numbers.
func earlier(files []output.File) func(name string) bool {
	counted := slices.ContainsFunc(files, func(f output.File) bool { return stats.IsTable(f.Path) })
	return func(name string) bool {
		name = strings.TrimSuffix(strings.TrimSuffix(name, ".gz"), ".br")
		return stats.IsTable(name) && counted || statspage.IsFile(name) ||
			slices.ContainsFunc(files, func(f output.File) bool { return f.Path == name })
	}
}

// pageFiles renders the page of the statistics with the site's layouts. It does not need packages, so it works before
// the first build. Files are the other files to publish.
func pageFiles(ctx context.Context, p *project.Project, e *stats.Engine, files []output.File) ([]output.File, error) {
	run, err := lastRun(ctx, p)
	if err != nil {
		return nil, err
	}
	in, err := p.Site(lookup.New(p.Spec, nil), run.IsSample())
	if err != nil {
		return nil, err
	}
	summary, err := e.Summary(ctx)
	if err != nil {
		return nil, err
	}
	versions, err := e.Versions(ctx)
	if err != nil {
		return nil, err
	}
	o := statspage.Options{LegacyFile: legacyFile(p), Privacy: stats.Privacy(p.Config.Stats.Privacy),
		Versions: versions, ReleasePage: releasePages(p.StatisticsOutput().Public)}
	if !slices.ContainsFunc(files, func(f output.File) bool { return f.Path == o.LegacyFile }) {
		o.LegacyFile = "" // there are no accesses, so the file does not exist
	}
	return statspage.Files(ctx, in, summary, o)
}

// releasePages returns a function that returns the path of a release's page if the last build has published it. Folder
// is that of the statistics, beside that of the releases.
func releasePages(folder string) func(version string) string {
	return func(version string) string {
		if !stats.HasSeriesFiles(version) { // no file name
			return ""
		}
		if _, err := os.Stat(filepath.Join(filepath.Dir(folder), "releases", version, "index.html")); err != nil {
			return ""
		}
		return "/releases/" + version + "/"
	}
}

// lastRun returns the last run of a build, or the zero Run if there is none.
func lastRun(ctx context.Context, p *project.Project) (history.Run, error) {
	db, err := history.OpenReadOnly(ctx, p.HistoryFile())
	if errors.Is(err, fs.ErrNotExist) {
		return history.Run{}, nil
	}
	if err != nil {
		return history.Run{}, err
	}
	defer db.Close()
	return db.LastRun(ctx)
}
