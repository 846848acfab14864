package site

import (
	"bytes"
	"context"

	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/output"
)

// Render makes all files of the site, in order of their paths. The error holds a Findings (errors.AsType) when
// the site folder is to blame, with everything that is wrong; warnings are what does not stop a build.
func Render(ctx context.Context, in Input) (files []output.File, warnings fault.Findings, err error) {
	e, err := NewEdition(ctx, in, nil)
	if err != nil {
		return nil, nil, err
	}
	return e.Files(ctx)
}

// scratch is what rendering one page leaves for the next.
type scratch struct {
	executed bytes.Buffer
	minified pageBuffers
	scanner  *scanner
}
