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
	last, ok, err := sqlite.One(ctx, file, sqlite.Value[*int64], lastRequest)
	if err = failed("check the downloads", cmp.Or(err, file.Integrity(ctx))); err != nil || !ok || last == nil {
		return time.Time{}, err
	}
	return time.Unix(*last, 0).UTC(), nil
}

// lastRequest selects the time of the last request, in seconds since 1970-01-01, or NULL without any. If only numbers
// of the last day are stored, without its requests, it is the beginning of this day.
const lastRequest = `SELECT max(at) FROM (
	SELECT day * 86400 + max(first) AS at FROM hits WHERE day = (SELECT max(day) FROM hits)
	UNION ALL SELECT max(day) * 86400 FROM daily
	UNION ALL SELECT max(day) * 86400 FROM imported)`
