package site

import (
	"bytes"
	"context"

	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/output"
)

// Render returns all files of the site, ordered by path. If the site folder has mistakes, the error wraps Findings (see
// errors.AsType) that lists all of them. Warnings do not stop a build. The site has no redirect rules, so all links
// must lead to its files or to the download API.
func Render(ctx context.Context, in Input) (files []output.File, warnings fault.Findings, err error) {
	e, err := NewEdition(ctx, in, nil)
	if err != nil {
		return nil, nil, err
	}
	return e.Files(ctx, Server{})
}

// scratch holds buffers that are reused from page to page.
type scratch struct {
	executed bytes.Buffer
	minified pageBuffers
	scanner  *scanner
}
