package sqlite

import (
	"context"
	"database/sql"
)

// Querier is a DB or a Tx, from which rows can be read.
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

// Each runs a query and calls each for one row after the other, so the rows are never all in memory. If each returns an
// error, Each stops and returns that error unchanged. Errors of the database name the file.
func Each[T any](
	ctx context.Context, q Querier, scan func(Row) (T, error), each func(T) error, query string, args ...any,
) error {
	db := q.database()
	if q == Querier(db) && db.access == shared {
		return db.View(ctx, func(tx *Tx) error { return Each(ctx, tx, scan, each, query, args...) })
	}
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

// One returns the only row of a query, or false if the query has no rows.
func One[T any](ctx context.Context, q Querier, scan func(Row) (T, error), query string, args ...any) (T, bool, error) {
	list, err := Collect(ctx, q, scan, query, args...)
	if err != nil || len(list) == 0 {
		var none T
		return none, false, err
	}
	return list[0], true, nil
}

// Value scans a row with a single column.
func Value[T any](row Row) (v T, err error) {
	err = row.Scan(&v)
	return v, err
}
