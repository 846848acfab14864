package nginx

import (
	"strconv"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/lookup"
)

// buildNames names each package within its platform: by its revision if it is that revision's newest
// build, else with the number of newer ones after a dot. Short names keep the tables short and readable,
// and the diff of one more nightly build small.
type buildNames map[*catalog.Package]string

func nameBuilds(x *lookup.Index) buildNames {
	type revision struct {
		platform catalog.Platform
		number   int
	}
	newer := map[revision]int{}
	names := make(buildNames, len(x.Packages()))
	for _, p := range x.Packages() {
		rev := revision{p.Platform(), p.Revision}
		name := strconv.Itoa(p.Revision)
		if n := newer[rev]; n > 0 {
			name += "." + strconv.Itoa(n)
		}
		newer[rev]++
		names[p] = name
	}
	return names
}
