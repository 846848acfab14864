package downloads

import (
	"cmp"
	"context"
	"time"

	"github.com/Slicer/sitegen/generator/sqlite"
)

// Copy copies the database at path to a new file, in the state of a single moment, also while another process writes.
// If there is no database, the error is fs.ErrNotExist.
func Copy(ctx context.Context, path, to string) error { return sqlite.Copy(ctx, path, to, format()) }

// Check reads a whole database, with the current or an older schema. It returns an error if it is damaged, otherwise
// the time of the last stored request: see lastRequest.
func Check(ctx context.Context, path string) (time.Time, error) {
	file, err := sqlite.OpenAny(ctx, path, format())
	if err != nil {
		return time.Time{}, err
	}
	defer file.Close()
	last, err := lastRequest(ctx, file)
	return last, failed("check the downloads", cmp.Or(err, file.Integrity(ctx)))
}

// lastDay selects the last day that has hits or numbers, NULL without any. The table of the hits follows.
const lastDay = `SELECT max(day) FROM (SELECT max(day) AS day FROM daily UNION ALL SELECT max(day) FROM imported
	UNION ALL SELECT max(day) FROM `

// lastRequest returns the time of the last request, or the zero time without any. If only numbers of the last day are
// stored, without its requests, it is the beginning of this day.
func lastRequest(ctx context.Context, file *sqlite.DB) (time.Time, error) {
	_, older, err := sqlite.One(ctx, file, sqlite.Value[int], "SELECT 1 FROM sqlite_schema WHERE name = 'hits'")
	if err != nil {
		return time.Time{}, err
	}
	table := "parts"
	if older {
		table = "hits"
	}
	day, _, err := sqlite.One(ctx, file, sqlite.Value[*int32], lastDay+table+")")
	if err != nil || day == nil {
		return time.Time{}, err
	}
	second := int32(0)
	if older {
		second, _, err = sqlite.One(ctx, file, sqlite.Value[int32],
			"SELECT coalesce(max(first), 0) FROM hits WHERE day = ?", *day)
	} else {
		var hits packed
		for hits, err = hitsOf(ctx, file, *day); len(hits) > 0; hits = hits[hitSize:] {
			second = max(second, hits.first().First)
		}
	}
	return time.Unix(int64(*day)*secondsPerDay+int64(second), 0).UTC(), err
}
