package accesslog

import (
	"bytes"
	"slices"
	"strings"
)

// w3cColumns are the columns of W3C's extended log format that set a part of an Entry, besides date and time. A column
// with several names is set by the first one that a log has.
var w3cColumns = map[string]field{
	"c-ip": fieldAddress, "cs-ip": fieldAddress, "cs-method": fieldMethod, "cs-uri-stem": fieldURI, "cs-uri": fieldURI,
	"cs-uri-query":   fieldQuery,
	"sc-status":      fieldStatus,
	"cs(user-agent)": fieldAgent, "cs-user-agent": fieldAgent, "c-user-agent": fieldAgent,
	"timestamp": fieldTime, "timestamp(ms)": fieldTime,
	"x-forwarded-for": fieldForwarded, "cs(x-forwarded-for)": fieldForwarded,
}

// columns parses logs whose values are in columns. In W3C's extended log format, the last #Fields line names the
// columns and their order. It is the format of CloudFront's standard log, whose values are separated by tabs and
// percent-encoded, and of IIS, whose values are separated by blanks and have + for a blank, or are in quotes. Times are
// UTC. For example (with blanks for tabs):
//
//	#Version: 1.0
//	#Fields: date time c-ip cs-method cs-uri-stem sc-status cs(User-Agent)
//	2026-09-20 00:01:32 203.0.113.9 GET /bitstream/6a46 302 curl/7.88.1
//
// In CSV, as Logpush and Google Cloud Storage write it, the first line contains the names, which mean the same as the
// keys of JSON Lines.
type columns struct {
	format     string  // name of the format, "" for W3C's
	text       string  // the names
	separator  byte    // 0 for a tab in lines that have one, otherwise blanks
	fields     []field // for each column; fieldNone if it is ignored
	date, time int     // indexes of these columns; -1 if missing
	wanted     int     // number of columns that a line must have values for
	complete   bool    // the columns are enough for an Entry
	strict     bool    // the address must be numeric: for formats that are recognised by their values only
}

// name returns the name of the format of a line.
func (c *columns) name(line []byte) string {
	switch {
	case c.format != "":
		return c.format
	case bytes.IndexByte(line, '\t') >= 0:
		return "CloudFront standard log"
	}
	return "W3C extended log"
}

// set sets the columns from their names, which are separated by blanks, tabs or, for CSV, commas.
func (c *columns) set(names string, keys *jsonKeys) {
	*c = columns{text: names, date: -1, time: -1}
	list := strings.Fields(names)
	if separator := separatorOf(names); separator != 0 {
		c.format, c.separator = csv, separator
		list = strings.Split(strings.ReplaceAll(names, `"`, ""), string(rune(separator)))
	}
	ranks := map[field]int{}
	for i, name := range list {
		name = strings.ToLower(strings.TrimSpace(name))
		f, rank := w3cColumns[name], 1
		if c.separator != 0 {
			key := keys.find(name)
			f, rank = key.field, key.rank
		}
		switch name {
		case "date", "date-local":
			c.date, f = i, fieldNone
		case "time", "time-local":
			if c.separator == 0 || c.date >= 0 {
				c.time, f = i, fieldNone
			}
		}
		if f == fieldRequest || f == fieldMessage || ranks[f] > 0 && ranks[f] <= rank {
			f = fieldNone
		}
		if f != fieldNone && ranks[f] > 0 { // this column is preferred
			c.fields[slices.Index(c.fields, f)] = fieldNone
		}
		ranks[f] = rank
		c.fields = append(c.fields, f)
	}
	for _, f := range []field{fieldAddress, fieldTime, fieldMethod, fieldURI, fieldStatus, fieldAgent} {
		if ranks[f] > 0 {
			c.wanted++
		}
	}
	if c.date >= 0 {
		c.wanted++
	}
	if c.time >= 0 {
		c.wanted++
	}
	c.complete = ranks[fieldAddress] > 0 && ranks[fieldURI] > 0 && ranks[fieldStatus] > 0 &&
		(ranks[fieldTime] > 0 || c.date >= 0 && c.time >= 0)
}

// fixedColumns returns the formats that always have the same columns and no line with their names, or that are often
// found without it.
func fixedColumns(keys *jsonKeys) []*columns {
	var list []*columns
	for _, f := range []struct {
		format    string
		separator byte
		names     string
	}{
		{"CloudFront standard log", '\t', "date time x x c-ip cs-method x cs-uri-stem sc-status x " +
			"cs(user-agent) cs-uri-query"},
		{"Google Cloud Storage", ',', "timestamp c-ip x x cs-method cs-uri sc-status x x x x x cs-user-agent"},
		{"bunny.net", '|', "x sc-status timestamp x x c-ip x cs-uri x cs-user-agent x x"},
		{"Squid", ' ', "timestamp x c-ip sc-status x cs-method cs-uri x x x"},
	} {
		c := &columns{}
		c.set(f.names, keys)
		c.format, c.separator, c.strict = f.format, f.separator, true
		list = append(list, c)
	}
	return list
}

