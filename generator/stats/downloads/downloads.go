// Package downloads is the database of downloads: the hits from the logs, and the tables that are counted from them. It
// is separate from the database of packages, so that a build and a statistics run do not wait for each other.
//
// A hit has the key (day, package, visitor, agent). Days are counted from 1970-01-01, UTC. For example, the
// request
//
//	192.0.2.1 - - [02/Apr/2024:10:00:00 +0000] "GET /bitstream/660fa2e930e435b0e355f67c HTTP/1.1" 302 …
//
// becomes the hit with the key (19815, 42, 7116…, 3): day 19815, package 42, the hash of the address, and agent 3. Its
// first is 36000, the second of the day. The table parts has the hits of each day, packed: see packed. A transaction
// that adds hits adds a new part for each of their days. Recount merges the parts of each day, and counts the days
// that have changed by this. If a run is stopped before that, the next run counts them.
//
// Only one process may write at a time; the caller must use a lock to ensure that. Any number of processes can read,
// even during a write.
//
//   - DB is the database, open for writing: Begin adds hits in a Batch, Recount counts them, SetPackages adds packages.
//   - DB.Documents stores published files until one of their numbers changes.
//   - DB.Admin has the operations that administrators start by hand: forget, reclassify, import numbers.
//   - Drop takes back what was read by mistake.
//   - Reader is the database, open for reading: the numbers, and the names that belong to ids.
//   - Old is the database of the previous statistics job, for import.
package downloads

import (
	"context"
	_ "embed"

	"github.com/Slicer/sitegen/generator/sqlite"
)

// FileName is the name of the database in the data folder.
const FileName = "downloads.sqlite"

//go:embed schema.sql
var schema string

//go:embed packed.sql
var packedHits string

// logState adds the columns of a log at the position up to which it has been read.
const logState = "ALTER TABLE logs ADD COLUMN state TEXT NOT NULL DEFAULT ''"

// previousDays adds the days whose hits, or some of them, come from the database of the previous job.
const previousDays = "CREATE TABLE previous_days (day INTEGER PRIMARY KEY) STRICT"

// logDays adds the days of the requests for packages in a log. For logs that were read before, they are unknown, so it
// adds all days.
const logDays = `ALTER TABLE logs ADD COLUMN first_day INTEGER NOT NULL DEFAULT -2147483648;
	ALTER TABLE logs ADD COLUMN last_day INTEGER NOT NULL DEFAULT 2147483647;
	ALTER TABLE archives ADD COLUMN first_day INTEGER NOT NULL DEFAULT -2147483648;
	ALTER TABLE archives ADD COLUMN last_day INTEGER NOT NULL DEFAULT 2147483647`

// format uses a write-ahead log because a run looks up logs while it writes a batch, which takes a fifth of a second.
func format() sqlite.Format {
	return sqlite.Format{Name: "the downloads", WrittenBy: "sitegen stats", WAL: true, Private: true,
		Migrations: []string{schema, logState, previousDays, logDays, packedHits}}
}

// DB is the database, open for writing.
type DB struct {
	*Reader
	Documents Documents
	Admin     Admin
	file      *sqlite.DB
}

// Open opens the database at path for writing, and creates it if it does not exist.
func Open(ctx context.Context, path string) (*DB, error) {
	return newDB(sqlite.Open(ctx, path, format()))
}

// OpenScratch opens a private copy of the database at path, for a dry run. The copy is empty if the database does not
// exist. No file is left behind: see sqlite.OpenScratch.
func OpenScratch(ctx context.Context, path string) (*DB, error) {
	return newDB(sqlite.OpenScratch(ctx, path, format()))
}

// newDB returns the DB of an open database, or the error of opening it.
func newDB(file *sqlite.DB, err error) (*DB, error) {
	if err != nil {
		return nil, err
	}
	return &DB{Reader: &Reader{Names{file}, file}, Documents: Documents{file}, Admin: Admin{file}, file: file}, nil
}
