package sqlite

import (
	"context"
	"errors"
	"fmt"

	"github.com/mattn/go-sqlite3"

	"github.com/Slicer/sitegen/generator/fault"
)

// migrate runs the migrations that have not run yet. Afterwards, it removes the pages from the file that they have
// freed: of the downloads, the migration to packed hits leaves more free pages than used ones.
func migrate(ctx context.Context, d *DB) error {
	before, err := schemaVersion(ctx, d)
	if err != nil {
		return err
	}
	if err := migrateAll(ctx, d); err != nil || before == 0 || before == len(d.format.Migrations) {
		return err
	}
	return shrink(ctx, d)
}

// shrink rewrites the file without free pages. If that is impossible, for instance because there is no space for a
// copy of the used ones, because the folder for temporary files cannot be written, or because another process reads,
// the file stays as it is: SQLite fills the free pages before it lengthens the file. Only damage is an error.
func shrink(ctx context.Context, d *DB) error {
	for _, s := range []string{"VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"} {
		_, err := d.pool.ExecContext(ctx, s)
		if err != nil {
			return damageOnly(ctx, err)
		}
	}
	return nil
}

// damageOnly returns err if it reports a damaged file or if ctx has ended, and nil otherwise: the database also works
// without VACUUM.
func damageOnly(ctx context.Context, err error) error {
	e, ok := errors.AsType[sqlite3.Error](err)
	if !ok || e.Code == sqlite3.ErrCorrupt || e.Code == sqlite3.ErrNotADB || ctx.Err() != nil {
		return err
	}
	return nil
}

// migrateAll runs the migrations that have not run yet, each in a transaction.
func migrateAll(ctx context.Context, d *DB) error {
	for {
		version, err := schemaVersion(ctx, d)
		if err != nil {
			return err
		}
		switch {
		case version > len(d.format.Migrations):
			return newer(d, version)
		case version == len(d.format.Migrations):
			return nil
		}
		if err := migrateOnce(ctx, d, version); err != nil {
			return err
		}
	}
}

// migrateOnce runs the migration from version to version+1, unless another process has already done so.
func migrateOnce(ctx context.Context, d *DB, version int) error {
	return d.Update(ctx, func(tx *Tx) error {
		if now, err := schemaVersion(ctx, tx); err != nil || now != version {
			return err
		}
		if version == 0 {
			tables, err := countTables(ctx, tx)
			if err != nil {
				return err
			}
			if tables > 0 {
				return foreign(d)
			}
		}
		if _, err := tx.Exec(ctx, d.format.Migrations[version]); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, fmt.Sprintf("PRAGMA user_version = %d", version+1))
		return err
	})
}

// checkVersion returns an error if the file's schema is not the current one, so it cannot be read without a migration.
func checkVersion(ctx context.Context, d *DB) error {
	if d.format.Migrations == nil {
		return nil
	}
	version, err := schemaVersion(ctx, d)
	switch known := len(d.format.Migrations); {
	case err != nil:
		return err
	case version > known:
		return newer(d, version)
	case version == 0:
		return foreign(d)
	case version < known:
		err := fmt.Errorf("%s: written by an older sitegen (schema %d, this version reads %d)", d.path, version, known)
		return fault.Wrap(fault.Unexpected, err, "Run "+d.format.WrittenBy+" once: it updates the file.")
	}
	return nil
}

func newer(d *DB, version int) error {
	known := len(d.format.Migrations)
	err := fmt.Errorf("%s: written by a newer sitegen (schema %d, this version reads up to %d)", d.path, version, known)
	return fault.Wrap(fault.Unexpected, err,
		"Use the version of sitegen that wrote the file or a newer one, or use another data folder.")
}

// foreign returns the error for a file with tables that no migration of ours has created.
func foreign(d *DB) error {
	err := fmt.Errorf("%s: a database of another program", d.path)
	return fault.Wrap(fault.Usage, err, "Use a separate data folder for sitegen.")
}

func schemaVersion(ctx context.Context, q Querier) (int, error) {
	version, _, err := One(ctx, q, Value[int], "PRAGMA user_version")
	return version, err
}

func countTables(ctx context.Context, q Querier) (int, error) {
	tables, _, err := One(ctx, q, Value[int], "SELECT count(*) FROM sqlite_schema")
	return tables, err
}
