package stats

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/oschwald/maxminddb-golang/v2"
)

// Place is where an address is, as far as the statistics want to know.
type Place struct {
	Country  string // ISO 3166-1, two upper-case letters; "" when it is not known
	Location string // "latitude,longitude" in degrees with six decimals, as format 1.0 has it; "" when not known
}

// Geo finds the places of addresses in one or more MaxMind DB files: GeoLite2's and GeoIP2's of cities and
// countries, and those with flat records (DB-IP Lite as ip-location-db packs it), IPv4 and IPv6 together or
// apart. Not for use by two goroutines at once.
type Geo struct {
	files []*geoFile
}

type geoFile struct {
	db     *maxminddb.Reader
	places map[uintptr]Place // by the offset of the record: many networks share one
}

// geoRecord has the keys of both schemas.
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

// OpenGeo opens the files, in the order in which they are asked. Without files every place is unknown.
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

// Close lets go of the files.
func (g *Geo) Close() error {
	var errs []error
	for _, f := range g.files {
		errs = append(errs, f.db.Close())
	}
	return errors.Join(errs...)
}

// Lookup finds an address in the first file that knows it. A file of the other address family, or a broken
// record, is as if it did not know it.
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

// location writes coordinates (degrees) as format 1.0 does.
func location(latitude, longitude float64) string {
	return strconv.FormatFloat(latitude, 'f', 6, 64) + "," + strconv.FormatFloat(longitude, 'f', 6, 64)
}

func isCountryCode(s string) bool {
	return len(s) == 2 && s[0] >= 'A' && s[0] <= 'Z' && s[1] >= 'A' && s[1] <= 'Z'
}

// Attributions lists what the licences of the files ask to be shown with the statistics, as HTML, each once.
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

// attribution is by the type and description of a database. Those with flat records do not say whose data
// they hold; where the file tells nothing the site's configuration must.
func attribution(m maxminddb.Metadata) string {
	about := strings.ToLower(m.DatabaseType + " " + m.Description["en"])
	switch {
	case strings.Contains(about, "geolite2") || strings.Contains(about, "geoip2") || strings.Contains(about, "maxmind"):
		return `This product includes GeoLite Data created by MaxMind, available from <a href="https://www.maxmind.com">https://www.maxmind.com</a>.`
	case strings.Contains(about, "dbip") || strings.Contains(about, "db-ip"):
		return `<a href="https://db-ip.com">IP Geolocation by DB-IP</a>`
	}
	return ""
}
