package accesslog

import (
	"bytes"
	"strconv"
	"strings"
	"time"
)

// The range of valid years. A time outside of it comes from a server with a wrong clock.
const firstYear, lastYear = 2000, 2099

// parseTime parses a time in any of the formats that servers use and returns it as Unix time (seconds). These are the
// same second:
//
//	20/Sep/2026:05:31:32 +0530       Nginx $time_local, Apache %t, S3; also with fractional seconds
//	2026-09-20T05:31:32+05:30        Nginx $time_iso8601; also with Z, a blank instead of T, or fractional seconds
//	2026/09/20 00:01:32.123          Caddy's log for consoles
//	Sun Sep 20 00:01:32 2026         asctime; also 20-Sep-2026 00:01:32 and other layouts
//	1789862492.123                   Nginx $msec; also 1789862492123 (ms), and in microseconds and nanoseconds
//
// A time without a zone is UTC. It parses by hand because this runs for every line: time.Parse takes eight times as
// long, and allocates.
func parseTime(b []byte) (seconds int64, ok bool) {
	switch {
	case len(b) >= 20 && b[2] == '/' && b[6] == '/':
		if seconds, ok := parseLocal(b); ok {
			return seconds, true
		}
		return parseLayouts(b)
	case len(b) >= 19 && (b[4] == '-' && b[7] == '-' || b[4] == '/' && b[7] == '/'):
		return parseISO(b)
	case len(b) >= 19 && bytes.IndexByte(b, ':') > 0:
		return parseLayouts(b)
	default:
		return parseEpoch(b)
	}
}

// layouts are further forms of times, see time.Parse.
var layouts = []string{
	"2/Jan/2006:15:04:05 -0700", "2/Jan/2006:15:04:05", "2/Jan/2006 15:04:05 -0700", "2/Jan/2006 15:04:05",
	"2-Jan-2006 15:04:05 -0700", "2-Jan-2006 15:04:05", time.ANSIC, time.RFC1123Z, "Mon, 02 Jan 2006 15:04:05",
}

// parseLayouts parses a time in one of the other layouts. It takes long.
func parseLayouts(b []byte) (int64, bool) {
	text := strings.TrimSuffix(strings.TrimSuffix(string(b), " GMT"), " UTC")
	for _, layout := range layouts {
		if t, err := time.Parse(layout, text); err == nil && t.Year() >= firstYear && t.Year() <= lastYear {
			return t.Unix(), true
		}
	}
	return 0, false
}

// parseLocal parses 02/Jan/2006:15:04:05 -0700.
func parseLocal(b []byte) (int64, bool) {
	if b[6] != '/' || b[11] != ':' {
		return 0, false
	}
	seconds, ok := seconds(fourDigits(b[7:]), parseMonth(b[3:6]), twoDigits(b), b[12:20])
	if !ok {
		return 0, false
	}
	offset, ok := parseRest(b[20:])
	return seconds - offset, ok
}

// parseISO parses 2006-01-02T15:04:05Z and the other ISO 8601 forms that parseTime lists.
func parseISO(b []byte) (int64, bool) {
	if b[10] != 'T' && b[10] != ' ' {
		return 0, false
	}
	seconds, ok := seconds(fourDigits(b), twoDigits(b[5:]), twoDigits(b[8:]), b[11:19])
	if !ok {
		return 0, false
	}
	offset, ok := parseRest(b[19:])
	return seconds - offset, ok
}

// parseRest parses what follows the second: a fraction, which is ignored, and the time zone. It returns the offset of
// the zone from UTC (seconds).
func parseRest(b []byte) (offset int64, ok bool) {
	if len(b) > 0 && (b[0] == '.' || b[0] == ',') {
		b = b[1:]
		for len(b) > 0 && b[0] >= '0' && b[0] <= '9' {
			b = b[1:]
		}
	}
	if len(b) > 0 && b[0] == ' ' {
		b = b[1:]
	}
	switch string(b) {
	case "", "Z", "z", "UTC", "GMT":
		return 0, true
	}
	return parseZone(b)
}

