package stats

import (
	_ "embed"
	"strings"
	"sync"
)

// countriesTSV has the columns code (ISO 3166-1, and XK and EU), name (as in CLDR), subregion and region (as in UN
// M49).
//
//go:embed countries.tsv
var countriesTSV string

// Country is a country and its region.
type Country struct {
	Code      string // ISO 3166-1, two letters; "" if unknown
	Name      string
	Subregion string // for instance Western Europe; "" if it has none
	Region    string // a continent, for instance Europe; "" if it has none
}

// countries returns the countries by code.
var countries = sync.OnceValue(func() map[string]Country {
	table := map[string]Country{}
	for line := range strings.Lines(countriesTSV) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		table[f[0]] = Country{f[0], f[1], f[2], f[3]}
	}
	delete(table, "code") // the first line, with the names of the columns
	return table
})

// Other is the code under which countries with few downloads are published together.
const Other = "*"

// CountryOf returns the country with the given code. The name of "" is "Unknown", the name of Other is "Other
// countries", and the name of a code that is not in the table is the code itself.
func CountryOf(code string) Country {
	if c, ok := countries()[code]; ok {
		return c
	}
	switch code {
	case "":
		return Country{Name: "Unknown"}
	case Other:
		return Country{Code: Other, Name: "Other countries"}
	}
	return Country{Code: code, Name: code}
}
