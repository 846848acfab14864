package history

import (
	"cmp"
	"context"
	"time"

	"github.com/Slicer/sitegen/generator/sqlite"
)

// Copy copies the catalogue at path to a new file, in the state of a single moment, also while a build writes. If there
// is no catalogue, the error is fs.ErrNotExist.
func Copy(ctx context.Context, path, to string) error { return sqlite.Copy(ctx, path, to, format) }

// Check reads a whole catalogue, with the current or an older schema. It returns an error if it is damaged, otherwise
// the time of the last recorded run.
func Check(ctx context.Context, path string) (time.Time, error) {
	file, err := sqlite.OpenAny(ctx, path, format)
	if err != nil {
		return time.Time{}, err
	}
	defer file.Close()
	run, err := lastRun(ctx, file)
	return run.At, readError(cmp.Or(err, file.Integrity(ctx)))
}
