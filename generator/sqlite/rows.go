package sqlite

import (
	"context"
	"database/sql"
)

// Querier is a DB or a Tx: what rows can be read from.
type Querier interface {
	rows(ctx context.Context, query string, args []any) (*sql.Rows, error)
	database() *DB
}

func (d *DB) rows(ctx context.Context, query string, args []any) (*sql.Rows, error) {
	return d.pool.QueryContext(ctx, query, args...)
}

func (d *DB) database() *DB { return d }

func (t *Tx) rows(ctx context.Context, query string, args []any) (*sql.Rows, error) {
	return t.tx.QueryContext(ctx, query, args...)
}

func (t *Tx) database() *DB { return t.db }

// Row is one row of a result.
type Row interface {
	Scan(dest ...any) error
}

// Each runs a query and calls each with its rows, one after the other: rows are never all in memory. What each
// returns ends the reading, and is returned as it is; errors of the database name its file.
func Each[T any](
	ctx context.Context, q Querier, scan func(Row) (T, error), each func(T) error, query string, args ...any,
) error {
	db := q.database()
	rows, err := q.rows(ctx, query, args)
	if err != nil {
		return db.explain(err)
	}
	defer rows.Close()
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return db.explain(err)
		}
		if err := each(v); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return db.explain(err)
	}
	return db.unchanged()
}

// Collect returns all rows of a query.
func Collect[T any](ctx context.Context, q Querier, scan func(Row) (T, error), query string, args ...any) ([]T, error) {
	var list []T
	err := Each(ctx, q, scan, func(v T) error {
		list = append(list, v)
		return nil
	}, query, args...)
	if err != nil {
		return nil, err
	}
	return list, nil
}

// One returns the row of a query that has one row at most. It reports false when there is none.
func One[T any](ctx context.Context, q Querier, scan func(Row) (T, error), query string, args ...any) (T, bool, error) {
	list, err := Collect(ctx, q, scan, query, args...)
	if err != nil || len(list) == 0 {
		var none T
		return none, false, err
	}
	return list[0], true, nil
}

// Value scans a row of one column.
func Value[T any](row Row) (v T, err error) {
	err = row.Scan(&v)
	return v, err
}