// parseEpoch parses Unix time, with or without a fraction. The number of digits decides on the unit, because seconds
// have 9 or 10 digits in the valid years: 12 or 13 digits are milliseconds, 15 or 16 microseconds, 18 or 19
// nanoseconds.
func parseEpoch(b []byte) (int64, bool) {
	var v int64
	digits := 0
	for digits < len(b) && b[digits] >= '0' && b[digits] <= '9' {
		v = v*10 + int64(b[digits]-'0')
		if digits++; digits > 19 || v < 0 {
			return 0, false
		}
	}
	for i := digits; i < len(b); i++ {
		if b[i] == 'e' || b[i] == 'E' { // 1.789862492123e+09, as some programs write numbers in JSON
			f, err := strconv.ParseFloat(string(b), 64)
			if err != nil || f < 0 || f > 1e19 {
				return 0, false
			}
			return parseEpoch(strconv.AppendInt(nil, int64(f), 10))
		}
		if (b[i] < '0' || b[i] > '9') && (b[i] != '.' || i != digits) {
			return 0, false
		}
	}
	for n := digits; n >= 12; n -= 3 {
		v /= 1000
	}
	return v, digits > 0 && v >= days(firstYear, 1, 1)*86400 && v < days(lastYear+1, 1, 1)*86400
}

// seconds returns the Unix time of a date and hh:mm:ss in UTC. The leap second 23:59:60 counts as 23:59:59.
func seconds(year, month, day int, clock []byte) (int64, bool) {
	if clock[2] != ':' || clock[5] != ':' {
		return 0, false
	}
	h, m, s := twoDigits(clock), twoDigits(clock[3:]), twoDigits(clock[6:])
	if uint(h) > 23 || uint(m) > 59 || uint(s) > 60 || year < firstYear || year > lastYear ||
		uint(month-1) > 11 || day < 1 || day > monthLength(year, month) {
		return 0, false
	}
	return days(year, month, day)*86400 + int64(h*3600+m*60+min(s, 59)), true
}

// parseZone parses +0530 or +05:30 and returns the offset from UTC (seconds).
func parseZone(b []byte) (int64, bool) {
	var m int
	switch {
	case len(b) == 5:
		m = twoDigits(b[3:])
	case len(b) == 3: // +05
	case len(b) == 6 && b[3] == ':':
		m = twoDigits(b[4:])
	default:
		return 0, false
	}
	h := twoDigits(b[1:])
	if uint(h) > 14 || uint(m) > 59 {
		return 0, false
	}
	offset := int64(h*3600 + m*60)
	switch b[0] {
	case '+':
		return offset, true
	case '-':
		return -offset, true
	}
	return 0, false
}

// twoDigits parses two digits. For anything else it returns a negative number so large that the result of every
// calculation with it fails the range checks.
func twoDigits(b []byte) int {
	hi, lo := b[0]-'0', b[1]-'0'
	if hi > 9 || lo > 9 {
		return -1 << 20
	}
	return int(hi)*10 + int(lo)
}

func fourDigits(b []byte) int { return twoDigits(b)*100 + twoDigits(b[2:]) }

// parseMonth parses an English abbreviation of a month. It returns 0 for anything else.
func parseMonth(b []byte) int {
	switch string(b) {
	case "Jan":
		return 1
	case "Feb":
		return 2
	case "Mar":
		return 3
	case "Apr":
		return 4
	case "May":
		return 5
	case "Jun":
		return 6
	case "Jul":
		return 7
	case "Aug":
		return 8
	case "Sep":
		return 9
	case "Oct":
		return 10
	case "Nov":
		return 11
	case "Dec":
		return 12
	}
	return 0
}

func monthLength(year, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

// days returns the number of days from 1970-01-01 to a date of the Gregorian calendar.
//
// Years start in March here, which makes a leap day the last day of its year: January and February are months 13 and 14
// of the previous year. Then (153*(month-3)+2)/5 is the number of days before a month in such a year: 0 for March, 31
// for April, 61 for May, 92 for June. For 1970-01-01, the year is 1969 and the month 13:
//
//	365*1969 + 1969/4 - 1969/100 + 1969/400 + (153*10+2)/5 + 0 = 719468
//
// which is subtracted, so the result is 0.
func days(year, month, day int) int64 {
	if month <= 2 {
		year, month = year-1, month+12
	}
	return int64(365*year+year/4-year/100+year/400+(153*(month-3)+2)/5+day-1) - 719468
}
