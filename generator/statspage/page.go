// Package statspage renders the page of the download statistics, public/download-stats/index.html, from the summary of
// package stats. Package count writes both to the same folder.
//
// The page works without scripts: it shows the statistics of all time, with each chart as inline SVG and repeated as a
// table. In a browser with scripts, layouts/assets/stats.js loads the detailed data (cubes) after the first paint, lets
// visitors filter it, and redraws the charts.
//
// All charts are drawn by one script, layouts/assets/chart.js: a JavaScript interpreter runs it when the page is
// generated, and the browser runs it after every click. So nothing moves when the script replaces the charts.
package statspage

import (
	"context"
	"strings"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/output"
	"github.com/Slicer/sitegen/generator/site"
	"github.com/Slicer/sitegen/generator/stats"
)

// Options are the settings that the page depends on, besides the summary and the site.
type Options struct {
	LegacyFile string        // name of the published file in format 1.0; "" for none
	Privacy    stats.Privacy // the page explains what is stored about visitors

	Versions    []stats.Series              // the downloads of all versions by day, for the chart of versions over time
	ReleasePage func(version string) string // returns the path of a release's page, "" if it has none; may be nil
}

// Files renders the page of a summary. It returns the page and its assets, with their paths below the folder
// download-stats. If the site's layouts or content are invalid, the error has the kind fault.Content, as for
// site.RenderPage.
func Files(ctx context.Context, in site.Input, s *stats.Summary, o Options) ([]output.File, error) {
	in.Stats = true
	d, stop, err := newDrawer(ctx, in.Layouts)
	if err != nil {
		return nil, err
	}
	defer stop()
	p := page(d, in.Index.Spec().Scheme, s, o)
	if d.err != nil {
		return nil, d.err
	}
	files, err := site.RenderPage(ctx, in, p)
	for i := range files {
		files[i].Path = strings.TrimPrefix(files[i].Path, folderName)
	}
	return files, err
}

// IsFile reports whether a file in the folder download-stats is the page or one of its assets, including assets of
// earlier versions of the page.
func IsFile(name string) bool { return name == pageName || strings.HasPrefix(name, "assets/") }

const (
	folderName = "download-stats/" // prefix of the paths of the page's files, relative to public/
	pageName   = "index.html"
)

// page returns the page that shows a summary.
func page(d *drawer, scheme *catalog.Scheme, s *stats.Summary, o Options) site.Page {
	return site.Page{
		Path: folderName + pageName, Layout: "stats.html", Group: output.Pages,
		Title:       "Download statistics",
		Description: "Downloads over time, by version, operating system, architecture and country.",
		Data:        newView(d, scheme, s, o),
	}
}
