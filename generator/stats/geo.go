package stats

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/oschwald/maxminddb-golang/v2"
)

// Place is the location of an address.
type Place struct {
	Country  string // ISO 3166-1, two upper-case letters; "" if unknown
	Location string // "latitude,longitude" in degrees with six decimals, as in format 1.0; "" if unknown
}

// Geo looks up the places of addresses in one or more MaxMind DB files. It supports GeoLite2 and GeoIP2 (City and
// Country), and flat records, such as those of DB-IP Lite in the files of ip-location-db, which has separate files for
// IPv4 and IPv6. It is not safe for concurrent use.
type Geo struct {
	files []*geoFile
}

type geoFile struct {
	db     *maxminddb.Reader
	places map[uintptr]Place // by offset of the record, which many networks share
}

// geoRecord is a record of either schema: the nested one of MaxMind, or the flat one of ip-location-db.
type geoRecord struct {
	Country struct {
		Code string `maxminddb:"iso_code"`
	} `maxminddb:"country"`
	Location struct {
		Latitude  *float64 `maxminddb:"latitude"`
		Longitude *float64 `maxminddb:"longitude"`
	} `maxminddb:"location"`
	FlatCode      string   `maxminddb:"country_code"`
	FlatLatitude  *float64 `maxminddb:"latitude"`
	FlatLongitude *float64 `maxminddb:"longitude"`
}

// OpenGeo opens files, which Lookup searches in this order. Without files, every place is unknown.
func OpenGeo(paths ...string) (*Geo, error) {
	g := &Geo{}
	var errs []error
	for _, path := range paths {
		db, err := maxminddb.Open(path)
		if err != nil {
			errs = append(errs, fmt.Errorf("open the GeoIP database %s: %w", path, err))
			continue
		}
		g.files = append(g.files, &geoFile{db, map[uintptr]Place{}})
	}
	if len(errs) > 0 {
		return nil, errors.Join(append(errs, g.Close())...)
	}
	return g, nil
}

// Close closes the files.
func (g *Geo) Close() error {
	var errs []error
	for _, f := range g.files {
		errs = append(errs, f.db.Close())
	}
	return errors.Join(errs...)
}

// Lookup returns the place of an address from the first file that contains it. It ignores files for the other address
// family and damaged records.
func (g *Geo) Lookup(address netip.Addr) Place {
	for _, f := range g.files {
		r := f.db.Lookup(address.Unmap())
		if r.Err() != nil || !r.Found() {
			continue
		}
		place, ok := f.places[r.Offset()]
		if !ok {
			place = readPlace(r)
			f.places[r.Offset()] = place
		}
		if place != (Place{}) {
			return place
		}
	}
	return Place{}
}

// readPlace returns the place in a record. It ignores invalid country codes and coordinates.
func readPlace(r maxminddb.Result) Place {
	var rec geoRecord
	if r.Decode(&rec) != nil {
		return Place{}
	}
	p := Place{Country: rec.Country.Code}
	lat, lon := rec.Location.Latitude, rec.Location.Longitude
	if p.Country == "" {
		p.Country = rec.FlatCode
	}
	if lat == nil || lon == nil {
		lat, lon = rec.FlatLatitude, rec.FlatLongitude
	}
	if !isCountryCode(p.Country) {
		p.Country = ""
	}
	if lat != nil && lon != nil && *lat >= -90 && *lat <= 90 && *lon >= -180 && *lon <= 180 {
		p.Location = location(*lat, *lon)
	}
	return p
}

// location formats coordinates (degrees) as in format 1.0.
func location(latitude, longitude float64) string {
	return strconv.FormatFloat(latitude, 'f', 6, 64) + "," + strconv.FormatFloat(longitude, 'f', 6, 64)
}

// isCountryCode reports whether s has the form of a code of ISO 3166-1: two capital letters.
func isCountryCode(s string) bool {
	return len(s) == 2 && s[0] >= 'A' && s[0] <= 'Z' && s[1] >= 'A' && s[1] <= 'Z'
}

// Attributions returns the HTML that the licences of the files require to be shown with the statistics, without
// repetitions.
func (g *Geo) Attributions() []string {
	var list []string
	for _, f := range g.files {
		text := attribution(f.db.Metadata)
		if text != "" && (len(list) == 0 || list[len(list)-1] != text) {
			list = append(list, text)
		}
	}
	return list
}

// attribution returns the HTML that the licence of a database requires, by the type and description in its metadata. It
// returns "" for the files of ip-location-db: they do not name the source of their data, so the site has to configure
// the attribution.
func attribution(m maxminddb.Metadata) string {
	about := strings.ToLower(m.DatabaseType + " " + m.Description["en"])
	switch {
	case strings.Contains(about, "geolite2") || strings.Contains(about, "geoip2") || strings.Contains(about, "maxmind"):
		return `This product includes GeoLite Data created by MaxMind, available from ` +
			`<a href="https://www.maxmind.com">https://www.maxmind.com</a>.`
	case strings.Contains(about, "dbip") || strings.Contains(about, "db-ip"):
		return `<a href="https://db-ip.com">IP Geolocation by DB-IP</a>`
	}
	return ""
}
