package stats

import (
	"github.com/Slicer/sitegen/generator/stats/downloads"
)

// PackageShares holds the shares of the values of each property of packages, those with the most downloads first.
type PackageShares struct {
	Versions    []Share `json:"versions"`
	Systems     []Share `json:"systems"`
	Arches      []Share `json:"arches"`
	Stabilities []Share `json:"stabilities"`
}

// property is a property of packages by which downloads are counted and can be filtered.
type property struct {
	key    string                        // in the cubes and in the URLs of the page
	value  func(downloads.Series) string // "" if unknown
	shares func(*PackageShares) *[]Share // its field in the summary
}

// properties returns all properties, in the order of the values in Cube.Packages. For example, a package there is
// ["5.8.1", "win", "amd64", "release"].
//
// To add a property, append it here and give it a field in PackageShares. All published files are then generated again,
// and the scripts of the page find it in the cubes. To add its chart, see newGroup in package statspage.
func properties() []property {
	return []property{
		{"version", func(s downloads.Series) string { return s.Version },
			func(s *PackageShares) *[]Share { return &s.Versions }},
		{"os", func(s downloads.Series) string { return s.OS },
			func(s *PackageShares) *[]Share { return &s.Systems }},
		{"arch", func(s downloads.Series) string { return s.Arch },
			func(s *PackageShares) *[]Share { return &s.Arches }},
		{"stability", func(s downloads.Series) string { return s.Stability },
			func(s *PackageShares) *[]Share { return &s.Stabilities }},
	}
}

// PackageProperties returns the keys of the properties of packages, in the order of the values in Cube.Packages.
func PackageProperties() (keys []string) {
	for _, p := range properties() {
		keys = append(keys, p.key)
	}
	return keys
}

// valuesOf returns the values of a series in the order of properties.
func valuesOf(s downloads.Series) (values []string) {
	for _, p := range properties() {
		values = append(values, p.value(s))
	}
	return values
}
