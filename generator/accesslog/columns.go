package accesslog

import (
	"bytes"
	"strings"
)

// w3cColumns are the columns of W3C's extended log format that set a part of an Entry, besides date and time. A column
// with several names is set by the first one that a log has.
var w3cColumns = map[string]field{
	"c-ip": fieldAddress, "cs-method": fieldMethod, "cs-uri-stem": fieldURI, "cs-uri": fieldURI,
	"cs-uri-query":   fieldQuery,
	"sc-status":      fieldStatus,
	"cs(user-agent)": fieldAgent, "timestamp": fieldTime,
}

// columns parses W3C's extended log format: the standard log of CloudFront, whose values are separated by tabs and
// percent-encoded, and the log of IIS, whose values are separated by blanks and have + for a blank. The last #Fields
// line names the columns and their order; times are UTC. For example (with blanks for tabs):
//
//	#Version: 1.0
//	#Fields: date time c-ip cs-method cs-uri-stem sc-status cs(User-Agent)
//	2026-09-20 00:01:32 203.0.113.9 GET /bitstream/6a46 302 curl/7.88.1
type columns struct {
	text       string  // the names
	fields     []field // for each column; fieldNone if it is ignored
	date, time int     // indexes of these columns; -1 if missing
	wanted     int     // number of columns that a line must have values for
	complete   bool    // the columns are enough for an Entry
}

// name returns the name of the format of a line.
func (c *columns) name(line []byte) string {
	if bytes.IndexByte(line, '\t') >= 0 {
		return "CloudFront standard log"
	}
	return "W3C extended log"
}

// set sets the columns from their names, which are separated by blanks or tabs.
func (c *columns) set(names string) {
	*c = columns{text: names, date: -1, time: -1}
	have := map[field]bool{}
	for i, name := range strings.Fields(names) {
		name = strings.ToLower(name)
		f := w3cColumns[name]
		if have[f] {
			f = fieldNone
		}
		c.fields = append(c.fields, f)
		switch {
		case name == "date":
			c.date = i
		case name == "time":
			c.time = i
		case f == fieldNone:
			continue
		case f == fieldQuery: // a line may lack it
			have[f] = true
			continue
		default:
			have[f] = true
		}
		c.wanted++
	}
	c.complete = have[fieldAddress] && have[fieldMethod] && have[fieldURI] && have[fieldStatus] &&
		(have[fieldTime] || c.date >= 0 && c.time >= 0)
}

// Parse parses a line.
func (c *columns) Parse(line []byte, e *Entry) error {
	*e = Entry{escape: percent}
	separator := byte('\t')
	if bytes.IndexByte(line, '\t') < 0 {
		separator = ' '
	}
	// Date and time are two columns, which are joined here: 2026-09-20T00:01:32.
	var stamp [19]byte
	have := 0
	for column, rest := 0, line; column < len(c.fields); column++ {
		value := rest
		end := bytes.IndexByte(rest, separator)
		if end >= 0 {
			value, rest = rest[:end], rest[end+1:]
		}
		switch {
		case column == c.date && len(value) == 10:
			copy(stamp[:], value)
			have++
		case column == c.time && len(value) >= 8: // fractions of the second may follow
			stamp[10] = 'T'
			copy(stamp[11:], value[:8])
			have++
		case c.fields[column] != fieldNone:
			if err := e.set(c.fields[column], value); err != nil {
				return err
			}
			if c.fields[column] != fieldQuery {
				have++
			}
		}
		if end < 0 {
			break
		}
	}
	if have != c.wanted {
		return ErrFields
	}
	if c.date >= 0 && c.time >= 0 {
		var ok bool
		if e.Time, ok = parseTime(stamp[:]); !ok {
			return ErrTime
		}
	}
	e.encoded = separator == '\t'
	if separator == ' ' && bytes.IndexByte(e.Agent, '+') >= 0 {
		e.escape = plus
	}
	return nil
}

// columnNames returns the line if it consists of the names of columns without #Fields, as at the beginning of a log of
// CloudFront in the format "plain", or "" if it does not.
func columnNames(line []byte) string {
	if len(line) > 4096 || !bytes.Contains(line, []byte("c-ip")) || !bytes.Contains(line, []byte("sc-status")) {
		return ""
	}
	var c columns
	if c.set(string(line)); !c.complete {
		return ""
	}
	return c.text
}
