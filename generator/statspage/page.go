// Package statspage renders the page of the download statistics, public/download-stats/index.html, from the summary of
// package stats. Package count writes both to the same folder.
//
// The page works without scripts: it shows the statistics of all time, with each chart drawn by this package as inline
// SVG and repeated as a table. In a browser with scripts, layouts/assets/stats.js loads the detailed data (cubes) after
// the first paint, lets visitors filter it, and redraws the charts. The script draws exactly like this package, so that
// nothing moves when it replaces the charts. Change drawings in both places.
//
// # Drawing
//
// Charts fit any width without a script, because horizontal lengths are percentages. Paths cannot have percentages, so
// curves are drawn in a nested picture of 1000 by 200 units with preserveAspectRatio="none", which the browser
// stretches to the width of the page. The style sheet sets vector-effect: non-scaling-stroke to keep the strokes thin.
// Texts are outside of that picture, so that they are not stretched.
//
// For example, two days with 5 and 10 downloads have an axis that ends at 10. Each day is 500 units wide, and y = 0 is
// the top of the picture, so 5 downloads are at y = 100. The outlines are
//
//	M0 200V100H500V200Z     up to 5 downloads, right to the next day, back down
//	M500 200V0H1000V200Z    the last day, drawn lighter because it may be incomplete
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
}

// Files renders the page of a summary. It returns the page and its assets, with their paths below the folder
// download-stats. If the site's layouts or content are invalid, the error has the kind fault.Content, as for
// site.RenderPage.
func Files(ctx context.Context, in site.Input, s *stats.Summary, o Options) ([]output.File, error) {
	in.Stats = true
	files, err := site.RenderPage(ctx, in, page(in.Index.Spec().Scheme, s, o))
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
func page(scheme *catalog.Scheme, s *stats.Summary, o Options) site.Page {
	return site.Page{
		Path: folderName + pageName, Layout: "stats.html", Group: output.Pages,
		Title:       "Download statistics",
		Description: "Downloads over time, by version, operating system, architecture and country.",
		Data:        newView(scheme, s, o.Privacy, o.LegacyFile),
	}
}
