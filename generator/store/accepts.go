package store

import (
	"context"
	"database/sql"
	"fmt"
)

// Accepts says, before anything is fetched, whether Record would take a run: it refuses, as fault.Usage,
// one of another catalogue than the file holds.
func (s *Store) Accepts(ctx context.Context, run Run) error {
	return inTransaction(ctx, s.db, func(tx *sql.Tx) error {
		last, err := lastRun(ctx, tx)
		if err != nil {
			return fmt.Errorf("read the catalogue: %w", explain(s.path, err))
		}
		return checkSame(last, run)
	})
}
