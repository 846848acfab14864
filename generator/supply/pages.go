package supply

import (
	"context"
	"fmt"

	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/project"
	"github.com/Slicer/sitegen/generator/site"
)

// Pages returns the packages and the pages of the site, and logs where the packages come from. The pages are not
// rendered. It is for commands that only look up something, see Known.
func Pages(ctx context.Context, p *project.Project) (*lookup.Index, *site.Edition, error) {
	cat, err := Known(ctx, p)
	if err != nil {
		return nil, nil, err
	}
	from := "using " + cat.Label(p)
	if !cat.Stored {
		from += fmt.Sprintf(" (source: %s)", p.Config.Origin("source"))
	}
	p.Log.Info(from)
	for _, w := range cat.Warnings {
		p.Log.Warn(w)
	}
	in, err := cat.Site(p)
	if err != nil {
		return nil, nil, err
	}
	e, err := site.NewEdition(ctx, in, nil)
	return in.Index, e, err
}
