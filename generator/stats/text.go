package stats

import (
	"fmt"
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

// short writes a number with three digits at most, for a badge: 950, 12k, 1.2M.
func short(n int64) string {
	value, unit := humanize.ComputeSI(float64(n))
	format := "%.0f%s"
	if value < 10 && unit != "" {
		format = "%.1f%s"
	}
	return fmt.Sprintf(format, value, unit)
}
