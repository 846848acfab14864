package stats

import (
	_ "embed"
	"strings"
	"sync"
)

//go:embed countries.tsv
var countriesTSV string // code, name, subregion and region: ISO 3166-1 with XK and EU, names of CLDR, regions of UN M49

// Country names a country and where it lies.
type Country struct {
	Code      string // ISO 3166-1, two letters; "" when it is not known
	Name      string
	Subregion string // for instance Western Europe; "" when it has none
	Region    string // a continent, for instance Europe; "" when it has none
}

// countries is the table by code.
var countries = sync.OnceValue(func() map[string]Country {
	table := map[string]Country{}
	for line := range strings.Lines(countriesTSV) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		table[f[0]] = Country{f[0], f[1], f[2], f[3]}
	}
	delete(table, "code") // the head
	return table
})

// Other is the code that countries with few downloads are published under.
const Other = "*"

// CountryOf gives the country of a code. A code that the table does not have is its own name; no code is
// "Unknown", and Other is "Other countries".
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
