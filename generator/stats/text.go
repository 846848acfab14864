package stats

import (
	"fmt"
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

// short formats a number for a badge, with three digits at most: 950, 12k, 1.2M.
func short(n int64) string {
	value, unit := humanize.ComputeSI(float64(n))
	format := "%.0f%s"
	if value < 10 && unit != "" {
		format = "%.1f%s"
	}
	return fmt.Sprintf(format, value, unit)
}
