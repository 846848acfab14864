package downloads

import (
	"context"
	"crypto/rand"

	"github.com/Slicer/sitegen/generator/sqlite"
)

// Documents stores published files, so that only those with changed numbers are generated again. A document belongs to
// a period: a month "2024-04", a year "2024", or all time "". When a number of a day changes, the documents of its
// month, its year and all time are deleted.
type Documents struct {
	file *sqlite.DB
}

// Get returns a document of a period, nil if it must be generated.
func (d Documents) Get(ctx context.Context, period, name string) ([]byte, error) {
	data, _, err := sqlite.One(ctx, d.file, sqlite.Value[[]byte],
		"SELECT data FROM documents WHERE period = ? AND name = ?", period, name)
	return data, failed("read a document", err)
}

// Set stores a document of a period.
func (d Documents) Set(ctx context.Context, period, name string, data []byte) error {
	err := d.file.Exec(ctx, "INSERT OR REPLACE INTO documents VALUES (?, ?, ?)", period, name, data)
	return failed("store a document", err)
}

// Version returns the version of a document that is too large to be stored. The version is the same until a number of
// the period changes. It is random, so that another database, such as a backup that has been restored, never has the
// same version for other numbers.
func (d Documents) Version(ctx context.Context, period, name string) (string, error) {
	stored, err := d.Get(ctx, period, name)
	if err != nil || stored != nil {
		return string(stored), err
	}
	version := rand.Text()
	return version, d.Set(ctx, period, name, []byte(version))
}

// SetOptions stores the options with which documents are generated. If they differ from the stored options, it deletes
// all documents.
func (d Documents) SetOptions(ctx context.Context, options string) error {
	before, err := setting(ctx, d.file, "documents")
	if err != nil || before == options {
		return failed("read the options of the documents", err)
	}
	return failed("delete the documents", d.file.Update(ctx, func(tx *sqlite.Tx) error {
		if _, err := tx.Exec(ctx, "DELETE FROM documents"); err != nil {
			return err
		}
		return set(ctx, tx, "documents", options)
	}))
}

// published is the key of the options with which files were published last.
const published = "published"

// SetPublished stores the options with which files are published. They are a text of the caller.
func (d Documents) SetPublished(ctx context.Context, options string) error {
	before, err := setting(ctx, d.file, published)
	if err != nil || before == options {
		return failed("read the options of the published files", err)
	}
	return failed("store the options of the published files", d.file.Update(ctx, func(tx *sqlite.Tx) error {
		return set(ctx, tx, published, options)
	}))
}

// Published returns the options that SetPublished has stored, "" if there are none.
func (r *Reader) Published(ctx context.Context) (string, error) {
	options, err := setting(ctx, r.file, published)
	return options, failed("read the options of the published files", err)
}

// setting returns a setting of the database, "" if it is not set.
func setting(ctx context.Context, q sqlite.Querier, key string) (string, error) {
	value, _, err := sqlite.One(ctx, q, sqlite.Value[string], "SELECT value FROM meta WHERE key = ?", key)
	return value, err
}

// set stores a setting of the database.
func set(ctx context.Context, tx *sqlite.Tx, key, value string) error {
	_, err := tx.Exec(ctx, "INSERT OR REPLACE INTO meta VALUES (?, ?)", key, value)
	return err
}
