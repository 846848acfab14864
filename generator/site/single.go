package site

import (
	"bytes"
	"context"
	"strings"

	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/language"
	"github.com/Slicer/sitegen/generator/output"
)

// StatsURL is the path of the download statistics. A build does not make them: they are made from access logs, whenever
// the logs have grown.
const StatsURL = "/download-stats/"

// BadgeURL is the path of the badges. They are made with the statistics.
const BadgeURL = "/badge/"

// PageIn returns a page in a language, without its path. link returns the address of another page in the language.
type PageIn func(t *language.Table, link func(path string) string) (Page, error)

// RenderPages renders a page outside of a build, in all languages of the site: at folder/index.html in the first one,
// and at folder/de/index.html in others. The assets that they need come first; they are copies in a folder of folder,
// so the pages still work after a build replaces the assets of the site. If there is a content file for the page's URL,
// it becomes the introduction: its text becomes the Body, and its title and description replace those of the page.
// RenderPages does not use in.Index. It returns the same errors as Render, and those of page.
func RenderPages(ctx context.Context, in Input, folder string, page PageIn) (files []output.File, err error) {
	e, err := openEdition(ctx, in, folder+assetFolder, nil)
	if err != nil {
		return nil, err
	}
	if err := e.Err(); err != nil {
		return nil, err
	}
	var pages []*Page
	for _, l := range e.build.locales {
		p, err := page(l.Table, l.link)
		if err != nil {
			return nil, err
		}
		p.Path = folder + pageName
		p = e.build.localized(l, p, heading{})
		p.Path = strings.TrimPrefix(l.link("/"+folder), "/") + pageName
		pages = append(pages, &p)
	}
	for _, p := range e.build.translate(pages) {
		s := &slot{page: p}
		done, err := e.rendered(s)
		if err != nil {
			return nil, fault.Wrap(fault.Content, e.pageFindings([]*slot{s}).Sorted(), "")
		}
		files = append(files, output.File{Root: output.Public, Group: p.Group, Path: p.Path, Data: done.html})
	}
	var all []byte
	for _, f := range files {
		all = append(all, f.Data...)
	}
	return append(e.assets.usedBy(all), files...), nil
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
