// Package statspage makes the page of the download statistics, public/download-stats/index.html, of the files
// that package stats has published beside it.
//
// The page stands on its own twice. Without scripts it shows the statistics of all time: every chart is drawn
// here, as SVG inside the page, and has a table. With scripts it is explored: layouts/assets/stats.js loads the
// cubes after the page has been painted, counts them by whatever is chosen, and draws the same charts anew. What
// both draw has the same form, so that nothing moves when the script takes over.
//
// Charts fit any width without a script. Lengths along the width are per cent of it; curves lie in an inner
// picture of 1000 by 200 units that is stretched, of which the style sheet keeps the strokes as thin as they are.
package statspage

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/output"
	"github.com/Slicer/sitegen/generator/site"
	"github.com/Slicer/sitegen/generator/stats"
)

// Options is what the page depends on beside the published files and the site.
type Options struct {
	Privacy     stats.Privacy      // the page tells what is kept of visitors
	Precompress output.Precompress // variants of the page, its assets and the published JSON
}

// Make renders the page and writes it into the folder that Engine.Publish has written to, public/download-stats,
// with its assets and the compressed variants of all files there. It gives the names of the files that changed.
// Mistakes in the site folder are a fault.Content, as for site.Render, and nothing is written.
func Make(ctx context.Context, in site.Input, dir string, o Options) (changed []string, err error) {
	s, err := readSummary(dir)
	if err != nil {
		return nil, fmt.Errorf("read the statistics: %w", err)
	}
	legacy, err := exists(filepath.Join(dir, stats.LegacyFile))
	if err != nil {
		return nil, err
	}
	in.Stats = true
	files, err := site.RenderPage(ctx, in, page(in.Index.Spec().Scheme, s, o.Privacy, legacy))
	if err != nil {
		return nil, err
	}
	f := &folder{dir: dir, precompress: o.Precompress}
	if err := f.write(ctx, files); err != nil {
		return f.changed, fmt.Errorf("write the page of the statistics: %w", err)
	}
	return f.changed, nil
}

// folderName is the page's folder below public/, as its files have it.
const folderName = "download-stats/"

// page is the page of a summary.
func page(scheme *catalog.Scheme, s *stats.Summary, privacy stats.Privacy, legacy bool) site.Page {
	return site.Page{
		Path: folderName + "index.html", Layout: "stats.html", Group: output.Pages,
		Title: "Download statistics", Description: "How often packages are downloaded: by time, version, operating system, architecture and country.",
		Data: newView(scheme, s, privacy, legacy),
	}
}

func readSummary(dir string) (*stats.Summary, error) {
	b, err := os.ReadFile(filepath.Join(dir, stats.SummaryFile))
	if err != nil {
		return nil, err
	}
	var s stats.Summary
	return &s, json.Unmarshal(b, &s)
}
