package count

import (
	"cmp"
	"context"
	"io"

	"github.com/Slicer/sitegen/generator/project"
)

// ImportTable imports a table of downloads that another program has counted, and publishes the statistics: see
// stats.Engine.ImportDaily. It returns the number of lines of the table, and the names of the published files that have
// changed.
func ImportTable(ctx context.Context, p *project.Project, name string, table io.Reader) (lines int, changed []string,
	err error) {
	e, err := Open(ctx, p, nil)
	if err != nil {
		return 0, nil, err
	}
	defer func() { err = cmp.Or(err, e.Close()) }()
	if lines, err = e.ImportDaily(ctx, name, table); err != nil {
		return 0, nil, err
	}
	changed, err = publish(ctx, p, e, false)
	return lines, changed, err
}
