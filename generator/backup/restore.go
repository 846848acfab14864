package backup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/Slicer/sitegen/generator/backup/archive"
	"github.com/Slicer/sitegen/generator/backup/swap"
	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/output"
	"github.com/Slicer/sitegen/generator/project"
	"github.com/Slicer/sitegen/generator/stats"
)

// Restoration describes a restore.
type Restoration struct {
	Backup  string     `json:"backup"` // address
	Time    time.Time  `json:"time"`   // of the backup
	Files   []Replaced `json:"files"`
	Key     KeyState   `json:"key"`    // of visitors
	Before  string     `json:"before"` // folder of the files that were replaced; "" if there were none
	DryRun  bool       `json:"dryRun"`
	Refused string     `json:"refused"` // why a run without DryRun would need Force; "" if it does not
	Seconds float64    `json:"seconds"` // duration of the run
}

// Replaced is a database in the data folder that is replaced.
type Replaced struct {
	Name   string    `json:"name"`
	Latest time.Time `json:"latest,omitzero"` // time of the newest data in the backup
	Before time.Time `json:"before,omitzero"` // time of the newest data in the data folder; zero if there is none
	Damage string    `json:"damage"`          // why the database in the data folder cannot be read; "" if it can
}

// Restore replaces the databases of the data folder, and the key of visitors if an identity is given, with those of a
// backup. The caller has called Finish.
func Restore(ctx context.Context, p *project.Project, o Options) (*Restoration, error) {
	begin := p.Now()
	w, unlock, err := begins(p.Config.Data, o.DryRun)
	if err != nil {
		return nil, err
	}
	defer unlock()
	defer w.close()
	b, err := find(ctx, p, w, o)
	if err != nil {
		return nil, err
	}
	defer b.close()
	if err := b.unpack(ctx); err != nil {
		return nil, err
	}
	r := &Restoration{Backup: b.address.String(), Time: b.Manifest.Time, DryRun: o.DryRun}
	switch err := r.compare(ctx, p, b); {
	case err == nil || o.Force:
	case o.DryRun:
		r.Refused = err.Error()
	default:
		return nil, err
	}
	key, err := r.openKey(p, b, o.Identity)
	if err != nil {
		return nil, err
	}
	if !o.DryRun {
		if err := r.replace(ctx, p.Config.Data, w, key); err != nil {
			return nil, w.explain(err)
		}
	}
	r.Seconds = p.Now().Sub(begin).Seconds()
	return r, nil
}

// begins takes the locks of everything that writes to the data folder, and makes the folder for files of the run. A dry
// run takes no lock.
func begins(data string, dry bool) (w *work, unlock func(), err error) {
	if dry {
		w, err = temporaryWork()
		return w, func() {}, err
	}
	if unlock, err = lock(data); err != nil {
		return nil, nil, err
	}
	if w, err = openWork(data); err != nil {
		unlock()
	}
	return w, unlock, err
}

// lock takes the locks of builds and of statistics. Errors of unlocking do not matter: the locks are released when the
// program ends.
func lock(data string) (unlock func(), err error) {
	build, err := output.Lock(data)
	if locked, ok := errors.AsType[*output.LockedError](err); ok {
		return nil, fault.Wrap(fault.Locked, locked, "Wait for it to end; the lock is released when its process ends.")
	}
	if err != nil {
		return nil, diskFull(err, data)
	}
	counting, err := stats.Lock(data)
	if err != nil {
		return nil, errors.Join(err, build())
	}
	return func() { _, _ = counting(), build() }, nil
}

