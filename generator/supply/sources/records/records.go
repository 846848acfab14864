// Package records reads the database of packages of the program that sitegen replaces, for moving from it. The name of
// the file ends in girder-records.sqlite. Its only table is called "_" and has a row for each item that Girder has ever
// listed:
//
//	item_id TEXT PRIMARY KEY, revision INTEGER, checkout_date TEXT, build_date TEXT, record TEXT
//
// record is the item as Girder listed it, in JSON. So the rows are read like a saved listing of Girder, see package
// girder. The old site never deletes a row: some packages no longer exist on the Girder server. The file may also be
// another one, or damaged: rows that are not what they should be are left out with a warning.
package records

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/sqlite"
	"github.com/Slicer/sitegen/generator/supply/source"
	"github.com/Slicer/sitegen/generator/supply/sources/girder"
)

// magic is the beginning of each SQLite file.
const magic = "SQLite format 3\x00"

// Limits of a database. Ten years of nightly builds are 11,500 records of less than 1 KB.
const (
	maxRows   = 500_000
	maxRecord = 1 << 20 // bytes
	maxTotal  = 256 << 20
)

// Kind recognizes an SQLite file.
func Kind() source.Kind {
	return source.Kind{
		Name:     "records",
		Form:     "the records database of the old site (…-girder-records.sqlite)",
		IsFile:   func(head []byte) bool { return bytes.HasPrefix(head, []byte(magic)) },
		ReadFile: readFile,
	}
}

// readFile reads the records of a database as a saved listing of Girder.
func readFile(f source.File, o source.Options, memory source.Memory) (*source.Listing, error) {
	array, bad, err := read(context.Background(), f.Path)
	if err != nil {
		return nil, err
	}
	l, err := girder.Kind().ReadFile(source.File{Path: f.Path, Data: array}, o, memory)
	if err != nil {
		return nil, err
	}
	l.Warnings = append(l.Warnings, f.Path+": the old site kept packages that Girder has deleted, whose downloads "+
		"fail; once the site works, set source to the server")
	if bad.n > 0 {
		l.Warnings = append(l.Warnings, fmt.Sprintf("%s: %d rows left out; the first is item_id %.40q: %s", f.Path,
			bad.n, bad.id, bad.why))
	}
	return l, nil
}

// invalid counts the rows that are left out. id and why are of the first.
type invalid struct {
	n       int
	id, why string
}

func (v *invalid) add(id, why string) {
	if v.n++; v.n == 1 {
		v.id, v.why = id, why
	}
}

// read returns the records of the database at a path as a JSON array.
func read(ctx context.Context, path string) (array []byte, bad invalid, err error) {
	if err := checkFile(path); err != nil {
		return nil, bad, err
	}
	db, err := sqlite.OpenReadOnly(ctx, path, sqlite.Format{Name: "the records database", WrittenBy: "the old site"})
	if err != nil {
		return nil, bad, fault.Wrap(fault.Source, err, "")
	}
	defer db.Close()
	if err := checkTable(ctx, db, path); err != nil {
		return nil, bad, err
	}
	b := bytes.NewBufferString("[")
	rows := 0
	err = sqlite.Each(ctx, db, scan, func(r row) error {
		rows++
		why := r.check()
		switch {
		case rows > maxRows || b.Len() > maxTotal:
			return fault.Wrap(fault.Source, fmt.Errorf(
				"%s: too large for a records database (more than %d rows or %d MB)", path, maxRows, maxTotal>>20),
				notRecords)
		case why != "":
			bad.add(r.id, why)
			return nil
		case b.Len() > 1:
			b.WriteString(",\n")
		}
		b.WriteString(r.record)
		return nil
	}, `SELECT coalesce(CAST(item_id AS TEXT), ''), typeof(record), length(CAST(record AS BLOB)),
		CASE WHEN typeof(record) = 'text' AND length(CAST(record AS BLOB)) <= ? THEN record ELSE '' END
		FROM _ ORDER BY item_id`, maxRecord)
	if err != nil {
		return nil, bad, fault.Wrap(fault.Source, err, "")
	}
	if b.Len() == 1 {
		err := fmt.Errorf("%s: no records of Girder (found %d rows)", path, rows)
		if bad.n > 0 {
			err = fmt.Errorf("%w; the first is item_id %.40q: %s", err, bad.id, bad.why)
		}
		return nil, bad, fault.Wrap(fault.Source, err, notRecords)
	}
	b.WriteString("]\n")
	return b.Bytes(), bad, nil
}

const notRecords = "Use the file in the folder var/ of the old site whose name ends in girder-records.sqlite."

// checkFile returns an error if the file itself is not a database, but for example a compressed one.
func checkFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return fault.Wrap(fault.Source, fmt.Errorf("read the source: %w", err), "")
	}
	defer f.Close()
	head := make([]byte, len(magic))
	if _, err := io.ReadFull(f, head); err != nil || string(head) != magic {
		return fault.Wrap(fault.Source, fmt.Errorf("%s: not an SQLite file (found %.20q)", path, head),
			"If it is compressed, decompress it first.")
	}
	return nil
}

// checkTable returns an error if the database does not have the table of records. A view or a virtual table of that
// name could run any query.
func checkTable(ctx context.Context, db *sqlite.DB, path string) error {
	tables, err := sqlite.Collect(ctx, db, sqlite.Value[string],
		"SELECT name FROM sqlite_schema WHERE type = 'table' AND sql LIKE 'CREATE TABLE%' ORDER BY name LIMIT 10")
	if err != nil {
		return fault.Wrap(fault.Source, err, "")
	}
	columns, err := sqlite.Collect(ctx, db, sqlite.Value[string],
		"SELECT name FROM pragma_table_info('_') WHERE name IN ('item_id', 'record')")
	switch {
	case err != nil:
		return fault.Wrap(fault.Source, err, "")
	case !strings.Contains(" "+strings.Join(tables, " ")+" ", " _ "):
		err = fmt.Errorf("%s: not a records database: it has no table _ (found %q)", path, tables)
	case len(columns) != 2:
		err = fmt.Errorf("%s: not a records database: its table _ must have the columns item_id and record (found %q)",
			path, columns)
	}
	return fault.Wrap(fault.Source, err, notRecords)
}

// row is a row of the table.
type row struct {
	id, kind, record string
	size             *int64 // bytes; nil for NULL
}

func scan(r sqlite.Row) (v row, err error) {
	err = r.Scan(&v.id, &v.kind, &v.size, &v.record)
	return v, err
}

// check returns why a row cannot be used, "" if it can.
func (r *row) check() string {
	if r.kind != "text" {
		return "the record is not text but " + r.kind
	}
	if *r.size > maxRecord {
		return fmt.Sprintf("the record is longer than %d bytes", maxRecord)
	}
	var item struct {
		ID *string `json:"_id"`
	}
	switch err := json.Unmarshal([]byte(r.record), &item); {
	case err != nil:
		return "the record is not a JSON object"
	case item.ID == nil:
		return "the record has no _id; records of the retired Midas server cannot be read"
	case *item.ID != r.id:
		return fmt.Sprintf("the record has another _id (%.40q)", *item.ID)
	}
	return ""
}
