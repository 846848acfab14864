// Package downloads is the database of downloads: what the logs held, and the tables counted from it. It is a file of
// its own, so that a build and a statistics run do not wait for each other.
//
// A hit is a row with the key (day, package, visitor, agent). Days are counted from 1970-01-01, UTC. The daily table
// and the firsts are counted from the hits. For instance
//
//	192.0.2.1 - - [02/Apr/2024:10:00:00 +0000] "GET /bitstream/660fa2e930e435b0e355f67c HTTP/1.1" 302 …
//
// becomes the hit (19815, 42, 7116…, 3) of package 42 with the agent 3 and "first" 36000, the second of the day. Its
// day is marked as changed in the transaction that adds the hit; Recount counts the changed days anew and removes the
// marks. A run that was stopped leaves marks, and the next run counts these days.
//
// One process writes at a time; the caller takes a lock for that. Any number may read, also while one writes.
//
//   - DB is the database open for writing: Begin adds hits in a Batch, Recount counts them, SetPackages names packages.
//   - DB.Documents are the published files made from the numbers, kept until a number changes.
//   - DB.Admin is what people ask for by hand: forget, reclassify, import numbers.
//   - Reader is the database open for reading: the published numbers, and the names that ids stand for.
//   - Old is the database of the statistics job before sitegen, to be imported.
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

// format has a write-ahead log, because a run writes for seconds on end and looks logs up beside it.
func format() sqlite.Format {
	return sqlite.Format{Name: "the downloads", WrittenBy: "sitegen stats", Migrations: []string{schema}, WAL: true}
}

// DB is the database open for writing.
type DB struct {
	*Reader
	Documents Documents
	Admin     Admin
	file      *sqlite.DB
}

// Open opens the database at path for writing, and creates it where there is none.
func Open(ctx context.Context, path string) (*DB, error) {
	return newDB(sqlite.Open(ctx, path, format()))
}

// OpenScratch opens a private copy of the database at path, an empty one where there is none, for a dry run. It
// creates no file and leaves none: see sqlite.OpenScratch.
func OpenScratch(ctx context.Context, path string) (*DB, error) {
	return newDB(sqlite.OpenScratch(ctx, path, format()))
}

func newDB(file *sqlite.DB, err error) (*DB, error) {
	if err != nil {
		return nil, err
	}
	return &DB{Reader: &Reader{Names{file}, file}, Documents: Documents{file}, Admin: Admin{file}, file: file}, nil
}
