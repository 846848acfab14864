package site

import (
	"bytes"
	"context"
	"path"

	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/output"
)

// StatsURL is the path of the download statistics. A build does not make them: they are made from access logs, whenever
// the logs have grown.
const StatsURL = "/download-stats/"

// BadgeURL is the path of the badges. They are made with the statistics.
const BadgeURL = "/badge/"

// RenderPage renders a single page outside of a build, and returns it after the assets that it needs. The assets are
// copies in a folder next to the page, so the page still works after a build replaces the assets of the site. If there
// is a content file for the page's URL, it becomes the introduction: its text becomes the Body, and its title and
// description replace those of p. RenderPage does not use in.Index. It returns the same errors as Render.
func RenderPage(ctx context.Context, in Input, p Page) ([]output.File, error) {
	e, err := openEdition(ctx, in, path.Dir(p.Path)+"/"+assetFolder, nil)
	if err != nil {
		return nil, err
	}
	if err := e.Err(); err != nil {
		return nil, err
	}
	if text, ok := e.build.Text(p.URL()); ok {
		p.withText(text)
	}
	p.Lang = e.build.locales[0].Code
	s := &slot{page: &p}
	done, err := e.rendered(s)
	if err != nil {
		return nil, fault.Wrap(fault.Content, e.pageFindings([]*slot{s}).Sorted(), "")
	}
	page := output.File{Root: output.Public, Group: p.Group, Path: p.Path, Data: done.html}
	return append(e.assets.usedBy(page.Data), page), nil
}

// usedBy returns the assets that a page refers to, directly or through other assets.
func (as assetSet) usedBy(page []byte) []output.File {
	var files []output.File
	used := map[string]bool{}
	for texts := [][]byte{page}; len(texts) > 0; texts = texts[1:] {
		for _, name := range sortedKeys(as) {
			if a := as[name]; !used[name] && bytes.Contains(texts[0], []byte(a.URL)) {
				used[name] = true
				files = append(files, a.file)
				texts = append(texts, a.file.Data)
			}
		}
	}
	return files
}
