package stats

import (
	"fmt"
	"time"
)

// secondsPerDay is that of a UTC day; leap seconds are not counted in Unix time.
const secondsPerDay = 86400

// dayString writes a day, given in days since 1970-01-01, as YYYY-MM-DD.
func dayString(day int32) string { return dayTime(day).Format(time.DateOnly) }

// dayTime is the beginning of a day.
func dayTime(day int32) time.Time { return time.Unix(int64(day)*secondsPerDay, 0).UTC() }

// parseDay reads YYYY-MM-DD.
func parseDay(text string) (int32, error) {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return 0, fmt.Errorf("%q is not a day (YYYY-MM-DD)", text)
	}
	return dayOf(t), nil
}

// dayOf is the UTC day of a time.
func dayOf(t time.Time) int32 { return int32(t.UTC().Truncate(24*time.Hour).Unix() / secondsPerDay) }
