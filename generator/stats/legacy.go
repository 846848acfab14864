package stats

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/Slicer/sitegen/generator/stats/downloads"
)

// legacyPackage is an entry of "bitstream" in format 1.0.
type legacyPackage struct {
	OS       string `json:"os"`
	Arch     string `json:"arch"`
	Bits     int    `json:"bits"` // 32 or 64
	Version  string `json:"version"`
	Stable   int    `json:"stable"`   // 1 for a release
	Checkout string `json:"checkout"` // date of the build
}

// legacy writes the statistics of format 1.0, which are one JSON object. This example has one access:
//
//	{
//	  "access": [["660fa2e930e435b0e355f67c", "2024-04-02T10:00", "DE", 0]],
//	  "bitstream": {"660fa2e930e435b0e355f67c": {"os": "macosx", "arch": "amd64", "bits": 64, "version": "5.6.2",
//	    "stable": 1, "checkout": "2024-04-01"}},
//	  "location": ["52.520000,13.405000"],
//	  "countryCode": {"DE": ["Germany", "Western Europe", "Europe"]},
//	  "_formatVersion": "1.0"
//	}
//
// The last value of an access is a position in "location". The tables contain the locations and countries to which
// accesses refer, and all bitstreams that are or were in the catalogue.
type legacy struct {
	out       *bufio.Writer
	packages  map[int32]downloads.StoredPackage // by id
	places    map[int32]downloads.Place         // by id
	ids       map[int32][]byte                  // bitstream ids of packages as JSON strings, by id
	locations map[string]int                    // positions in "location"
	order     []string                          // of the locations
	countries map[string]bool                   // codes that accesses refer to
	accesses  int                               // number of accesses written
}

// writeLegacy writes the statistics of format 1.0 in a single pass, so that they need not fit into memory.
func writeLegacy(ctx context.Context, db *downloads.Reader, w io.Writer) error {
	l, err := newLegacy(ctx, db, w)
	if err != nil {
		return err
	}
	l.out.WriteString(`{"access":[`)
	if err := db.Accesses(ctx, l.day); err != nil {
		return err
	}
	if err := l.tables(); err != nil {
		return err
	}
	return l.out.Flush()
}

// hasLegacy reports whether there is an access to write. It stops reading at the first one.
func hasLegacy(ctx context.Context, db *downloads.Reader) (bool, error) {
	l, err := newLegacy(ctx, db, io.Discard)
	if err != nil {
		return false, err
	}
	found := errors.New("found")
	err = db.Accesses(ctx, func(day int32, lines []byte) error {
		if err := l.day(day, lines); err != nil || l.accesses == 0 {
			return err
		}
		return found
	})
	if errors.Is(err, found) {
		return true, nil
	}
	return false, err
}

// newLegacy returns a legacy that writes to w. It reads the packages and places from the database.
func newLegacy(ctx context.Context, db *downloads.Reader, w io.Writer) (*legacy, error) {
	packages, err := db.Packages(ctx)
	if err != nil {
		return nil, err
	}
	places, err := db.Places(ctx)
	if err != nil {
		return nil, err
	}
	l := &legacy{
		out: bufio.NewWriterSize(w, 1<<20), packages: map[int32]downloads.StoredPackage{}, places: places,
		ids: map[int32][]byte{}, locations: map[string]int{}, countries: map[string]bool{},
	}
	for _, p := range packages {
		l.packages[p.ID] = p
		if l.ids[p.ID], err = json.Marshal(p.Bitstream); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// day writes the accesses of a day: [bitstream, "YYYY-MM-DDTHH:MM" (UTC), country or null, position of the location].
// It ignores the errors of writing, because Flush returns the first one.
func (l *legacy) day(day int32, lines []byte) error {
	date := dayString(day)
	var buf []byte
	for len(lines) > 0 {
		var line []byte
		line, lines, _ = bytes.Cut(lines, []byte{'\n'})
		second, id, place, ok := threeNumbers(line)
		if !ok {
			return fmt.Errorf("write the statistics of format 1.0: the stored accesses of %s are damaged "+
				"(found %.40q); run sitegen stats verify", date, line)
		}
		if _, known := l.packages[id]; !known {
			continue
		}
		p := l.places[place]
		location, ok := l.locations[p.Location]
		if !ok {
			location = len(l.order)
			l.locations[p.Location] = location
			l.order = append(l.order, p.Location)
		}
		l.countries[p.Country] = true
		buf = buf[:0]
		if l.accesses > 0 {
			buf = append(buf, ',')
		}
		buf = append(append(append(buf, '['), l.ids[id]...), `,"`...)
		buf = append(append(buf, date...), 'T', byte('0'+second/36000), byte('0'+second/3600%10), ':',
			byte('0'+second/600%6), byte('0'+second/60%10), '"', ',')
		if p.Country == "" {
			buf = append(buf, "null"...)
		} else {
			buf = append(append(append(buf, '"'), p.Country...), '"')
		}
		buf = append(strconv.AppendInt(append(buf, ','), int64(location), 10), ']')
		l.out.Write(buf)
		l.accesses++
	}
	return nil
}

// tables writes the bitstreams, locations and countries to which the accesses refer, and the end of the object.
func (l *legacy) tables() error {
	bitstreams := map[string]legacyPackage{}
	for _, p := range l.packages {
		v := legacyPackage{OS: p.OS, Arch: p.Arch, Bits: 64, Version: p.LegacyVersion, Checkout: p.Built}
		if p.Arch == "i386" {
			v.Bits = 32
		}
		if p.Stable {
			v.Stable = 1
		}
		bitstreams[p.Bitstream] = v
	}
	countries := map[string][3]string{}
	for code := range l.countries {
		countries[cmp.Or(code, "null")] = legacyCountry(code)
	}
	for _, part := range []struct {
		name  string
		value any
	}{{"bitstream", bitstreams}, {"location", slices.Concat([]string{}, l.order)}, {"countryCode", countries}} {
		b, err := json.Marshal(part.value)
		if err != nil {
			return err
		}
		prefix := `],"`
		if part.name != "bitstream" {
			prefix = `,"`
		}
		l.out.WriteString(prefix + part.name + `":`)
		l.out.Write(b)
	}
	l.out.WriteString(`,"_formatVersion":"1.0"}`)
	return nil
}

// legacyCountry returns [name, subregion, region] as the previous statistics job did. It had its own spelling of two
// subregions, and did not contain Kosovo.
func legacyCountry(code string) [3]string {
	c, ok := countries()[code]
	if !ok || code == "XK" {
		return [3]string{cmp.Or(code, "unknown"), "unknown", "unknown"}
	}
	switch c.Subregion {
	case "Australia and New Zealand":
		c.Subregion = "Australia,New Zealand"
	case "South-eastern Asia":
		c.Subregion = "South-Eastern,Asia"
	}
	return [3]string{c.Name, c.Subregion, c.Region}
}

// threeNumbers parses "a b c", where a is a second of a day.
func threeNumbers(line []byte) (a, b, c int32, ok bool) {
	var n [3]int32
	i := 0
	for _, d := range line {
		switch {
		case d >= '0' && d <= '9':
			n[i] = n[i]*10 + int32(d-'0')
		case d == ' ' && i < 2:
			i++
		default:
			return 0, 0, 0, false
		}
	}
	return n[0], n[1], n[2], i == 2 && n[0] < secondsPerDay
}
