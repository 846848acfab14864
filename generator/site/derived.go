package site

import (
	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/output"
)

// derived holds everything that depends on the packages alone. Editions of the same Index share it: it makes up most of
// a large site, and editing content or layouts does not change it.
type derived struct {
	records  []output.File // one for each package
	cells    []*Page       // one for each package, and one for "not available"
	days     []Day         // the days with nightly builds, newest first
	previews []Preview     // the pages of nightly builds
}

func derive(x *lookup.Index) *derived {
	days := daysOf(itemsOf(x.Spec(), x.Packages()))
	return &derived{records: records(x), cells: cells(x), days: days, previews: previewsOf(x.Spec(), days)}
}