// Parse parses a line.
func (c *columns) Parse(line []byte, e *Entry) error {
	*e = Entry{escape: percent}
	separator := c.separator
	if separator == 0 {
		separator = '\t'
		if bytes.IndexByte(line, '\t') < 0 {
			separator = ' '
		}
	}
	// Date and time are two columns, which are joined here: 2026-09-20T00:01:32.
	var stamp [19]byte
	have, quoted := 0, false
	for column, rest := 0, line; column < len(c.fields); column++ {
		var value []byte
		var more, inQuotes bool
		if len(rest) > 0 && (rest[0] == '"' || rest[0] == separator) {
			value, rest, more, inQuotes = cutColumn(rest, separator)
		} else if end := bytes.IndexByte(rest, separator); end >= 0 {
			value, rest, more = rest[:end], rest[end+1:], true
		} else {
			value = rest
		}
		f := c.fields[column]
		switch {
		case column == c.date && len(value) == 10:
			copy(stamp[:], value)
			have++
		case column == c.time && len(value) >= 8: // fractions of the second may follow
			stamp[10] = 'T'
			copy(stamp[11:], value[:8])
			have++
		case f == fieldForwarded:
			// CloudFront writes what the viewer has sent; IIS has + for a blank.
			if separator == ' ' && string(value) != "-" {
				e.forwarded = bytes.ReplaceAll(value, []byte("+"), nil)
			}
		case f != fieldNone:
			if f == fieldStatus { // Squid: TCP_MISS/302
				value = value[bytes.LastIndexByte(value, '/')+1:]
			}
			if err := e.set(f, value); err != nil {
				return err
			}
			if f == fieldAgent {
				quoted = inQuotes
			}
			if f != fieldQuery {
				have++
			}
		}
		if !more {
			break
		}
	}
	if have != c.wanted || c.strict && !isAddressList(e.Address) {
		return ErrFields
	}
	if c.date >= 0 && c.time >= 0 {
		var ok bool
		if e.Time, ok = parseTime(stamp[:]); !ok {
			return ErrTime
		}
	}
	if e.Method == nil {
		e.Method = defaultMethod
	}
	e.encoded = separator == '\t' && c.format != csv
	switch {
	case separator == ' ' && !quoted && bytes.IndexByte(e.Agent, '+') >= 0:
		e.escape = plus
	case c.format == csv || separator == ',' || separator == '|':
		e.escape = backslash
		e.Agent = bytes.ReplaceAll(e.Agent, []byte(`""`), []byte(`"`))
	}
	return nil
}

// csv is the name of the format of tables whose columns are named in the first line.
const csv = "CSV"

// separatorOf returns what separates the names of the columns of a CSV table, 0 if they are those of W3C's format.
func separatorOf(names string) byte {
	for _, separator := range []byte(",;|") {
		if strings.IndexByte(names, separator) >= 0 {
			return separator
		}
	}
	if strings.Contains(names, "\t") && !strings.Contains(names, "c-ip") {
		return '\t'
	}
	return 0
}

// messageColumn returns the column of a CSV line that contains a whole line of the web server. Its quotes are doubled:
//
//	2026-09-20 00:01:32.000,"203.0.113.9 - - [20/Sep/2026:00:01:32 +0000] ""GET / HTTP/1.1"" 302 0"
//
// CloudWatch, Grafana and Splunk export logs so.
func messageColumn(line []byte) (text []byte, ok bool) {
	isMessage := func(value []byte) bool {
		return bytes.Contains(value, []byte(`] ""`)) || bytes.HasPrefix(value, []byte(`{""`))
	}
	if !bytes.Contains(line, []byte(`] ""`)) && !bytes.Contains(line, []byte(`{""`)) {
		return nil, false
	}
	for _, separator := range []byte(",;\t") {
		for rest, more := line, true; more; {
			var value []byte
			var quoted bool
			if value, rest, more, quoted = cutColumn(rest, separator); quoted && isMessage(value) {
				return bytes.ReplaceAll(value, []byte(`""`), []byte(`"`)), true
			}
		}
	}
	return nil, false
}

// isMessageHeader reports whether a line has the names of the columns before lines for messageColumn.
func isMessageHeader(line []byte, keys *jsonKeys) bool {
	if len(line) > 1000 {
		return false
	}
	isMessage := false
	isSeparator := func(r rune) bool { return strings.ContainsRune(",;\t", r) }
	for name := range strings.FieldsFuncSeq(string(line), isSeparator) {
		name = strings.ToLower(strings.Trim(name, `" `))
		if strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789@_.-") != "" {
			return false
		}
		isMessage = isMessage || keys.find(name).field == fieldMessage
	}
	return isMessage
}

// cutColumn cuts a value that is in quotes, without them, or that comes after further blanks. A quote in such a value
// is doubled in CSV, and a quote before a separator ends it.
func cutColumn(b []byte, separator byte) (value, rest []byte, more, quoted bool) {
	for separator == ' ' && len(b) > 0 && b[0] == ' ' {
		b = b[1:]
	}
	if len(b) > 0 && b[0] == '"' {
		for from := 1; from < len(b); {
			i := bytes.IndexByte(b[from:], '"')
			if i < 0 {
				break
			}
			i += from
			switch {
			case i+1 == len(b):
				return b[1:i], nil, false, true
			case b[i+1] == separator:
				return b[1:i], b[i+2:], true, true
			case b[i+1] == '"':
				i++
			}
			from = i + 1
		}
	}
	if end := bytes.IndexByte(b, separator); end >= 0 {
		return b[:end], b[end+1:], true, false
	}
	return b, nil, false, false
}

// columnNames returns the line if it consists of the names of columns without #Fields, as at the beginning of a log of
// CloudFront in the format "plain", or of CSV. It returns "" if it does not.
func columnNames(line []byte, keys *jsonKeys) string {
	if len(line) > 4096 || bytes.IndexByte(line, '/') >= 0 || separatorOf(string(line)) == 0 &&
		(!bytes.Contains(line, []byte("c-ip")) || !bytes.Contains(line, []byte("sc-status"))) {
		return ""
	}
	var c columns
	if c.set(string(line), keys); !c.complete {
		return ""
	}
	return c.text
}
