package stats

import (
	"encoding/csv"
	"net/netip"
	"os"
	"strings"
	"testing"
)

func TestLookup(t *testing.T) {
	g, err := OpenGeo(testLog("city.mmdb"))
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	f, err := os.Open(testLog("networks.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows[1:] {
		for range 2 { // the second time from the cache
			got := g.Lookup(netip.MustParsePrefix(row[0]).Addr().Next())
			if got.Country != row[1] || !strings.HasPrefix(got.Location, strings.TrimRight(row[5], "0")) {
				t.Errorf("%s: %+v, want %s at %s,%s", row[0], got, row[1], row[5], row[6])
			}
		}
	}
	if got := g.Lookup(netip.MustParseAddr("::ffff:192.0.2.1")); got.Country != "DE" {
		t.Errorf("IPv4 as IPv6: %+v", got)
	}
	for _, unknown := range []string{"198.18.0.1", "10.0.0.1", "::1"} {
		if got := g.Lookup(netip.MustParseAddr(unknown)); got != (Place{}) {
			t.Errorf("%s: %+v", unknown, got)
		}
	}
	if _, err := OpenGeo(testLog("networks.csv"), "none"); err == nil || !strings.Contains(err.Error(), "networks.csv") || !strings.Contains(err.Error(), "none") {
		t.Errorf("got %v, want both files named", err)
	}
}

func TestCountries(t *testing.T) {
	if n := len(countries()); n != 251 {
		t.Errorf("%d countries, want 249 of ISO 3166-1, XK and EU", n)
	}
	for _, tc := range []struct{ code, name, subregion, region string }{
		{"DE", "Germany", "Western Europe", "Europe"}, {"XK", "Kosovo", "Southern Europe", "Europe"},
		{"AQ", "Antarctica", "", ""}, {"", "Unknown", "", ""}, {Other, "Other countries", "", ""}, {"ZZ", "ZZ", "", ""},
	} {
		if c := CountryOf(tc.code); c.Name != tc.name || c.Subregion != tc.subregion || c.Region != tc.region {
			t.Errorf("%q: %+v, want %+v", tc.code, c, tc)
		}
	}
}
