package stats

import (
	"strconv"

	"github.com/dustin/go-humanize"
)

// thousands writes a number with commas.
func thousands(n int64) string { return humanize.Comma(n) }

// plural writes a number of things.
func plural(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return strconv.Itoa(n) + " " + thing + "s"
}
