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

	"github.com/Slicer/sitegen/generator/language"
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

// Files renders the page of a summary, in all languages of the site. It returns the pages and their assets, with their
// paths below the folder download-stats. If the site's layouts or content are invalid, the error has the kind
// fault.Content, as for site.RenderPages.
func Files(ctx context.Context, in site.Input, s *stats.Summary, o Options) ([]output.File, error) {
	in.Stats = true
	inLanguage := func(t *language.Table, link func(string) string) (site.Page, error) {
		local := o
		if o.ReleasePage != nil {
			local.ReleasePage = func(version string) string { return link(o.ReleasePage(version)) }
		}
		return page(ctx, t, in, s, local)
	}
	files, err := site.RenderPages(ctx, in, folderName, inLanguage)
	for i := range files {
		files[i].Path = strings.TrimPrefix(files[i].Path, folderName)
	}
	return files, err
}

// IsFile reports whether a file in the folder download-stats is the page or one of its assets, including assets of
// earlier versions of the page.
func IsFile(name string) bool {
	folder, file, _ := strings.Cut(name, "/")
	return name == pageName || folder == "assets" || file == pageName && language.ValidCode(folder)
}

const (
	folderName = "download-stats/" // prefix of the paths of the page's files, relative to public/
	pageName   = "index.html"
)

// page returns the page that shows a summary, in a language.
func page(ctx context.Context, t *language.Table, in site.Input, s *stats.Summary, o Options) (site.Page, error) {
	d, stop, err := newDrawer(ctx, in.Layouts, t)
	if err != nil {
		return site.Page{}, err
	}
	defer stop()
	p := site.Page{
		Layout: "stats.html", Group: output.Pages,
		Title: t.MustText("stats.title", nil), Description: t.MustText("stats.description", nil),
		Data: newView(d, in.Index.Spec().Scheme, s, o),
	}
	return p, d.err
}
