package sqlite

import (
	"context"
	"fmt"
	"strings"

	"github.com/Slicer/sitegen/generator/fault"
)

// Integrity reads the whole file and returns an error if it is damaged: a page that is not where it should be, an index
// that does not match its table, a reference to a row that does not exist.
func (d *DB) Integrity(ctx context.Context) error {
	found, err := Collect(ctx, d, Value[string], "PRAGMA integrity_check(10)")
	if err != nil {
		return err
	}
	orphans, err := Collect(ctx, d, func(row Row) (text string, err error) {
		var table, parent string
		var id, key any
		err = row.Scan(&table, &id, &parent, &key)
		return fmt.Sprintf("a row of %s refers to a missing row of %s", table, parent), err
	}, "PRAGMA foreign_key_check")
	if err != nil {
		return err
	}
	if len(found) == 1 && found[0] == "ok" {
		found = nil
	}
	if found = append(found, orphans...); len(found) == 0 {
		return nil
	}
	err = fmt.Errorf("%s: damaged: %s", d.path, strings.Join(found[:min(3, len(found))], "; "))
	return fault.Wrap(fault.Unexpected, err,
		"Restore it from a backup. Without one, move it away: the next "+d.format.WrittenBy+" creates a new one.")
}
