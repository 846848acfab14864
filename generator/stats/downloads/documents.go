package downloads

import (
	"context"
	"crypto/rand"

	"github.com/Slicer/sitegen/generator/sqlite"
)

// Documents are published files, kept so that only those with new numbers are made anew. Each belongs to the days of a
// period: a month "2024-04", a year "2024", or all time "". Whatever changes a number of a day deletes the documents of
// its three periods.
type Documents struct {
	file *sqlite.DB
}

// Get returns the document of a period, nil when it must be made.
func (d Documents) Get(ctx context.Context, period, name string) ([]byte, error) {
	data, _, err := sqlite.One(ctx, d.file, sqlite.Value[[]byte],
		"SELECT data FROM documents WHERE period = ? AND name = ?", period, name)
	return data, failed("read a document", err)
}

// Set keeps the document of a period.
func (d Documents) Set(ctx context.Context, period, name string, data []byte) error {
	err := d.file.Exec(ctx, "INSERT OR REPLACE INTO documents VALUES (?, ?, ?)", period, name, data)
	return failed("keep a document", err)
}

// Version returns a text that identifies the numbers of a period: it is the same until a document of the period would
// have to be made anew. It is random, so that no other database, such as a backup that was restored, has the same one
// for other numbers.
func (d Documents) Version(ctx context.Context, period, name string) (string, error) {
	kept, err := d.Get(ctx, period, name)
	if err != nil || kept != nil {
		return string(kept), err
	}
	version := rand.Text()
	return version, d.Set(ctx, period, name, []byte(version))
}

// MadeWith deletes all documents unless they were made with these options, and keeps the options for the next time.
func (d Documents) MadeWith(ctx context.Context, options string) error {
	was, err := setting(ctx, d.file, "documents")
	if err != nil || was == options {
		return failed("read what the documents are made with", err)
	}
	return failed("delete the documents", d.file.Update(ctx, func(tx *sqlite.Tx) error {
		if _, err := tx.Exec(ctx, "DELETE FROM documents"); err != nil {
			return err
		}
		return set(ctx, tx, "documents", options)
	}))
}

// setting returns a setting of the database, "" when it is not set.
func setting(ctx context.Context, q sqlite.Querier, key string) (string, error) {
	value, _, err := sqlite.One(ctx, q, sqlite.Value[string], "SELECT value FROM meta WHERE key = ?", key)
	return value, err
}

func set(ctx context.Context, tx *sqlite.Tx, key, value string) error {
	_, err := tx.Exec(ctx, "INSERT OR REPLACE INTO meta VALUES (?, ?)", key, value)
	return err
}
