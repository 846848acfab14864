package accesslog

import (
	"bytes"
	"strings"
)

// cloudFrontColumns are the columns of CloudFront's standard log that we read; its clock is UTC.
var cloudFrontColumns = map[string]field{
	"c-ip": fieldAddress, "cs-method": fieldMethod, "cs-uri-stem": fieldTarget, "sc-status": fieldStatus,
	"cs(User-Agent)": fieldAgent,
}

// cloudFront reads CloudFront's standard log. Its lines are given in the order that the last #Fields line said.
type cloudFront struct {
	fields     []field // of each column, fieldNone for those that are passed over
	date, time int     // columns, -1 when missing
	columns    int     // how many must be there
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
	// The date and the time stand in two columns, which are put together here.
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
	if e.Time, ok = readTime(stamp[:]); !ok {
		return ErrTime
	}
	return nil
}

// setFields takes the columns' names, separated by blanks. Columns after the last that we need are not read.
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
