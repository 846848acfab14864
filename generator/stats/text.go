package stats

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/dustin/go-humanize"
)

// thousands formats a number with commas: 105,207.
func thousands(n int64) string { return humanize.Comma(n) }

// plural formats a number with a noun: 1 log, 2 logs.
func plural(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return strconv.Itoa(n) + " " + thing + "s"
}

// amount formats a number, which can be large, with a noun: 1 line, 105,207 lines.
func amount(n int64, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return thousands(n) + " " + thing + "s"
}

// verb returns the verb after a number of things.
func verb(n int64) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

// share describes how many of the things of a log are so: "3 of its 5 new lines are", "its only new line is". All is
// their number; thing and things are its singular and plural. Package runs recognises this text in messages.
func share(n, all int64, thing, things string) string {
	switch {
	case all == 1:
		return "its only " + thing + " is"
	case n == all:
		return "all of its " + thousands(all) + " " + things + " are"
	}
	return thousands(n) + " of its " + thousands(all) + " " + things + " " + verb(n)
}

// printable returns a line of a log with escapes for what is not printable, such as control characters, marks that
// change the direction of text, and bytes that are not UTF-8. Quotes and backslashes stay, so that the line looks as in
// the log.
func printable(line []byte) string {
	var b strings.Builder
	for len(line) > 0 {
		r, n := utf8.DecodeRune(line)
		if r == '"' || r == '\\' {
			b.WriteRune(r)
		} else {
			quoted := strconv.QuoteToGraphic(string(line[:n]))
			b.WriteString(quoted[1 : len(quoted)-1])
		}
		line = line[n:]
	}
	return b.String()
}
