package stats

import (
	"fmt"
	"time"

	"github.com/Slicer/sitegen/generator/fault"
)

// secondsPerDay is the number of seconds in a UTC day. Unix time has no leap seconds.
const secondsPerDay = 86400

// dayString formats a day, given in days since 1970-01-01, as YYYY-MM-DD.
func dayString(day int32) string { return dayTime(day).Format(time.DateOnly) }

// dayTime returns the first instant of a day.
func dayTime(day int32) time.Time { return time.Unix(int64(day)*secondsPerDay, 0).UTC() }

// parseDay parses YYYY-MM-DD and returns the days since 1970-01-01. The kind of the error is
// fault.Usage: people write days in flags and tables.
func parseDay(text string) (int32, error) {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		err := fmt.Errorf("invalid day (found %q); write it as 2026-11-20", text)
		return 0, fault.Wrap(fault.Usage, err, "")
	}
	return dayOf(t), nil
}

// dayOf returns the UTC day of a time, in days since 1970-01-01.
func dayOf(t time.Time) int32 { return int32(t.UTC().Truncate(24*time.Hour).Unix() / secondsPerDay) }
