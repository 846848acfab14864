package site

import (
	"bytes"
	"cmp"
	"context"
	"path"

	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/output"
)

// StatsURL is the address of the download statistics, which are made apart from the site: from access logs,
// whenever those have grown.
const StatsURL = "/download-stats/"

// RenderPage makes one page that is not of a build, and the assets that it needs. These come first, in a
// folder beside the page, so that builds may replace the site's own without harm to it. A content file of the
// page's address is its introduction: Title and Description give way to it, and Body is its text. Index is not
// read. Errors are those of Render.
func RenderPage(ctx context.Context, in Input, p Page) ([]output.File, error) {
	e, err := openEdition(ctx, in, path.Dir(p.Path)+"/"+assetFolder, nil)
	if err != nil {
		return nil, err
	}
	if err := e.Err(); err != nil {
		return nil, err
	}
	if text, ok := e.build.Text(p.URL()); ok {
		p.Title, p.Description = cmp.Or(text.Title, p.Title), cmp.Or(text.Description, p.Description)
		p.Body, p.Source = text.Body, text.Source
	}
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
