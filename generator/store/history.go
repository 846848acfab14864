package store

import (
	"context"
	"database/sql"
	"time"
)

// Event is one thing that happened to a package.
type Event struct {
	At            time.Time
	Kind          string // "added", "changed", "withdrawn" or "returned"
	Field         string // of "changed": the column in the database
	Before, After string // of "changed"
}

// History tells the life of the package id, the oldest event first; nothing when it was never published.
func (s *Store) History(ctx context.Context, id string) ([]Event, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT runs.at, kind, field, before, after
		FROM changes JOIN runs ON runs.id = changes.run WHERE package = ? ORDER BY changes.rowid`, id)
	if err != nil {
		return nil, s.readError(err)
	}
	events, err := collect(rows, func(rows *sql.Rows) (e Event, err error) {
		var at string
		if err := rows.Scan(&at, &e.Kind, &e.Field, &e.Before, &e.After); err != nil {
			return e, err
		}
		e.At, err = time.Parse(time.RFC3339, at)
		return e, err
	})
	return events, s.readError(err)
}
