package accesslog

// The years that a log can come from. A line from outside them has a broken clock.
const firstYear, lastYear = 2000, 2099

// readTime reads the time of a line, to the second, in any of the spellings that servers use:
//
//	20/Sep/2026:00:01:32 +0530       Nginx $time_local, Apache %t, S3
//	2026-09-20T00:01:32+05:30        Nginx $time_iso8601; also with Z, with a blank for the T, with fractions
//	1789862492.123                   Nginx $msec; also in milliseconds, without a point
func readTime(b []byte) (seconds int64, ok bool) {
	switch {
	case len(b) >= 20 && b[2] == '/':
		return readLocal(b)
	case len(b) >= 19 && b[4] == '-':
		return readISO(b)
	default:
		return readEpoch(b)
	}
}

// readLocal reads 02/Jan/2006:15:04:05 -0700.
func readLocal(b []byte) (int64, bool) {
	if len(b) != 26 || b[6] != '/' || b[11] != ':' || b[20] != ' ' {
		return 0, false
	}
	month := monthOf(b[3:6])
	offset, ok := zone(b[21:])
	if !ok {
		return 0, false
	}
	seconds, ok := seconds(four(b[7:]), month, two(b), b[12:20])
	return seconds - offset, ok
}

// readISO reads 2006-01-02T15:04:05Z and its relatives.
func readISO(b []byte) (int64, bool) {
	if b[7] != '-' || (b[10] != 'T' && b[10] != ' ') {
		return 0, false
	}
	seconds, ok := seconds(four(b), two(b[5:]), two(b[8:]), b[11:19])
	if !ok {
		return 0, false
	}
	rest := b[19:]
	if len(rest) > 0 && (rest[0] == '.' || rest[0] == ',') {
		rest = rest[1:]
		for len(rest) > 0 && rest[0] >= '0' && rest[0] <= '9' {
			rest = rest[1:]
		}
	}
	if len(rest) == 0 || (len(rest) == 1 && rest[0] == 'Z') {
		return seconds, true
	}
	offset, ok := zone(rest)
	return seconds - offset, ok
}

// readEpoch reads seconds or milliseconds since 1970.
func readEpoch(b []byte) (int64, bool) {
	var v int64
	digits := 0
	for digits < len(b) && b[digits] >= '0' && b[digits] <= '9' {
		v = v*10 + int64(b[digits]-'0')
		if digits++; digits > 13 {
			return 0, false
		}
	}
	for i := digits; i < len(b); i++ {
		if (b[i] < '0' || b[i] > '9') && (b[i] != '.' || i != digits) {
			return 0, false
		}
	}
	if digits >= 12 {
		v /= 1000
	}
	return v, digits > 0 && v >= days(firstYear, 1, 1)*86400 && v < days(lastYear+1, 1, 1)*86400
}

// seconds puts a date and hh:mm:ss together. The leap second counts as the one before it.
func seconds(year, month, day int, clock []byte) (int64, bool) {
	if clock[2] != ':' || clock[5] != ':' {
		return 0, false
	}
	h, m, s := two(clock), two(clock[3:]), two(clock[6:])
	if uint(h) > 23 || uint(m) > 59 || uint(s) > 60 || year < firstYear || year > lastYear ||
		uint(month-1) > 11 || day < 1 || day > monthLength(year, month) {
		return 0, false
	}
	return days(year, month, day)*86400 + int64(h*3600+m*60+min(s, 59)), true
}

// zone reads +0530 or +05:30, in seconds.
func zone(b []byte) (int64, bool) {
	var m int
	switch {
	case len(b) == 5:
		m = two(b[3:])
	case len(b) == 6 && b[3] == ':':
		m = two(b[4:])
	default:
		return 0, false
	}
	h := two(b[1:])
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

// two reads two digits; what is none gives a number that no clock has.
func two(b []byte) int {
	hi, lo := b[0]-'0', b[1]-'0'
	if hi > 9 || lo > 9 {
		return -1 << 20
	}
	return int(hi)*10 + int(lo)
}

func four(b []byte) int { return two(b)*100 + two(b[2:]) }

// monthOf reads a month's English abbreviation, 0 when it is none.
func monthOf(b []byte) int {
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

// days counts the days from 1970-01-01 to a date of the Gregorian calendar, with years that begin in March,
// so that the leap day comes last.
func days(year, month, day int) int64 {
	if month <= 2 {
		year, month = year-1, month+12
	}
	return int64(365*year+year/4-year/100+year/400+(153*(month-3)+2)/5+day-1) - 719468
}
