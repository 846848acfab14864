// Package statspage renders the page of the download statistics, public/download-stats/index.html, from the files that
// package stats publishes in the same folder.
//
// The page works without scripts: it shows the statistics of all time, with each chart drawn by this package as inline
// SVG and repeated as a table. In a browser with scripts, layouts/assets/stats.js loads the detailed data (cubes) after
// the first paint, lets visitors filter it, and redraws the charts. The script draws exactly like this package, so that
// nothing moves when it replaces the charts. A change to a drawing must be made in both.
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
	"fmt"
	"path/filepath"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/output"
	"github.com/Slicer/sitegen/generator/site"
	"github.com/Slicer/sitegen/generator/stats"
)

// Options are the settings that the page depends on, besides the published files and the site.
type Options struct {
	LegacyFile  string             // name of the file in format 1.0; "" for none
	Privacy     stats.Privacy      // the page explains what is stored about visitors
	Precompress output.Precompress // variants to create of the page, its assets and the published JSON
	DryRun      bool               // write nothing
}

// Make renders the page of a summary and writes it to dir, the folder that Engine.Publish has written to
// (public/download-stats). It also writes the page's assets, and the compressed variants of all files in dir. It
// returns the names of the files that changed; in a dry run, of those that would. If the site's layouts or content are
// invalid, the error has the kind fault.Content, as for site.Render, and Make writes nothing.
func Make(ctx context.Context, in site.Input, s *stats.Summary, dir string, o Options) (changed []string, err error) {
	if o.LegacyFile != "" {
		there, err := exists(filepath.Join(dir, o.LegacyFile))
		if err != nil {
			return nil, err
		}
		if !there { // without downloads there is none
			o.LegacyFile = ""
		}
	}
	in.Stats = true
	files, err := site.RenderPage(ctx, in, page(in.Index.Spec().Scheme, s, o.Privacy, o.LegacyFile))
	if err != nil {
		return nil, err
	}
	f := &folder{dir: dir, precompress: o.Precompress, dry: o.DryRun}
	if err := f.write(ctx, files); err != nil {
		return f.changed, fmt.Errorf("write the page of the statistics: %w", err)
	}
	return f.changed, nil
}

// folderName is the prefix of the paths of the page's files, relative to public/.
const folderName = "download-stats/"

// page returns the page that shows a summary.
func page(scheme *catalog.Scheme, s *stats.Summary, privacy stats.Privacy, legacy string) site.Page {
	return site.Page{
		Path: folderName + "index.html", Layout: "stats.html", Group: output.Pages,
		Title:       "Download statistics",
		Description: "Downloads over time, by version, operating system, architecture and country.",
		Data:        newView(scheme, s, privacy, legacy),
	}
}
