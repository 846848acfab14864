package site

import (
	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/output"
)

// derived is what follows from the packages alone. Editions of the same Index share it: most of a large site
// is in it, and nothing that people edit.
type derived struct {
	records  []output.File // one for each package
	cells    []*Page       // one for each package, and one for none
	days     []Day         // with nightly builds, newest first
	previews []Preview     // the pages of nightly builds
}

func derive(x *lookup.Index) *derived {
	days := daysOf(itemsOf(x.Spec(), x.Packages()))
	return &derived{records: records(x), cells: cells(x), days: days, previews: previewsOf(x.Spec(), days)}
}
