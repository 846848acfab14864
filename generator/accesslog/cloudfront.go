package accesslog

import (
	"bytes"
	"strings"
)

// cloudFrontColumns are the columns of CloudFront's standard log that set a part of an Entry, besides date and time.
var cloudFrontColumns = map[string]field{
	"c-ip": fieldAddress, "cs-method": fieldMethod, "cs-uri-stem": fieldURI, "sc-status": fieldStatus,
	"cs(User-Agent)": fieldAgent,
}

// cloudFront parses CloudFront's standard log, whose lines have tab-separated columns. The last #Fields line names
// the columns and their order; times are UTC. For example (with blanks for tabs):
//
//	#Version: 1.0
//	#Fields: date time c-ip cs-method cs-uri-stem sc-status cs(User-Agent)
//	2026-09-20 00:01:32 203.0.113.9 GET /bitstream/6a46 302 curl/7.88.1
type cloudFront struct {
	fields     []field // for each column; fieldNone if it is ignored
	date, time int     // indexes of these columns; -1 if missing
	columns    int     // number of columns that a line must have values for
}

// Name implements Parser.
func (c *cloudFront) Name() string { return "CloudFront standard log" }

// Parse implements Parser.
func (c *cloudFront) Parse(line []byte, e *Entry) error {
	if len(line) == 0 {
		return ErrEmpty
	}
	if line[0] == '#' {
		if names, ok := bytes.CutPrefix(line, []byte("#Fields:")); ok {
			c.setFields(string(names))
		}
		return ErrComment
	}
	if c.columns == 0 {
		return ErrFields
	}
	*e = Entry{escape: percent}
	// Date and time are two columns, which are joined here: 2026-09-20T00:01:32.
	var stamp [19]byte
	have := 0
	for column, rest := 0, line; column < len(c.fields); column++ {
		value := rest
		end := bytes.IndexByte(rest, '\t')
		if end >= 0 {
			value, rest = rest[:end], rest[end+1:]
		}
		switch {
		case column == c.date && len(value) == 10:
			copy(stamp[:], value)
			have++
		case column == c.time && len(value) == 8:
			stamp[10] = 'T'
			copy(stamp[11:], value)
			have++
		case c.fields[column] != fieldNone:
			if err := e.set(c.fields[column], value); err != nil {
				return err
			}
			have++
		}
		if end < 0 {
			break
		}
	}
	if have != c.columns {
		return ErrFields
	}
	var ok bool
	if e.Time, ok = parseTime(stamp[:]); !ok {
		return ErrTime
	}
	return nil
}

// setFields sets the columns from their names, which are separated by blanks. If a required column is missing, no
// column is set, and no line can be parsed until the next #Fields line.
func (c *cloudFront) setFields(names string) {
	*c = cloudFront{date: -1, time: -1}
	for i, name := range strings.Fields(names) {
		f := cloudFrontColumns[name]
		c.fields = append(c.fields, f)
		switch {
		case name == "date":
			c.date = i
		case name == "time":
			c.time = i
		case f == fieldNone:
			continue
		}
		c.columns++
	}
	if c.columns != len(cloudFrontColumns)+2 {
		*c = cloudFront{date: -1, time: -1}
	}
}
