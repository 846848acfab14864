package stats

import (
	"bytes"
	"encoding/csv"
	"net"
	"net/netip"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/maxmind/mmdbwriter"
	"github.com/maxmind/mmdbwriter/mmdbtype"
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
	if _, err := OpenGeo(testLog("networks.csv"), "none"); err == nil ||
		!strings.Contains(err.Error(), "networks.csv") || !strings.Contains(err.Error(), "none") {
		t.Errorf("got %v, want an error that names both files", err)
	}
}

// database writes a MaxMind DB file with one record for each network.
func database(t *testing.T, o mmdbwriter.Options, records map[string]mmdbtype.Map) (path string) {
	t.Helper()
	o.IncludeReservedNetworks, o.BuildEpoch = true, 1
	tree, err := mmdbwriter.New(o)
	if err != nil {
		t.Fatal(err)
	}
	for text, record := range records {
		_, network, err := net.ParseCIDR(text)
		if err != nil {
			t.Fatal(err)
		}
		if err := tree.Insert(network, record); err != nil {
			t.Fatal(err)
		}
	}
	var b bytes.Buffer
	if _, err := tree.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	return write(t, t.TempDir(), "test.mmdb", b.Bytes())
}

// flat returns a record with the schema of ip-location-db.
func flat(country string, latitude, longitude mmdbtype.DataType) mmdbtype.Map {
	return mmdbtype.Map{"country_code": mmdbtype.String(country), "city": mmdbtype.String("-"), "latitude": latitude,
		"longitude": longitude}
}

// TestLookupFlat looks up addresses in two files with flat records, one for IPv4 and one for IPv6, in either order.
func TestLookupFlat(t *testing.T) {
	v4 := database(t, mmdbwriter.Options{DatabaseType: "city ipv4", IPVersion: 4, RecordSize: 24},
		map[string]mmdbtype.Map{
			"192.0.2.0/24":    flat("DE", mmdbtype.Float32(52.5), mmdbtype.Float32(13.25)),
			"198.51.100.0/25": flat("de", mmdbtype.Float64(91), mmdbtype.Float64(0)),
			"203.0.113.0/24":  flat("FR", mmdbtype.String("north"), mmdbtype.Float64(2)),
		})
	v6 := database(t, mmdbwriter.Options{DatabaseType: "city ipv6", IPVersion: 6, RecordSize: 28,
		DisableIPv4Aliasing: true}, map[string]mmdbtype.Map{
		"2001:db8::/32": flat("JP", mmdbtype.Float64(35.689506), mmdbtype.Float64(-139.6917)),
	})
	for _, files := range [][]string{{v4, v6}, {v6, v4}} {
		g, err := OpenGeo(files...)
		if err != nil {
			t.Fatal(err)
		}
		defer g.Close()
		for address, want := range map[string]Place{
			"192.0.2.1":          {"DE", "52.500000,13.250000"},
			"::ffff:192.0.2.200": {"DE", "52.500000,13.250000"},
			"2001:db8::1":        {"JP", "35.689506,-139.691700"},
			"2001:db9::1":        {},
			"198.51.100.1":       {}, // neither a country code nor a latitude
			"203.0.113.1":        {}, // a latitude that is not a number
			"198.51.100.129":     {},
		} {
			if diff := cmp.Diff(want, g.Lookup(netip.MustParseAddr(address))); diff != "" {
				t.Errorf("%s (-want +got):\n%s", address, diff)
			}
		}
		if list := g.Attributions(); len(list) != 0 {
			t.Errorf("files that do not name their source have the attributions %q", list)
		}
	}
}

// TestAttributions checks that the metadata of a file determines its attribution, unless one is configured.
func TestAttributions(t *testing.T) {
	for _, test := range []struct{ name, kind, about, want string }{
		{"GeoLite2", "GeoLite2-City", "", `by MaxMind, available from <a href="https://www.maxmind.com">`},
		{"GeoIP2", "GeoIP2-City", "GeoIP2 City database", `by MaxMind`},
		{"DB-IP", "DBIP-City-Lite", "", `<a href="https://db-ip.com">IP Geolocation by DB-IP</a>`},
		{"DB-IP in the description", "city", "db-ip.com IP to city", `IP Geolocation by DB-IP`},
		{"unknown source", "city ipv4", "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := database(t, mmdbwriter.Options{DatabaseType: test.kind,
				Description: map[string]string{"en": test.about}},
				map[string]mmdbtype.Map{"192.0.2.0/24": flat("DE", mmdbtype.Float64(1), mmdbtype.Float64(2))})
			g, err := OpenGeo(path, path)
			if err != nil {
				t.Fatal(err)
			}
			defer g.Close()
			list := g.Attributions()
			if test.want == "" && len(list) != 0 || test.want != "" &&
				(len(list) != 1 || !strings.Contains(list[0], test.want)) {
				t.Errorf("%q, want one with %q", list, test.want)
			}
		})
	}
	e := open(t, Options{Dir: t.TempDir(), GeoIP: []string{testLog("city.mmdb")}, Attribution: "Places by Example",
		Now: now})
	if diff := cmp.Diff([]string{"Places by Example"}, e.options.attributions()); diff != "" {
		t.Errorf("with a configured attribution (-want +got):\n%s", diff)
	}
}

func TestCountries(t *testing.T) {
	if n := len(countries()); n != 251 {
		t.Errorf("%d countries, want 251: 249 of ISO 3166-1, XK and EU", n)
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