// compare lists the databases that are replaced. It returns an error if that must not be done without being forced: if
// the backup is that of another site, or older than what is there.
func (r *Restoration) compare(ctx context.Context, p *project.Project, b *stored) error {
	var errs []error
	if m := b.Manifest; m.Site != p.Config.Name {
		errs = append(errs, fault.Wrap(fault.Gate,
			fmt.Errorf("%s: the backup of another site: %.80q of %.80q, not %q", b.address, m.Site, m.Project,
				p.Config.Name),
			"Check name and base_url in sitegen.yaml. To restore it anyway, repeat the command with --force."))
	}
	for _, d := range databases() {
		f := b.Manifest.Find(d.name)
		if f == nil {
			continue
		}
		path := filepath.Join(p.Config.Data, d.name)
		t := Replaced{Name: d.name, Latest: f.Latest}
		latest, err := d.check(ctx, path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			t.Damage = err.Error()
			p.Log.Warn("the database that is replaced cannot be read: " + t.Damage)
		default:
			t.Before = latest
		}
		if t.Before.After(t.Latest) {
			errs = append(errs, fault.Wrap(fault.Gate,
				fmt.Errorf("%s is newer than the backup: its newest data is of %s, that of the backup of %s", path,
					day(t.Before), day(t.Latest)),
				"Nothing was changed. To lose what is newer, repeat the command with --force."))
		}
		r.Files = append(r.Files, t)
	}
	return errors.Join(errs...)
}

// openKey decrypts the key of visitors in a backup, if there is one and an identity is given. It returns "" if the key
// in the data folder stays as it is.
func (r *Restoration) openKey(p *project.Project, b *stored, identity string) (key string, err error) {
	there, err := stats.PermanentKey(p.Config.Data)
	if err != nil {
		p.Log.Warn(err.Error())
	}
	switch has := archive.Fingerprint(there); {
	case identity != "" && b.Manifest.Find(keyName) != nil:
		if key, err = r.decrypt(b, identity); err != nil {
			return "", err
		}
		r.Key = Restored
	case identity != "":
		return "", fault.Wrap(fault.Usage, fmt.Errorf("%s: the backup does not contain the key of visitors", b.address),
			"Repeat the command without --identity.")
	case b.Manifest.Key == "":
		r.Key = NoKey
	case has == b.Manifest.Key:
		r.Key = Same
	case has == "":
		r.Key = Missing
	default:
		r.Key = Other
	}
	return key, nil
}

// decrypt decrypts the key in a backup.
func (r *Restoration) decrypt(b *stored, identity string) (string, error) {
	data, err := os.ReadFile(b.work.path(keyName))
	if err != nil {
		return "", err
	}
	key, err := archive.Decrypt(data, identity)
	if err == nil && archive.Fingerprint(key) != b.Manifest.Key {
		err = fmt.Errorf("%s: the key in the backup is not that of the manifest", b.address)
	}
	return key, err
}

// replace replaces the files.
func (r *Restoration) replace(ctx context.Context, data string, w *work, key string) (err error) {
	s, err := swap.Begin(data)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Abort()) }()
	for _, f := range r.Files {
		if err := os.Rename(w.path(f.Name), s.Path(f.Name)); err != nil {
			return err
		}
		if info, err := os.Stat(filepath.Join(data, f.Name)); err == nil {
			r.Before = filepath.Join(data, swap.Before)
			if err := os.Chmod(s.Path(f.Name), info.Mode().Perm()); err != nil {
				return err
			}
		}
	}
	if key != "" {
		if err := writeKey(data, s.Path(stats.KeyFile), key); err != nil {
			return err
		}
	}
	if err := ctx.Err(); err != nil { // the last moment at which nothing has changed
		return err
	}
	return s.Commit()
}

// writeKey writes the file with the keys of the data folder and the given permanent one.
func writeKey(data, path, key string) error {
	text, err := stats.WithPermanentKey(data, strings.TrimSpace(key))
	if err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Sync(), f.Close())
}

// Finish completes a restore that was interrupted after the moment of the change. Otherwise it does nothing.
func Finish(data string) error {
	if !swap.Pending(data) {
		return nil
	}
	unlock, err := lock(data)
	if err == nil {
		defer unlock()
		err = swap.Finish(data)
	}
	if err != nil && fault.KindOf(err) != fault.Locked {
		err = fault.Wrap(fault.Unexpected, err, "A restore was interrupted. Run this command as a user who may write "+
			"to "+data+": it finishes the restore.")
	}
	return err
}
