package doctor

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/Slicer/sitegen/generator/history"
	"github.com/Slicer/sitegen/generator/stats/downloads"
)

// database is one that is open for reading.
type database interface {
	Integrity(ctx context.Context) error
	Close() error
}

// databases opens the databases and reads all of them.
func (x *examination) databases() {
	x.database(x.project.HistoryFile(), "sitegen build", func(path string) (database, error) {
		return history.OpenReadOnly(x.ctx, path)
	})
	x.database(filepath.Join(x.project.Config.Data, downloads.FileName), "sitegen stats",
		func(path string) (database, error) { return downloads.OpenReadOnly(x.ctx, path) })
}

func (x *examination) database(path, command string, open func(string) (database, error)) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		x.skip("%s: does not exist; %s has not run yet", path, command)
		return
	}
	if err == nil && info.Size() == 0 {
		x.problem("Restore it from a backup. Without one, delete it: the next "+command+" begins a new one.",
			"%s: is empty", path)
		return
	}
	d, err := open(path)
	if err == nil {
		err = errors.Join(d.Integrity(x.ctx), d.Close())
	}
	if err != nil {
		x.failed(err, "Restore it from a backup.")
		return
	}
	x.ok("%s: complete and undamaged", path)
}
