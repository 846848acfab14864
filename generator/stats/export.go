package stats

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strconv"

	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/stats/downloads"
)

// Filter limits an export to downloads that match all fields. Empty fields match everything.
type Filter struct {
	From, To                     string // days, YYYY-MM-DD, both included
	Version, OS, Arch, Stability string
	Country                      string // a code, or "-" for downloads whose country is unknown
	Class                        string
}

// Table is the form in which the daily table is written.
type Table struct {
	Format string // tsv, csv or json
	Arch   bool   // add the column arch after os; without it, architectures are added up
}

// DailyLine is a line of the daily table, as it is written in JSON.
type DailyLine struct {
	Day       string `json:"day"` // YYYY-MM-DD, UTC
	Version   string `json:"version"`
	OS        string `json:"os"`
	Arch      string `json:"arch,omitempty"`
	Stability string `json:"stability"`
	Country   string `json:"country"` // ISO 3166-1, "" if unknown
	Class     string `json:"class"`
	Downloads int64  `json:"downloads"`
}

// check validates the filter and returns it in the form of package downloads.
func (f Filter) check() (downloads.Filter, error) {
	s := downloads.Filter{Version: f.Version, OS: f.OS, Arch: f.Arch, Stability: f.Stability}
	var err error
	if f.From != "" {
		if s.From, err = parseDay(f.From); err != nil {
			return s, err
		}
	}
	if f.To != "" {
		if s.To, err = parseDay(f.To); err != nil {
			return s, err
		}
	}
	if f.Country != "" {
		code := f.Country
		if code == "-" {
			code = ""
		}
		s.Country = &code
	}
	if f.Class != "" {
		c, ok := ParseClass(f.Class)
		if !ok {
			return s, fmt.Errorf("class must be one of browser, mobile, tool, bot, unknown (found %q)", f.Class)
		}
		n := int(c)
		s.Class = &n
	}
	return s, nil
}

// Export writes the daily table, with the columns day, version, os, stability, country, class and downloads. It has one
// line for each combination of the other columns that has downloads, sorted by them.
func (r *Reader) Export(ctx context.Context, w io.Writer, f Filter, t Table) error {
	filter, err := f.check()
	if err != nil {
		return fault.Wrap(fault.Usage, err, "")
	}
	write, end, err := t.writer(w)
	if err != nil {
		return fault.Wrap(fault.Usage, err, "")
	}
	err = r.db.Daily(ctx, filter, t.Arch, func(d downloads.Daily) error {
		return write(DailyLine{dayString(d.Day), d.Version, d.OS, d.Arch, d.Stability, d.Country,
			Class(d.Class).String(), d.Downloads})
	})
	if err != nil {
		return err
	}
	return end()
}

// writer returns a function that writes a line, and one that ends the table.
func (t Table) writer(w io.Writer) (write func(DailyLine) error, end func() error, err error) {
	switch t.Format {
	case "json":
		return t.jsonWriter(w)
	case "tsv", "csv":
	default:
		return nil, nil, fmt.Errorf("format must be one of tsv, csv, json (found %q)", t.Format)
	}
	c := csv.NewWriter(w)
	if t.Format == "tsv" {
		c.Comma = '\t'
	}
	row := func(f ...string) error {
		if !t.Arch {
			f = append(f[:3], f[4:]...)
		}
		return c.Write(f)
	}
	if err := row("day", "version", "os", "arch", "stability", "country", "class", "downloads"); err != nil {
		return nil, nil, err
	}
	write = func(l DailyLine) error {
		return row(l.Day, l.Version, l.OS, l.Arch, l.Stability, l.Country, l.Class, strconv.FormatInt(l.Downloads, 10))
	}
	return write, func() error { c.Flush(); return c.Error() }, nil
}

// jsonWriter is writer for JSON: an array with one object per line.
func (t Table) jsonWriter(w io.Writer) (write func(DailyLine) error, end func() error, err error) {
	before := "[\n"
	write = func(l DailyLine) error {
		b, err := json.Marshal(l)
		if err != nil {
			return err
		}
		_, err = io.WriteString(w, before+string(b))
		before = ",\n"
		return err
	}
	return write, func() error {
		if before == "[\n" {
			_, err := io.WriteString(w, "[]\n")
			return err
		}
		_, err := io.WriteString(w, "\n]\n")
		return err
	}, nil
}
