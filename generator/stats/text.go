package stats

import (
	"strconv"

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
